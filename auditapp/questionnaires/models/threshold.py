"""What a hospital group made of the content's default numbers: adopted, changed for a reason, never overwritten."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import GOVERNORS, Organisation, User
from auditapp.questionnaires.thresholds import Key, Threshold, as_value
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

KEY = ("check_code", "name", "rule", "unit")


class LocalNumber(NamedTuple):
    """The number in force at a hospital, and since when."""

    value: str
    at: datetime


class ThresholdAdoptionQuerySet(models.QuerySet["ThresholdAdoption"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(organisation_id=user.organisation_id)

    def of(self, threshold: Threshold) -> Self:
        """Everything that was ever adopted for a number, the newest first."""
        return self.filter(**dict(zip(KEY, threshold.key, strict=True))).order_by("-n")

    def in_force(self) -> Self:
        """The newest adoption of each number."""
        return self.order_by(*KEY, "-n").distinct(*KEY)

    def by_key(self) -> dict[Key, "ThresholdAdoption"]:
        """The adoptions in force, by what they are for; one query."""
        return {adoption.key: adoption for adoption in self.in_force().select_related("by")}


class ThresholdAdoption(models.Model):
    """A hospital group took a number as its own: the default as it stood, or another one with the reason for it.

    Rows are only added; the newest counts. The default is kept beside it as it was on that day.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    check_code = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    rule = models.CharField(max_length=10)
    unit = models.CharField(max_length=100)
    n = models.PositiveIntegerField()
    default = models.CharField(max_length=20)
    value = models.CharField(max_length=20)
    reason = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = ThresholdAdoptionQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", *KEY, "n"], name="one_adoption_per_number"),
            models.CheckConstraint(condition=Q(rule__in=["at_least", "at_most"]), name="an_adoption_is_of_a_limit"),
            models.CheckConstraint(
                condition=Q(value__regex=r"^[0-9]+(\.[0-9]+)?$"), name="an_adopted_value_is_a_number"
            ),
            models.CheckConstraint(
                condition=Q(n=1, value=F("default")) | ~Q(reason=""), name="a_changed_number_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_code} {self.name}: {self.value}"

    @property
    def key(self) -> Key:
        return (self.check_code, self.name, self.rule, self.unit)

    @classmethod
    def must_let_adopt(cls, by: User) -> None:
        """Refuse unless this person may say what number the whole group goes by."""
        by.must_hold_everywhere(*GOVERNORS, to=_("adopt local thresholds"))

    @classmethod
    @transaction.atomic
    def adopt(cls, threshold: Threshold, *, by: User, value: str, base: int, reason: str = "") -> "ThresholdAdoption":
        """Take a number as the group's own. `base` is how many adoptions the person had before them.

        Raises Refused when somebody adopted it meanwhile, when the value is no number that the unit allows, and when a
        number other than the default, or another one than before, comes without its reason.
        """
        cls.must_let_adopt(by)
        Organisation.objects.select_for_update(no_key=True).get(pk=by.organisation_id)
        before = cls.objects.visible_to(by).of(threshold).first()
        n = before.n if before else 0
        if base != n:
            raise Refused(_("Somebody adopted this number after you opened the page. Read it again."))
        try:
            stored = as_value(threshold, value)
        except ValueError as wrong:
            raise Refused(str(wrong)) from wrong
        if before and before.value == stored:
            raise Refused(_("This is the number adopted already."))
        if not clean(reason) and (before or stored != threshold.default):
            raise Refused(_("Give the reason for another number than before."))
        adoption = cls.objects.create(
            organisation_id=by.organisation_id,
            **dict(zip(KEY, threshold.key, strict=True)),
            n=n + 1,
            default=threshold.default,
            value=stored,
            reason=clean(reason),
            by=by,
            at=clock.now(),
        )
        facts = {"check": threshold.check, "threshold": threshold.code, "n": n + 1}
        Event.record(by, "threshold.adopted", by.organisation, **facts, value=stored, default=threshold.default)
        return adoption


def numbers_of(organisation: str, check: str) -> ArraySubquery:
    """For an annotation: the numbers in force for a check, as `local_numbers` reads them; no query of its own."""
    newest = ThresholdAdoption.objects.filter(
        organisation=models.OuterRef(organisation), check_code=models.OuterRef(check)
    ).in_force()
    row = JSONObject(check="check_code", name="name", rule="rule", unit="unit", value="value", at="at")
    return ArraySubquery(newest.values(row=row))


def local_numbers(rows: list[Mapping[str, Any]]) -> dict[Key, LocalNumber]:
    """What `numbers_of` annotated, by what it is for."""
    return {
        (row["check"], row["name"], row["rule"], row["unit"]): LocalNumber(
            row["value"], datetime.fromisoformat(row["at"])
        )
        for row in rows
    }
