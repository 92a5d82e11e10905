"""What differs between two audits, check by check, and which checks moved the score. Pure: frozen facts in, no query.

Facts are the submission layer (docs/facts.md); weights and half points come from the frozen content of the version
that asked. Checks are matched by their code, which never changes; a check that was retired for others is followed to
them. Scores are exact fractions of one: a page multiplies by a hundred and rounds, once, at the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

# What makes up the wording, as facts hold it: a change in any of them is shown.
WORDS = ("text", "guidance", "expected_evidence", "criticality")
# From the worst answer to the best; "not applicable" is neither.
RANKS = {"unanswered": 0, "not_met": 0, "partial": 1, "unevidenced": 1, "met": 2}
CRITICALITIES = ("critical", "major", "minor")
Successors = Mapping[str, Sequence[str]]  # a retired check -> those asked instead of it


class Points(NamedTuple):
    """Weighted half points of one check or of many: reached, and possible."""

    reached: int = 0
    possible: int = 0

    def __sub__(self, other: "Points") -> "Points":
        return Points(self.reached - other.reached, self.possible - other.possible)

    @property
    def share(self) -> Fraction | None:
        return Fraction(self.reached, self.possible) if self.possible else None


@dataclass(frozen=True)
class Asked:
    """A check as one audit asked and answered it."""

    code: str
    category: str
    domain: str
    question: Mapping[str, Any]  # of the facts, with its answer

    @property
    def state(self) -> str:
        answer = self.question["answer"]
        return answer["state"] if answer else "unanswered"

    @property
    def criticality(self) -> str:
        return self.question["criticality"]

    @property
    def text(self) -> str:
        return self.question["text"]


class Side:
    """One of the two audits: its facts, and the frozen rules by which it was scored."""

    def __init__(self, facts: Mapping[str, Any], scoring: Mapping[str, Any]) -> None:
        self.facts = facts
        self._weights, self._half_points = scoring["weights"], scoring["half_points"]
        self.asked = {
            question["code"]: Asked(question["code"], category["code"], category["domain"], question)
            for category in facts["categories"]
            for question in category["questions"]
        }
        self.excluded = {row["code"]: row["because"] for row in facts["excluded"]}
        self.domains = {row["code"]: row["title"] for row in facts["result"]["domains"]}

    @property
    def result(self) -> Mapping[str, Any]:
        return self.facts["result"]

    @property
    def overall(self) -> Points:
        score = self.result["overall"]
        return Points(score["numerator"], score["denominator"])

    def of_domain(self, code: str) -> Points:
        score = next((row["score"] for row in self.result["domains"] if row["code"] == code), None)
        return Points(score["numerator"], score["denominator"]) if score else Points()

    def points(self, criticality: str, state: str) -> Points:
        """What a check of this criticality with this answer adds by the rules of this side."""
        if state == "not_applicable":
            return Points()
        weight = self._weights[criticality]
        return Points(weight * self._half_points[state], weight * self._half_points["met"])


class Cause(NamedTuple):
    """Why a check moved a score, and by how much of one. The kinds: verdict, weight, new, dropped, moved."""

    code: str
    kind: str
    share: Fraction


@dataclass(frozen=True)
class Moved:
    """A score in both audits, and the checks that account for the difference; together they are exactly it."""

    code: str
    title: str
    before: Points
    after: Points
    causes: list[Cause]

    @property
    def difference(self) -> Fraction | None:
        """None where one of the two has no score."""
        one, other = self.before.share, self.after.share
        return None if one is None or other is None else other - one


@dataclass(frozen=True)
class Both:
    """A check that both audits ask."""

    before: Asked
    after: Asked

    @property
    def code(self) -> str:
        return self.after.code

    @property
    def is_changed(self) -> bool:
        return self.before.state != self.after.state

    @property
    def said(self) -> list[tuple[str, Asked]]:
        return [("before", self.before), ("after", self.after)]

    @property
    def reworded(self) -> list[str]:
        """Which parts of the wording differ."""
        return [name for name in WORDS if self.before.question[name] != self.after.question[name]]

    @property
    def direction(self) -> str:
        """better, worse, or other where "not applicable" or only the evidence differs."""
        one, two = RANKS.get(self.before.state), RANKS.get(self.after.state)
        if one is None or two is None or one == two:
            return "other"
        return "better" if two > one else "worse"


@dataclass(frozen=True)
class Followed:
    """A check that is asked no longer, and those asked instead of it: it was split, or replaced by one."""

    before: Asked
    after: list[Asked]

    @property
    def code(self) -> str:
        return self.before.code

    @property
    def is_split(self) -> bool:
        return len(self.after) > 1


@dataclass(frozen=True)
class Alone:
    """A check that only one of the audits asks, and why the other does not: its profile, or it asks it not at all."""

    asked: Asked
    because: Sequence[str] = ()  # the profile's answers that removed it in the other one
    instead: Sequence[str] = ()  # checks that took its place, which both audits ask

    @property
    def code(self) -> str:
        return self.asked.code


@dataclass(frozen=True)
class Comparison:
    """Everything that differs, what matters most first."""

    before: Side
    after: Side
    changed: list[Both] = field(default_factory=list)
    reworded: list[Both] = field(default_factory=list)
    split: list[Followed] = field(default_factory=list)
    new: list[Alone] = field(default_factory=list)
    dropped: list[Alone] = field(default_factory=list)
    unchanged: list[Both] = field(default_factory=list)
    overall: Moved | None = None
    domains: list[Moved] = field(default_factory=list)

    @property
    def worse(self) -> int:
        return sum(row.direction == "worse" for row in self.changed)

    @property
    def better(self) -> int:
        return sum(row.direction == "better" for row in self.changed)

    def shares(self, *codes: str) -> Fraction:
        """How far these checks together moved the overall score."""
        causes = self.overall.causes if self.overall else []
        return sum((cause.share for cause in causes if cause.code in codes), Fraction(0))


def compare(before: Side, after: Side, successors: Successors) -> Comparison:
    """From one audit to another; the other way round every change and every share is the opposite."""
    both = [Both(before.asked[code], row) for code, row in after.asked.items() if code in before.asked]
    split, taken = _followed(before, after, successors)
    gone = {row.code for row in split}
    changed = sorted((row for row in both if row.is_changed), key=_urgency)
    domains = {**before.domains, **after.domains}
    return Comparison(
        before,
        after,
        changed=changed,
        reworded=[row for row in both if not row.is_changed and row.reworded],
        split=split,
        new=[
            Alone(row, before.excluded.get(code, ()))
            for code, row in after.asked.items()
            if code not in before.asked and code not in taken
        ],
        dropped=[
            Alone(row, after.excluded.get(code, ()), [h for h in _heirs(code, successors) if h in after.asked])
            for code, row in before.asked.items()
            if code not in after.asked and code not in gone
        ],
        unchanged=[row for row in both if not row.is_changed and not row.reworded],
        overall=_moved("", "", before.overall, after.overall, before, after),
        domains=[
            _moved(code, title, before.of_domain(code), after.of_domain(code), before, after)
            for code, title in domains.items()
        ],
    )


def _urgency(row: Both) -> tuple[int, int]:
    """What got worse before what got better, the critical first; within that the order of the questionnaire."""
    order = ("worse", "other", "better")
    return order.index(row.direction), CRITICALITIES.index(row.after.criticality)


def _followed(before: Side, after: Side, successors: Successors) -> tuple[list[Followed], set[str]]:
    """The checks that are asked no longer and live on in others, and the codes of those others."""
    found, taken = [], set()
    for code, row in before.asked.items():
        if code in after.asked:
            continue
        heirs = [h for h in _heirs(code, successors) if h in after.asked and h not in before.asked]
        if heirs:
            found.append(Followed(row, [after.asked[heir] for heir in heirs]))
            taken.update(heirs)
    return found, taken


def _heirs(code: str, successors: Successors) -> list[str]:
    """All that came instead of a check, and instead of those again; each once, in order."""
    found: dict[str, None] = {}
    waiting = list(successors.get(code, ()))
    while waiting:
        heir = waiting.pop(0)
        if heir not in found and heir != code:
            found[heir] = None
            waiting.extend(successors.get(heir, ()))
    return list(found)


def _moved(code: str, title: str, then: Points, now: Points, before: Side, after: Side) -> Moved:
    """A score and what moved it.

    A score is N/D. A check that adds ΔN and ΔD to it moves it, seen from the first audit, by (ΔN - S·ΔD)/D' (S the
    first score, D' the second D); seen from the second by (ΔN - S'·ΔD)/D. Both add up to S' - S exactly, so their mean
    does too, and that one does not depend on which audit is called the first.
    """
    one, other = then.share, now.share
    if one is None or other is None:
        return Moved(code, title, then, now, [])
    causes = []
    for check, kind, change in _changes(code, before, after):
        seen_first = (change.reached - one * change.possible) / now.possible
        seen_second = (change.reached - other * change.possible) / then.possible
        causes.append(Cause(check, kind, (seen_first + seen_second) / 2))
    causes = [cause for cause in causes if cause.share]
    return Moved(code, title, then, now, sorted(causes, key=lambda cause: -abs(cause.share)))


def _changes(domain: str, before: Side, after: Side) -> Iterator[tuple[str, str, Points]]:
    """(check, why, what it adds): of all checks, or of those that one of the audits counts to a domain."""
    for check in [*after.asked, *(code for code in before.asked if code not in after.asked)]:
        old, new = before.asked.get(check), after.asked.get(check)
        was = before.points(old.criticality, old.state) if old and domain in ("", old.domain) else None
        now = after.points(new.criticality, new.state) if new and domain in ("", new.domain) else None
        if was is not None and now is not None and old and new:
            same_answer = after.points(new.criticality, old.state)
            yield check, "weight", same_answer - was
            yield check, "verdict", now - same_answer
        elif now is not None:
            yield check, "moved" if old else "new", now
        elif was is not None:
            yield check, "moved" if new else "dropped", Points() - was
