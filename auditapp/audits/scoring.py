"""What a set of answers comes to: states, scores, gate, calculated result, findings. Pure arithmetic.

Everything that could be otherwise (weights, points, limits, priorities, decisions, the risk matrix) is read
from `rules`, the frozen content of a questionnaire version. Fractions are exact: limits are compared with
unrounded values (content, scoring.rounding). The outcome is a calculated result and never a decision.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Protocol

from django.utils.translation import gettext as _

from auditapp.findings.matrix import hazard_level as hazard_level
from auditapp.refusals import Refused

STATES = ("met", "unevidenced", "partial", "not_met", "not_applicable", "unanswered")


class Asked(Protocol):
    """A question of the version whose rules apply."""

    @property
    def code(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as scoring sees it. Only an evidence item or the evidence note is evidence."""

    verdict: str = ""  # met, partial, not_met, not_applicable; empty is no answer
    has_evidence: bool = False
    justification: str = ""
    second_approval: bool = False
    backed_by_evidence: bool = False  # what the check's not_applicable_backed_by names is attached


@dataclass(frozen=True, slots=True)
class _Answered:
    """A question with its place in the taxonomy and the state its answer puts it in."""

    code: str
    category: str
    domain: str
    criticality: str
    state: str


def score(
    rules: Mapping[str, Any],
    questions: Iterable[Asked],
    answers: Mapping[str, Given],
    *,
    triggers: Sequence[str],
    live: bool,
    hazard_levels: Iterable[int],
    submitted: date,
) -> dict[str, Any]:
    """{"result", "findings", "states", "interim_only"}; `hazard_levels` are those of open ratings alone.

    "result" is frozen as it stands (docs/facts.md); "findings" are [{check, answer, priority, due}], the most
    urgent priority first, then by the taxonomy; "states" maps code to state; "interim_only" are decisions
    that need the content's interim continuation besides. Raises Refused when no check is applicable.
    """
    rows = _answered(rules, {question.code for question in questions}, answers)
    applicable = [row for row in rows if row.state != "not_applicable"]
    if not applicable:
        raise Refused(_("No check of this audit is applicable, so there is nothing to score."))
    by = "domain" if len(applicable) < _limit(rules, "domains_below_applicable_checks") else "category"
    titles = _titles(rules)
    parts = {"category": _parts(rules, rows, "category"), "domain": _parts(rules, rows, "domain")}
    counted = [part for part in parts[by] if part["applicable"] >= _limit(rules, "counted_part_min_checks")]
    lowest = min(counted, key=lambda part: _fraction(part["score"]), default=None)
    overall = _score(rules, applicable)
    gate = _gate(applicable)
    majors = [row for row in applicable if row.criticality == "major"]
    incomplete = sum(row.state != "met" for row in majors)
    levels = sorted(hazard_levels, reverse=True)
    result = _result(rules, gate, overall, lowest, (incomplete, len(majors)), levels)
    return {
        "result": {
            "asked": len(rows),
            "applicable": len(applicable),
            "counts": {**dict.fromkeys(STATES, 0), **Counter(row.state for row in rows)},
            "categories": [{**part, "domain": titles["domain_of"][part["code"]]} for part in parts["category"]],
            "domains": parts["domain"],
            "counted_by": by,
            "counted_parts": [_named(part) for part in counted],
            "lowest_counted_part": _named(lowest) if lowest else None,
            "overall": overall,
            "gate": gate,
            "majors": {"applicable": len(majors), "incomplete": incomplete},
            "open_hazard_levels": levels,
            "calculated_result": result,
            "label": next(b["label"] for b in rules["scoring"]["calculated_results"] if b["id"] == result),
            "permitted_decisions": _permitted(rules, result, live=live),
        },
        "interim_only": _interim_only(rules, result, triggers=triggers, live=live),
        "findings": _findings(rules, applicable, live=live, submitted=submitted),
        "states": {row.code: row.state for row in rows},
    }


def state(rules: Mapping[str, Any], question: Mapping[str, Any], given: Given | None) -> str:
    """One of STATES. `question` is the rules' own entry, for its criticality and not_applicable_backed_by.

    A not-applicable answer without its justification, or for a critical check without a second person's
    approval or the evidence that stands in for it, is unanswered (content, scoring.definitions.applicable).
    """
    if given is None or not given.verdict:
        return "unanswered"
    if given.verdict == "met":
        return "met" if given.has_evidence else "unevidenced"
    if given.verdict != "not_applicable":
        return given.verdict
    backed = bool(question["not_applicable_backed_by"]) and given.backed_by_evidence
    justified = len(given.justification) >= rules["scoring"]["justification_min_characters"]
    confirmed = question["criticality"] != "critical" or given.second_approval or backed
    return "not_applicable" if justified and confirmed else "unanswered"


def hazard_open(rules: Mapping[str, Any], *, status: str, level: int, accepted_until: date | None, on: date) -> bool:
    """Whether a hazard rating counts on a day. `status` is open, closed or accepted.

    Acceptance counts below the levels that close the gate, and until its end date; a rating covered by an
    interim continuation stays open (content, scoring.definitions.accepted).
    """
    if status == "closed":
        return False
    acceptable = level not in rules["scoring"]["limits"]["hazard_levels_gate"]
    return not (status == "accepted" and acceptable and accepted_until is not None and accepted_until >= on)


def shown(numerator: int, denominator: int) -> str:
    """A percentage to one decimal, halves up (content, scoring.rounding): (43, 46) -> "93.5"."""
    tenths = (2000 * numerator + denominator) // (2 * denominator)
    return f"{tenths // 10}.{tenths % 10}"


