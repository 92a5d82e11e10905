"""What people leave on the questions of an audit while they fill it: a flag to come back to, and when they looked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models.functions import JSONObject

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, User

VISIT = timedelta(minutes=30)  # who comes back after less has not been away
NOTED = timedelta(minutes=5)  # how old the note of a visit may become: most pages are opened without writing it


class Flag(Placed):
    """A question that somebody wants to come back to, seen by all who see the audit; and when it was taken off."""

    answer = models.ForeignKey("auditapp.Answer", models.PROTECT, related_name="flags")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    objects = PlacedQuerySet["Flag"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["answer"], condition=models.Q(lifted_at=None), name="a_question_is_flagged_once"
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at=None, lifted_by=None)
                | models.Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="a_flag_is_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer_id} {self.at}"


@dataclass(frozen=True)
class Flagged:
    """The flag that stands on a question, as it was read together with the answer."""

    by: str
    at: datetime

    @classmethod
    def read(cls, row: dict[str, Any] | None) -> "Flagged | None":
        return cls(row["by"], datetime.fromisoformat(row["at"])) if row else None


def flag_of_answer() -> models.Subquery:
    """The flag that stands on the answer that a query reads, for `Flagged.read`."""
    standing = Flag.objects.filter(answer=models.OuterRef("pk"), lifted_at=None)
    return models.Subquery(standing.values(row=JSONObject(by="by__name", at="at")))


class LookQuerySet(PlacedQuerySet["Look"]):
    def visible_to(self, user: User) -> Self:
        """Only one's own: when somebody looked is nobody else's business."""
        return super().visible_to(user).filter(user=user)


class Look(Placed):
    """When a person last had the questions of an audit before them, and when the visit before that one ended.

    A page is opened far more often than this is written: once in five minutes at most.
    """

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="looks")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    before = models.DateTimeField(null=True)
    objects = LookQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audit", "user"], name="one_look_per_person_and_audit")]

    def __str__(self) -> str:
        return f"{self.audit_id} {self.user_id} {self.at}"

    @classmethod
    def take(cls, audit: Any, *, by: User) -> datetime | None:
        """Note that a person has the questions before them now; returns when the visit before this one ended.

        None on the first visit. Reads what `AuditQuerySet.with_look_of` brought along.
        """
        now, last = clock.now(), audit.look or {}
        at, before = (last.get(name) and datetime.fromisoformat(last[name]) for name in ("at", "before"))
        if at and now - at < NOTED:
            return before
        if at and now - at >= VISIT:
            before = at
        row = Look(**audit.place, audit=audit, user=by, at=now, before=before)
        Look.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["audit", "user"], update_fields=["at", "before"]
        )
        return before


def look_of(person: User) -> models.Subquery:
    """When a person looked at the audit that a query reads, for `Look.take`."""
    looks = Look.objects.filter(audit=models.OuterRef("pk"), user=person)
    return models.Subquery(looks.values(row=JSONObject(at="at", before="before")))
