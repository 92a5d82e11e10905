"""One examination of one deployment: the audit, its answers, and what was submitted and reviewed."""

from auditapp.audits.models.answers import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Assignment,
    NotApplicableApproval,
    Saved,
    Stale,
)
from auditapp.audits.models.audit import Audit, Withdrawal
from auditapp.audits.models.submission import AuditFinding, CategoryScore, Return, Review, Submission

__all__ = [
    "Answer",
    "AnswerEvidence",
    "AnswerRevision",
    "Assignment",
    "Audit",
    "AuditFinding",
    "CategoryScore",
    "NotApplicableApproval",
    "Return",
    "Review",
    "Saved",
    "Stale",
    "Submission",
    "Withdrawal",
]
