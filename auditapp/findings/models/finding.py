"""What is missing on a deployment: opened, found again, closed."""

from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q, Value
from django.db.models.functions import NullIf
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import LocalDay, Placed, ReadInFullQuerySet, Role, User
from auditapp.deployments.models import Deployment, next_number
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event


class FindingQuerySet(ReadInFullQuerySet["Finding"]):
    def open(self) -> Self:
        return self.filter(state=Finding.State.OPEN)

    def overdue(self) -> Self:
        """Open beyond the due date, by the calendar of the hospital."""
        return self.open().filter(due__lt=LocalDay("site__zone"))

    def with_names(self) -> Self:
        return self.select_related("deployment__site", "site")

    def with_urgency(self) -> Self:
        """With `urgency`: the priority, and nothing for a condition, so that conditions come after the priorities."""
        return self.annotate(urgency=NullIf("priority", Value("")))

    def matching(self, text: str) -> Self:
        """Findings that hold every word searched for, in reference, check, text, owner or deployment."""
        rows = self
        for word in text.split():
            places = ("ref", "check_code", "title", "gap", "owner", "deployment__name")
            rows = rows.filter(reduce(or_, (Q(**{f"{place}__icontains": word}) for place in places)))
        return rows


class Finding(Placed):
    """What is missing on a deployment. Its priority orders the work; it is not a clinical risk estimate."""

    class State(models.TextChoices):
        OPEN = "open", gettext_lazy("Open")
        CLOSED = "closed", gettext_lazy("Closed")

    class Origin(models.TextChoices):
        CHECK = "check", gettext_lazy("An audit's answer")
        CONDITION = "condition", gettext_lazy("A condition of a decision")

    MOVES = {State.OPEN: {State.CLOSED}, State.CLOSED: {State.OPEN}}

    ref = models.CharField(max_length=20, unique=True)
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="findings")
    origin = models.CharField(max_length=12, choices=Origin.choices)
    check_code = models.CharField(max_length=20, blank=True, default="")
    title = models.TextField()
    priority = models.CharField(max_length=4, blank=True, default="")
    gap = models.TextField(blank=True, default="")
    owner = models.CharField(max_length=120)
    due = models.DateField(null=True)  # none means: before go-live
    first_due = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    source = models.CharField(max_length=30, blank=True, default="", db_default="")  # the audit that raised it
    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "due", "ref"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "check_code"],
                condition=models.Q(state="open", origin="check"),
                name="one_open_finding_per_check_of_a_deployment",
            )
        ]
        indexes = [
            models.Index(fields=["deployment", "state"], name="findings_of_a_deployment"),
            models.Index(
                fields=["deployment", "source"],
                condition=models.Q(origin="condition", state="open"),
                name="open_conditions_of_a_decision",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    def get_absolute_url(self) -> str:
        return reverse("findings:finding", args=[self.ref])

    @property
    def trail_stream(self) -> str:
        return self.deployment.trail_stream

    @classmethod
    def open_on(cls, deployment: Deployment, *, by: User, source: str, **about: Any) -> "Finding":
        """Open a finding; `source` names the audit or decision that raised it."""
        finding = cls.objects.create(
            **deployment.place,
            ref=f"F-{next_number('auditapp_finding_ref'):04d}",
            deployment=deployment,
            opened_at=clock.now(),
            first_due=about.get("due"),
            source=source,
            **about,
        )
        due = finding.due and finding.due.isoformat()
        said = {"source": source, "origin": finding.origin, "check": finding.check_code, "due": due}
        Event.record(by, "finding.opened", finding, ref=finding.ref, **said)
        return finding

    @transaction.atomic
    def reassess(self, *, by: User, source: str, priority: str, due: date | None, gap: str, owner: str) -> None:
        """Found again: what is missing is as last answered, the first due date stays the one that counts."""
        due = min((d for d in (due, self.first_due) if d is not None), default=None)
        if (self.priority, self.due, self.gap, self.owner) == (priority, due, gap, owner):
            return
        self.priority, self.due, self.gap, self.owner = priority, due, gap, owner
        self.save(update_fields=["priority", "due", "gap", "owner"])
        Event.record(by, "finding.reassessed", self, ref=self.ref, source=source, priority=priority)

    @transaction.atomic
    def verify(self, *, by: User, reason: str) -> "Closure":
        """Somebody who looked says that what was missing is in place, and on what evidence; the finding closes.

        findings.open_finding of the content: the verifier is not the finding's owner.
        """
        by.must_hold(
            Role.AUDITOR, Role.DEPLOYMENT_OWNER, Role.CLINICAL_SAFETY_OFFICER, Role.CATEGORY_LEAD,
            site=self.site, to=_("close a finding"),
        )  # fmt: skip
        if by.name == self.owner:
            raise NotAllowed(_("You own this finding; somebody else confirms that it is put right."))
        if not clean(reason):
            raise Refused(_("Say what is in place now, and where that can be seen."))
        return self.close(by=by, reason=clean(reason), source=self.ref)

    @transaction.atomic
    def close(self, *, by: User, reason: str, source: str) -> "Closure":
        """Close it with a reason; the row stays, and so does everything that led to it."""
        if not Finding.objects.filter(pk=self.pk, state=self.State.OPEN).update(state=self.State.CLOSED):
            raise Refused(_("This finding is already closed."))
        self.state = self.State.CLOSED
        n = self.closures.count() + 1
        closure = Closure.objects.create(**self.place, finding=self, n=n, by=by, at=clock.now(), reason=reason)
        Event.record(by, "finding.closed", self, ref=self.ref, source=source)
        return closure


class Closure(Placed):
    """A finding was closed. It can be found again, so there may be more than one."""

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="closures")
    n = models.PositiveSmallIntegerField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["finding", "n"], name="one_closure_per_number"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_closure_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} closed"
