"""Makes a version's frozen content: everything that gives an answer its meaning, without floats.

Its shape is described in docs/questionnaires.md. Numbers that rules reckon with are integers or
{"numerator", "denominator"}; scores are half points; local thresholds, which are only shown, are texts as
written. Left out is what gives no answer its meaning: when the content was written, what was read for it,
where in the review a category has its place, and when a framework was last verified.
"""

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from auditapp.questionnaires.proofreading import CHARACTERS, POINTS
from auditapp.questionnaires.reading import Content

SCHEMA = 1


def frozen(content: Content, questionnaire: dict[str, Any]) -> dict[str, Any]:
    """The frozen content of one questionnaire in the version that the content file gives it."""
    checks = content.checks
    asked = {check["id"] for check in askable(content, questionnaire)}
    return {
        "schema": SCHEMA,
        "layer": "questionnaire",
        "questionnaire": _about(questionnaire),
        "stages": checks["stages"],
        "signatory_roles": checks["signatory_roles"],
        "signatory_rule": checks["signatory_rule"],
        "applicability": exact(checks["applicability"]),
        "answer_scale": [_choice(row) for row in checks["answer_scale"]],
        "scoring": _scoring(checks),
        "decisions": exact(checks["decisions"]),
        "findings": exact(checks["findings"]),
        "risk_rating": exact(checks["risk_rating"]),
        "related_clauses": checks["related_clauses"],
        "local_thresholds": [_threshold(row) for row in checks["local_thresholds"] if row["check"] in asked],
        "domains": list(_domains(content, questionnaire, asked)),
        "frameworks": list(_frameworks(content, asked)),
    }


def askable(content: Content, questionnaire: dict[str, Any]) -> list[dict[str, Any]]:
    """The checks that any selection of this questionnaire could ask, in taxonomy order.

    Those it names; otherwise those of its core categories and of every trigger, at one of its stages.
    """
    if named := questionnaire.get("check_ids"):
        return [check for check in content.all_checks if check["id"] in named]
    triggers = (questionnaire.get("trigger_sets") or {}).values()
    chosen = set(questionnaire["categories"]).union(*triggers)
    return [
        check
        for category in content.categories
        if category["id"] in chosen
        for check in category["checks"]
        if set(check["stages"]) & set(questionnaire["stages"])
    ]


