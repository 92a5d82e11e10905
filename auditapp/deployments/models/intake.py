"""A tool that somebody would like to use: proposed on one page, then registered, or declined with a reason."""

from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Role, Site, User
from auditapp.deployments.models.deployment import Deployment, next_number
from auditapp.deployments.models.profile import KEEPERS
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

# Whoever works at the hospital may propose; who only reads may not.
PROPOSERS = tuple(role for role in Role if role != Role.VIEWER)


class IntakeQuerySet(PlacedQuerySet["Intake"]):
    def waiting(self) -> Self:
        return self.filter(state=Intake.State.WAITING)

    def untold(self, user: User) -> Self:
        """Decided, and its proposer has not read so."""
        return self.exclude(state=Intake.State.WAITING).filter(by=user, noted_at=None)

    def with_names(self) -> Self:
        return self.select_related("site", "by", "decided_by", "deployment")


class Intake(Placed):
    """What a clinician wants to use, for what and for whom. What was written stays; it is decided once."""

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waits for triage")
        REGISTERED = "registered", gettext_lazy("Registered")
        DECLINED = "declined", gettext_lazy("Declined")

    ref = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=160)
    vendor = models.CharField(max_length=120, blank=True, default="")
    purpose = models.TextField()
    users = models.CharField(max_length=300)  # who would use it
    patients = models.CharField(max_length=300)  # whom it affects
    why_now = models.TextField(blank=True, default="")
    contact = models.CharField(max_length=160)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    deployment = models.OneToOneField(Deployment, models.PROTECT, null=True, related_name="intake")
    reason = models.TextField(blank=True, default="")  # for declining it
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)
    noted_at = models.DateTimeField(null=True)  # its proposer has read what became of it
    objects = IntakeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["site", "state", "-at"], name="proposals_of_a_site")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(purpose="") & ~Q(users="") & ~Q(patients=""),
                name="a_proposal_says_what_for_and_for_whom",
            ),
            models.CheckConstraint(
                condition=~Q(state="registered") | Q(deployment__isnull=False),
                name="a_registered_proposal_has_become_one",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(reason=""), name="a_proposal_is_declined_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    def get_absolute_url(self) -> str:
        return reverse("tracking:proposal", args=[self.ref])

    @property
    def trail_stream(self) -> str:
        return f"proposal:{self.ref}"

    @classmethod
    @transaction.atomic
    def propose(cls, *, by: User, site: Site, **about: str) -> Self:
        """`about` holds name, vendor, purpose, users, patients, why_now and contact."""
        by.must_hold(*PROPOSERS, site=site, to=_("propose a tool here"))
        words = {key: clean(text) for key, text in about.items()}
        if not all(words.get(key) for key in ("name", "purpose", "users", "patients", "contact")):
            raise Refused(_("Say what it is, for what, who would use it, whom it affects, and whom to ask."))
        number = next_number("auditapp_intake_ref")
        proposed = cls.objects.create(**site.place, ref=f"P-{number:04d}", by=by, at=clock.now(), **words)
        Event.record(by, "proposal.made", proposed, site=site.code)
        return proposed

    def must_be_open_to(self, by: User) -> None:
        """Refuse unless this person may decide what becomes of it, now."""
        by.must_hold(*KEEPERS, site=self.site, to=_("decide on a proposal"))
        if self.state != self.State.WAITING:
            raise Refused(_("This proposal is decided already."), [(str(self.ref), self.get_absolute_url())])

    @transaction.atomic
    def register(self, deployment: Deployment, *, by: User) -> None:
        """It has become a registered deployment."""
        self.must_be_open_to(by)
        if deployment.site_id != self.site_id:
            raise Refused(_("This tool was proposed for another hospital."))
        self._decide(self.State.REGISTERED, by=by, deployment=deployment)
        Event.record(by, "proposal.registered", self, deployment=deployment.ref)

    @transaction.atomic
    def decline(self, *, by: User, reason: str) -> None:
        """Say why it is not taken up."""
        self.must_be_open_to(by)
        if not (reason := clean(reason)):
            raise Refused(_("Give the reason. Whoever proposed it will read it."))
        self._decide(self.State.DECLINED, by=by, reason=reason)
        Event.record(by, "proposal.declined", self)

    def _decide(self, state: str, *, by: User, **values: Any) -> None:
        values |= {"state": state, "decided_by": by, "decided_at": clock.now()}
        if by == self.by:
            values["noted_at"] = values["decided_at"]
        if not Intake.objects.filter(pk=self.pk, state=self.State.WAITING).update(**values):
            raise Refused(_("Somebody has just decided on this proposal. Reload the page."))
        for name, value in values.items():
            setattr(self, name, value)

    @transaction.atomic
    def note(self, *, by: User) -> None:
        """Its proposer has read what became of it."""
        if by != self.by:
            raise NotAllowed(_("Only who proposed it can say so."))
        if Intake.objects.untold(by).filter(pk=self.pk).update(noted_at=clock.now()):
            Event.record(by, "proposal.noted", self)
