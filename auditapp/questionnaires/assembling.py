"""Puts a draft together as frozen content, and says what stands in the way of publishing it. No database."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from auditapp.deployments.profile import Fact, facts_in
from auditapp.questionnaires.applicability import can_hold, unknown_in

# What belongs to one questionnaire; everything else of frozen content is rules that versions share.
OWN = {"questionnaire", "local_thresholds", "domains", "frameworks"}
CATEGORY = ("prefix", "title", "definition", "ai_types", "lifecycle_stages", "typical_hazards", "suggested_lead")
SOURCE = ("v1_abstract", "v2_abstract", "origin")


def assembled(
    about: Mapping[str, Any], asked: Sequence[Any], *, rules: Mapping[str, Any], frameworks: Iterable[Any]
) -> dict[str, Any]:
    """The frozen content of `asked` (questions with category and domain, in order) under the rules of a version.

    The shape is that of docs/questionnaires.md. Definitions of categories and titles of clauses are those of today.
    """
    linked = {clause for question in asked for clause in question.clauses}
    return {
        **{key: value for key, value in rules.items() if key not in OWN},
        "questionnaire": _about(about, asked),
        "local_thresholds": [{"check": q.code, **threshold} for q in asked for threshold in q.thresholds],
        "domains": _domains(asked),
        "frameworks": _frameworks(frameworks, linked),
    }


def _about(about: Mapping[str, Any], asked: Sequence[Any]) -> dict[str, Any]:
    """The questionnaire's entry: core categories are those that no trigger adds, or that were core before."""
    used = list(dict.fromkeys(question.category.code for question in asked))
    triggers = [
        {"trigger": row["trigger"], "categories": [code for code in row["categories"] if code in used]}
        for row in about["trigger_sets"]
    ]
    triggers = [row for row in triggers if row["categories"]]
    added = {code for row in triggers for code in row["categories"]}
    core = [code for code in used if code in about["categories"] or code not in added]
    named = {row["trigger"] for row in triggers}
    return {
        **about,
        "categories": core,
        "check_ids": None if triggers else [question.code for question in asked],
        "check_reasons": {question.code: question.reason for question in asked if question.reason},
        "trigger_sets": triggers,
        "planned_change_triggers": [t for t in about["planned_change_triggers"] if t in named],
    }


def _domains(asked: Sequence[Any]) -> list[dict[str, Any]]:
    domains = []
    for domain, of_domain in itertools.groupby(asked, key=lambda question: question.category.domain):
        categories = [
            _category(category, [question.worded for question in questions])
            for category, questions in itertools.groupby(of_domain, key=lambda question: question.category)
        ]
        about = {"code": domain.code, "title": domain.title, "description": domain.description}
        domains.append({**about, "categories": categories})
    return domains


def _category(category: Any, questions: list[dict[str, Any]]) -> dict[str, Any]:
    about = {"code": category.code, **{name: getattr(category, name) for name in CATEGORY}}
    source = {key: category.review_source[key] for key in SOURCE}
    return {**about, "review_source": source, "questions": questions}


def _frameworks(frameworks: Iterable[Any], linked: set[str]) -> list[dict[str, Any]]:
    found = []
    for framework in frameworks:
        clauses = [
            {"code": clause.code, "title": clause.title}
            for clause in framework.clauses.all()
            if f"{framework.code}:{clause.code}" in linked
        ]
        if clauses:
            about = {"code": framework.code, "name": framework.name, "version": framework.version}
            found.append({**about, "clauses": clauses})
    return found


def complaints(content: Mapping[str, Any]) -> list[str]:
    """What stands in the way of publishing this content: one sentence each, naming the check and what to do."""
    about, wrong = content["questionnaire"], []
    if not about["title"] or not about["purpose"]:
        wrong.append(_("Say what the questionnaire is called and what it is for."))
    questions = [q for domain in content["domains"] for c in domain["categories"] for q in c["questions"]]
    if not questions:
        wrong.append(_("It asks nothing yet. Add a check."))
    facts = facts_in(content["applicability"]["profile_facts"])
    known = {f"{f['code']}:{c['code']}" for f in content["frameworks"] for c in f["clauses"]}
    for question in questions:
        wrong += _wrong_with(question, content, facts, known)
    return wrong


def _wrong_with(
    question: Mapping[str, Any], content: Mapping[str, Any], facts: Sequence[Fact], known: set[str]
) -> Iterable[str]:
    code = {"code": question["code"]}
    if not question["text"]:
        yield _("%(code)s: write the question.") % code
    if question["criticality"] not in content["scoring"]["weights"]:
        yield _("%(code)s: choose critical, major or minor.") % code
    if not question["stages"] or not set(question["stages"]) <= set(content["stages"]):
        yield _("%(code)s: choose at which stage it is asked.") % code
    elif not set(question["stages"]) & set(content["questionnaire"]["stages"]):
        stages = "; ".join(content["stages"][stage] for stage in content["questionnaire"]["stages"])
        yield _("%(code)s: this questionnaire asks at another stage (%(stages)s). Add it, or drop the check.") % (
            code | {"stages": stages}
        )
    if unknown := unknown_in(question["applies_when"], facts):
        yield _("%(code)s: applies when “%(fact)s”, which is no fact of the profile.") % (code | {"fact": unknown[0]})
    elif not can_hold(question["applies_when"], facts):
        yield _("%(code)s: the conditions can never hold together, so nobody would be asked.") % code
    for clause in question["clauses"]:
        if clause not in known:
            yield _("%(code)s: there is no clause “%(clause)s”.") % (code | {"clause": clause})
