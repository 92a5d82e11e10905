"""How much work a rule makes, counted in steps of backtracking and not in seconds.

A small matcher that tries what Python's own tries, in the same order, and counts. It knows what the table of rules
uses of regular expressions and refuses the rest.
"""

import re
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from auditapp.identifiers.rules import WINDOW, Rule


class Counting:
    """One pattern on one text; `steps` is how often an element of the pattern was tried at a place."""

    def __init__(self, pattern: str, text: str, *, ignore_case: bool = False) -> None:
        self.nodes = list(_parser.parse(pattern))
        self.ignore_case = ignore_case
        self.text = text
        self.steps = 0

    def matches(self) -> Iterator[tuple[int, int]]:
        """As `finditer`: places that do not overlap, from left to right."""
        at = 0
        while at <= len(self.text):
            end = next(self._all(self.nodes, at), None)
            if end is None:
                at += 1
            else:
                yield at, end
                at = max(end, at + 1)

    def search(self) -> bool:
        return next(self.matches(), None) is not None

    def _all(self, nodes: Any, at: int, first: int = 0) -> Iterator[int]:
        if first == len(nodes):
            yield at
            return
        for end in self._one(nodes[first], at):
            yield from self._all(nodes, end, first + 1)

    def _one(self, node: Any, at: int) -> Iterator[int]:
        self.steps += 1
        kind, about = str(node[0]), node[1]
        if kind in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
            if at < len(self.text) and self._fits(kind, about, self.text[at]):
                yield at + 1
        elif kind == "BRANCH":
            for way in about[1]:
                yield from self._all(list(way), at)
        elif kind == "SUBPATTERN":
            yield from self._all(list(about[3]), at)
        elif kind == "MAX_REPEAT":
            yield from self._repeat(about[0], int(about[1]), list(about[2]), at)
        elif kind in {"ASSERT", "ASSERT_NOT"}:
            if self._stands(about[0], about[1], at) == (kind == "ASSERT"):
                yield at
        elif kind == "AT":
            if self._is_at(str(about), at):
                yield at
        else:
            raise NotImplementedError(kind)

    def _repeat(self, least: int, most: int, nodes: Any, at: int) -> Iterator[int]:
        if most:
            for end in self._all(nodes, at):
                if end > at:
                    yield from self._repeat(max(0, least - 1), most - 1, nodes, end)
        if not least:
            yield at

    def _stands(self, direction: int, nodes: Any, at: int) -> bool:
        if direction > 0:
            return next(self._all(list(nodes), at), None) is not None
        start = at - nodes.getwidth()[0]
        return start >= 0 and at in self._all(list(nodes), start)

    def _is_at(self, where: str, at: int) -> bool:
        if where == "AT_END_STRING":
            return at == len(self.text)
        sides = [side.isalnum() or side == "_" for side in (self.text[at - 1 : at], self.text[at : at + 1])]
        return (sides[0] != sides[1]) == (where == "AT_BOUNDARY")

    def _fits(self, kind: str, about: Any, sign: str) -> bool:
        if kind == "ANY":
            return sign != "\n"
        if kind == "IN":
            negate = str(about[0][0]) == "NEGATE"
            return any(self._is(item, sign) for item in about[negate:]) != negate
        return self._is(("LITERAL", about), sign) == (kind == "LITERAL")

    def _is(self, item: Any, sign: str) -> bool:
        kind, about = str(item[0]), item[1]
        if kind == "CATEGORY":
            return bool(re.match({"CATEGORY_WORD": r"\w", "CATEGORY_DIGIT": r"\d"}[str(about)], sign))
        low, high = (about, about) if kind == "LITERAL" else about
        signs = {sign, sign.lower(), sign.upper()} if self.ignore_case else {sign}
        return any(low <= ord(one) <= high for one in signs if len(one) == 1)


def steps_of(rule: Rule, text: str) -> int:
    """What looking through a text for one rule costs, with what is read around each match."""
    pattern = Counting(rule.pattern, text)
    around = 0
    for start, end in pattern.matches():
        before, after = text[max(0, start - WINDOW) : start], text[end : end + WINDOW]
        for beside, where in ((rule.unless, before), (rule.before, before), (rule.after, after)):
            if beside:
                reading = Counting(beside, where, ignore_case=True)
                reading.search()
                around += reading.steps
    return pattern.steps + around


def repeats(pattern: str) -> list[Any]:
    """The upper bound of every repetition in a pattern."""
    found: list[Any] = []

    def walk(nodes: Any) -> None:
        for kind, about in nodes:
            if str(kind) in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
                found.append(about[1])
                walk(about[2])
            elif str(kind) == "SUBPATTERN":
                walk(about[3])
            elif str(kind) == "BRANCH":
                for way in about[1]:
                    walk(way)
            elif str(kind) in {"ASSERT", "ASSERT_NOT"}:
                walk(about[1])

    walk(_parser.parse(pattern))
    return found
