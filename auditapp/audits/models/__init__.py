"""One examination of one deployment: the audit, its answers, and what was submitted and reviewed."""

from auditapp.audits.models.answers import Answer
from auditapp.audits.models.assignments import Assignment
from auditapp.audits.models.attachments import AnswerEvidence
from auditapp.audits.models.audit import Audit, Withdrawal
from auditapp.audits.models.comments import Comment, Mention
from auditapp.audits.models.flags import Flag, Look
from auditapp.audits.models.moves import VersionMove
from auditapp.audits.models.paper import PaperCheck, PaperEntry
from auditapp.audits.models.presence import Presence
from auditapp.audits.models.revisions import AnswerRevision, Held, NotApplicableApproval, Saved, Stale, Verdict
from auditapp.audits.models.second_reading import ReadingAnswer, ReadingFinish, SecondReading, Settlement
from auditapp.audits.models.standing import StandingAnswer
from auditapp.audits.models.submission import AuditFinding, CategoryScore, Return, Review, Submission
from auditapp.audits.models.suppliers import (
    SupplierFile,
    SupplierJudgement,
    SupplierQuestion,
    SupplierReply,
    SupplierRequest,
    SupplierSending,
)
from auditapp.evidence.kept import KeptPassage

__all__ = [
    "Answer",
    "AnswerEvidence",
    "AnswerRevision",
    "Assignment",
    "Audit",
    "AuditFinding",
    "CategoryScore",
    "Comment",
    "Flag",
    "Held",
    "KeptPassage",
    "Look",
    "Mention",
    "NotApplicableApproval",
    "PaperCheck",
    "PaperEntry",
    "Presence",
    "ReadingAnswer",
    "ReadingFinish",
    "Return",
    "Review",
    "Saved",
    "SecondReading",
    "Settlement",
    "Stale",
    "StandingAnswer",
    "Submission",
    "SupplierFile",
    "SupplierJudgement",
    "SupplierQuestion",
    "SupplierReply",
    "SupplierRequest",
    "SupplierSending",
    "Verdict",
    "VersionMove",
    "Withdrawal",
]
