"""What differs between the contents of two versions, check by check and field by field. No query."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from auditapp.deployments.profile import facts_in
from auditapp.questionnaires.applicability import in_words
from auditapp.questionnaires.display import in_numbers
from auditapp.questionnaires.models.wording import Wording


@dataclass(frozen=True)
class FieldChange:
    """One field that differs: its name for people, and how it reads in both."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Compared:
    """A check that both versions ask, in different words or under different rules."""

    code: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    fields: list[FieldChange]

    @property
    def is_reworded(self) -> bool:
        """Whether the question itself reads differently."""
        return any(change.name == "text" for change in self.fields)


@dataclass(frozen=True)
class Difference:
    """Added and dropped checks as frozen questions with their category's title; changed ones; how many are the same."""

    added: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    changed: list[Compared] = field(default_factory=list)
    reordered: bool = False
    same: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.dropped or self.changed or self.reordered)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """From one frozen content to another, by check code, in the order of the later one."""
    old, new = _questions(before), _questions(after)
    both = [code for code in new if code in old]
    compared = [Compared(code, old[code], new[code], _changes(code, before, after, old, new)) for code in both]
    return Difference(
        added=[new[code] for code in new if code not in old],
        dropped=[old[code] for code in old if code not in new],
        changed=[row for row in compared if row.fields],
        reordered=both != [code for code in old if code in new],
        same=sum(not row.fields for row in compared),
    )


def _questions(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        question["code"]: question | {"category": category["title"]}
        for domain in content["domains"]
        for category in domain["categories"]
        for question in category["questions"]
    }


def _changes(
    code: str, before: Mapping[str, Any], after: Mapping[str, Any], old: dict[str, Any], new: dict[str, Any]
) -> list[FieldChange]:
    was, now = spoken(old[code], before), spoken(new[code], after)
    labels = field_labels()
    return [FieldChange(name, labels[name], was[name], now[name]) for name in labels if was[name] != now[name]]


def field_labels() -> dict[str, str]:
    """What each part of a question is called, in the order in which people read it."""
    return {
        "text": _("Question"),
        "category": _("Category"),
        "criticality": _("Criticality"),
        "guidance": _("Why and how"),
        "expected_evidence": _("What counts as evidence"),
        "applies_when": _("Applies when"),
        "stages": _("When"),
        "scope": _("Scope"),
        "not_applicable_backed_by": _("Instead of a second person’s approval"),
        "criticality_option": _("May be raised"),
        "thresholds": _("Numbers used"),
        "clauses": _("Related clauses"),
        "reason": _("Why it is asked here"),
    }


def spoken(question: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, str]:
    """Each part of a frozen question as one text that people can read."""
    option = question["criticality_option"]
    thresholds = [t for t in content["local_thresholds"] if t["check"] == question["code"]]
    return {
        "text": question["text"],
        "category": question["category"],
        "criticality": str(Wording.Criticality(question["criticality"]).label),
        "guidance": question["guidance"],
        "expected_evidence": question["expected_evidence"],
        "applies_when": condition(question["applies_when"], content),
        "stages": "; ".join(content["stages"].get(stage, stage) for stage in question["stages"]),
        "scope": str(Wording.Scope(question["scope"]).label),
        "not_applicable_backed_by": question["not_applicable_backed_by"],
        "criticality_option": f"{option['criticality']}: {option['offer_when']}" if option else "",
        "thresholds": "\n".join(f"{t['name']}: {in_numbers(t, {})['limit']}" for t in thresholds),
        "clauses": "\n".join(question["clauses"]),
        "reason": question["reason"],
    }


def condition(applies_when: Any, content: Mapping[str, Any]) -> str:
    """A condition as one sentence: "is an LLM and faces patients or clinicians"; "always" where there is none."""
    facts = facts_in(content["applicability"]["profile_facts"])
    lines = in_words(applies_when, facts)
    return _(" and ").join(_(" or ").join(line) for line in lines) if lines else _("always")
