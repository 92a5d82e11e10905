"""Which checks apply to a profile, and why the others do not. Pure: no database.

Grammar (content file, applicability.grammar): "always", or a mapping with "all" and/or "any" lists of fact
ids, "autonomy_level>=N" or "autonomy_level<=N". Every "all" item must hold and, if "any" is present, at least
one of its items.
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from auditapp.deployments.profile import Fact, spoken

LEVEL = re.compile(r"([a-z_]+)(>=|<=)(\d+)")


class Conditional(Protocol):
    """What a check must have for these rules: a question, or anything like it."""

    code: str
    criticality: str
    applies_when: Any


def holds(item: str, profile: Mapping[str, Any]) -> bool:
    """Whether one condition is true of the profile; a fact it lacks is false, a level it lacks is 0."""
    level = LEVEL.fullmatch(item)
    if level is None:
        return bool(profile.get(item))
    value, limit = int(profile.get(level[1], 0)), int(level[3])
    return value >= limit if level[2] == ">=" else value <= limit


def applies(applies_when: Any, profile: Mapping[str, Any]) -> bool:
    """Whether a check with this condition is asked of this profile."""
    if applies_when == "always":
        return True
    every, some = applies_when.get("all", []), applies_when.get("any", [])
    return all(holds(item, profile) for item in every) and (not some or any(holds(item, profile) for item in some))


def unknown_in(applies_when: Any, facts: Iterable[Fact]) -> list[str]:
    """The items of a condition that name no fact of the profile, or that treat a level as a yes or no."""
    if applies_when == "always":
        return []
    kinds = {fact.id: fact.is_level for fact in facts}
    return [item for items in applies_when.values() for item in items if not _is_known(item, kinds)]


def _is_known(item: str, kinds: Mapping[str, bool]) -> bool:
    level = LEVEL.fullmatch(item)
    return kinds.get(level[1]) is True if level else kinds.get(item) is False


def can_hold(applies_when: Any, facts: Iterable[Fact]) -> bool:
    """Whether any profile meets a condition: only levels can exclude each other, a yes or no never does."""
    facts = tuple(facts)
    levels = [fact for fact in facts if fact.is_level]
    yes = {fact.id: True for fact in facts if not fact.is_level}
    worlds = itertools.product(*(fact.values for fact in levels))
    names = [fact.id for fact in levels]
    return any(applies(applies_when, yes | dict(zip(names, values, strict=True))) for values in worlds)


def why_not(applies_when: Any, profile: Mapping[str, Any], facts: Iterable[Fact]) -> list[str]:
    """The facts of the profile that keep a check from being asked, in words; empty when it is asked.

    Of an "any" list all items are named, since each of them would have sufficed.
    """
    if applies(applies_when, profile):
        return []
    some = applies_when.get("any", [])
    failed = [item for item in applies_when.get("all", []) if not holds(item, profile)]
    if some and not any(holds(item, profile) for item in some):
        failed += some
    known = {fact.id: fact for fact in facts}
    return list(dict.fromkeys(_reason(item, profile, known) for item in failed))


def _reason(item: str, profile: Mapping[str, Any], facts: Mapping[str, Fact]) -> str:
    level = LEVEL.fullmatch(item)
    if level is None:
        return spoken(facts[item], bool(profile.get(item)))
    bound = "or higher" if level[2] == ">=" else "or lower"
    return f"{spoken(facts[level[1]], profile.get(level[1], 0))} (asked at level {level[3]} {bound})"


def in_words(applies_when: Any, facts: Iterable[Fact]) -> list[list[str]]:
    """The condition as lines for reading, each a list of alternatives; no lines means that it always applies.

    All lines must hold; within a line one alternative is enough.
    """
    if applies_when == "always":
        return []
    known = {fact.id: fact for fact in facts}
    lines = [[_condition(item, known)] for item in applies_when.get("all", [])]
    if some := applies_when.get("any"):
        lines.append([_condition(item, known) for item in some])
    return lines


def _condition(item: str, facts: Mapping[str, Fact]) -> str:
    level = LEVEL.fullmatch(item)
    if level is None:
        return facts[item].label
    return f"{facts[level[1]].label} {level[3]} {'or higher' if level[2] == '>=' else 'or lower'}"


def critical_checks_removed_by(
    fact: Fact, questions: Sequence[Conditional], facts: Iterable[Fact]
) -> dict[Any, list[str]]:
    """The critical checks that each value of a fact removes by itself, whatever the other facts are.

    Worked out in the most demanding profiles that have the value: all other booleans yes, each level tried.
    Returns {False: ["cal-01"]} or, for levels, {0: ["aut-02"], 1: [...], 2: [...], 3: [...]}.
    """
    facts = tuple(facts)
    critical = [question for question in questions if question.criticality == "critical"]

    def askable(value: Any) -> set[str]:
        worlds = _most_demanding(fact, value, facts)
        return {q.code for q in critical if any(applies(q.applies_when, world) for world in worlds)}

    by_value = {value: askable(value) for value in fact.values}
    reachable = set().union(*by_value.values())
    values = fact.values if fact.is_level else [False]
    return {value: [q.code for q in critical if q.code in reachable - by_value[value]] for value in values}


def _most_demanding(fixed: Fact, value: Any, facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """Profiles with one fact fixed, the other booleans yes, and every combination of the other levels."""
    worlds: list[dict[str, Any]] = [{f.id: True for f in facts if not f.is_level}]
    for level in (f for f in facts if f.is_level and f.id != fixed.id):
        worlds = [{**world, level.id: n} for world in worlds for n in level.values]
    return [{**world, fixed.id: value} for world in worlds]


def critical_checks_removed(profile: Mapping[str, Any], questions: Iterable[Conditional]) -> list[str]:
    """All critical checks that the whole profile removes, for the person who confirms it."""
    return [q.code for q in questions if q.criticality == "critical" and not applies(q.applies_when, profile)]
