"""The versions of a model that run at a hospital, one after the other."""

import hashlib
from datetime import date, datetime
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q

from auditapp import clock
from auditapp.accounts.models import LocalDay, Placed, PlacedQuerySet, User
from auditapp.deployments.models import approval
from auditapp.trail.models import Event


def name_digest(name: str) -> str:
    """How the trail names a version: it holds no names."""
    return hashlib.sha256(name.encode()).hexdigest()


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
        return self.annotate(
            audited_by=F("approval__ref"), audited_at=F("approval__issued_at"), decided=F("approval__decided")
        )

    def with_validity(self) -> Self:
        """And with `lapse`: "" where the approval holds today, else the code of what is against it, and `until`."""
        return approval.judged(self.with_audit(), self._audits())

    def covered(self) -> Self:
        """Examined, and the newest decision, which lets use go on or begin, holds today."""
        return self.with_validity().filter(lapse="")

    def needing_no_audit(self) -> Self:
        """Covered, or the hospital's rules ask for no audit."""
        return self.with_validity().filter(lapse__in=approval.HOLDS)

    def uncovered(self) -> Self:
        """Never examined, decided against, or the decision does not hold any more."""
        return self.with_validity().exclude(lapse__in=approval.HOLDS)

    def lapsed(self) -> Self:
        """An audit was issued that let use go on, and does not hold any more."""
        return self.with_validity().filter(lapse__in=approval.STALE)

    def _audits(self) -> Any:
        """Those of the room above, through its reverse relation."""
        return ModelVersion.audits.field.model._default_manager


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
    lapse: str  # set by with_validity()
    until: date | None

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
    def trail_stream(self) -> str:
        return self.deployment.trail_stream

    def end(self, day: date, *, by: User) -> None:
        """Say on which day it stops running. What was said before stays on the record."""
        ModelVersion.objects.filter(pk=self.pk).update(ends=day)
        self.ends = day
        VersionEnd.objects.create(**self.place, version=self, ends=day, by=by, at=clock.now())
        Event.record(by, "version.ended", self, version=self.pk, ends=day.isoformat())

    @property
    def approval_sign(self) -> dict[str, str]:
        """How lists show whether the approval holds: {"tone", "word", "shape"}; needs `with_validity()`."""
        tone, word, shape = approval.LAPSES[self.lapse]
        return {"tone": tone, "word": str(word), "shape": shape}

    @property
    def is_covered(self) -> bool:
        """Examined, and the newest decision, which lets use go on or begin, holds today; needs `with_validity()`."""
        return self.lapse == ""


class VersionEnd(Placed):
    """It was said, then, on which day a version stops running; its row keeps only what was said last."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="said_ends")
    ends = models.DateField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = PlacedQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.version_id} until {self.ends}"


class Approval(models.Model):
    """A view of the database: what the newest issued audit of a version says, and what there is today to hold against.

    One row for each version. It reads under the row security of whoever asks (security_invoker).
    """

    version = models.OneToOneField(ModelVersion, models.PROTECT, primary_key=True, related_name="approval")
    ref = models.CharField(max_length=30, null=True)
    issued_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=20, null=True)
    decided = models.CharField(max_length=40, null=True)
    facts_then = models.JSONField(null=True)  # of the profile that the audit was made from
    facts_now = models.JSONField(null=True)  # of the newest that was confirmed
    first_use = models.DateTimeField(null=True)
    full_at = models.DateTimeField(null=True)  # the deployment's last full audit for use, or else its first for use

    class Meta:
        managed = False
        db_table = "auditapp_approval"

    def __str__(self) -> str:
        return f"{self.version_id} {self.ref}"
