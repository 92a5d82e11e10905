"""Two audits beside each other: what a person found by hand, and laws that hold for any two."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from auditapp.tracking.comparison import Comparison, Moved, Points, Side, compare
from tests.tracking.frozen_submissions import EXPECTED, HALF_POINTS, SCORING, VERSIONS, frozen, submission


def compared(pair: str) -> Comparison:
    before, after = (Side(frozen(int(number)), SCORING) for number in pair.split(" to "))
    return compare(before, after, VERSIONS["successors"])


@pytest.mark.parametrize("pair", EXPECTED)
def test_what_differs_is_what_a_person_wrote_down(pair: str) -> None:
    found, expected = compared(pair), EXPECTED[pair]
    assert [[row.code, row.before.state, row.after.state] for row in found.changed] == expected["changed"]
    assert {row.code: row.reworded for row in found.reworded} == expected["reworded"]
    assert {row.code: row.reworded for row in found.changed if row.reworded} == expected["reworded_and_changed"]
    assert {row.code: [heir.code for heir in row.after] for row in found.split} == expected["split"]
    assert [row.code for row in found.new] == expected["new"]
    assert [row.code for row in found.dropped] == expected["dropped"]
    assert [row.code for row in found.unchanged] == expected["unchanged"]


@pytest.mark.parametrize("part", ["overall", "function", "system"])
@pytest.mark.parametrize("pair", EXPECTED)
def test_what_moved_a_score_is_what_a_person_worked_out(pair: str, part: str) -> None:
    found, expected = compared(pair), EXPECTED[pair][part]
    moved = found.overall if part == "overall" else next(row for row in found.domains if row.code == part)
    assert moved is not None
    assert [f"{points.reached}/{points.possible}" for points in (moved.before, moved.after)] == [
        expected["before"],
        expected["after"],
    ]
    assert moved.difference == Fraction(expected["difference"])
    causes = [[cause.code, cause.kind, cause.share * expected["over"]] for cause in moved.causes]
    assert sorted(causes) == sorted(expected["causes"])
    assert [abs(share) for _code, _kind, share in causes] == [abs(share) for *_, share in expected["causes"]]


def test_a_check_that_moved_to_another_check_is_neither_new_nor_dropped() -> None:
    found = compared("2 to 3")
    assert [row.is_split for row in found.split] == [False, True]
    assert not {"ill-02", "ill-03"} & {row.code for row in [*found.new, *found.dropped]}


def test_what_the_profile_excluded_says_so() -> None:
    facts = frozen(2) | {"excluded": [{"code": "mon-03", "because": ["Learns from its use: no"]}]}
    found = compare(Side(facts, SCORING), Side(frozen(3), SCORING), VERSIONS["successors"])
    assert [(row.code, row.because) for row in found.new] == [("mon-03", ["Learns from its use: no"])]


def test_a_check_merged_into_one_that_was_asked_already_is_dropped_and_names_it() -> None:
    found = compare(Side(frozen(2), SCORING), Side(frozen(3), SCORING), {"cyb-02": ["cyb-03"]})
    assert [(row.code, row.instead) for row in found.dropped if row.code == "cyb-02"] == [("cyb-02", ["cyb-03"])]


def test_a_circle_of_successors_ends() -> None:
    found = compare(Side(frozen(1), SCORING), Side(frozen(2), SCORING), {"cyb-01": ["cyb-03"], "cyb-03": ["cyb-01"]})
    assert [row.code for row in found.split] == ["cyb-01"]


slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
CODES = [f"hal-{n:02d}" for n in range(1, 5)] + [f"mon-{n:02d}" for n in range(1, 5)]
STATES = [*HALF_POINTS, "not_applicable"]


@st.composite
def submissions(draw: st.DrawFn) -> dict[str, Any]:
    """Any questionnaire over a few checks, any criticality and category of each, any answers."""
    asked = draw(st.lists(st.sampled_from(CODES), min_size=1, unique=True))
    categories: dict[str, list[list[str]]] = {}
    for code in asked:
        criticality, words = draw(st.sampled_from(["critical", "major", "minor"])), draw(st.sampled_from("ab"))
        categories.setdefault(draw(st.sampled_from(["hal", "mon"])), []).append([code, criticality, words])
    answers = {code: draw(st.sampled_from(STATES)) for code in asked}
    assume(set(answers.values()) != {"not_applicable"})
    return submission(categories, answers, {"function": ["hal"], "system": ["mon"]})


weights = st.fixed_dictionaries({name: st.integers(1, 5) for name in ("critical", "major", "minor")})


@slowly
@given(submissions(), submissions(), weights)
def test_the_checks_account_for_the_difference_exactly(
    before: dict[str, Any], after: dict[str, Any], weights: dict[str, int]
) -> None:
    other = scored_by(after, weights)
    found = compare(Side(before, SCORING), Side(other, {"weights": weights, "half_points": HALF_POINTS}), {})
    assert found.overall is not None
    for moved in (found.overall, *found.domains):
        if moved.difference is not None:
            assert sum((cause.share for cause in moved.causes), Fraction(0)) == moved.difference


@slowly
@given(submissions(), submissions())
def test_the_other_way_round_everything_is_the_opposite(before: dict[str, Any], after: dict[str, Any]) -> None:
    one, two = Side(before, SCORING), Side(after, SCORING)
    there, back = compare(one, two, {}), compare(two, one, {})
    assert {row.code for row in there.new} == {row.code for row in back.dropped}
    assert {row.code for row in there.changed} == {row.code for row in back.changed}
    assert (there.worse, there.better) == (back.better, back.worse)
    assert totals(there.overall) == {code: -share for code, share in totals(back.overall).items()}


@slowly
@given(submissions(), submissions())
def test_every_check_has_one_place(before: dict[str, Any], after: dict[str, Any]) -> None:
    one, two = Side(before, SCORING), Side(after, SCORING)
    found = compare(one, two, {"hal-01": ["hal-02", "mon-01"], "mon-02": ["mon-03"], "mon-04": ["mon-03"]})
    both = [row.code for row in [*found.changed, *found.reworded, *found.unchanged]]
    heirs = {heir.code for row in found.split for heir in row.after}
    alone = [row.code for row in [*found.new, *found.dropped]]
    assert len(set(both)) == len(both)
    assert set(both) == set(one.asked) & set(two.asked)
    assert sorted([*alone, *(row.code for row in found.split), *heirs]) == sorted(set(one.asked) ^ set(two.asked))


@slowly
@given(submissions())
def test_an_audit_does_not_differ_from_itself(facts: dict[str, Any]) -> None:
    side = Side(facts, SCORING)
    found = compare(side, side, {})
    assert len(found.unchanged) == len(side.asked)
    assert found.overall is not None
    assert (found.overall.difference, found.overall.causes) == (0, [])


def totals(moved: Moved | None) -> dict[str, Fraction]:
    """Each check's whole share: the steps between weight and answer are taken in the order of the two audits."""
    found: dict[str, Fraction] = {}
    for cause in moved.causes if moved else []:
        found[cause.code] = found.get(cause.code, Fraction(0)) + cause.share
    return {code: share for code, share in found.items() if share}


def scored_by(facts: dict[str, Any], weights: dict[str, int]) -> dict[str, Any]:
    """The same answers under other weights."""
    side = Side(facts, {"weights": weights, "half_points": HALF_POINTS})

    def score(domain: str) -> dict[str, int] | None:
        rows = [row for row in side.asked.values() if domain in ("", row.domain)]
        each = [side.points(row.criticality, row.state) for row in rows]
        total = Points(sum(points.reached for points in each), sum(points.possible for points in each))
        return {"numerator": total.reached, "denominator": total.possible} if total.possible else None

    domains = [row | {"score": score(row["code"])} for row in facts["result"]["domains"]]
    return facts | {"result": {"overall": score(""), "domains": domains}}
