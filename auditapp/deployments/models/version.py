"""The versions of a model that run at a hospital, one after the other."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import OuterRef, Q, Subquery

from auditapp.accounts.models import LocalDay, Placed, PlacedQuerySet, User

# Decisions after which use starts or goes on, be it under conditions (content, decisions.meaning).
FOR_USE = {"approve", "approve_with_contingencies", "continue", "continue_with_conditions", "restrict"}


class DateRange(models.Func):
    """Postgres' daterange(starts, ends, '[)')."""

    function = "DATERANGE"


class ModelVersionQuerySet(PlacedQuerySet["ModelVersion"]):
    def running(self) -> Self:
        """The version that each deployment runs today, by the calendar of its hospital."""
        today = LocalDay("site__zone")
        return self.filter(Q(ends=None) | Q(ends__gt=today), starts__lte=today)

    def with_audit(self) -> Self:
        """With `audited_by`, `audited_at` and `decided` of its newest issued audit, or None."""
        audits = ModelVersion.audits.field.model._default_manager  # of the room above, through its reverse relation
        newest = audits.filter(model_version=OuterRef("pk"), state="issued").order_by("-issued_at")
        decided = newest.filter(reports__issued_at__isnull=False)
        return self.annotate(
            audited_by=Subquery(newest.values("ref")[:1]),
            audited_at=Subquery(newest.values("issued_at")[:1]),
            decided=Subquery(decided.values("reports__decision__code")[:1]),
        )

    def covered(self) -> Self:
        """Examined, and the newest decision lets use go on or begin."""
        return self.with_audit().filter(decided__in=FOR_USE)

    def uncovered(self) -> Self:
        """Never examined, or the newest decision is against use."""
        return self.with_audit().filter(Q(decided=None) | ~Q(decided__in=FOR_USE))


class ModelVersion(Placed):
    """A version of the model that runs at the site from one day up to, not including, another."""

    deployment = models.ForeignKey("auditapp.Deployment", models.PROTECT, related_name="versions")
    name = models.CharField(max_length=60)
    starts = models.DateField()
    ends = models.DateField(null=True)
    note = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = ModelVersionQuerySet.as_manager()

    audited_by: str | None  # set by with_audit()
    audited_at: datetime | None
    decided: str | None

    class Meta:
        ordering = ["starts"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "name"], name="a_version_is_named_once_per_deployment"),
            models.CheckConstraint(
                condition=models.Q(ends=None) | models.Q(ends__gt=models.F("starts")),
                name="a_version_ends_after_it_starts",
            ),
            ExclusionConstraint(
                name="versions_of_a_deployment_do_not_overlap",
                expressions=[
                    ("deployment", RangeOperators.EQUAL),
                    (DateRange("starts", "ends", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_covered(self) -> bool:
        """Examined, and the newest decision lets use go on or begin; needs `with_audit()`."""
        return self.decided in FOR_USE
