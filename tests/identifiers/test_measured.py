"""How well the rules do on our labelled passages: no worse than the floors, and as the documentation says."""

import pytest

from auditapp.identifiers.rules import NAMES, RULES
from tests.identifiers.measuring import HALVES, measured, passages, table
from tests.test_house_rules import ROOT

DOCUMENT = (ROOT / "docs" / "identifiers.md").read_text()

# Rule -> the least (precision, recall) on either half. Names are found by what is said of them, and so less often.
FLOORS = dict.fromkeys(NAMES, (0.9, 0.9)) | {"patient_name": (0.9, 0.65), "all": (0.95, 0.9)}


@pytest.mark.parametrize("half", HALVES)
def test_no_rule_does_worse_than_its_floor(half: str) -> None:
    scores = measured(half)
    worse = {
        rule: (scores[rule].precision, scores[rule].recall)
        for rule, (precision, recall) in FLOORS.items()
        if scores[rule].precision < precision or scores[rule].recall < recall
    }
    assert worse == {}


def test_the_passages_are_many_and_about_half_of_them_hold_nothing() -> None:
    everything = [passage for half in HALVES for passage in passages(half)]
    clean = sum(not passage.marked for passage in everything)
    assert len(everything) >= 300
    assert 0.4 <= clean / len(everything) <= 0.6
    assert not {p.text for p in passages("tuning")} & {p.text for p in passages("held_out")}
    marked = {rule for passage in everything for rule, _start, _end in passage.marked}
    assert marked == set(NAMES)


def test_the_documentation_prints_the_measured_figures() -> None:
    assert table() in DOCUMENT, f"docs/identifiers.md should print\n\n{table()}"


def test_the_documentation_prints_the_table_of_rules() -> None:
    for rule in RULES:
        line = f"| {rule.name} | {rule.looks_for} | {rule.example} | {rule.counter_example} |"
        assert line in DOCUMENT, line
