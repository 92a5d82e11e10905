"""Real versions of the seeded questionnaires, made in memory: selection and scoring need no database."""

from functools import cache
from typing import Any

from auditapp.deployments.profile import SEED, facts
from auditapp.questionnaires import freezing
from auditapp.questionnaires.models import (
    Category,
    Domain,
    FrozenContent,
    Question,
    Questionnaire,
    QuestionnaireVersion,
)
from auditapp.questionnaires.reading import Content, read

EVERY_YES_BUT_IMAGES_AND_PREDICTION = {
    fact.id: True for fact in facts() if not fact.is_level and fact.id not in ("is_imaging", "is_predictive")
}
PROFILES: dict[str, dict[str, Any]] = {
    "ambient scribe": {
        **dict.fromkeys(("is_llm", "generates_clinical_text", "records_speech", "handles_phi"), True),
        **dict.fromkeys(("vendor_hosted", "third_party_supplied", "multilingual_population"), True),
        "ehr_write": True,
        "autonomy_level": 1,
    },
    "patient chatbot": {
        **dict.fromkeys(("is_llm", "generates_clinical_text", "conversational", "patient_facing"), True),
        **dict.fromkeys(("handles_phi", "vendor_hosted", "third_party_supplied", "locally_adapted"), True),
        "multilingual_population": True,
        "autonomy_level": 2,
    },
    "LLM agent": {**EVERY_YES_BUT_IMAGES_AND_PREDICTION, "autonomy_level": 3},
    "sepsis model": {
        **dict.fromkeys(("is_predictive", "handles_phi", "third_party_supplied", "locally_adapted"), True),
        "autonomy_level": 0,
    },
    "imaging triage": {
        **dict.fromkeys(("is_imaging", "is_predictive", "handles_phi", "vendor_hosted"), True),
        "third_party_supplied": True,
        "autonomy_level": 2,
    },
}


@cache
def content() -> Content:
    """What the seeded files say."""
    return read(SEED.parent)


@cache
def version(code: str) -> QuestionnaireVersion:
    """Version 1 of a seeded questionnaire with its questions, as loading would write it, but unsaved."""
    about = next(q for q in content().checks["questionnaires"] if q["id"] == code)
    canonical = freezing.canonical_bytes(freezing.frozen(content(), about))
    made = QuestionnaireVersion(
        questionnaire=Questionnaire(code=code, title=about["title"]),
        number=1,
        sha256=freezing.digest(canonical),
    )
    made.frozen = FrozenContent(canonical=canonical)
    pairs = [(d, c) for d in made.content["domains"] for c in d["categories"]]
    made.all_questions = [
        Question(category=Category(code=c["code"], domain=Domain(code=d["code"])), **question)
        for d, c in pairs
        for question in c["questions"]
    ]
    return made
