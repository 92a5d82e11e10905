"""What a reviewer should look at first in a frozen submission, and what can wait. Pure: reads frozen facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

GAPS = {"partial", "not_met", "unanswered"}


@dataclass
class Judged:
    """One frozen question with what bears on the judgement."""

    question: dict[str, Any]  # an entry of facts["categories"][n]["questions"]
    category: str
    changed: str = ""  # since the last round
    before: Any = None  # the answer of the last issued audit, where its state was another one
    finding: Any = None
    typed: str = ""  # a reason to return it, as typed and not yet taken

    @property
    def state(self) -> str:
        return self.question["answer"]["state"] if self.question["answer"] else "unanswered"

    @property
    def inherits(self) -> bool:
        """Whether it was taken over from what is answered for the whole hospital."""
        return bool(self.question["answer"] and self.question["answer"].get("inherited"))

    @property
    def deviates(self) -> bool:
        """Whether it is answered otherwise than for the whole hospital."""
        return bool(self.question["answer"] and self.question["answer"].get("deviation"))

    @property
    def critical(self) -> bool:
        return self.question["criticality"] == "critical"


# In this order; a question stands in the first group that it belongs to.
GROUPS: list[tuple[str, Callable[[Judged], bool]]] = [
    ("critical_gaps", lambda item: item.critical and item.state in GAPS | {"unevidenced"}),
    ("critical_not_applicable", lambda item: item.critical and item.state == "not_applicable"),
    ("unevidenced", lambda item: item.state == "unevidenced"),
    ("standing", lambda item: item.inherits or item.deviates),
    ("changed", lambda item: bool(item.changed or item.before)),
    ("gaps", lambda item: item.state in GAPS),
]


def judged(
    facts: Mapping[str, Any],
    *,
    earlier: Mapping[str, Any] | None,
    last: Mapping[str, Any],
    findings: Mapping[str, Any],
    typed: Callable[[str], str],
    without_evidence: str,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """([{"title", "why", "items"}], the same of what needs no judgement first, by category).

    `earlier` are the facts of the round before; `last` and `findings` map codes to the answer of the last issued audit
    (with `state`) and to the finding that this round raised; `without_evidence` is what an unevidenced "met" scores.
    """
    before = {q["code"]: q for c in earlier["categories"] for q in c["questions"]} if earlier else {}
    items = []
    for category in facts["categories"]:
        for question in category["questions"]:
            code = question["code"]
            item = Judged(question, category["title"], finding=findings.get(code), typed=typed(code))
            if code in before and said(question) != said(before[code]):
                item.changed = _("Changed since round %(round)s") % {"round": facts["audit"]["round"] - 1}
            if code in last and last[code].state != item.state:
                item.before = last[code]
            items.append(item)
    return _grouped(items, without_evidence), _folded(items)


def said(question: Mapping[str, Any]) -> tuple[Any, Any]:
    """What was answered and on which evidence, without who and when: two of these are compared."""
    answer = {
        key: value
        for key, value in (question["answer"] or {}).items()
        if key not in {"by", "at", "revision", "carried_from"}
    }
    return answer, [(item["title"], item["sha256"], item["url"]) for item in question["evidence"]]


def _group_of(item: Judged) -> str:
    return next((name for name, belongs in GROUPS if belongs(item)), "")


def _grouped(items: list[Judged], without_evidence: str) -> list[dict[str, Any]]:
    groups = ({"title": title, "why": why, "items": [i for i in items if _group_of(i) == name]}
              for name, (title, why) in _titles(without_evidence).items())  # fmt: skip
    return [group for group in groups if group["items"]]


def _folded(items: list[Judged]) -> list[dict[str, Any]]:
    rest: dict[str, list[Judged]] = {}
    for item in items:
        if not _group_of(item):
            rest.setdefault(item.category, []).append(item)
    return [{"title": title, "items": found} for title, found in rest.items()]


def _titles(without_evidence: str) -> dict[str, tuple[str, str]]:
    return {
        "critical_gaps": (
            _("Critical and not fully met"),
            _("Each of these decides on the critical gate."),
        ),
        "critical_not_applicable": (
            _("Critical and answered as not applicable"),
            _("Each of these takes a question out of the critical gate."),
        ),
        "unevidenced": (
            _("Met, without evidence"),
            _("Each of these scores %(points)s instead of 1.") % {"points": without_evidence},
        ),
        "standing": (
            _("Inherited from the hospital, or deviating from it"),
            _("Somebody answered these once for the whole hospital. Judge whether that holds for this deployment."),
        ),
        "changed": (_("Changed"), _("Answered differently than in the last round, or than last time.")),
        "gaps": (_("Not or only partly met"), _("Major and minor questions with a gap.")),
    }
