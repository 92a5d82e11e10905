"""Hazard ratings, which only the clinical safety officer gives, changes and ends."""

from datetime import date
from typing import Self

from django.db import models, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import LocalDay, Placed, ReadInFullQuerySet, Role, User
from auditapp.deployments.models import Deployment, next_number
from auditapp.findings.models.finding import Finding
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

# scoring.definitions.accepted of the content: levels 4 and 5 cannot be accepted.
ACCEPTABLE = 3


class HazardRatingQuerySet(ReadInFullQuerySet):
    def in_force(self) -> "HazardRatingQuerySet":
        """Neither replaced by a later rating nor closed; accepted or not."""
        return self.filter(replaced_by=None, closure=None)

    def note_highest(self, finding: Finding) -> None:
        """Keep the highest level in force beside the finding: fifty thousand are sorted and counted by it."""
        highest = self.in_force().filter(finding=finding).aggregate(level=Max("level"))["level"]
        Finding.objects.filter(pk=finding.pk).update(hazard=highest)
        finding.hazard = highest

    def open(self) -> "HazardRatingQuerySet":
        """Neither closed nor accepted (content, scoring.definitions.open_hazard_rating): these enter the result."""
        standing = RiskAcceptance.objects.standing().filter(rating=OuterRef("pk"))
        return self.in_force().filter(~Exists(standing))

    def accepted(self) -> "HazardRatingQuerySet":
        """In force, and accepted to a day that has not passed at the hospital."""
        standing = RiskAcceptance.objects.standing().filter(rating=OuterRef("pk"))
        return self.in_force().filter(Exists(standing))


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
        for about in {rated.finding for rated in (rating, replaces) if rated and rated.finding}:
            cls.objects.note_highest(about)
        Event.record(
            by, "hazard.rated", rating, ref=rating.ref, level=level, replaces=replaces.ref if replaces else None
        )
        return rating

    @property
    def acceptance(self) -> "RiskAcceptance | None":
        """The newest acceptance, whether its day has passed or not."""
        return max(self.acceptances.all(), key=lambda row: row.n, default=None)

    @property
    def can_be_accepted(self) -> bool:
        return self.level <= ACCEPTABLE

    @transaction.atomic
    def accept(self, *, by: User, until: date, reason: str) -> "RiskAcceptance":
        """The clinical safety officer signs for a risk to an end date, because reducing it further is impractical.

        Content, scoring.definitions.accepted: level 3 or lower alone. From now on, and until the day has passed, the
        rating is not open; then it counts again by itself.
        """
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("accept a risk"))
        if not self.can_be_accepted:
            raise Refused(
                _("Level %(level)s cannot be accepted: eliminate or control the hazard.") % {"level": self.level}
            )
        if not (reason := clean(reason)):
            raise Refused(_("Give the reason why further reduction is impractical."))
        if until < clock.today(self.site.zone):
            raise Refused(_("The end date has passed already."))
        Deployment.objects.select_for_update().get(pk=self.deployment_id)  # a rating's own row can never change
        held = HazardRating.objects.get(pk=self.pk)
        if not HazardRating.objects.in_force().filter(pk=held.pk).exists():
            raise Refused(_("This hazard rating is no longer in force."))
        accepted = RiskAcceptance.objects.create(
            **self.place, rating=held, n=held.acceptances.count() + 1, level=held.level, until=until, reason=reason,
            by=by, at=clock.now(),
        )  # fmt: skip
        Event.record(by, "hazard.accepted", self, ref=self.ref, level=self.level, until=until.isoformat())
        return accepted

    @transaction.atomic
    def close(self, *, by: User, reason: str) -> "HazardClosure":
        """The control is in place: the clinical safety officer says which, and the rating no longer counts."""
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("close a hazard rating"))
        if not reason.strip():
            raise Refused(_("Name the control that is in place."))
        if HazardClosure.objects.filter(rating=self).exists() or hasattr(self, "replaced_by"):
            raise Refused(_("This hazard rating is no longer open."))
        closure = HazardClosure.objects.create(**self.place, rating=self, by=by, at=clock.now(), reason=reason)
        if self.finding:
            HazardRating.objects.note_highest(self.finding)
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


class RiskAcceptanceQuerySet(ReadInFullQuerySet["RiskAcceptance"]):
    def newest(self) -> Self:
        """Of each rating: a later acceptance replaces an earlier one, also with a nearer end."""
        later = RiskAcceptance.objects.filter(rating=OuterRef("rating"), n__gt=OuterRef("n"))
        return self.filter(~Exists(later))

    def standing(self) -> Self:
        """Whose day has not passed at the hospital."""
        return self.newest().filter(until__gte=LocalDay("site__zone"))


class RiskAcceptance(Placed):
    """The clinical safety officer signed for a hazard rating until a day. Rows are only added."""

    rating = models.ForeignKey(HazardRating, models.PROTECT, related_name="acceptances")
    n = models.PositiveSmallIntegerField()
    level = models.PositiveSmallIntegerField()
    until = models.DateField()
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = RiskAcceptanceQuerySet.as_manager()

    class Meta:
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["rating", "n"], name="one_acceptance_of_a_rating_per_number"),
            models.CheckConstraint(condition=models.Q(level__lte=3), name="only_low_levels_are_accepted"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_risk_is_accepted_for_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.rating_id} accepted until {self.until}"

    @property
    def stands(self) -> bool:
        return self.until >= clock.today(self.rating.site.zone)