def exact(value: Any) -> Any:
    """The same value with fractions as numerator and denominator, and numbers that are keys as texts."""
    if isinstance(value, dict):
        return {str(key): exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return value.numerator
        return {"numerator": value.numerator, "denominator": value.denominator}
    return value


def as_written(value: int | Fraction) -> str:
    """A decimal as people write it: 100, 1.5, 0.8."""
    if isinstance(value, int) or value.denominator == 1:
        return str(int(value))
    digits = next(n for n in range(1, 10) if (value * 10**n).denominator == 1)
    whole, rest = divmod(abs(int(value * 10**digits)), 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{digits}d}"


def _about(questionnaire: dict[str, Any]) -> dict[str, Any]:
    """The questionnaire's own entry, with the keys that may be left out filled in."""
    usual: dict[str, Any] = {"version": 1, "check_ids": None, "check_reasons": {}, "trigger_rule": ""}
    usual |= {"planned_change_triggers": []}
    about = {**usual, **exact(questionnaire)}
    # Canonical JSON sorts keys: what has an order of its own is a list.
    sets = (questionnaire.get("trigger_sets") or {}).items()
    triggers = [{"trigger": trigger, "categories": categories} for trigger, categories in sets]
    return {"code": about.pop("id"), **about, "trigger_sets": triggers}


def _choice(row: dict[str, Any]) -> dict[str, Any]:
    score = row["score"]
    half_points = None if score is None else int(2 * score)
    return {"id": row["id"], "label": row["label"], "half_points": half_points, "requires": row["requires"]}


def _scoring(checks: dict[str, Any]) -> dict[str, Any]:
    """The rules of scoring; the numbers that the content says in sentences stand beside these as numbers."""
    points = {row["id"]: row["score"] for row in checks["answer_scale"] if row["score"] is not None}
    for state in ("unevidenced", "unanswered"):
        points[state] = Fraction(_number(POINTS, checks["scoring"]["definitions"][state]))
    requires = next(row["requires"] for row in checks["answer_scale"] if row["id"] == "not_applicable")
    return {
        **exact(checks["scoring"]),
        "half_points": {state: int(2 * score) for state, score in points.items()},
        "justification_min_characters": int(_number(CHARACTERS, requires)),
    }


def _number(pattern: re.Pattern[str], sentence: str) -> str:
    """The number that a sentence of the content gives; proofreading has made sure that it does."""
    found = pattern.search(sentence)
    assert found, sentence
    return found[1]


def _threshold(row: dict[str, Any]) -> dict[str, str]:
    return {**row, "value": as_written(row["value"])}


def _domains(content: Content, questionnaire: dict[str, Any], asked: set[str]) -> Iterable[dict[str, Any]]:
    """The domains and categories that have a question to ask, down to each question with all its fields."""
    for domain in content.checks["domains"]:
        categories = [
            _category(category, questionnaire, asked)
            for category in domain["categories"]
            if any(check["id"] in asked for check in category["checks"])
        ]
        if categories:
            about = {"code": domain["id"], "title": domain["title"], "description": domain["description"]}
            yield {**about, "categories": categories}


def _category(category: dict[str, Any], questionnaire: dict[str, Any], asked: set[str]) -> dict[str, Any]:
    kept = (
        "prefix",
        "title",
        "definition",
        "ai_types",
        "lifecycle_stages",
        "typical_hazards",
        "suggested_lead",
    )
    source = {key: category["review_source"][key] for key in ("v1_abstract", "v2_abstract", "origin")}
    questions = [_question(check, questionnaire) for check in category["checks"] if check["id"] in asked]
    about = {"code": category["id"], **{key: category[key] for key in kept}, "review_source": source}
    return {**about, "questions": questions}


def _question(check: dict[str, Any], questionnaire: dict[str, Any]) -> dict[str, Any]:
    """A question with every field, also those that the content leaves out because they are usual."""
    return {
        "code": check["id"],
        "text": check["text"],
        "guidance": check["guidance"],
        "expected_evidence": check["evidence"],
        "criticality": check["criticality"],
        "stages": check["stages"],
        "applies_when": check["applies_when"],
        "scope": check.get("scope", "deployment"),
        "not_applicable_backed_by": check.get("not_applicable_backed_by", ""),
        "criticality_option": check.get("criticality_option", {}),
        "clauses": check["maps_to"],
        "reason": (questionnaire.get("check_reasons") or {}).get(check["id"], ""),
    }


def _frameworks(content: Content, asked: set[str]) -> Iterable[dict[str, Any]]:
    """The frameworks and the clauses that the questions link to, with their titles."""
    linked = {clause for check in content.all_checks if check["id"] in asked for clause in check["maps_to"]}
    for framework in content.frameworks["frameworks"]:
        clauses = [
            {"code": clause["id"], "title": clause["title"]}
            for clause in framework["clauses"]
            if f"{framework['id']}:{clause['id']}" in linked
        ]
        if clauses:
            about = {"code": framework["id"], "name": framework["name"], "version": framework["version"]}
            yield {**about, "clauses": clauses}


def first_difference(old: Any, new: Any, path: str = "") -> str:
    """Where two frozen contents first differ: "domains[reliability].categories[calibration].title"."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if old.get(key) != new.get(key) or (key in old) != (key in new):
                return first_difference(old.get(key), new.get(key), f"{path}.{key}".lstrip("."))
    if isinstance(old, list) and isinstance(new, list):
        for n, (before, after) in enumerate(zip(old, new, strict=False)):
            if before != after:
                name = _name(before) if _name(before) == _name(after) else ""
                return first_difference(before, after, f"{path}[{name or n}]")
    return path


def _name(value: Any) -> str:
    return value.get("code") or value.get("id") or "" if isinstance(value, dict) else ""
