"""What the pages about a draft show: its categories, the questions of one, both texts of a save that came too late."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from auditapp import lists
from auditapp.accounts.models import User
from auditapp.deployments.models import Deployment, Profile
from auditapp.questionnaires.differing import Difference, condition, difference, field_labels, spoken
from auditapp.questionnaires.effects import effects
from auditapp.questionnaires.models import Draft, DraftRevision, TooLate


def compared(draft: Draft) -> tuple[dict[str, Any], Difference]:
    """The draft's content as it stands, and what differs from what it was made from."""
    content = draft.content()
    return content, difference(draft.base.content, content)


def affected(draft: Draft, content: Mapping[str, Any], *, reader: User, query: QueryDict) -> dict[str, Any]:
    """{"page", "rows", "in_use"}: the deployments whose next audit would ask something else, each with its effect.

    `in_use` counts all that the reader sees and that are not retired. A fixed number of queries.
    """
    profiles = Profile.objects.visible_to(reader).newest_in_use().values_list("deployment_id", "facts")
    found = effects(profiles, draft.base.content, content)
    changed = [key for key, effect in found.items() if effect.is_change]
    rows = Deployment.objects.filter(pk__in=changed).select_related("site").order_by("name", "pk")
    page = lists.page(rows, query)
    return {"page": page, "rows": [(row, found[row.pk]) for row in page], "in_use": len(found)}


def overview(draft: Draft, chosen: str) -> dict[str, Any]:
    """{"categories", "category", "asked", "dropped"}: counts of each category, and the questions of the chosen one.

    Without a valid choice it is the first category that asks anything. A fixed number of queries.
    """
    named = draft.questions.select_related("category__domain", "safety_check")
    rows = list(named.order_by("category__position", "position", "pk"))
    categories: dict[str, dict[str, Any]] = {}
    for row in rows:
        entry = categories.setdefault(row.category.code, {"row": row.category, "asked": [], "dropped": []})
        entry["dropped" if row.dropped else "asked"].append(row)
    if chosen not in categories:
        chosen = next((code for code, entry in categories.items() if entry["asked"]), "")
    content = draft.base.content
    shown = categories.get(chosen, {"row": None, "asked": [], "dropped": []})
    return {
        "categories": [
            {
                "code": code,
                "title": entry["row"].title,
                "domain": entry["row"].domain.title,
                "asked": len(entry["asked"]),
                "critical": sum(row.criticality == "critical" for row in entry["asked"]),
                "current": code == chosen,
            }
            for code, entry in categories.items()
        ],
        "category": shown["row"],
        "asked": [{"row": row, "condition": condition(row.applies_when, content)} for row in shown["asked"]],
        "dropped": shown["dropped"],
        "total": sum(not row.dropped for row in rows),
        "critical": sum(row.criticality == "critical" and not row.dropped for row in rows),
    }


def side_by_side(draft: Draft, outcome: TooLate) -> dict[str, Any]:
    """{"mine", "theirs", "rows"}: what this person wrote and what was saved meanwhile, part by part."""
    theirs = outcome.question.revisions.exclude(n=None).select_related("by").latest("n")
    titles = {row.category.code: row.category.title for row in draft.questions.select_related("category")}
    mine = _spoken(outcome.mine, draft, titles)
    other = _spoken(theirs, draft, titles)
    rows = [
        {"label": label, "mine": mine[name], "theirs": other[name]}
        for name, label in field_labels().items()
        if mine[name] or other[name]
    ]
    return {"mine": outcome.mine, "theirs": theirs, "rows": rows}


def _spoken(revision: DraftRevision, draft: Draft, titles: Mapping[str, str]) -> dict[str, str]:
    code = revision.question.code
    thresholds = [{"check": code, **row} for row in revision.edited["thresholds"]]
    question = revision.edited | {"code": code}
    question["category"] = titles.get(question["category"], question["category"])
    return spoken(question, draft.base.content | {"local_thresholds": thresholds})
