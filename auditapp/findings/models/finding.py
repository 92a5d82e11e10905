"""What is missing on a deployment: opened, changed, found again, closed, taken up again."""

from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import NullIf
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import LocalDay, Placed, ReadInFullQuerySet, Role, User
from auditapp.deployments.models import KEEPERS, Deployment, next_number
from auditapp.findings.models.history import Closure, FindingChange, Reopening
from auditapp.findings.models.incident import Incident
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

# Content, findings.lowering: anyone who answers may raise a priority.
ANSWERERS = (*KEEPERS, Role.CATEGORY_LEAD)
LATE = 7  # days overdue from which the clinical safety officer is shown a finding as well as its owner


def must_read_here(person: User, finding: Placed) -> None:
    """Refuse to give work at a hospital to somebody who could not read what it is about."""
    ours = person.is_active and person.organisation_id == finding.organisation_id
    if not (ours and person.reads_all_at(finding.site_id)):
        raise Refused(_("%(name)s does not read the findings of this hospital.") % {"name": person.name})


class FindingQuerySet(ReadInFullQuerySet["Finding"]):
    def open(self) -> Self:
        return self.filter(state=Finding.State.OPEN)

    def overdue(self, days: int = 0) -> Self:
        """Open beyond the due date by more than so many days, by the calendar of the hospital."""
        return self.open().filter(due__lt=LocalDay("site__zone", before=days))

    def given_to(self, user: User) -> Self:
        """Given to the person, or to nobody and on what they own."""
        return self.filter(Q(person=user) | Q(person=None, deployment__owner=user))

    def with_names(self) -> Self:
        return self.select_related("deployment__site", "deployment__product", "site", "person", "incident", "opened_by")

    def with_urgency(self) -> Self:
        """With `urgency`: the priority, and nothing for a condition, so that conditions come after the priorities."""
        return self.annotate(urgency=NullIf("priority", Value("")))

    def settled(self) -> Self:
        """Without an action that is still open: those that may be closed."""
        actions: Any = Finding.actions.rel.related_model._default_manager
        return self.filter(~Exists(actions.open().filter(finding=OuterRef("pk"))))

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
        INCIDENT = "incident", gettext_lazy("An incident")
        HAND = "hand", gettext_lazy("Opened by hand")

    MOVES = {State.OPEN: {State.CLOSED}, State.CLOSED: {State.OPEN}}
    PRIORITIES = ("P1", "P2", "P3", "P4")  # content, findings.priorities: the most urgent first

    ref = models.CharField(max_length=20, unique=True)
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="findings")
    origin = models.CharField(max_length=12, choices=Origin.choices)
    check_code = models.CharField(max_length=20, blank=True, default="")
    title = models.TextField()
    priority = models.CharField(max_length=4, blank=True, default="")
    ruled = models.CharField(max_length=4, blank=True, default="", db_default="")  # what the rule gave, last
    gap = models.TextField(blank=True, default="")
    owner = models.CharField(max_length=120)
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # the owner, if somebody known here
    hazard = models.PositiveSmallIntegerField(null=True)  # highest level in force on it, kept by HazardRating's verbs
    due = models.DateField(null=True)  # none means: before go-live
    first_due = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="findings")
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    source = models.CharField(max_length=30, blank=True, default="", db_default="")  # the audit that raised it
    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "due", "ref"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "check_code"],
                condition=Q(state="open") & ~Q(check_code=""),
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
            models.Index(fields=["organisation", "due"], name="open_findings_of_a_group", condition=Q(state="open")),
            models.Index(fields=["site", "due"], name="open_findings_of_a_site", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return self.ref

    def get_absolute_url(self) -> str:
        return reverse("findings:finding", args=[self.ref])

    @property
    def trail_stream(self) -> str:
        return self.deployment.trail_stream

    @property
    def age(self) -> int:
        """Days since it was opened first."""
        return (clock.now() - self.opened_at).days

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @classmethod
    def open_on(cls, deployment: Deployment, *, by: User, source: str, **about: Any) -> "Finding":
        """Open a finding; `source` names the audit, the decision or the incident that raised it."""
        finding = cls.objects.create(
            **deployment.place,
            ref=f"F-{next_number('auditapp_finding_ref'):04d}",
            deployment=deployment,
            opened_by=by,
            opened_at=clock.now(),
            first_due=about.get("due"),
            source=source,
            ruled=about.get("priority", ""),
            **about,
        )
        due = finding.due and finding.due.isoformat()
        Event.record(
            by, "finding.opened", finding, ref=finding.ref, source=source, origin=finding.origin,
            check=finding.check_code, priority=finding.priority, due=due,
        )  # fmt: skip
        return finding

    @classmethod
    @transaction.atomic
    def enter(cls, deployment: Deployment, *, by: User, incident: Incident | None = None, **about: Any) -> "Finding":
        """Open one by hand: `about` holds title, gap, owner, person, due, priority and, where it has one, check_code.

        The priority is the person's choice by the content's rule, which the form shows.
        """
        by.must_hold(*KEEPERS, site=deployment.site, to=_("open a finding"))
        about |= {key: clean(about[key]) for key in ("title", "gap", "owner") if about.get(key)}
        if not about.get("title") or not about.get("owner"):
            raise Refused(_("Say what is missing, and who sees to it."))
        if about.get("priority") not in cls.PRIORITIES:
            raise Refused(_("Choose a priority."))
        if about.get("due") is None and deployment.is_live:
            raise Refused(_("It is in use already: enter the day by which it is put right."))
        if person := about.get("person"):
            must_read_here(person, deployment)
        code = about.get("check_code", "")
        if code and (other := deployment.findings.open().filter(check_code=code).first()):
            raise Refused(
                _("A finding on this check is open already."),
                [(f"{other.ref}: {other.title}", other.get_absolute_url())],
            )
        origin = cls.Origin.INCIDENT if incident else cls.Origin.HAND
        source = incident.ref if incident else ""
        return cls.open_on(deployment, by=by, source=source, origin=origin, incident=incident, **about)

    @transaction.atomic
    def reassess(self, *, by: User, source: str, priority: str, due: date | None, gap: str, owner: str) -> None:
        """Found again: what is missing is as last answered, the first due date stays the one that counts.

        What a person has changed since stands while the rule says the same as before; what the rule says anew counts,
        but never puts off what a person has made more urgent.
        """
        postponed = self.due is not None and self.first_due is not None and self.due > self.first_due
        promised = (d for d in (due, self.due, self.first_due) if d is not None)
        due = self.due if postponed else min(promised, default=None)
        new = self.priority if priority == self.ruled else priority
        if self.priority < self.ruled:  # a person made it more urgent
            new = min(self.priority, priority)
        if (self.priority, self.ruled, self.due, self.gap, self.owner) == (new, priority, due, gap, owner):
            return
        if owner != self.owner:
            self.person = None
        self.priority, self.ruled, self.due, self.gap, self.owner = new, priority, due, gap, owner
        self.save(update_fields=["priority", "ruled", "due", "gap", "owner", "person"])
        Event.record(
            by, "finding.reassessed", self, ref=self.ref, source=source, priority=new, due=due and due.isoformat()
        )

    @transaction.atomic
    def change_priority(self, to: str, *, by: User, reason: str = "") -> "FindingChange":
        """Make it more urgent, which anyone who answers may, or less, which is the clinical safety officer's."""
        self._must_be_open()
        if not self.priority or to not in self.PRIORITIES:
            raise Refused(_("Conditions of decisions have no priority."))
        if to == self.priority:
            raise Refused(_("That is its priority already."))
        self._must_let_ease(by, to > self.priority, reason, to=_("lower a priority"))
        return self._change("priority", self.priority, to, by=by, reason=reason, priority=to)

    @transaction.atomic
    def move_due(self, to: date | None, *, by: User, reason: str = "") -> "FindingChange":
        """Bring the due date forward, which anyone who answers may, or put it off: content, findings.lowering.

        “Before go-live” is neither earlier nor later than a day, so only the officer exchanges the two.
        """
        self._must_be_open()
        if to == self.due:
            raise Refused(_("That is its due date already."))
        if to is None and self.deployment.is_live:
            raise Refused(_("It is in use already: enter the day by which it is put right."))
        later = to is None or self.due is None or to > self.due
        self._must_let_ease(by, later, reason, to=_("move a due date later"))
        before, after = (day.isoformat() if day else "" for day in (self.due, to))
        return self._change("due", before, after, by=by, reason=reason, due=to)

    @transaction.atomic
    def hand_over(self, *, by: User, owner: str, person: User | None = None, reason: str = "") -> "FindingChange":
        """Give it another owner: somebody known here, or a name."""
        self._must_be_open()
        by.must_hold(*KEEPERS, site=self.site, to=_("give a finding to another owner"))
        if person:
            must_read_here(person, self)
        owner = person.name if person else clean(owner)
        if not owner:
            raise Refused(_("Say who sees to it."))
        if (owner, person) == (self.owner, self.person):
            raise Refused(_("That is its owner already."))
        return self._change("owner", self.owner, owner, by=by, reason=reason, owner=owner, person=person)

    def _must_be_open(self) -> None:
        if not self.is_open:
            raise Refused(_("This finding is closed. Open it again first."))

    def _must_let_ease(self, by: User, eases: bool, reason: str, *, to: str) -> None:
        if not eases:
            by.must_hold(*ANSWERERS, site=self.site, to=_("make a finding more urgent"))
            return
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=to)
        if not clean(reason):
            raise Refused(_("Give the reason why it can wait."))

    def _change(self, what: str, before: str, after: str, *, by: User, reason: str, **values: Any) -> "FindingChange":
        """Only over what the person saw: of two people who change it at once, the second is told."""
        seen = {name: getattr(self, name) for name in values}
        if not Finding.objects.filter(pk=self.pk, state=self.state, **seen).update(**values):
            raise Refused(_("Somebody else has just changed this finding. Reload the page."))
        for name, value in values.items():
            setattr(self, name, value)
        change = FindingChange.objects.create(
            **self.place, finding=self, what=what, before=before, after=after, reason=clean(reason), by=by,
            at=clock.now(),
        )  # fmt: skip
        said = {"before": before, "after": after} if what != "owner" else {"person": self.person_id}
        Event.record(by, f"finding.{what}_changed", self, ref=self.ref, **said)
        return change

    def is_owned_by(self, user: User) -> bool:
        """By account, or by name where no account is named."""
        return self.person_id == user.pk if self.person_id else self.owner == user.name

    @transaction.atomic
    def verify(self, *, by: User, reason: str) -> "Closure":
        """Somebody who looked says that what was missing is in place, and on what evidence; the finding closes.

        findings.open_finding of the content: the verifier is not the finding's owner.
        """
        by.must_hold(*ANSWERERS, site=self.site, to=_("close a finding"))
        if self.is_owned_by(by):
            raise NotAllowed(_("You own this finding; somebody else confirms that it is put right."))
        if not clean(reason):
            raise Refused(_("Say what is in place now, and where that can be seen."))
        return self.close(by=by, reason=clean(reason), source=self.ref)

    @transaction.atomic
    def close(self, *, by: User, reason: str, source: str) -> "Closure":
        """Close it with a reason; the row stays, and so does everything that led to it."""
        held = Finding.objects.select_for_update(of=["self"]).get(pk=self.pk)  # no action is added meanwhile
        if not held.is_open:
            raise Refused(_("This finding is already closed."))
        if left := list(self.actions.open()):
            raise Refused(
                _("Its actions come first: each is done, and found effective by somebody else, or given up."),
                [f"{action.number}: {action.get_state_display()}" for action in left],
            )
        Finding.objects.filter(pk=self.pk).update(state=self.State.CLOSED)
        self.state = self.State.CLOSED
        n = self.closures.count() + 1
        closure = Closure.objects.create(**self.place, finding=self, n=n, by=by, at=clock.now(), reason=reason)
        Event.record(by, "finding.closed", self, ref=self.ref, source=source)
        return closure

    @transaction.atomic
    def take_up_again(self, *, by: User, reason: str, due: date | None) -> "Reopening":
        """Somebody sees that it is not in order after all."""
        by.must_hold(*ANSWERERS, site=self.site, to=_("open a finding again"))
        if not clean(reason):
            raise Refused(_("Say what is missing again, and how you know."))
        if due is None and self.deployment.is_live:
            raise Refused(_("It is in use already: enter the day by which it is put right."))
        return self.reopen(by=by, reason=clean(reason), source=self.ref, due=due)

    @transaction.atomic
    def reopen(
        self, *, by: User, reason: str, source: str, due: date | None, incident: Incident | None = None, **about: Any
    ) -> "Reopening":
        """Open it again, with a date of its own; what it was first due stays, and so does how it was closed.

        `about` is what is missing now (priority, gap, owner), where an answer says so.
        """
        held = Finding.objects.select_for_update(of=["self"]).get(pk=self.pk)
        if held.is_open:
            raise Refused(_("This finding is open."))
        if self.check_code and self.deployment.findings.open().filter(check_code=self.check_code).exists():
            raise Refused(_("Another finding on this check is open."))
        if "priority" in about:
            about["ruled"] = about["priority"]
        if about.get("owner", self.owner) != self.owner:
            about["person"] = None
        values = {"state": self.State.OPEN, "due": due, **about}
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=list(values))
        again = Reopening.objects.create(
            **self.place, finding=self, n=self.reopenings.count() + 1, reason=reason, source=source, due=due,
            incident=incident, by=by, at=clock.now(),
        )  # fmt: skip
        Event.record(
            by, "finding.reopened", self, ref=self.ref, source=source, priority=self.priority,
            due=due and due.isoformat(),
        )  # fmt: skip
        return again
