"""Versions that the content files do not have: of another wording, of one organisation alone."""

from copy import deepcopy
from typing import Any

from django.db import connection

from auditapp.accounts.models import Organisation
from auditapp.questionnaires.canonical import canonical_bytes, digest
from auditapp.questionnaires.models import (
    Category,
    Check,
    FrozenContent,
    Question,
    Questionnaire,
    QuestionnaireVersion,
)


def published(
    code: str,
    *,
    like: str = "containment-72h",
    reworded: dict[str, dict[str, Any]] | None = None,
    dropped: tuple[str, ...] = (),
    own: Organisation | None = None,
    times: int = 1,
) -> QuestionnaireVersion:
    """The next version of a questionnaire, made of the questions of a seeded one and published.

    `reworded` gives fields to change by code; an `own` questionnaire asks `times` further checks of its organisation.
    """
    role("")
    seed = QuestionnaireVersion.objects.get(questionnaire__code=like, number=1)
    content = deepcopy(seed.content)
    questionnaire, _ = Questionnaire.objects.get_or_create(
        code=code, defaults={"title": f"Title of {code}", "position": 90, "organisation": own}
    )
    number = questionnaire.versions.count() + 1
    content["questionnaire"] |= {"code": code, "title": questionnaire.title, "version": number}
    categories = [c for domain in content["domains"] for c in domain["categories"]]
    for category in categories:
        category["questions"] = [q for q in category["questions"] if q["code"] not in dropped]
        for question in category["questions"]:
            question |= (reworded or {}).get(question["code"], {})
    if own:
        first = categories[0]["questions"][0]
        new = [first | {"code": f"own-{n:02d}", "text": f"Is rule {n} kept?"} for n in range(1, times + 1)]
        categories[0]["questions"] += new
        category = Category.objects.get(code=categories[0]["code"])
        for n, question in enumerate(new):
            Check.objects.get_or_create(
                code=question["code"], defaults={"organisation": own, "category": category, "position": 900 + n}
            )
        if content["questionnaire"]["check_ids"]:
            content["questionnaire"]["check_ids"] += [question["code"] for question in new]
    canonical = canonical_bytes(content)
    version = QuestionnaireVersion.objects.create(questionnaire=questionnaire, number=number, sha256=digest(canonical))
    FrozenContent.objects.create(version=version, canonical=canonical)
    checks = dict(Check.objects.values_list("code", "pk"))
    rows = dict(Category.objects.values_list("code", "pk"))
    asked = [(c["code"], question) for c in categories for question in c["questions"]]
    Question.objects.bulk_create(
        Question(version=version, safety_check_id=checks[q["code"]], category_id=rows[c], position=n, **q)
        for n, (c, q) in enumerate(asked)
    )
    version.publish(by=None)
    role("auditapp_web")
    return version


def role(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {name}" if name else "RESET ROLE")
