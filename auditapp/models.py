"""The register: one import per table, nothing else."""

from auditapp.accounts.models import Membership, Organisation, Site, User
from auditapp.audits.models import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Assignment,
    Audit,
    AuditFinding,
    CategoryScore,
    NotApplicableApproval,
    PaperCheck,
    PaperEntry,
    ReadingAnswer,
    ReadingFinish,
    Return,
    Review,
    SecondReading,
    Settlement,
    StandingAnswer,
    Submission,
    SupplierFile,
    SupplierJudgement,
    SupplierQuestion,
    SupplierReply,
    SupplierRequest,
    SupplierSending,
    VersionMove,
    Withdrawal,
)
from auditapp.deployments.models import (
    Deployment,
    ModelVersion,
    Product,
    Profile,
    ProfileConfirmation,
    StatusChange,
    Vendor,
)
from auditapp.evidence.models import Evidence
from auditapp.findings.models import Closure, Finding, HazardClosure, HazardRating
from auditapp.keys.models import Authority
from auditapp.questionnaires.models import (
    Category,
    Check,
    ChecklistUpload,
    Clause,
    Domain,
    Draft,
    DraftQuestion,
    DraftRevision,
    Framework,
    FrozenContent,
    Question,
    Questionnaire,
    QuestionnaireVersion,
    ThresholdAdoption,
)
from auditapp.reports.models import Condition, Decision, Report, ReportFile, Signature, SigningRefusal
from auditapp.trail.models import Checkpoint, Event, Head

__all__ = [
    "Answer", "AnswerEvidence", "AnswerRevision", "Assignment", "Audit", "AuditFinding", "Authority", "Category",
    "CategoryScore", "Check", "ChecklistUpload", "Checkpoint", "Clause", "Closure", "Condition", "Decision",
    "Deployment", "Domain", "Draft", "DraftQuestion", "DraftRevision", "Event", "Evidence", "Finding", "Framework",
    "FrozenContent", "HazardClosure", "HazardRating", "Head", "Membership", "ModelVersion", "NotApplicableApproval",
    "Organisation", "PaperCheck", "PaperEntry", "Product", "Profile", "ProfileConfirmation", "Question",
    "Questionnaire", "QuestionnaireVersion", "ReadingAnswer", "ReadingFinish", "Report", "ReportFile", "Return",
    "Review", "SecondReading", "Settlement", "Signature", "SigningRefusal", "Site", "StandingAnswer", "StatusChange",
    "Submission", "SupplierFile", "SupplierJudgement", "SupplierQuestion", "SupplierReply", "SupplierRequest",
    "SupplierSending", "ThresholdAdoption", "User", "Vendor", "VersionMove", "Withdrawal",
]  # fmt: skip
