"""What is done about a finding: actions with an owner and a date, their completion, and whether they helped."""

from datetime import date
from typing import Self

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import LocalDay, Placed, ReadInFullQuerySet, Role, User
from auditapp.deployments.models import KEEPERS
from auditapp.evidence.models import Evidence
from auditapp.findings.models.finding import ANSWERERS, Finding, must_read_here
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event


class ActionQuerySet(ReadInFullQuerySet["Action"]):
    def open(self) -> Self:
        """Still to be done, or to be found effective."""
        return self.filter(state__in=Action.OPEN)

    def overdue(self) -> Self:
        """To be done by a day that is past at the hospital."""
        return self.filter(state=Action.State.TO_DO, due__lt=LocalDay("site__zone"))

    def with_steps(self) -> Self:
        return self.select_related("owner", "by", "finding__site").prefetch_related("steps__by", "steps__evidence")


class Action(Placed):
    """One thing that somebody does about a finding by a day."""

    class State(models.TextChoices):
        TO_DO = "to_do", gettext_lazy("To do")
        DONE = "done", gettext_lazy("Done, effect not checked")
        EFFECTIVE = "effective", gettext_lazy("Effective")
        DROPPED = "dropped", gettext_lazy("Given up")

    MOVES = {
        State.TO_DO: {State.DONE, State.DROPPED},
        State.DONE: {State.EFFECTIVE, State.TO_DO, State.DROPPED},
        State.EFFECTIVE: set(),
        State.DROPPED: set(),
    }
    OPEN = (State.TO_DO, State.DONE)

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="actions")
    n = models.PositiveSmallIntegerField()
    what = models.TextField()
    owner = models.ForeignKey(User, models.PROTECT, related_name="+")
    due = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.TO_DO)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = ActionQuerySet.as_manager()

    class Meta:
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["finding", "n"], name="one_action_of_a_finding_per_number"),
            models.CheckConstraint(condition=~Q(what=""), name="an_action_says_what_is_done"),
        ]
        indexes = [
            models.Index(fields=["owner", "due"], name="open_actions_of_a_person", condition=Q(state="to_do")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return _("Action %(n)s") % {"n": self.n}

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    def get_absolute_url(self) -> str:
        return f"{reverse('findings:finding', args=[self.finding.ref])}#action-{self.n}"

    @classmethod
    @transaction.atomic
    def plan(cls, finding: Finding, *, by: User, what: str, owner: User, due: date) -> "Action":
        """Say what is to be done, by whom and by when; until it is found effective, the finding stays open."""
        by.must_hold(*KEEPERS, site=finding.site, to=_("plan an action"))
        held = Finding.objects.select_for_update(of=["self"]).get(pk=finding.pk)
        if not held.is_open:
            raise Refused(_("This finding is closed. Open it again first."))
        if not (what := clean(what)):
            raise Refused(_("Say what is to be done."))
        must_read_here(owner, finding)
        n = finding.actions.count() + 1
        action = cls.objects.create(
            **finding.place, finding=finding, n=n, what=what, owner=owner, due=due, by=by, at=clock.now()
        )
        Event.record(
            by, "action.planned", finding, ref=finding.ref, n=n, owner=owner.pk, due=due.isoformat()
        )  # fmt: skip
        return action

    @transaction.atomic
    def complete(self, *, by: User, note: str, done_on: date, evidence: Evidence | None = None) -> "ActionStep":
        """Its owner, or who keeps the deployment's records, says since when it is done and where that can be seen."""
        if by.pk != self.owner_id:
            by.must_hold(*KEEPERS, site=self.site, to=_("say that an action of somebody else is done"))
        if not clean(note) and evidence is None:
            raise Refused(_("Say what was done and where that can be seen, or add evidence."))
        if done_on > clock.today(self.site.zone):
            raise Refused(_("It cannot have been done on a day to come."))
        if evidence is not None and evidence.site_id != self.site_id:
            raise Refused(_("Evidence of another hospital does not count here."))
        return self._step("done", self.State.DONE, by=by, note=note, done_on=done_on, evidence=evidence)

    @transaction.atomic
    def judge(self, *, by: User, effective: bool, reason: str) -> "ActionStep":
        """Somebody else says whether it helped; if not, it is to be done again."""
        by.must_hold(*ANSWERERS, site=self.site, to=_("check whether an action was effective"))
        if by.pk == self.owner_id:
            raise NotAllowed(_("This action is yours; somebody else checks whether it was effective."))
        done = self.steps.filter(kind="done").order_by("n").last()
        if done is not None and done.by_id == by.pk:
            raise NotAllowed(_("You said that it is done; somebody else checks whether it was effective."))
        if not clean(reason):
            raise Refused(_("Say how you know whether it was effective."))
        kind, state = ("effective", self.State.EFFECTIVE) if effective else ("not_effective", self.State.TO_DO)
        return self._step(kind, state, by=by, note=reason)

    @transaction.atomic
    def drop(self, *, by: User, reason: str) -> "ActionStep":
        """The clinical safety officer agrees that it need not be done."""
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("give up an action"))
        if not clean(reason):
            raise Refused(_("Give the reason why it need not be done."))
        return self._step("dropped", self.State.DROPPED, by=by, note=reason)

    def _step(
        self,
        kind: str,
        state: str,
        *,
        by: User,
        note: str,
        done_on: date | None = None,
        evidence: Evidence | None = None,
    ) -> "ActionStep":
        if state not in self.MOVES[self.State(self.state)]:
            raise Refused(_("This action is: %(state)s.") % {"state": str(self.get_state_display()).lower()})
        if not Action.objects.filter(pk=self.pk, state=self.state).update(state=state):
            raise Refused(_("Somebody else has just changed this action. Reload the page."))
        self.state = state
        step = ActionStep.objects.create(
            **self.place, action=self, n=self.steps.count() + 1, kind=kind, note=clean(note), done_on=done_on,
            evidence=evidence, owner_id=self.owner_id, by=by, at=clock.now(),
        )  # fmt: skip
        Event.record(
            by, f"action.{kind}", self.finding, ref=self.finding.ref, n=self.n,
            done_on=done_on and done_on.isoformat(), evidence=evidence and (evidence.sha256 or evidence.pk),
        )  # fmt: skip
        return step


class ActionStep(Placed):
    """An action was done, judged or given up; rows are only added."""

    class Kind(models.TextChoices):
        DONE = "done", gettext_lazy("Done")
        EFFECTIVE = "effective", gettext_lazy("Found effective")
        NOT_EFFECTIVE = "not_effective", gettext_lazy("Found not effective")
        DROPPED = "dropped", gettext_lazy("Given up")

    action = models.ForeignKey(Action, models.PROTECT, related_name="steps")
    n = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    note = models.TextField(blank=True, default="")
    done_on = models.DateField(null=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="action_steps")
    owner = models.ForeignKey(User, models.PROTECT, related_name="+")  # of the action, for the rule below
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["action", "n"], name="one_step_of_an_action_per_number"),
            models.CheckConstraint(
                condition=~Q(kind__in=["effective", "not_effective"], owner=models.F("by")),
                name="an_action_is_not_judged_by_its_owner",
            ),
            models.CheckConstraint(
                condition=~Q(kind="done") | (Q(done_on__isnull=False) & (~Q(note="") | Q(evidence__isnull=False))),
                name="a_done_action_says_when_and_how_one_knows",
            ),
            models.CheckConstraint(condition=Q(kind="done") | ~Q(note=""), name="an_action_is_judged_with_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.action_id} {self.kind}"
