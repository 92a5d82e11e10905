"""How well the rules do on passages of our own, in which what they should find is marked: «rule:what».

`tuning.txt` was looked at while the rules were written, `held_out.txt` was not: it was written at the same time, put
aside by the hash of each line, and only measured. Every number, name and address in both is invented or reserved.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from auditapp.identifiers.looking import found_in
from auditapp.identifiers.rules import NAMES

HERE = Path(__file__).resolve().parent
HALVES = ("tuning", "held_out")
MARK = re.compile(r"«(\w+):([^»]*)»")


@dataclass(frozen=True)
class Passage:
    """A text, and the (rule, start, end) of what should be found in it."""

    text: str
    marked: frozenset[tuple[str, int, int]]

    @classmethod
    def read(cls, line: str) -> "Passage":
        text, marked, at = "", set(), 0
        for mark in MARK.finditer(line):
            text += line[at : mark.start()]
            marked.add((mark[1], len(text), len(text) + len(mark[2])))
            text, at = text + mark[2], mark.end()
        return cls(text + line[at:], frozenset(marked))


@dataclass
class Score:
    """`right`: marked and found; `missed`: marked and not found; `wrong`: found where nothing of the kind is marked."""

    right: int = 0
    missed: int = 0
    wrong: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.right + other.right, self.missed + other.missed, self.wrong + other.wrong)

    @property
    def precision(self) -> float:
        """How much of what was found is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """How much of what should be found was."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def passages(half: str) -> list[Passage]:
    return [Passage.read(line) for line in (HERE / f"{half}.txt").read_text().splitlines()]


def compared(passage: Passage) -> tuple[set[tuple[str, str]], set[tuple[str, str]], dict[str, Score]]:
    """(missed, wrong, rule -> score): a find counts when it overlaps a mark of its own rule."""
    found = found_in(passage.text)
    scores = {rule: Score() for rule in NAMES}
    missed, wrong = set(), set()
    for rule, start, end in passage.marked:
        if any(f.rule.code == rule and f.start < end and start < f.end for f in found):
            scores[rule].right += 1
        else:
            scores[rule].missed += 1
            missed.add((rule, passage.text[start:end]))
    for f in found:
        if not any(rule == f.rule.code and f.start < end and start < f.end for rule, start, end in passage.marked):
            scores[f.rule.code].wrong += 1
            wrong.add((f.rule.code, f.text))
    return missed, wrong, scores


def measured(half: str) -> dict[str, Score]:
    """Rule -> score over one half of the passages; "all" is their sum."""
    total = {rule: Score() for rule in NAMES}
    for passage in passages(half):
        for rule, score in compared(passage)[2].items():
            total[rule] += score
    return total | {"all": sum(total.values(), Score())}


def table() -> str:
    """The figures as docs/identifiers.md prints them."""
    tuned, unseen = measured("tuning"), measured("held_out")
    lines = [
        "| rule | marked (tuning) | precision | recall | marked (held out) | precision | recall |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for rule in [*NAMES, "all"]:
        name = str(NAMES.get(rule, "**all**"))
        cells = [
            cell
            for score in (tuned[rule], unseen[rule])
            for cell in (str(score.right + score.missed), f"{score.precision:.2f}", f"{score.recall:.2f}")
        ]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines)
