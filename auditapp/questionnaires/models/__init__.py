"""What is asked: the taxonomy, questionnaires, their versions, and the questions of each version."""

from auditapp.questionnaires.models.draft import Draft, DraftQuestion, DraftRevision, Kept, TooLate
from auditapp.questionnaires.models.question import Question
from auditapp.questionnaires.models.taxonomy import Category, Check, Clause, Domain, Framework
from auditapp.questionnaires.models.threshold import ThresholdAdoption
from auditapp.questionnaires.models.upload import ChecklistUpload
from auditapp.questionnaires.models.version import FrozenContent, Questionnaire, QuestionnaireVersion

__all__ = [
    "Category",
    "Check",
    "ChecklistUpload",
    "Clause",
    "Domain",
    "Draft",
    "DraftQuestion",
    "DraftRevision",
    "Framework",
    "FrozenContent",
    "Kept",
    "Question",
    "Questionnaire",
    "QuestionnaireVersion",
    "ThresholdAdoption",
    "TooLate",
]
