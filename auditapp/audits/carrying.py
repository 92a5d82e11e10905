"""What was said before to a check that is asked again: proposals, none of which is an answer until a person says so.

What was signed is read from the frozen facts of the issued report. An answer of the audit itself, given to a wording
that a move to another version has changed, is proposed in the same way.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Case, Value, When
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Site
from auditapp.audits import facts
from auditapp.evidence.models import Evidence
from auditapp.questionnaires.models import Question

if TYPE_CHECKING:  # the models import this module
    from auditapp.audits.models import Answer, Audit

WORDS = {  # what makes up the wording: a change in any of them is for a person to read
    "text": gettext_lazy("The question"),
    "guidance": gettext_lazy("Why we ask"),
    "expected_evidence": gettext_lazy("What counts as evidence"),
    "criticality": gettext_lazy("Criticality"),
}
ITEM = (
    "kind",
    "title",
    "url",
    "filename",
    "sha256",
    "effective_date",
    "valid_until",
)  # what tells one item from another


class Reworded(NamedTuple):
    """A part of a question that reads differently now."""

    label: Any
    before: str
    after: str


@dataclass(frozen=True)
class Signed:
    """The last issued audit of a deployment, as its report was frozen."""

    ref: str
    sha256: str
    title: str  # of its questionnaire
    version: int
    questions: Mapping[str, dict[str, Any]]  # by code, in order


@dataclass(frozen=True)
class Proposal:
    """What was said to a check, beside how it is asked now."""

    question: Question  # as it is asked now
    before: Mapping[str, Any]  # as it was asked and answered then: a question of the submission facts
    ref: str  # the audit in which it was signed; empty for this audit's own answer
    site: Site
    today: date  # there

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.before["answer"]["at"])

    @property
    def shown(self) -> dict[str, Any]:
        """As a frozen answer is shown, with the evidence that would be taken over."""
        return {**self.before, "evidence": self.valid}

    @property
    def reworded(self) -> list[Reworded]:
        return differences(self.before, self.question)

    @property
    def values(self) -> dict[str, Any]:
        """What `Answer.save_revision` takes."""
        answer = self.before["answer"]
        due = date.fromisoformat(answer["due"]) if answer["due"] else None
        values = {name: answer[name] for name in facts.ANSWER_FIELDS} | {"due": due}
        if carried := self.ref or answer.get("carried_from", ""):
            values["carried_from"] = carried
        return values

    @property
    def valid(self) -> list[dict[str, Any]]:
        """The evidence that is taken over with the answer."""
        return [item for item in self.before["evidence"] if not self._is_past(item)]

    @property
    def past(self) -> list[dict[str, Any]]:
        """The evidence that is not, since its validity has ended."""
        return [item for item in self.before["evidence"] if self._is_past(item)]

    @property
    def is_left_without_evidence(self) -> bool:
        """Whether a "met" would stand without any evidence, which scores half."""
        answer = self.before["answer"]
        return answer["verdict"] == "met" and bool(self.past) and not self.valid and not answer["evidence_note"]

    def _is_past(self, item: Mapping[str, Any]) -> bool:
        return bool(item["valid_until"]) and date.fromisoformat(item["valid_until"]) < self.today


def differences(before: Mapping[str, Any], after: Question) -> list[Reworded]:
    """How the wording of a question differs from one frozen, or described, before."""
    return [
        Reworded(label, before[name], getattr(after, name))
        for name, label in WORDS.items()
        if before[name] != getattr(after, name)
    ]


def described(question: Question) -> dict[str, Any]:
    """The wording of a question, as `differences` compares it."""
    return {"code": question.code} | {name: getattr(question, name) for name in WORDS}


def last_signed(audit: "Audit") -> Signed | None:
    """The audit whose answers can be taken over: the last issued one that asked the same questionnaire, else any."""
    same = Case(When(version__questionnaire=audit.version.questionnaire_id, then=Value(1)), default=Value(0))
    issued = type(audit).objects.issued().filter(deployment=audit.deployment_id, reports__issued_at__isnull=False)
    row = (
        issued.order_by(-same, "-issued_at", "-pk").values_list("ref", "reports__sha256", "reports__canonical").first()
    )
    return _signed(row[0], row[1], bytes(row[2])) if row else None


@lru_cache(maxsize=8)
def _signed(ref: str, sha256: str, canonical: bytes) -> Signed:
    """Parsed once for a process: what is frozen never changes."""
    submission = json.loads(canonical)["submission"]
    questions = {q["code"]: q for category in submission["categories"] for q in category["questions"]}
    asked_by = submission["questionnaire"]
    return Signed(ref, sha256, asked_by["title"], asked_by["version"], questions)


def proposals(audit: "Audit", answers: Iterable["Answer"], signed: Signed | None) -> dict[str, Proposal]:
    """Code -> what was said before, for each of the answers for which something was; needs their `question`.

    This audit's own words, set aside by a move, go before those of an older audit. One query when there are any.
    """
    answers, here = list(answers), (audit.site, clock.today(audit.site.zone))
    found = {}
    for answer in answers:
        before = signed.questions.get(answer.code) if signed else None
        said = before["answer"] if before else None
        if (
            before and said and said["verdict"] and not said.get("inherited")
        ):  # what the hospital says once is inherited anew
            found[answer.code] = Proposal(answer.question, before, signed.ref if signed else "", *here)
    for answer, revision in set_aside(answers):
        said = facts.revision(revision)
        if said["verdict"]:
            before = described(revision.question) | {"answer": said | {"state": said["verdict"]}, "evidence": []}
            found[answer.code] = Proposal(answer.question, before, "", *here)
    return found


def set_aside(answers: Iterable["Answer"]) -> list[tuple["Answer", Any]]:
    """The answers that a move to another version has set aside, each with its newest revision."""
    waiting = [answer for answer in answers if answer.current_id is None and answer.n]
    if not waiting:
        return []
    revisions = type(waiting[0]).newest_revisions(waiting)
    return [(answer, revisions[answer.pk]) for answer in waiting if answer.pk in revisions]


def named_in(items: Iterable[Mapping[str, Any]], evidence: Evidence) -> bool:
    """Whether frozen entries name this very item."""
    return any(all(item[name] == _frozen(getattr(evidence, name)) for name in ITEM) for item in items)


def _frozen(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
