"""Safety events and near misses on a deployment, and what the clinical safety officer makes of them."""

from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Role, User
from auditapp.deployments.models import Deployment, Harm, ModelVersion, next_number
from auditapp.findings import letters
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

# Whoever works with the tool, or for those who do, may say that something went wrong; who only reads may not.
REPORTERS = tuple(role for role in Role if role != Role.VIEWER)


HARMS = tuple(Harm.values)  # in this order: harms from a threshold on are HARMS[HARMS.index(threshold):]


class Cause(models.TextChoices):
    """Whether the AI contributed. Until a review nobody knows, so a report alone never says more than suspected."""

    SUSPECTED = "suspected", gettext_lazy("Suspected contribution, under review")
    CONFIRMED = "confirmed", gettext_lazy("AI contributed")
    EXCLUDED = "excluded", gettext_lazy("AI did not contribute")


class IncidentQuerySet(PlacedQuerySet["Incident"]):
    def visible_to(self, user: User) -> Self:
        """Who only answers their part of audits sees what they reported themselves."""
        rows = super().visible_to(user)
        return rows if user.reading is None else rows.filter(Q(site_id__in=user.reading) | Q(by=user))

    def with_names(self) -> Self:
        return self.select_related("deployment__site", "deployment__product", "site", "model_version", "by")

    def waiting(self) -> Self:
        """Not reviewed yet."""
        return self.filter(cause=Cause.SUSPECTED)

    def at_least(self, harm: str) -> Self:
        """With this harm or a worse one."""
        return self.filter(harm__in=HARMS[HARMS.index(harm) :])

    def matching(self, text: str) -> Self:
        """Incidents that hold every word searched for, in reference, what happened, the other reference, deployment."""
        rows = self
        for word in text.split():
            places = ("ref", "summary", "elsewhere", "deployment__name", "deployment__ref")
            rows = rows.filter(reduce(or_, (Q(**{f"{place}__icontains": word}) for place in places)))
        return rows


class Incident(Placed):
    """Something happened, or nearly did, where an AI was in use. What was reported stays; reviews come beside it.

    `harm` and `cause` are as last judged. The hospital's own incident system keeps the case; `elsewhere` leads there.
    """

    class Kind(models.TextChoices):
        EVENT = "event", gettext_lazy("Safety event")
        NEAR_MISS = "near_miss", gettext_lazy("Near miss")

    ref = models.CharField(max_length=20, unique=True)
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="incidents")
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, null=True, related_name="incidents")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    happened_on = models.DateField()
    harm = models.CharField(max_length=10, choices=Harm.choices)
    cause = models.CharField(max_length=10, choices=Cause.choices, default=Cause.SUSPECTED)
    summary = models.TextField()
    checks = ArrayField(models.CharField(max_length=20), default=list)
    elsewhere = models.CharField(max_length=120, blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["deployment", "-at"], name="incidents_of_a_deployment"),
            models.Index(fields=["site", "-at"], name="incidents_of_a_site"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(summary=""), name="an_incident_says_what_happened"),
            models.CheckConstraint(condition=Q(harm__in=Harm.values), name="harm_is_one_of_the_known"),
            models.CheckConstraint(condition=Q(cause__in=Cause.values), name="a_cause_is_one_of_the_known"),
        ]

    def __str__(self) -> str:
        return self.ref

    def get_absolute_url(self) -> str:
        return reverse("incidents:incident", args=[self.ref])

    @property
    def trail_stream(self) -> str:
        return self.deployment.trail_stream

    @classmethod
    @transaction.atomic
    def report(
        cls,
        deployment: Deployment,
        *,
        by: User,
        kind: str,
        happened_on: date,
        harm: str,
        summary: str,
        version: ModelVersion | None = None,
        checks: Any = (),
        elsewhere: str = "",
    ) -> "Incident":
        """Say that something happened; that the AI contributed is a suspicion until it is reviewed."""
        by.must_hold(*REPORTERS, site=deployment.site, to=_("report an incident"))
        if not (summary := clean(summary)):
            raise Refused(_("Say what happened."))
        if happened_on > clock.today(deployment.site.zone):
            raise Refused(_("An incident cannot have happened on a day to come."))
        if kind == cls.Kind.NEAR_MISS and harm != Harm.NONE:
            raise Refused(_("A near miss reached no patient. Choose “No harm”, or report a safety event."))
        if version is not None and version.deployment_id != deployment.pk:
            raise Refused(_("This is a version of another deployment."))
        version = version or deployment.version_on(happened_on)
        incident = cls.objects.create(
            **deployment.place,
            ref=f"I-{next_number('auditapp_incident_ref'):04d}",
            deployment=deployment,
            model_version=version,
            kind=kind,
            happened_on=happened_on,
            harm=harm,
            summary=summary,
            checks=sorted(set(checks)),
            elsewhere=clean(elsewhere),
            by=by,
            at=clock.now(),
        )
        Event.record(
            by, "incident.reported", incident, ref=incident.ref, kind=kind, happened_on=happened_on.isoformat(),
            harm=harm, version=version and version.pk, checks=incident.checks,
        )  # fmt: skip
        letters.tell.defer(incident=incident.pk, organisation=incident.organisation_id, site=incident.site_id)
        return incident

    @transaction.atomic
    def review(self, *, by: User, cause: str, harm: str, reason: str) -> "IncidentReview":
        """The clinical safety officer judges whether the AI contributed, and what harm was done; it can be done again.

        A review may also leave the cause suspected, when nobody can know yet; the incident then goes on waiting.
        """
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("review an incident"))
        if not (reason := clean(reason)):
            raise Refused(_("Give the reason for this judgement."))
        if self.kind == self.Kind.NEAR_MISS and harm != Harm.NONE:
            raise Refused(_("A near miss reached no patient, so there is no harm to grade."))
        held = Incident.objects.select_for_update().get(pk=self.pk)
        review = IncidentReview.objects.create(
            **self.place,
            incident=self,
            n=held.reviews.count() + 1,
            cause_before=held.cause,
            cause=cause,
            harm_before=held.harm,
            harm=harm,
            reason=reason,
            by=by,
            at=clock.now(),
        )
        self.cause, self.harm = cause, harm
        self.save(update_fields=["cause", "harm"])
        Event.record(by, "incident.reviewed", self, ref=self.ref, n=review.n, cause=cause, harm=harm)
        return review


class IncidentReview(Placed):
    """One judgement on an incident, with what stood before it."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="reviews")
    n = models.PositiveSmallIntegerField()
    cause_before = models.CharField(max_length=10, choices=Cause.choices)
    cause = models.CharField(max_length=10, choices=Cause.choices)
    harm_before = models.CharField(max_length=10, choices=Harm.choices)
    harm = models.CharField(max_length=10, choices=Harm.choices)
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "n"], name="one_review_of_an_incident_per_number"),
            models.CheckConstraint(condition=~Q(reason=""), name="an_incident_is_reviewed_with_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.cause}"
