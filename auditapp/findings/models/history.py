"""What happened to a finding: changed by a person, closed, opened again. Rows are only added."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import Placed, User
from auditapp.findings.models.incident import Incident


class FindingChange(Placed):
    """The priority, the due date or the owner was changed by a person: what stood before, and why."""

    class What(models.TextChoices):
        PRIORITY = "priority", gettext_lazy("Provisional priority")
        DUE = "due", gettext_lazy("Due date")
        OWNER = "owner", gettext_lazy("Owner")

    finding = models.ForeignKey("auditapp.Finding", models.PROTECT, related_name="changes")
    what = models.CharField(max_length=10, choices=What.choices)
    before = models.CharField(max_length=120, blank=True, default="")
    after = models.CharField(max_length=120, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(what="priority", before__lt=models.F("after")) | ~Q(reason=""),
                name="a_priority_is_lowered_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.what}"


class Closure(Placed):
    """A finding was closed. It can be found again, so there may be more than one."""

    finding = models.ForeignKey("auditapp.Finding", models.PROTECT, related_name="closures")
    n = models.PositiveSmallIntegerField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["finding", "n"], name="one_closure_per_number"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_closure_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} closed"


class Reopening(Placed):
    """A closed finding was opened again: by an audit that found it again, an incident, or somebody who saw it."""

    finding = models.ForeignKey("auditapp.Finding", models.PROTECT, related_name="reopenings")
    n = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=30)  # the reference of an audit or an incident, or the finding's own
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="reopenings")
    due = models.DateField(null=True)
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["finding", "n"], name="one_reopening_per_number"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_finding_is_reopened_for_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} open again"
