"""How far the answering is, by domain and category, in the version's own titles. Pure: reads what was counted."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditapp.questionnaires.models import QuestionnaireVersion

if TYPE_CHECKING:
    from auditapp.audits.models import Answer, Assignment


def by_domain(
    version: QuestionnaireVersion,
    rows: Iterable[dict[str, Any]],
    assignments: Iterable["Assignment"] = (),
    triggers: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """[{"title", "categories"}] of what `answers.progress()` counted.

    A category's row gains `title`, `given_to`, and `why`: the triggers of a re-audit that bring it in, in words.
    """
    counted = {row["category_code"]: row for row in rows}
    given: dict[str, list[Assignment]] = {}
    for assignment in assignments:
        given.setdefault(assignment.category_code, []).append(assignment)
    domains = [
        {
            "title": domain["title"],
            "categories": [
                counted[c["code"]]
                | {"title": c["title"], "given_to": given.get(c["code"], [])}
                | {"why": version.triggers_bringing(c["code"], triggers)}
                for c in domain["categories"]
                if c["code"] in counted
            ],
        }
        for domain in version.content["domains"]
    ]
    return [domain for domain in domains if domain["categories"]]


def in_order(domains: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The categories of all domains, one after the other."""
    return [category for domain in domains for category in domain["categories"]]


def totals(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """{asked, answered, left, critical_left, unfinished} over all categories."""
    rows = list(rows)
    keys = ("asked", "answered", "left", "critical_left", "unfinished")
    return {key: sum(row[key] for row in rows) for key in keys}


def neighbours(categories: list[dict[str, Any]], code: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The categories before and after this one; None at either end."""
    place = next(n for n, category in enumerate(categories) if category["category_code"] == code)
    before = categories[place - 1] if place else None
    return before, categories[place + 1] if place + 1 < len(categories) else None


def next_left(categories: list[dict[str, Any]], code: str) -> dict[str, Any] | None:
    """The next category with an unanswered question, after this one and round to the beginning."""
    place = next(n for n, category in enumerate(categories) if category["category_code"] == code)
    around = categories[place + 1 :] + categories[:place]
    return next((category for category in around if category["left"]), None)


def summary(answers: Iterable["Answer"]) -> dict[str, Any]:
    """{"counts", "unevidenced", "gaps"}: what will be frozen; needs answers from `for_reading()`."""
    counts: dict[str, int] = {}
    unevidenced, gaps = [], []
    for answer in answers:
        given = answer.given
        state = given.verdict if given else "unanswered"
        if given and state == "met" and not given.has_evidence:
            state = "unevidenced"
            unevidenced.append(answer)
        if state in {"partial", "not_met"}:
            gaps.append(answer)
        counts[state] = counts.get(state, 0) + 1
    return {"counts": counts, "unevidenced": unevidenced, "gaps": gaps}
