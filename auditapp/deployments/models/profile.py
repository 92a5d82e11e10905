"""A deployment's profile, filled in by one person and confirmed by another."""

from typing import Self

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Role, User
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event

# Who keep a deployment's record.
KEEPERS = (Role.AUDITOR, Role.DEPLOYMENT_OWNER, Role.CLINICAL_SAFETY_OFFICER)


class ProfileQuerySet(PlacedQuerySet["Profile"]):
    def with_people(self) -> Self:
        return self.select_related("by", "confirmation__by")

    def newest_in_use(self) -> Self:
        """The newest profile of each deployment that is not retired, with the deployment and its hospital."""
        used = self.exclude(deployment__status="retired").select_related("deployment__site")
        return used.order_by("deployment_id", "-n").distinct("deployment_id")

    def waiting(self) -> Self:
        """The newest profile of each deployment, where no second person has confirmed it yet."""
        newer = Profile.objects.filter(deployment=OuterRef("deployment"), n__gt=OuterRef("n"))
        return self.filter(~Exists(newer), confirmation=None)


class Profile(Placed):
    """What the tool is, fact by fact. It decides which checks are asked, so a second person confirms it."""

    deployment = models.ForeignKey("auditapp.Deployment", models.PROTECT, related_name="profiles")
    n = models.PositiveSmallIntegerField()
    facts = models.JSONField()
    assumed = models.JSONField(default=list, db_default=[])  # facts that nobody stated, such as in an imported list
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = ProfileQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deployment", "n"], name="one_profile_per_number")]

    def __str__(self) -> str:
        return f"{self.deployment_id} profile {self.n}"

    @property
    def is_confirmed(self) -> bool:
        return hasattr(self, "confirmation")

    def awaits(self, user: User) -> bool:
        """Whether this person can be the second one."""
        return not self.is_confirmed and self.by_id != user.pk and user.holds(*KEEPERS, site=self.deployment.site)

    @transaction.atomic
    def confirm(self, *, by: User) -> "ProfileConfirmation":
        """The second person's word that the facts are right: each "no" removes questions."""
        by.must_hold(*KEEPERS, site=self.site, to=_("confirm a profile"))
        if by == self.by:
            raise NotAllowed(_("A second person confirms the profile: you filled it in yourself."))
        if ProfileConfirmation.objects.filter(profile=self).exists():
            raise Refused(_("This profile is already confirmed."))
        if Profile.objects.filter(deployment=self.deployment_id, n__gt=self.n).exists():
            raise Refused(_("The profile has been filled in anew since you read it. Read the newer one."))
        confirmation = ProfileConfirmation.objects.create(
            **self.place, profile=self, filled_by=self.by, by=by, at=clock.now()
        )
        Event.record(by, "profile.confirmed", self.deployment, n=self.n, facts=self.facts)
        return confirmation


class ProfileConfirmation(Placed):
    """A profile was confirmed, once, by somebody else."""

    profile = models.OneToOneField(Profile, models.PROTECT, related_name="confirmation")
    filled_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(by=models.F("filled_by")),
                name="a_profile_is_confirmed_by_a_second_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} confirmed"
