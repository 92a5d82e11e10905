"""What the page shows on which answers of the last signed audit can be taken over; a fixed number of queries."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from auditapp.accounts.models import User
from auditapp.audits import carrying
from auditapp.audits.carrying import Proposal
from auditapp.audits.models import Answer, Audit


@dataclass(frozen=True)
class Line:
    """One question that waits, with what was said before."""

    answer: Answer
    proposal: Proposal
    may_take: bool

    @property
    def tick(self) -> str:
        """What a tick names: the code, and the revision that is read."""
        return f"{self.answer.code}:{self.answer.n}"


def page(audit: Audit, *, reader: User) -> dict[str, Any]:
    """Everything `audits/carry_forward.html` shows but the form."""
    signed = carrying.last_signed(audit)
    answers = list(audit.answers.visible_to(reader).with_assignment(reader).select_related("question", "current__by"))
    for answer in answers:
        answer.audit, answer.site = audit, audit.site  # the same for all of them: not to be asked for once per line
    proposals = carrying.proposals(audit, answers, signed)
    lines = [
        Line(a, proposals[a.code], not a.why_fixed and a.may_be_answered_by(reader))
        for a in answers
        if a.code in proposals and not _is_answered(a)
    ]
    unchanged = [line for line in lines if not line.proposal.reworded]
    asked = {answer.code for answer in answers}
    return {
        "audit": audit,
        "signed": signed,
        "unchanged": unchanged,
        "offered": [line.tick for line in unchanged if line.may_take and line.proposal.ref],
        "reworded": [line for line in lines if line.proposal.reworded],
        "new": [a for a in answers if signed and a.code not in signed.questions],
        "no_longer_asked": [q for code, q in signed.questions.items() if code not in asked]
        if signed and reader.reads_all_at(audit.site_id)
        else [],
        "taken_over": [a for a in answers if a.current and a.current.carried_from],
        "answered": sum(_is_answered(a) for a in answers),
        "key": uuid4().hex,
    }


def _is_answered(answer: Answer) -> bool:
    return bool(answer.current and answer.current.verdict)
