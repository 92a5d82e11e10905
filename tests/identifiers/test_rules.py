"""Each rule finds its example and leaves its counter-example, however a text is written and however long it is."""

import pytest
import yaml

from auditapp.identifiers import checks
from auditapp.identifiers.looking import digest_of, found_in, found_in_fields, without
from auditapp.identifiers.rules import RULES, Rule
from tests.identifiers.steps import Counting, repeats, steps_of
from tests.test_house_rules import ROOT


def name_of(rule: Rule) -> str:
    return f"{rule.code}-{RULES.index(rule)}"


def codes(text: str) -> list[str]:
    return [found.rule.code for found in found_in(text)]


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_a_rule_finds_its_example_and_not_its_counter_example(rule: Rule) -> None:
    assert rule in [found.rule for found in found_in(rule.example)]
    assert codes(rule.counter_example) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("999 000 0018", "nhs_number"),
        ("999-000-0018", "nhs_number"),
        ("9990000018", "nhs_number"),
        ("999\u00a0000\u00a00018", "nhs_number"),  # as word processors space it
        ("999\u2011000\u20110018", "nhs_number"),  # and as they join it
        ("９９９ ０００ ００１８", "nhs_number"),
        ("discharge_9990000018.pdf", "nhs_number"),
        ("999 000 0028", ""),  # the check digit is wrong
        ("999 999 9999", ""),  # right, and a placeholder
        ("ISBN 9990000018", ""),
        ("A-9990000018", ""),
        ("99900000180", ""),
        ("219-09-9999", "us_ssn"),
        ("000-12-3456", ""),
        ("666-12-3456", ""),
        ("900-12-3456", ""),
        ("219-00-3456", ""),
        ("219-12-0000", ""),
        ("MRN 4471", ""),
        ("hospital number: Z5519034", "record_number"),
        ("DOB 30/02/1951", ""),  # no such day
        ("DOB 02/30/1951", ""),
        ("DOB 12/31/1951", "date_of_birth"),  # month first
        ("born 29 February 2016", "date_of_birth"),
        ("14/03/1962 (DOB)", "date_of_birth"),
        ("no.reply@vendor.example", ""),
        ("northshire@northshire.example", ""),
        ("+44 (0)7700 900142", "phone"),
        ("the ward of the patient, help desk 01632 960142", ""),
        ("the help desk gave the patient's 01632 960142", "phone"),
        ("Mrs O'Dowd was discharged", "patient_name"),
        ("Mrs O'Dowd wrote the policy", ""),
    ],
)
def test_what_is_found_and_what_is_not(text: str, found: str) -> None:
    assert codes(text) == ([found] if found else [])


def test_the_check_of_an_nhs_number_is_that_of_its_standard() -> None:
    right = [last for last in range(10) if checks.is_nhs_number(f"999000001{last}")]
    assert right == [8]
    assert not any(checks.is_nhs_number(f"999000000{last}") for last in range(10))  # its check would be ten


def test_two_rules_never_find_the_same_characters() -> None:
    (found,) = found_in("hospital number 999 000 0018")
    assert found.rule.code == "nhs_number"


def test_a_passage_is_shown_with_what_stands_around_it() -> None:
    text = "x" * 100 + " for 999 000 0018, discharged " + "y" * 100
    (found,) = found_in(text)
    assert (found.text, len(found.before), len(found.after)) == ("999 000 0018", 40, 40)
    assert found.before + found.text + found.after in text


def test_a_passage_is_remembered_by_a_digest_that_does_not_give_it_away(settings: object) -> None:
    (spaced,), (joined,), (other,) = found_in("999 000 0018"), found_in("9990000018"), found_in("999 000 0026")
    assert spaced.digest == joined.digest != other.digest
    assert "0018" not in spaced.digest
    before = joined.digest
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
    assert joined.digest != before


def test_what_somebody_has_answered_for_is_left_out() -> None:
    found = found_in_fields({"note": "999 000 0018 and 999 000 0026", "gap": "nothing", "due": None})
    first, second = found["note"]
    assert without(found, [first.digest]) == {"note": [second]}
    assert without(found, [first.digest, second.digest]) == {}
    assert digest_of([first, second]) == digest_of([second, first, first]) != digest_of([first])


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_every_repetition_in_a_rule_has_an_end(rule: Rule) -> None:
    for pattern in (rule.pattern, rule.before, rule.after, rule.unless):
        assert max(map(int, repeats(pattern)), default=0) <= 64


HOSTILE = [
    "0", "0 ", "0-", "9990000018 ", "07700 900142 ", "+44 ", "(555) ", "a", "a.", "a@", "a@a.", "a.a@a.a.a ", "1/1/",
    "01/01/2001", "DOB ", "born 1 May 19", "Mr A", "Mrs Aa Aa ", "patient ", "patient Aa ", "MRN", "MRN 12345 ", "her ",
    "her 01632 960142 ", "2001-01-", "219-09-9999 ", "\u00a0", "Aa",
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_twice_as_long_a_text_makes_no_more_than_twice_the_work(rule: Rule) -> None:
    """Long before a text is as long as a card may hold, the steps per character are what they stay."""
    for piece in HOSTILE:
        short, long = (steps_of(rule, (piece * length)[:length]) for length in (400, 800))
        assert long <= 2.3 * short, (piece, short, long)
        assert long <= 3000 * 800, (piece, long)


def test_the_counting_of_steps_notices_what_it_is_there_for() -> None:
    steps = []
    for length in (10, 14):
        counting = Counting(r"(?:a{1,50}){1,50}b", "a" * length)
        counting.search()
        steps.append(counting.steps)
    assert steps[1] > 10 * steps[0]


def strings_of(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list) else []
    return [text for part in parts for text in strings_of(part)]


def test_no_question_and_no_text_of_the_demonstration_looks_like_patient_data() -> None:
    """But the addresses by which the demonstration calls its people, which are those of persons."""
    texts = [
        text for path in (ROOT / "fixtures").rglob("*.yaml") for text in strings_of(yaml.safe_load(path.read_text()))
    ]
    assert len(texts) > 5000
    found = {(passage.rule.code, text) for text in texts for passage in found_in(text)}
    assert [text for rule, text in found if rule != "email" or not text.endswith(".example")] == []