def _answered(rules: Mapping[str, Any], codes: set[str], answers: Mapping[str, Given]) -> list[_Answered]:
    """The questions asked, in the order of the taxonomy. Raises ValueError for one the rules do not know."""
    rows = [
        _Answered(
            question["code"],
            category["code"],
            domain["code"],
            question["criticality"],
            state(rules, question, answers.get(question["code"])),
        )
        for domain in rules["domains"]
        for category in domain["categories"]
        for question in category["questions"]
        if question["code"] in codes
    ]
    if unknown := codes - {row.code for row in rows}:
        raise ValueError(f"These rules do not ask {', '.join(sorted(unknown))}.")
    return rows


def _titles(rules: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Code -> title of categories and of domains, and category -> domain."""
    pairs = [(domain, category) for domain in rules["domains"] for category in domain["categories"]]
    return {
        "category": {category["code"]: category["title"] for _domain, category in pairs},
        "domain": {domain["code"]: domain["title"] for domain in rules["domains"]},
        "domain_of": {category["code"]: domain["code"] for domain, category in pairs},
    }


def _score(rules: Mapping[str, Any], rows: Sequence[_Answered]) -> dict[str, Any]:
    """Weighted half points reached of those possible, {numerator, denominator, shown}; needs a row."""
    weights, points = rules["scoring"]["weights"], rules["scoring"]["half_points"]
    numerator = sum(weights[row.criticality] * points[row.state] for row in rows)
    denominator = sum(weights[row.criticality] * points["met"] for row in rows)
    return {"numerator": numerator, "denominator": denominator, "shown": shown(numerator, denominator)}


def _parts(rules: Mapping[str, Any], rows: Sequence[_Answered], kind: str) -> list[dict[str, Any]]:
    """Each category (or domain) with a question asked, in order: {code, title, applicable, score}."""
    titles = _titles(rules)[kind]
    parts = []
    for code in dict.fromkeys(getattr(row, kind) for row in rows):
        inside = [row for row in rows if getattr(row, kind) == code and row.state != "not_applicable"]
        scored = _score(rules, inside) if inside else None
        parts.append({"code": code, "title": titles[code], "applicable": len(inside), "score": scored})
    return parts


def _named(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: part[key] for key in ("code", "title", "score")}


def _gate(applicable: Iterable[_Answered]) -> str:
    """The critical gate (content, scoring.critical_gate)."""
    states = {row.state for row in applicable if row.criticality == "critical"}
    if states & {"not_met", "unanswered"}:
        return "not_passed"
    return "passed_with_conditions" if states - {"met"} else "passed"


def _result(
    rules: Mapping[str, Any],
    gate: str,
    overall: Mapping[str, Any],
    lowest: Mapping[str, Any] | None,
    majors: tuple[int, int],
    levels: Sequence[int],
) -> str:
    """The first that matches, the worst first (content, scoring.calculated_results)."""
    limits = rules["scoring"]["limits"]
    total = 100 * _fraction(overall)
    part = 100 * _fraction(lowest["score"]) if lowest else Fraction(100)
    incomplete, applicable = majors
    if gate == "not_passed" or set(levels) & set(limits["hazard_levels_gate"]):
        return "gate_not_passed"
    if total < _limit(rules, "overall_low") or part < _limit(rules, "part_low"):
        return "thresholds_not_reached"
    conditions = (
        gate != "passed",
        total < _limit(rules, "overall_full"),
        part < _limit(rules, "part_full"),
        incomplete > _limit(rules, "incomplete_major_share_max") * applicable,
        bool(set(levels) & set(limits["hazard_levels_conditions"])),
    )
    return "reached_with_conditions" if any(conditions) else "thresholds_reached"


def _limit(rules: Mapping[str, Any], name: str) -> Fraction:
    value = rules["scoring"]["limits"][name]
    return _fraction(value) if isinstance(value, Mapping) else Fraction(value)


def _fraction(value: Mapping[str, Any]) -> Fraction:
    return Fraction(value["numerator"], value["denominator"])


def _permitted(rules: Mapping[str, Any], result: str, *, live: bool) -> list[str]:
    """What may be decided; stage "pre" has its own words unless the tool is live (decisions.stage_groups)."""
    before = rules["questionnaire"]["stages"] == ["pre"] and not live
    return list(rules["decisions"]["permitted_decisions"][result]["pre" if before else "in_use"])


def _interim_only(rules: Mapping[str, Any], result: str, *, triggers: Sequence[str], live: bool) -> list[str]:
    """What an interim continuation may decide; a change that is planned and not yet live has none."""
    planned = bool(triggers) and set(triggers) <= set(rules["questionnaire"]["planned_change_triggers"])
    table = rules["decisions"]["permitted_decisions"][result]
    return list(table.get("in_use_interim_only", [])) if live and not planned else []


def _findings(
    rules: Mapping[str, Any], applicable: Iterable[_Answered], *, live: bool, submitted: date
) -> list[dict[str, Any]]:
    """One for each gap that the content's priorities open, the most urgent priority first."""
    found = []
    for priority in rules["findings"]["priorities"]:
        opened = {(rule["criticality"], state) for rule in priority["opened_by"] for state in rule["answers"]}
        days = priority["due_days_in_use"] if live else priority["due_days_pre"]
        due = priority["due_pre"] if days is None else (submitted + timedelta(days=days)).isoformat()
        for row in applicable:
            if (row.criticality, row.state) in opened:
                found.append({"check": row.code, "answer": row.state, "priority": priority["id"], "due": due})
    return found
