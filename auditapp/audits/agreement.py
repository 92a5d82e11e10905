"""How far two people who answered independently agree: in percent, and beyond chance. Pure: counts and fractions.

Cohen's kappa is (po - pe) / (1 - pe): po is the share of questions on which both gave the same verdict, and pe the
share on which they would by chance, from how often each of them gave each verdict. Source: J. Cohen, A coefficient of
agreement for nominal scales, Educational and Psychological Measurement 20 (1960), 37-46.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Agreement:
    """Of `n` questions both gave the same verdict to `same`."""

    n: int
    same: int
    kappa: Fraction | None  # None: not defined, since both would agree by chance alone (pe is 1), or nothing was asked

    @property
    def percent(self) -> str:
        """One decimal, halves up; nothing for no questions."""
        return _shown(Fraction(100 * self.same, self.n), 1) if self.n else "–"

    @property
    def kappa_shown(self) -> str:
        """Two decimals, halves away from zero; a dash where it is not defined."""
        return "–" if self.kappa is None else _shown(self.kappa, 2)

    @property
    def for_facts(self) -> dict[str, Any]:
        """Texts, since facts hold no floats; null where there is nothing to say."""
        percent = self.percent if self.n else None
        kappa = None if self.kappa is None else self.kappa_shown
        return {"questions": self.n, "same": self.same, "percent": percent, "kappa": kappa}


def agreement(pairs: Iterable[tuple[str, str]]) -> Agreement:
    """Of the verdicts of the first and the second reader, question by question."""
    pairs = list(pairs)
    n, same = len(pairs), sum(first == second for first, second in pairs)
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    by_chance = sum(firsts[verdict] * seconds[verdict] for verdict in firsts)  # pe is this over n squared
    if n * n == by_chance:
        return Agreement(n, same, None)
    return Agreement(n, same, Fraction(n * same - by_chance, n * n - by_chance))


def _shown(value: Fraction, decimals: int) -> str:
    scale: int = 10**decimals
    half_up = (abs(value) * scale * 2 + 1) // 2
    sign = "-" if value < 0 and half_up else ""
    return f"{sign}{half_up // scale}.{half_up % scale:0{decimals}d}"
