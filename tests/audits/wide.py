"""A published questionnaire version that asks as many questions of one category as a test wants."""

import copy

from django.db import connection

from auditapp.questionnaires.canonical import canonical_bytes, digest
from auditapp.questionnaires.models import Check, FrozenContent, Question, QuestionnaireVersion

CATEGORY = "monitoring-incidents"


def publish_wide(questions: int) -> QuestionnaireVersion:
    """The next version of the containment check: `questions` real checks, all put into one category.

    Written as the owner of the tables, since the web role publishes nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    before = QuestionnaireVersion.objects.published().get(questionnaire__code="containment-72h")
    content = copy.deepcopy(before.content)
    content["questionnaire"] |= {"check_ids": [], "categories": [CATEGORY], "version": before.number + 1}
    pairs = [(d, c) for d in content["domains"] for c in d["categories"] if c["code"] == CATEGORY]
    (domain, category) = pairs[0]
    checks = list(Check.objects.order_by("position")[:questions])
    wording = {q.safety_check_id: q for q in Question.objects.filter(safety_check__in=checks).order_by("version")}
    row = category["questions"][0]
    category["questions"] = [
        row | {"code": check.code, "text": wording[check.pk].text, "criticality": wording[check.pk].criticality}
        for check in checks
    ]
    content["domains"] = [domain | {"categories": [category]}]
    canonical = canonical_bytes(content)
    version = QuestionnaireVersion.objects.create(
        questionnaire=before.questionnaire, number=before.number + 1, sha256=digest(canonical)
    )
    FrozenContent.objects.create(version=version, canonical=canonical)
    home = Question.objects.filter(category__code=CATEGORY).first().category
    for n, check in enumerate(checks):
        question = copy.copy(wording[check.pk])
        question.pk, question._state.adding = None, True
        question.version, question.category, question.position = version, home, n
        question.applies_when, question.clauses = "always", row["clauses"]
        question.save(force_insert=True)
    version.publish(by=None)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE auditapp_web")
    return version
