"""Questions as pages show them: conditions and thresholds in words, related clauses by framework."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Protocol

from django.http import QueryDict
from django.utils.translation import gettext as _

from auditapp.deployments.profile import facts_in
from auditapp.questionnaires.applicability import in_words
from auditapp.questionnaires.models import Framework, Question, QuestionnaireVersion
from auditapp.questionnaires.models.version import fetch_contents
from auditapp.questionnaires.thresholds import Key, key_of
from auditapp.questionnaires.thresholds import in_words as in_words_of_rule


class Adopted(Protocol):
    """A number in force at a hospital, whichever query it came from."""

    @property
    def value(self) -> str: ...

    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class LinkedClauses:
    """The clauses of one framework that a question may help to evidence, titled as its version has them."""

    framework: Framework
    clauses: list[dict[str, str]]  # [{"code", "title"}]


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question with what its row says only in codes."""

    question: Question
    conditions: list[list[str]]  # lines that must all hold, each a list of alternatives
    stages: list[str]
    clauses: list[LinkedClauses]
    clauses_elsewhere: list[LinkedClauses]  # of other jurisdictions than the organisation's
    last_verified: date | None  # the earliest of the frameworks named
    thresholds: list[dict[str, Any]]  # as `in_numbers` gives them


def shown(
    questions: Iterable[Question],
    version: QuestionnaireVersion,
    frameworks: Sequence[Framework],
    *,
    jurisdiction: str,
    adopted: Mapping[Key, Adopted],
) -> list[ShownQuestion]:
    """The questions of one version, in the words that it froze, with the hospital's own numbers; no query."""
    content = version.content
    facts = facts_in(content["applicability"]["profile_facts"])
    titles = {f["code"]: {c["code"]: c["title"] for c in f["clauses"]} for f in content["frameworks"]}
    result = []
    for question in questions:
        linked = linked_clauses(question.clauses, frameworks, titles)
        here = [group for group in linked if group.framework.applies_in(jurisdiction)]
        result.append(
            ShownQuestion(
                question=question,
                conditions=in_words(question.applies_when, facts),
                stages=[content["stages"][stage] for stage in question.stages],
                clauses=here,
                clauses_elsewhere=[group for group in linked if group not in here],
                last_verified=min((group.framework.last_verified for group in linked), default=None),
                thresholds=[in_numbers(t, adopted) for t in content["local_thresholds"] if t["check"] == question.code],
            )
        )
    return result


def by_category(
    version: QuestionnaireVersion,
    questions: Sequence[Question],
    frameworks: Sequence[Framework],
    *,
    jurisdiction: str,
    adopted: Mapping[Key, Adopted],
) -> list[dict[str, Any]]:
    """[{"domain", "categories": [{"category", "questions"}]}] of the questions, empty groups left out.

    Domain and category are the version's frozen entries, with definition, hazards and source.
    """
    groups: dict[str, list[ShownQuestion]] = {}
    for question in shown(questions, version, frameworks, jurisdiction=jurisdiction, adopted=adopted):
        groups.setdefault(question.question.category.code, []).append(question)
    domains = [
        {
            "domain": domain,
            "categories": [
                {"category": category, "questions": groups[category["code"]]}
                for category in domain["categories"]
                if category["code"] in groups
            ],
        }
        for domain in version.content["domains"]
    ]
    return [group for group in domains if group["categories"]]


def check_page(
    asking: Iterable[Question],
    frameworks: Sequence[Framework],
    *,
    jurisdiction: str,
    adopted: Mapping[Key, Adopted],
) -> dict[str, Any]:
    """{"shown", "category", "asking"}: the newest wording, its category, and who asks under which triggers.

    A retired check is asked by nobody: `shown` and `category` are None.
    """
    questions = list(asking)
    if not questions:
        return {"shown": None, "category": None, "asking": []}
    fetch_contents(question.version for question in questions)
    newest = max(questions, key=attrgetter("version.published_at", "version_id"))
    pairs = [(d, c) for d in newest.version.content["domains"] for c in d["categories"]]
    return {
        "shown": shown([newest], newest.version, frameworks, jurisdiction=jurisdiction, adopted=adopted)[0],
        "category": next(c for _domain, c in pairs if c["code"] == newest.category.code),
        "asking": [
            {"question": question, "triggers": question.version.triggers_asking(question)} for question in questions
        ],
    }


def linked_clauses(
    links: Iterable[str], frameworks: Iterable[Framework], titles: Mapping[str, Mapping[str, str]]
) -> list[LinkedClauses]:
    """Links such as "nist-ai-rmf:MEASURE 2.5", grouped by framework in the order of the frameworks."""
    pairs = [link.split(":", 1) for link in links]
    groups = []
    for framework in frameworks:
        codes = [code for name, code in pairs if name == framework.code]
        if codes:
            named = titles[framework.code]
            groups.append(LinkedClauses(framework, [{"code": c, "title": named[c]} for c in codes]))
    return groups


def in_numbers(threshold: Mapping[str, str], adopted: Mapping[Key, Adopted]) -> dict[str, Any]:
    """A local threshold as {"name", "limit": "at least 95 percent of links", "adopted_at", "default"}.

    The limit is the hospital's own once it has adopted one (`adopted_at` says when), else the questionnaire's;
    `default` is the questionnaire's limit where the hospital's differs from it.
    """
    own = adopted.get(key_of(threshold))
    value = own.value if own else threshold["value"]
    return {
        "name": threshold["name"],
        "limit": in_words_of_rule(threshold["rule"], value, threshold["unit"]),
        "adopted_at": own and own.at,
        "default": "" if value == threshold["value"] else threshold["value"],
    }


def filter_links(
    query: QueryDict, key: str, options: Iterable[tuple[str, str]], counts: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """Links that set one key of the address: [{"label", "href", "current", "count"}]; "" means all."""
    links = []
    for value, label in options:
        changed = query.copy()
        changed.pop(key, None)
        if value:
            changed[key] = value
        count = counts.get(value) if counts is not None else None
        current = query.get(key, "") == value
        links.append({"label": label, "href": f"?{changed.urlencode()}", "current": current, "count": count})
    return links


def category_links(query: QueryDict, version: QuestionnaireVersion) -> dict[str, Any]:
    """{"extent", "categories", "next"}: overview or in full; each category; the one after the chosen."""
    counts = Counter(question.category.code for question in version.all_questions)
    categories = [c for domain in version.content["domains"] for c in domain["categories"]]
    extent = filter_links(query, "category", [("", _("Overview")), ("all", _("All in full"))])
    links = filter_links(query, "category", [(c["code"], c["title"]) for c in categories], counts)
    chosen = next((n for n, link in enumerate(links) if link["current"]), None)
    after = links[chosen + 1] if chosen is not None and chosen + 1 < len(links) else None
    return {"extent": extent, "categories": links, "next": after}
