"""Which clauses of the frameworks the checks help to evidence, and which no check names.

A related clause means that evidence for a check may also be useful for that clause. It is never said to be met.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from auditapp.questionnaires.models import Clause, Framework, Question


@dataclass(frozen=True)
class Covered:
    """A framework, each of its clauses with the questions that name it."""

    framework: Framework
    clauses: list[tuple[Clause, list[Question]]]
    applies_here: bool  # in the organisation's jurisdiction: shown first

    @property
    def named(self) -> list[tuple[Clause, list[Question]]]:
        return [(clause, questions) for clause, questions in self.clauses if questions]

    @property
    def uncovered(self) -> list[Clause]:
        return [clause for clause, questions in self.clauses if not questions]

    @property
    def checks(self) -> int:
        """How many checks help with any of its clauses."""
        return len({question.code for _clause, questions in self.clauses for question in questions})


def coverage(
    frameworks: Iterable[Framework], questions: Iterable[Question], *, jurisdiction: str = ""
) -> list[Covered]:
    """One for each framework, those of the jurisdiction first and none left out; clauses are fetched with them."""
    naming: dict[str, list[Question]] = {}
    for question in questions:
        for link in question.clauses:
            naming.setdefault(link, []).append(question)
    found = [
        Covered(
            framework,
            [(clause, naming.get(f"{framework.code}:{clause.code}", [])) for clause in framework.clauses.all()],
            framework.applies_in(jurisdiction),
        )
        for framework in frameworks
    ]
    return sorted(found, key=lambda covered: not covered.applies_here)


def groups(covered: Sequence[Covered]) -> list[dict[str, Any]]:
    """[{"here", "rows"}]: those of the organisation's jurisdiction, then the others; empty groups are left out."""
    both = [(here, [row for row in covered if row.applies_here is here]) for here in (True, False)]
    return [{"here": here, "rows": rows} for here, rows in both if rows]


def totals(covered: Iterable[Covered]) -> dict[str, int]:
    """{"clauses", "named", "uncovered"} over all frameworks."""
    rows = list(covered)
    clauses, named = sum(len(row.clauses) for row in rows), sum(len(row.named) for row in rows)
    return {"clauses": clauses, "named": named, "uncovered": clauses - named}
