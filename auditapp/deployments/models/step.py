"""Steps into use and out of it for good: proposed by one person, signed off by another, with what the gate says."""

from dataclasses import dataclass
from typing import Self

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Role, User
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

MOVERS = (Role.DEPLOYMENT_OWNER, Role.CLINICAL_SAFETY_OFFICER)  # propose a step, or take one that needs nobody else
SIGNERS = (Role.CLINICAL_SAFETY_OFFICER, Role.GOVERNANCE_CHAIR, Role.EXECUTIVE)
SIGNED_OFF = frozenset({"pilot", "live", "retired"})  # steps that two people take


class Gate(models.TextChoices):
    """What the gate found when a step into use was signed off."""

    PASSED = "passed", gettext_lazy("a valid decision covers what runs")
    EXEMPT = "exempt", gettext_lazy("by the hospital’s rules it is only registered")
    OFF = "off", gettext_lazy("the gate was not on")


@dataclass(frozen=True)
class GateWord:
    """The gate's word for one step of one deployment. Given by `tracking.life` alone, which knows the decisions."""

    deployment: int
    to: str
    found: str  # one of Gate
    audit: str  # on whose decision it rests; "" where it rests on none


class StatusProposalQuerySet(PlacedQuerySet["StatusProposal"]):
    def waiting(self) -> Self:
        """Neither signed off nor dropped."""
        return self.filter(signed_at=None, dropped_at=None)

    def with_names(self) -> Self:
        return self.select_related("by", "deployment__site")


class StatusProposal(Placed):
    """Somebody who keeps a deployment asks for a step; it is taken when a second person signs it off."""

    deployment = models.ForeignKey("auditapp.Deployment", models.PROTECT, related_name="status_proposals")
    to = models.CharField(max_length=20)
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    signed_at = models.DateTimeField(null=True)
    dropped_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    dropped_at = models.DateTimeField(null=True)
    objects = StatusProposalQuerySet.as_manager()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_step_is_proposed_with_a_reason"),
            models.CheckConstraint(condition=~models.Q(signed_by=models.F("by")), name="two_people_take_a_step"),
            models.CheckConstraint(
                condition=models.Q(signed_at=None) | models.Q(dropped_at=None),
                name="a_proposed_step_is_signed_off_or_dropped",
            ),
            models.UniqueConstraint(
                fields=["deployment"],
                condition=models.Q(signed_at=None, dropped_at=None),
                name="one_step_of_a_deployment_is_proposed_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deployment_id} to {self.to}"

    def awaits(self, user: User) -> bool:
        """Whether this person can be the second one."""
        return self.by_id != user.pk and user.holds(*SIGNERS, site=self.deployment.site)

    def must_be_signed_by(self, by: User) -> None:
        """Refuse unless this person may sign the step off now."""
        by.must_hold(*SIGNERS, site=self.deployment.site, to=_("sign off this step"))
        if by == self.by:
            raise NotAllowed(_("You proposed it. Somebody else signs it off."))
        if self.signed_at is not None or self.dropped_at is not None:
            raise Refused(_("This step is not waiting any more. Reload the page."))

    @transaction.atomic
    def drop(self, *, by: User) -> None:
        """Leave the status as it is: the proposer takes it back, or a second person does not agree."""
        by.must_hold(*MOVERS, *SIGNERS, site=self.deployment.site, to=_("drop a proposed step"))
        self.end(dropped_by=by, dropped_at=clock.now())
        Event.record(by, "deployment.status_dropped", self.deployment, to=self.to)

    def end(self, **values: object) -> None:
        """Only one of two tabs ends it."""
        waiting = StatusProposal.objects.waiting().filter(pk=self.pk)
        if not waiting.update(**values):
            raise Refused(_("Somebody has just signed off or dropped this step. Reload the page."))
        for name, value in values.items():
            setattr(self, name, value)

    @classmethod
    def propose(cls, deployment: "models.Model", *, to: str, by: User, reason: str) -> Self:
        """Ask for a step; `Deployment.propose_status` has checked that it is one."""
        place = deployment.place  # type: ignore[attr-defined]
        if cls.objects.waiting().filter(deployment=deployment).exists():
            raise Refused(_("A step of this deployment is proposed already. Sign it off or drop it first."))
        proposed = cls.objects.create(
            **place, deployment=deployment, to=to, reason=clean(reason), by=by, at=clock.now()
        )
        Event.record(by, "deployment.status_proposed", deployment, to=to)
        return proposed
