"""Agreement of two readers: an example worked by hand, and what holds whatever they answered."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditapp.audits.agreement import agreement

VERDICTS = st.sampled_from(["met", "partial", "not_met", "not_applicable"])
PAIRS = st.lists(st.tuples(VERDICTS, VERDICTS), max_size=60)


def table(counts: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    return [pair for pair, n in counts.items() for _ in range(n)]


def test_the_textbook_example_of_fifty_proposals() -> None:
    """Two readers, yes or no: 20 and 15 the same, 5 and 10 not; po 0.7, pe 0.5, kappa 0.4."""
    found = agreement(table({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}))
    assert (found.n, found.same, found.percent) == (50, 35, "70.0")
    assert found.kappa == Fraction(2, 5)
    assert found.kappa_shown == "0.40"


@pytest.mark.parametrize(
    ("counts", "kappa"),
    [
        ({("met", "met"): 45, ("met", "not_met"): 15, ("not_met", "met"): 25, ("not_met", "not_met"): 15}, "0.13"),
        ({("met", "met"): 25, ("met", "not_met"): 35, ("not_met", "met"): 5, ("not_met", "not_met"): 35}, "0.26"),
        ({("met", "not_met"): 1, ("not_met", "met"): 1}, "-1.00"),
        ({("met", "met"): 1, ("not_met", "not_met"): 1}, "1.00"),
    ],
)
def test_other_tables(counts: dict[tuple[str, str], int], kappa: str) -> None:
    assert agreement(table(counts)).kappa_shown == kappa


@pytest.mark.parametrize("pairs", [[], [("met", "met")], [("met", "met")] * 7])
def test_where_chance_alone_explains_all_it_is_not_defined(pairs: list[tuple[str, str]]) -> None:
    assert agreement(pairs).kappa is None
    assert agreement(pairs).kappa_shown == "–"


@given(PAIRS)
def test_it_lies_between_minus_one_and_one(pairs: list[tuple[str, str]]) -> None:
    kappa = agreement(pairs).kappa
    assert kappa is None or -1 <= kappa <= 1


@given(PAIRS)
def test_it_is_one_exactly_when_all_agree(pairs: list[tuple[str, str]]) -> None:
    found = agreement(pairs)
    if found.kappa is not None:
        assert (found.kappa == 1) == (found.same == found.n)


@given(PAIRS)
def test_the_two_readers_can_change_places(pairs: list[tuple[str, str]]) -> None:
    assert agreement(pairs) == agreement([(second, first) for first, second in pairs])


@given(PAIRS, st.integers(min_value=2, max_value=4))
def test_the_same_answers_several_times_change_nothing(pairs: list[tuple[str, str]], times: int) -> None:
    assert agreement(pairs * times).kappa == agreement(pairs).kappa


@given(PAIRS, st.permutations(["met", "partial", "not_met", "not_applicable"]))
def test_the_names_of_the_verdicts_do_not_matter(pairs: list[tuple[str, str]], names: list[str]) -> None:
    other = dict(zip(["met", "partial", "not_met", "not_applicable"], names, strict=True))
    assert agreement([(other[a], other[b]) for a, b in pairs]) == agreement(pairs)
