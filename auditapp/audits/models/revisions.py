"""What a person answered, save by save: rows that are only ever added."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import rfc8785
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import Placed, User
from auditapp.audits.facts import ANSWER_FIELDS
from auditapp.identifiers.looking import Found
from auditapp.questionnaires.models import Question

JUSTIFICATION_LENGTH = 20  # answer_scale.not_applicable.requires


class Verdict(models.TextChoices):
    MET = "met", gettext_lazy("Met")
    PARTIAL = "partial", gettext_lazy("Partly met")
    NOT_MET = "not_met", gettext_lazy("Not met")
    NOT_APPLICABLE = "not_applicable", gettext_lazy("Not applicable")


def name_of_request(key: str, *, base: int, values: dict[str, Any]) -> str:
    """What a save is known by, 64 hex digits: sent again it is the same one, with other words under its key it is not.

    A browser's Back button brings a page's old key with new words: they are a save of their own and not a repetition.
    """
    said = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    return hashlib.sha256(rfc8785.dumps([key, base, said])).hexdigest()


class Said(models.Model):
    """The words of an answer, wherever one is given."""

    verdict = models.CharField(max_length=20, choices=Verdict.choices, blank=True, default="")
    note = models.TextField(blank=True, default="")
    evidence_note = models.TextField(blank=True, default="")
    gap = models.TextField(blank=True, default="")
    owner = models.CharField(max_length=120, blank=True, default="")
    due = models.DateField(null=True)
    control = models.TextField(blank=True, default="")
    justification = models.TextField(blank=True, default="")

    class Meta:
        abstract = True

    @property
    def said(self) -> dict[str, Any]:
        """Field name -> what was answered."""
        return {name: getattr(self, name) for name in ANSWER_FIELDS}

    def incomplete(self, *, critical: bool) -> list[str]:
        """What this verdict requires of the person who answers and is not there (answer_scale of the content)."""
        missing: list[str] = []
        if self.verdict in {Verdict.PARTIAL, Verdict.NOT_MET}:
            missing += [] if self.gap else [_("what is missing")]
            missing += [] if self.owner else [_("an owner")]
            missing += [] if self.due else [_("a due date")]
        if self.verdict == Verdict.PARTIAL and critical and not self.control:
            missing.append(_("the control that is in place meanwhile"))
        if self.verdict == Verdict.NOT_APPLICABLE and len(self.justification) < JUSTIFICATION_LENGTH:
            missing.append(_("a justification of at least 20 characters"))
        return missing


class AnswerRevision(Said, Placed):
    """One save of one answer, never changed. `n` is empty for a save that came too late and was not taken.

    `standing` is what stood for the whole hospital when it was saved: taken over word for word (`inherited`), or
    answered otherwise in this audit, for the reason given (`deviation`).
    """

    answer = models.ForeignKey("auditapp.Answer", models.PROTECT, related_name="revisions")
    question = models.ForeignKey(Question, models.PROTECT, null=True, related_name="+")  # the wording that was answered
    n = models.PositiveIntegerField(null=True)
    based_on = models.PositiveIntegerField()
    request_key = models.CharField(max_length=64)
    standing = models.ForeignKey("auditapp.StandingAnswer", models.PROTECT, null=True, related_name="+")
    inherited = models.BooleanField(default=False)
    deviation = models.TextField(blank=True, default="")
    carried_from = models.CharField(max_length=30, blank=True, default="", db_default="")  # the signed audit's ref
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "n"], name="one_revision_per_number"),
            models.UniqueConstraint(fields=["answer", "request_key"], name="one_revision_per_request"),
            models.CheckConstraint(
                condition=models.Q(n=None) | models.Q(n=models.F("based_on") + 1),
                name="a_revision_follows_its_base",
            ),
            models.CheckConstraint(
                condition=models.Q(inherited=False) | models.Q(standing__isnull=False, deviation=""),
                name="what_is_inherited_stands_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer_id} {self.n}"

    @property
    def values(self) -> dict[str, Any]:
        """Field name -> what was answered, and why otherwise than for the whole hospital."""
        return self.said | {"deviation": self.deviation}

    @property
    def deviates(self) -> bool:
        """Whether something else stood for the whole hospital when this was answered here."""
        return self.standing_id is not None and not self.inherited

    def lacks(self, *, critical: bool, backed: bool, outdated: bool) -> list[str]:
        """What keeps this answer from being handed over; `outdated` says that what it took over has expired.

        `AnswerQuerySet.incomplete` says the same in SQL; a test holds the two together.
        """
        missing = self.incomplete(critical=critical)
        unapproved = critical and not backed and not hasattr(self, "approval")
        if self.verdict == Verdict.NOT_APPLICABLE and unapproved:
            missing.append(_("a second person's approval"))
        if self.deviates and not self.deviation:
            missing.append(_("the reason why this audit deviates from the hospital’s answer"))
        if self.inherited and outdated:
            missing.append(_("an answer: the hospital’s has expired"))
        return missing


class NotApplicableApproval(Placed):
    """A second person agreed that a critical question does not apply, for one revision's wording."""

    revision = models.OneToOneField(AnswerRevision, models.PROTECT, related_name="approval")
    answered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(by=models.F("answered_by")),
                name="not_applicable_is_approved_by_a_second_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.revision_id} approved"


@dataclass(frozen=True)
class Saved:
    """The save was taken: it is the newest revision."""

    revision: AnswerRevision


@dataclass(frozen=True)
class Stale:
    """The save was kept but not taken, because somebody else saved first, or the question is worded otherwise now."""

    mine: AnswerRevision
    theirs: AnswerRevision | None
    reworded: bool = False


@dataclass(frozen=True)
class Held:
    """Nothing was kept: the words hold what looks like patient data, and nobody has said yet that it is none."""

    found: dict[str, list[Found]]  # by field
