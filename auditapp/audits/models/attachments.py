"""Which items of evidence are named for which answer."""

from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Count, Window
from django.db.models.functions import RowNumber

from auditapp.accounts.models import Placed, PlacedQuerySet, User
from auditapp.audits.models.assignments import is_shown_to
from auditapp.evidence.models import Evidence

SHOWN_USES = 3  # of one item, where it can be chosen


class AnswerEvidenceQuerySet(PlacedQuerySet["AnswerEvidence"]):
    def visible_to(self, user: User) -> Self:
        """What is named for answers that the person sees."""
        return super().visible_to(user).filter(is_shown_to(user, "answer__"))

    def named(self, key: str) -> Self:
        """The row that a form names by its key; none for anything that is not a key."""
        return self.filter(pk=int(key)) if key.isdecimal() and len(key) < 19 else self.none()

    def holding_file(self, ref: str, sha256: str) -> Self:
        """Where an audit names, or once named, the file of this digest; at most one row."""
        rows = self.filter(answer__audit__ref=ref, evidence__sha256=sha256, evidence__kind=Evidence.Kind.FILE)
        return rows.select_related("evidence").order_by("-pk")[:1]

    def uses(self, evidence: Iterable[Evidence]) -> dict[int, list["AnswerEvidence"]]:
        """Key of an item -> where it is named, or once was, the newest first; no more than are shown.

        `times` is how often in all; the audit with its deployment and hospital is read too.
        """
        counted: dict[str, Any] = {
            "place_in_line": Window(RowNumber(), partition_by="evidence", order_by="-pk"),
            "times": Window(Count("pk"), partition_by="evidence"),
        }
        rows: Any = self.filter(evidence__in=[item.pk for item in evidence]).annotate(**counted)
        read = rows.filter(place_in_line__lte=SHOWN_USES).select_related(
            "answer__audit__deployment", "answer__audit__site"
        )
        found: dict[int, list[AnswerEvidence]] = {}
        for row in read.order_by("-pk"):
            found.setdefault(row.evidence_id, []).append(row)
        return found


class AnswerEvidence(Placed):
    """An item of evidence named for an answer, and when it was taken off, if it was."""

    answer = models.ForeignKey("auditapp.Answer", models.PROTECT, related_name="attached")
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="+")
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)
    objects = AnswerEvidenceQuerySet.as_manager()

    times: int  # how often the item is named; `uses` reads it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "evidence"],
                condition=models.Q(removed_at=None),
                name="evidence_is_named_once_per_answer",
            ),
            models.CheckConstraint(
                condition=models.Q(removed_at=None, removed_by=None)
                | models.Q(removed_at__isnull=False, removed_by__isnull=False),
                name="a_removal_has_person_and_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer_id} {self.evidence_id}"


def evidence_shown_to(reader: User) -> Any:
    """Items of hospitals whose audits the person reads; elsewhere their own, and what is named for answers they see."""
    items = Evidence.objects.visible_to(reader)
    if reader.reading is None:
        return items
    named = AnswerEvidence.objects.visible_to(reader).filter(evidence=models.OuterRef("pk"))
    return items.filter(models.Q(site__in=reader.reading) | models.Q(by=reader) | models.Q(models.Exists(named)))
