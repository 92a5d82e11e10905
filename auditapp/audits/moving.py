"""What moving an open audit to another version of its questionnaire would do, and doing it.

An answer counts for the wording that it was given to. Where the other version words the check otherwise, what was said
is set aside: it stays stored and is shown, and the question is unanswered until a person saves or confirms it again.
An answer whose check is not asked there is hidden, and stands again where the check is asked again.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from auditapp.audits.carrying import Reworded, described, differences
from auditapp.audits.models.answers import Answer
from auditapp.questionnaires.models import Question, QuestionnaireVersion

if TYPE_CHECKING:  # the models import this module
    from auditapp.audits.models import Audit


@dataclass
class Row:
    """One check in the move: how it is asked there, and what becomes of its answer."""

    question: Question  # as it will be asked; as it is asked now, where it no longer will be
    answer: Answer | None = None
    revision: Any = None  # the newest, which counts after the move, or is set aside
    reworded: list[Reworded] = field(default_factory=list)  # between now and then, for whoever previews

    @property
    def counts(self) -> bool:
        """Whether the newest revision was given to the wording that will be asked; a mere note is never set aside."""
        if self.revision is None:
            return False
        return not self.revision.verdict or not differences(described(self.revision.question), self.question)

    @property
    def is_answered(self) -> bool:
        return bool(self.revision and self.revision.verdict)


@dataclass
class Preview:
    """All checks concerned, in the order in which they will be asked."""

    version: QuestionnaireVersion
    profile: dict[str, Any]
    unchanged: list[Row] = field(default_factory=list)
    reworded: list[Row] = field(default_factory=list)
    new: list[Row] = field(default_factory=list)
    no_longer_asked: list[Row] = field(default_factory=list)

    @property
    def asked(self) -> list[Row]:
        rows = [*self.unchanged, *self.reworded, *self.new]
        return sorted(rows, key=lambda row: row.question.position)

    @property
    def kept(self) -> int:
        """How many questions will be answered at once."""
        return sum(row.counts and row.is_answered for row in self.asked)

    @property
    def to_confirm(self) -> list[Row]:
        """The answers that a person must read again, because they were given to another wording."""
        return [row for row in self.asked if row.is_answered and not row.counts]


def preview(audit: "Audit", version: QuestionnaireVersion, *, profile: dict[str, Any]) -> Preview:
    """Reads what there is and changes nothing; `profile` is the audit's, in the words of the other version."""
    values = {fact["id"]: fact["value"] for fact in profile["facts"]}
    rows = {answer.code: answer for answer in Answer.every.filter(audit=audit).select_related("question")}
    revisions = Answer.newest_revisions(rows.values())
    found = Preview(version, profile)
    asked = version.select(values, audit.triggers)
    for question in asked:
        answer = rows.get(question.code)
        row = Row(question, answer, revisions.get(answer.pk) if answer else None)
        if answer is None or not answer.asked:
            found.new.append(row)
        elif changes := differences(described(answer.question), question):
            row.reworded = changes
            found.reworded.append(row)
        else:
            found.unchanged.append(row)
    codes = {question.code for question in asked}
    found.no_longer_asked = [
        Row(answer.question, answer, revisions.get(answer.pk))
        for answer in rows.values()
        if answer.asked and answer.code not in codes
    ]
    return found


def repoint(audit: "Audit", found: Preview) -> dict[str, int]:
    """Make every answer stand for its question of the other version; returns the audit's counters."""
    kept: list[Answer] = []
    fresh: list[Answer] = []
    for row in found.asked:
        answer = row.answer or Answer(**audit.place, audit=audit)
        (kept if row.answer else fresh).append(answer)
        question = row.question
        answer.question, answer.code, answer.position = question, question.code, question.position
        answer.category_code, answer.criticality = question.category.code, question.criticality
        answer.asked, answer.current = True, row.revision if row.counts else None
    for row in found.no_longer_asked:
        assert row.answer is not None
        row.answer.asked = False
        kept.append(row.answer)
    Answer.every.bulk_create(fresh)
    fields = ["question", "position", "category_code", "criticality", "asked", "current"]
    Answer.every.bulk_update(kept, fields, batch_size=500)
    left = [row for row in found.asked if not (row.counts and row.is_answered)]
    return {
        "asked": len(found.asked),
        "answered": len(found.asked) - len(left),
        "critical_left": sum(row.question.criticality == "critical" for row in left),
    }
