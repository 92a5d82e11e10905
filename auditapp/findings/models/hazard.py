"""Hazard ratings, which only the clinical safety officer gives, changes and ends."""

from django.db import models, transaction
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Placed, ReadInFullQuerySet, Role, User
from auditapp.deployments.models import Deployment, next_number
from auditapp.findings.models.finding import Finding
from auditapp.refusals import Refused
from auditapp.trail.models import Event


class HazardRatingQuerySet(ReadInFullQuerySet):
    def open(self) -> "HazardRatingQuerySet":
        """In force: neither replaced by a later rating nor closed."""
        return self.filter(replaced_by=None, closure=None)


class HazardRating(Placed):
    """Severity and likelihood on the hospital's matrix, by the clinical safety officer alone and never by default."""

    ref = models.CharField(max_length=20, unique=True)
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="hazard_ratings")
    finding = models.ForeignKey(Finding, models.PROTECT, null=True, related_name="hazard_ratings")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=20)
    likelihood = models.CharField(max_length=20)
    level = models.PositiveSmallIntegerField()
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = HazardRatingQuerySet.as_manager()

    class Meta:
        ordering = ["-level", "at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(level__range=(1, 5)), name="a_hazard_level_is_one_to_five"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_hazard_rating_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.ref} level {self.level}"

    @property
    def trail_stream(self) -> str:
        return self.deployment.trail_stream

    @classmethod
    @transaction.atomic
    def rate(
        cls,
        deployment: Deployment,
        *,
        by: User,
        level: int,
        title: str,
        severity: str,
        likelihood: str,
        reason: str,
        finding: Finding | None = None,
        replaces: "HazardRating | None" = None,
    ) -> "HazardRating":
        """Give a hazard a level from the matrix of the questionnaire in use; a changed rating replaces the old one."""
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=deployment.site, to=_("rate a hazard"))
        if not reason.strip():
            raise Refused(_("Give the reason for this rating."))
        rating = cls.objects.create(
            **deployment.place,
            ref=f"H-{next_number('auditapp_hazard_ref'):04d}",
            deployment=deployment,
            finding=finding,
            replaces=replaces,
            title=title,
            severity=severity,
            likelihood=likelihood,
            level=level,
            reason=reason,
            by=by,
            at=clock.now(),
        )
        Event.record(
            by, "hazard.rated", rating, ref=rating.ref, level=level, replaces=replaces.ref if replaces else None
        )
        return rating

    @transaction.atomic
    def close(self, *, by: User, reason: str) -> "HazardClosure":
        """The control is in place: the clinical safety officer says which, and the rating no longer counts."""
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("close a hazard rating"))
        if not reason.strip():
            raise Refused(_("Name the control that is in place."))
        if HazardClosure.objects.filter(rating=self).exists() or hasattr(self, "replaced_by"):
            raise Refused(_("This hazard rating is no longer open."))
        closure = HazardClosure.objects.create(**self.place, rating=self, by=by, at=clock.now(), reason=reason)
        Event.record(by, "hazard.closed", self, ref=self.ref)
        return closure


class HazardClosure(Placed):
    """A hazard rating ended because a control is in place."""

    rating = models.OneToOneField(HazardRating, models.PROTECT, related_name="closure")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="a_hazard_closure_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.rating_id} closed"
