"""Real versions of the seeded questionnaires, made in memory: selection and scoring need no database."""

from functools import cache

from auditapp.deployments.profile import SEED
from auditapp.questionnaires.canonical import canonical_bytes, digest
from auditapp.questionnaires.freezing import frozen
from auditapp.questionnaires.models import (
    Category,
    Domain,
    FrozenContent,
    Question,
    Questionnaire,
    QuestionnaireVersion,
)
from auditapp.questionnaires.reading import Content, read


@cache
def content() -> Content:
    """What the seeded files say."""
    return read(SEED.parent)


@cache
def version(code: str) -> QuestionnaireVersion:
    """Version 1 of a seeded questionnaire with its questions, as loading would write it, but unsaved."""
    about = next(q for q in content().checks["questionnaires"] if q["id"] == code)
    canonical = canonical_bytes(frozen(content(), about))
    made = QuestionnaireVersion(
        questionnaire=Questionnaire(code=code, title=about["title"]),
        number=1,
        sha256=digest(canonical),
    )
    made.frozen = FrozenContent(canonical=canonical)
    pairs = [(d, c) for d in made.content["domains"] for c in d["categories"]]
    made.all_questions = [
        Question(category=Category(code=c["code"], domain=Domain(code=d["code"])), **question)
        for d, c in pairs
        for question in c["questions"]
    ]
    return made
