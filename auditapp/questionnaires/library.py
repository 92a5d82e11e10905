"""All checks as a list: which are found and in what order, what the filters offer, which of them are set."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, or_
from typing import Any

from django.contrib.postgres.search import (
    SearchQuery,
    SearchRank,
    SearchVector,
    TrigramStrictWordSimilarity,
)
from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import lists
from auditapp.accounts.models import User
from auditapp.deployments import profile
from auditapp.questionnaires.models import Category, Check, Clause, Framework, Question
from auditapp.questionnaires.models.question import QuestionQuerySet

# What is searched: the question's own words count most, the kind of risk next, guidance and evidence least.
VECTOR = (
    SearchVector("code", "text", weight="A", config="english")
    + SearchVector("category__title", "category__domain__title", weight="B", config="english")
    + SearchVector("guidance", "expected_evidence", weight="C", config="english")
)
PLACES = ("code", "text", "category__title", "guidance", "expected_evidence")
IN_ORDER = ("category__domain__position", "category__position", "safety_check__position", "code")
# “halucination” is like “hallucination” to 0.8, two letters in the wrong order still to 0.55; below that, other words
# begin to look alike. Words of up to three letters are too short to be judged so.
ALIKE, SHORT = 0.5, 3
MOST_WORDS = 12

STAGES = {
    "pre": gettext_lazy("Before go-live"),
    "live": gettext_lazy("While in use"),
    "change": gettext_lazy("After an incident or change"),
}
ORIGINS = {
    "review": gettext_lazy("From the review"),
    "ours": gettext_lazy("Our own addition"),
    "organisation": gettext_lazy("This organisation’s"),
}
# Keys of the address; without a framework a clause means nothing.
KEYS = ("domain", "category", "criticality", "stage", "fact", "framework", "clause", "origin")


@dataclass(frozen=True)
class Options:
    """What can be chosen: fetched once for the menus, the filters that are set, and the check of the address."""

    categories: Sequence[Category]
    frameworks: Sequence[Framework]
    clauses: Sequence[Clause]

    @classmethod
    def for_(cls, user: User, query: QueryDict) -> "Options":
        """In two queries, and a third where a framework is chosen."""
        categories = Category.objects.visible_to(user).select_related("domain")
        frameworks = list(Framework.objects.visible_to(user))
        chosen = next((f for f in frameworks if f.code == query.get("framework")), None)
        return cls(
            categories=list(categories.order_by("domain__position", "position")),
            frameworks=in_order_for(user.organisation.jurisdiction, frameworks),
            clauses=list(Clause.objects.visible_to(user).filter(framework=chosen)) if chosen else [],
        )

    def of(self, key: str, query: QueryDict) -> dict[str, Any]:
        """Value -> label for one key of the address."""
        if key == "category":
            domain = query.get("domain", "")
            return {c.code: c.title for c in self.categories if domain in ("", c.domain.code)}
        values: dict[str, dict[str, Any]] = {
            "domain": {c.domain.code: c.domain.title for c in self.categories},
            "criticality": dict(Question.Criticality.choices),
            "stage": {**STAGES},
            "fact": {"always": _("Asked of every tool"), **{fact.id: fact.label for fact in profile.facts()}},
            "framework": {f.code: f.name for f in self.frameworks},
            "clause": {c.code: f"{c.code} {c.title}" for c in self.clauses},
            "origin": {**ORIGINS},
        }
        return values[key]

    def chosen(self, query: QueryDict) -> dict[str, str]:
        """Key -> value, for those that name something that there is."""
        each = {key: lists.chosen(query, key, self.of(key, query)) for key in KEYS}
        return {key: value for key, value in each.items() if value}


def in_order_for(jurisdiction: str, frameworks: Sequence[Framework]) -> list[Framework]:
    """Those that apply where the organisation is come first; none is left out."""
    return sorted(frameworks, key=lambda framework: not framework.applies_in(jurisdiction))


@dataclass(frozen=True)
class Found:
    """The checks found; `close` when nothing holds the words and these only come near."""

    rows: QuestionQuerySet
    close: bool = False


def found(user: User, words: str, chosen: dict[str, str]) -> Found:
    """Every check once, in its newest wording: those with the words, ranked, or else those that come near."""
    rows = Question.objects.visible_to(user).current_wording().select_related("category__domain", "safety_check")
    for key, value in chosen.items():
        rows = FILTERS[key](rows, value, chosen)
    if not words:
        return Found(rows.order_by(*IN_ORDER))
    # Whether words are known is asked of all checks, so that a filter never turns an exact search into a vague one.
    everywhere = _holding(Question.objects.visible_to(user).current_wording(), words)
    if everywhere.exists():
        return Found(_holding(rows, words))
    return Found(_resembling(rows, words), close=True)


def _holding(rows: QuestionQuerySet, words: str) -> QuestionQuerySet:
    """With every word in some form of it (dose, doses, dosing), or with words that begin so; the best match first."""
    query = SearchQuery(words, config="english", search_type="websearch")
    begun = Q()
    for word in words.split()[:MOST_WORDS]:
        pattern = (r"\m" if word[0].isalnum() else "") + re.escape(word)
        begun &= reduce(or_, (Q(**{f"{place}__iregex": pattern}) for place in PLACES))
    ranked = rows.annotate(words=VECTOR, rank=SearchRank(VECTOR, query)).filter(Q(words=query) | begun)
    return ranked.order_by("-rank", *IN_ORDER)


def _resembling(rows: QuestionQuerySet, words: str) -> QuestionQuerySet:
    """With a word like each of the words, most alike first: a letter too many, missing or in the wrong place."""
    typed = re.findall(r"\w+", words)[:MOST_WORDS]
    long = [word for word in typed if len(word) > SHORT]
    if not long:
        return rows.none()
    text = Concat(*(part for place in PLACES for part in (F(place), Value(" "))), output_field=TextField())
    likeness = {f"like_{n}": TrigramStrictWordSimilarity(word, text) for n, word in enumerate(long)}
    rows = rows.annotate(whole=text, **likeness).filter(**{f"{name}__gte": ALIKE for name in likeness})
    for word in typed:
        if len(word) <= SHORT:
            rows = rows.filter(whole__iregex=rf"\m{re.escape(word)}")
    return rows.annotate(alike=reduce(add, map(F, likeness))).order_by("-alike", *IN_ORDER)


def _by_origin(rows: QuestionQuerySet, value: str, chosen: dict[str, str]) -> QuestionQuerySet:
    if value == "organisation":
        return rows.exclude(safety_check__organisation=None)
    origins = {"review": ["review", "review+derived"], "ours": ["derived"]}[value]
    return rows.filter(safety_check__organisation=None, category__review_source__origin__in=origins)


def _by_fact(rows: QuestionQuerySet, value: str, chosen: dict[str, str]) -> QuestionQuerySet:
    """Where the fact, or a level of it, decides whether the check is asked."""
    if value == "always":
        return rows.filter(applies_when="always")
    return rows.annotate(condition=Cast("applies_when", TextField())).filter(condition__regex=f'"{value}["<>]')


def _by_framework(rows: QuestionQuerySet, value: str, chosen: dict[str, str]) -> QuestionQuerySet:
    return rows.annotate(links=Cast("clauses", TextField())).filter(links__contains=f'"{value}:')


FILTERS: dict[str, Callable[[QuestionQuerySet, str, dict[str, str]], QuestionQuerySet]] = {
    "domain": lambda rows, value, chosen: rows.filter(category__domain__code=value),
    "category": lambda rows, value, chosen: rows.filter(category__code=value),
    "criticality": lambda rows, value, chosen: rows.filter(criticality=value),
    "stage": lambda rows, value, chosen: rows.filter(stages__contains=[value]),
    "fact": _by_fact,
    "framework": _by_framework,
    "clause": lambda rows, value, chosen: rows.filter(clauses__contains=[f"{chosen['framework']}:{value}"]),
    "origin": _by_origin,
}


def page(user: User, query: QueryDict) -> dict[str, Any]:
    """What the page shows, in a fixed number of queries."""
    words, options = lists.typed(query, "q"), Options.for_(user, query)
    chosen = options.chosen(query)
    results = found(user, words, chosen)
    shown = lists.page(results.rows, query)
    retired = Check.objects.visible_to(user).no_longer_asked() if not chosen and not shown.has_next() else []
    return {
        "words": words,
        "page": shown,
        "close": results.close,
        "menus": _menus(query, options),
        "opened": any(key in chosen for key in MENUS),
        "criticalities": _links(query, "criticality", _("Any criticality"), options),
        "origins": _links(query, "origin", _("Any origin"), options),
        "kept": lists.kept(query, "q", *MENUS),
        "set": _set(query, chosen, options),
        "retired": [check for check in retired if words.casefold() in check.code],
    }


def as_csv(user: User, query: QueryDict) -> HttpResponse:
    """All that is found, not only the page."""
    chosen = Options.for_(user, query).chosen(query)
    header = [_("Check"), _("Question"), _("Criticality"), _("Domain"), _("Category"), _("Origin")]
    rows = found(user, lists.typed(query, "q"), chosen).rows
    return lists.csv_file("checks", header, (_cells(question) for question in rows))


def _cells(question: Question) -> list[Any]:
    category = question.category
    origin = "ours" if category.review_source["origin"] == "derived" else "review"
    return [
        question.code, question.text, question.get_criticality_display(), category.domain.title, category.title,
        ORIGINS["organisation" if question.safety_check.organisation_id else origin],
    ]  # fmt: skip


MENUS = {
    "domain": (gettext_lazy("Domain"), gettext_lazy("All domains")),
    "category": (gettext_lazy("Category"), gettext_lazy("All categories")),
    "stage": (gettext_lazy("Stage"), gettext_lazy("Any stage")),
    "fact": (gettext_lazy("Applies because the tool"), gettext_lazy("Whatever the tool is")),
    "framework": (gettext_lazy("Framework"), gettext_lazy("Any or none")),
    "clause": (gettext_lazy("Clause"), gettext_lazy("Any clause")),
}
LABELS = {key: label for key, (label, _any) in MENUS.items()} | {
    "criticality": gettext_lazy("Criticality"),
    "origin": gettext_lazy("Origin"),
}


def _menus(query: QueryDict, options: Options) -> list[dict[str, Any]]:
    """The menus; that of clauses once a framework is chosen."""
    return [
        lists.menu(query, key, label, [("", anything), *values.items()])
        for key, (label, anything) in MENUS.items()
        if (values := options.of(key, query))
    ]


def _links(query: QueryDict, key: str, anything: str, options: Options) -> list[dict[str, Any]]:
    return lists.links(query, key, [("", anything), *options.of(key, query).items()])


def _set(query: QueryDict, chosen: dict[str, str], options: Options) -> list[dict[str, Any]]:
    """Each filter that is set, in words, with the address that is without it."""
    filters = []
    for key, value in chosen.items():
        without = query.copy()
        for name in (key, "page", *(["clause"] if key == "framework" else [])):
            without.pop(name, None)
        label = options.of(key, query)[value]
        filters.append({"key": LABELS[key], "label": label, "href": f"?{without.urlencode()}"})
    return filters
