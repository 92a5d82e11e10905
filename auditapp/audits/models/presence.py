"""Who is at which question now. Kept in the database, so that every web process knows the same; nothing of it lasts."""

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, User
from auditapp.audits.models.assignments import is_shown_to

if TYPE_CHECKING:
    from auditapp.audits.models.answers import Answer

BEAT_SECONDS = 15  # how often a page says that somebody is there
GONE_AFTER = timedelta(seconds=3 * BEAT_SECONDS)
SWEPT_AFTER = timedelta(days=1)


class PresenceQuerySet(PlacedQuerySet["Presence"]):
    def visible_to(self, user: User) -> Self:
        """Those at questions that the person sees."""
        return super().visible_to(user).filter(is_shown_to(user, "answer__"))

    def now(self) -> Self:
        """Heard of so lately that they are taken to be there."""
        return self.filter(at__gt=clock.now() - GONE_AFTER)

    def of_others(self, user: User) -> Self:
        return self.exclude(user=user)


class Presence(Placed):
    """A person is at a question of an audit: one row for each person and audit, overwritten with every beat."""

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="presences")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    answer = models.ForeignKey("auditapp.Answer", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = PresenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["audit", "user"], name="a_person_is_at_one_question_of_an_audit")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.answer_id}"

    @classmethod
    def beat(cls, answer: "Answer", *, by: User) -> None:
        """The person is at this question now, and no more where they were before. One statement."""
        row = Presence(**answer.place, audit_id=answer.audit_id, user=by, answer=answer, at=clock.now())
        Presence.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["audit", "user"], update_fields=["answer", "at"]
        )

    @classmethod
    def leave(cls, audit_id: int, *, by: User) -> None:
        """The person has left the page."""
        cls.objects.filter(audit=audit_id, user=by).delete()

    @classmethod
    def sweep(cls) -> None:
        """Forget who never said goodbye; of the organisation in scope."""
        cls.objects.filter(at__lt=clock.now() - SWEPT_AFTER).delete()


def names_of_others(reader: User) -> ArraySubquery:
    """For an annotation: the names of those, beside the reader, who are at the outer query's answer now."""
    rows = Presence.objects.now().of_others(reader).filter(answer=OuterRef("pk")).order_by("user__name")
    return ArraySubquery(rows.values("user__name"))
