"""What was said to whom about what is due: written down before it is sent, so that nothing is said twice."""

from typing import Self

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, ReadInFullQuerySet, User
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Action, Finding


class Kind(models.TextChoices):
    """What is said: that something comes, that its date is past, or that it is later than the hospital bears."""

    REMINDER = "reminder", gettext_lazy("Reminder")
    OVERDUE = "overdue", gettext_lazy("Overdue")
    ESCALATION = "escalation", gettext_lazy("Escalation")


class ReminderQuerySet(ReadInFullQuerySet["Reminder"]):
    def of_day(self, day: object, kind: str) -> Self:
        rows = self.filter(day=day, kind=kind).select_related("deployment__site", "finding")
        return rows.order_by("due", "deployment__name")

    def of_person(self, user: User) -> Self:
        """Findings given to the person, or to nobody and on what they own; and those with actions of theirs."""
        given = Q(finding__person=user) | Q(finding__person=None, deployment__owner=user)
        own = Action.objects.filter(finding=OuterRef("finding"), due=OuterRef("due"), owner=user)
        return self.filter(given & Q(reason="finding") | Q(Exists(own.overdue()), reason="action"))


class Reminder(Placed):
    """One distance of one due audit was reached on a day, or a finding or what is done about it was found overdue."""

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="+")
    finding = models.ForeignKey(Finding, models.PROTECT, related_name="+", null=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    reason = models.CharField(max_length=20)  # of the audit; "finding", or "action" of a finding
    due = models.DateField()
    days = models.IntegerField()  # the distance: so many days before; 0 for what is late
    day = models.DateField()  # at the hospital
    at = models.DateTimeField()
    objects = ReminderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "kind", "reason", "due", "days", "finding"],
                name="each_distance_is_reminded_of_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["site", "day", "kind"], name="reminders_of_a_day")]

    def __str__(self) -> str:
        return f"{self.kind} {self.deployment_id} {self.reason} {self.due}"


class RemindersDone(Placed):
    """The reminders of one day of one hospital were worked out."""

    day = models.DateField()
    at = models.DateTimeField()
    objects = PlacedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "day"], name="reminders_are_worked_out_once_a_day")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.day}"


class DueLetter(Placed):
    """One letter a day, a person, a hospital and a kind, however much it tells of."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    day = models.DateField()
    done_at = models.DateTimeField(null=True)
    objects = PlacedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "site", "kind", "day"], name="one_letter_on_what_is_due_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.day}"

    @transaction.atomic
    def finish(self) -> None:
        DueLetter.objects.filter(pk=self.pk).update(done_at=clock.now())
