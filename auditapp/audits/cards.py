"""The cards of the fill page: each question with its answer and all that helps to answer it. No query of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from auditapp.accounts.models import Role, User

if TYPE_CHECKING:
    from auditapp.audits.carrying import Proposal
    from auditapp.audits.models import Answer, Return


class Choice(NamedTuple):
    """A verdict as its choice is drawn."""

    code: str


VERDICTS = tuple(map(Choice, ("met", "partial", "not_met", "not_applicable")))
APPROVERS = (Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.CATEGORY_LEAD)


@dataclass
class Card:
    """One question on the page, for one reader."""

    answer: "Answer"  # from for_reading() and with_assignment()
    reader: User
    why: SafeString  # why it is asked, and what counts as evidence
    last: "Answer | None" = None  # of the last issued audit of the deployment
    said_before: "Proposal | None" = None  # what can be taken over, of a draft
    not_asked_in: str = ""  # the last signed audit, where it did not ask this
    returns: list["Return"] = field(default_factory=list)
    supplier: list[dict[str, Any]] = field(default_factory=list)  # what was put to suppliers: supplier_page.line
    typed: Mapping[str, Any] | None = None  # what was sent and not taken
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    heading: str = ""  # the category that begins with this card, on a page of several
    held: Mapping[str, Any] = field(default_factory=dict)  # what looks like patient data, see evidence.held_page

    choices = VERDICTS

    @property
    def values(self) -> Mapping[str, Any]:
        """What the fields show: what was typed and not taken, else what is saved."""
        if self.typed is not None:
            return self.typed
        return self.answer.current.values if self.answer.current else {}

    @property
    def base(self) -> Any:
        """The revision that what the fields show started from."""
        return self.answer.n if self.typed is None else self.typed.get("base", "")

    @property
    def due(self) -> str:
        """The date as its field takes it."""
        value = self.values.get("due") or ""
        return value.isoformat() if isinstance(value, date) else value

    @property
    def has_gap(self) -> bool:
        """Whether anything is filled in that belongs to an answer with a gap; it is then always shown."""
        return any(self.values.get(name) for name in ("gap", "owner", "due", "control"))

    @property
    def has_verdict(self) -> bool:
        return bool(self.answer.current and self.answer.current.verdict)

    @property
    def has_expired(self) -> bool:
        """Whether what the answer took over from the whole hospital counts no more."""
        return self.answer.is_outdated

    @property
    def offered(self) -> bool:
        """Whether something stands for the whole hospital that this reader could take over in place of what is here."""
        standing, current = self.answer.standing_today, self.answer.current
        if standing is None or not self.may_change:
            return False
        return current is None or not current.inherited or current.standing_id != standing.pk

    @property
    def stands_inherited(self) -> bool:
        """Whether the form is folded away: what is inherited counts until somebody states a deviation."""
        current = self.answer.current
        inherited = bool(current and current.inherited) and not self.has_expired
        return inherited and self.may_change and self.typed is None

    @property
    def asks_deviation(self) -> bool:
        """Whether answering by hand needs the reason why this audit deviates, or has one."""
        return self.answer.standing_today is not None or bool(self.values.get("deviation"))

    @property
    def key(self) -> str:
        """The name of this page's next save, for browsers that run no script."""
        return uuid4().hex

    @property
    def state(self) -> str:
        """As verdicts are shown: met without evidence and unanswered are states of their own."""
        verdict = self.answer.current.verdict if self.answer.current else ""
        evidenced = bool(self.answer.evidence_now or (self.answer.current and self.answer.current.evidence_note))
        return verdict if verdict != "met" or evidenced else "unevidenced"

    @property
    def proposal(self) -> "Proposal | None":
        """What was said before and is still true only if a person says so; nothing beside an answer."""
        return None if self.answer.current and self.answer.current.verdict else self.said_before

    @property
    def may_change(self) -> bool:
        return not self.answer.why_fixed and self.answer.may_be_answered_by(self.reader)

    @property
    def is_flagged(self) -> bool:
        return self.answer.flag_row is not None

    @property
    def may_flag(self) -> bool:
        audit = self.answer.audit
        is_open = audit.state == "draft" and not audit.is_read_apart
        return is_open and self.answer.may_be_answered_by(self.reader)

    @property
    def why_fixed(self) -> str:
        """Why this reader finds the card closed; empty while it can be changed."""
        if self.answer.why_fixed:
            return self.answer.why_fixed
        if self.may_change:
            return ""
        return str(_("Auditors of this hospital and those the category is given to can answer it."))

    @property
    def lacks(self) -> list[str]:
        """What an answer that was given still needs; nothing for one that was not."""
        return self.answer.lacks if self.answer.current and self.answer.current.verdict else []

    @property
    def needs_approval(self) -> bool:
        """Whether a second person has still to agree that a critical question does not apply."""
        current = self.answer.current
        if current is None or current.verdict != "not_applicable" or self.answer.criticality != "critical":
            return False
        return not hasattr(current, "approval") and not self.answer.why_fixed

    @property
    def may_approve(self) -> bool:
        """Whether this reader can be that second person."""
        return (
            self.needs_approval
            and self.answer.current is not None
            and self.answer.current.by_id != self.reader.pk
            and self.reader.holds(*APPROVERS, site=self.answer.site)
        )
