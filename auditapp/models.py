"""The register: one import per table, nothing else."""

from auditapp.accounts.devices import DeviceKey
from auditapp.accounts.feeds import CalendarFeed
from auditapp.accounts.models import Membership, Organisation, Site, User
from auditapp.accounts.notifications import Digest, MailChoice
from auditapp.audits.models import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Assignment,
    Audit,
    AuditFinding,
    CategoryScore,
    Comment,
    Flag,
    KeptPassage,
    Look,
    Mention,
    NotApplicableApproval,
    PaperCheck,
    PaperEntry,
    Presence,
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
    Approval,
    Deployment,
    Intake,
    ModelVersion,
    NoticeAcknowledgement,
    Policy,
    Product,
    Profile,
    ProfileConfirmation,
    StatusChange,
    StatusProposal,
    SupplierNotice,
    Vendor,
    VersionEnd,
)
from auditapp.evidence.models import Evidence
from auditapp.evidence.uploads import PartialUpload
from auditapp.exchange.models import (
    Attempt,
    Bundle,
    BundleVerdict,
    Delivery,
    InventoryUpload,
    ModelCard,
    ReleaseRule,
    Webhook,
    WebhookSecret,
)
from auditapp.findings.models import (
    Action,
    ActionStep,
    Closure,
    Finding,
    FindingChange,
    HazardClosure,
    HazardRating,
    Incident,
    IncidentExport,
    IncidentReview,
    Reopening,
    RiskAcceptance,
    RootCause,
    RootCauseRelease,
)
from auditapp.keys.models import Authority, Revocation, RevocationList
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
from auditapp.reports.board import BoardReport, BoardReportFile
from auditapp.reports.models import Condition, Decision, Report, ReportFile, Signature, SigningRefusal
from auditapp.reports.reauthentication import Opening, Reauthentication
from auditapp.reports.withdrawal import ReportWithdrawal
from auditapp.tracking.due_letters import DueLetter, Reminder, RemindersDone
from auditapp.tracking.first_plan import FirstPlan, PlannedAudit
from auditapp.tracking.stale_letters import StaleLetter
from auditapp.trail.models import Checkpoint, Event, Head

__all__ = [
    "Action", "ActionStep", "Answer", "AnswerEvidence", "AnswerRevision", "Approval", "Assignment", "Attempt", "Audit",
    "AuditFinding", "Authority", "BoardReport", "BoardReportFile", "Bundle", "BundleVerdict", "CalendarFeed",
    "Category", "CategoryScore", "Check", "ChecklistUpload", "Checkpoint", "Clause", "Closure", "Comment", "Condition",
    "Decision", "Delivery", "Deployment", "DeviceKey", "Digest", "Domain", "Draft", "DraftQuestion", "DraftRevision",
    "DueLetter", "Event", "Evidence", "Finding", "FindingChange", "FirstPlan", "Flag", "Framework", "FrozenContent",
    "HazardClosure", "HazardRating", "Head", "Incident", "IncidentExport", "IncidentReview", "Intake",
    "InventoryUpload", "KeptPassage", "Look", "MailChoice", "Membership", "Mention", "ModelCard", "ModelVersion",
    "NotApplicableApproval", "NoticeAcknowledgement", "Opening", "Organisation", "PaperCheck", "PaperEntry",
    "PartialUpload", "PlannedAudit", "Policy", "Presence", "Product", "Profile", "ProfileConfirmation", "Question",
    "Questionnaire", "QuestionnaireVersion", "ReadingAnswer", "ReadingFinish", "Reauthentication", "ReleaseRule",
    "Reminder", "RemindersDone", "Reopening", "Report", "ReportFile", "ReportWithdrawal", "Return", "Review",
    "Revocation", "RevocationList", "RiskAcceptance", "RootCause", "RootCauseRelease", "SecondReading", "Settlement",
    "Signature", "SigningRefusal", "Site", "StaleLetter", "StandingAnswer", "StatusChange", "StatusProposal",
    "Submission", "SupplierFile", "SupplierJudgement", "SupplierNotice", "SupplierQuestion", "SupplierReply",
    "SupplierRequest", "SupplierSending", "ThresholdAdoption", "User", "Vendor", "VersionEnd", "VersionMove", "Webhook",
    "WebhookSecret", "Withdrawal",
]  # fmt: skip
