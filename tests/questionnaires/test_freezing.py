"""Frozen content: everything that gives an answer its meaning, exactly, and nothing else."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditapp.questionnaires.canonical import canonical_bytes, digest
from auditapp.questionnaires.freezing import as_written, askable, exact, first_difference, frozen
from auditapp.questionnaires.reading import read
from tests.audits.test_scoring import floats_in
from tests.questionnaires.seeded import content, version

QUESTIONNAIRES = {about["id"]: about for about in content().checks["questionnaires"]}


@pytest.mark.parametrize("code", QUESTIONNAIRES)
def test_frozen_content_holds_no_floating_point_number_and_round_trips(code):
    made = frozen(content(), QUESTIONNAIRES[code])
    assert not list(floats_in(made))
    assert json.loads(canonical_bytes(made)) == made


@pytest.mark.parametrize("code", QUESTIONNAIRES)
def test_frozen_content_says_nothing_of_parts_and_tables_of_the_review(code):
    text = canonical_bytes(frozen(content(), QUESTIONNAIRES[code])).decode()
    assert "body_location" not in text
    assert "review_body" not in text
    assert "Table 1" not in text


@pytest.mark.parametrize("code", QUESTIONNAIRES)
def test_frozen_content_has_all_that_any_selection_could_ask(code):
    made = version(code)
    pool = {q.code for q in made.pool(made.trigger_sets)}
    assert pool == {check["id"] for check in askable(content(), QUESTIONNAIRES[code])}


def test_frozen_content_has_the_titles_of_all_linked_clauses():
    made = version("predeploy-llm")
    titles = {f"{f['code']}:{c['code']}": c["title"] for f in made.content["frameworks"] for c in f["clauses"]}
    linked = {link for question in made.all_questions for link in question.clauses}
    assert set(titles) == linked
    assert all(titles.values())


def test_scores_limits_and_thresholds_are_exact():
    made = version("predeploy-llm").content
    assert made["scoring"]["half_points"] == {
        "met": 2,
        "partial": 1,
        "unevidenced": 1,
        "not_met": 0,
        "unanswered": 0,
    }
    assert made["scoring"]["limits"]["incomplete_major_share_max"] == {"numerator": 1, "denominator": 5}
    assert made["scoring"]["justification_min_characters"] == 20
    thresholds = {(t["check"], t["name"]): t["value"] for t in made["local_thresholds"]}
    assert thresholds["hal-01", "outputs reviewed with their source"] == "100"
    assert thresholds["lan-04", "speech error rate of any group"] == "1.5"


def test_only_thresholds_of_its_own_checks_are_frozen_with_a_version():
    asked = {q.code for q in version("containment-72h").all_questions}
    assert {t["check"] for t in version("containment-72h").content["local_thresholds"]} <= asked


def test_the_digest_does_not_depend_on_when_or_in_which_order_the_files_were_written(folder, edit):
    edit("checks.yaml", "generated: '2026-11-22'", "generated: '2027-01-01'")
    edit("checks.yaml", "    critical: 3\n    major: 2\n", "    major: 2\n    critical: 3\n")
    changed = read(folder)
    about = next(q for q in changed.checks["questionnaires"] if q["id"] == "predeploy-llm")
    assert digest(canonical_bytes(frozen(changed, about))) == version("predeploy-llm").sha256


def test_triggers_keep_their_order_although_canonical_json_sorts_keys():
    listed = list(QUESTIONNAIRES["incident-update-reaudit"]["trigger_sets"])
    triggers = version("incident-update-reaudit").triggers
    assert [t["code"] for t in triggers] == listed
    assert triggers[0] == {
        "code": "model_or_prompt_update",
        "label": "Model or prompt update",
        "planned": True,
    }
    assert [t["code"] for t in triggers if t["planned"]] == [
        "model_or_prompt_update",
        "new_site_population_or_use",
    ]


def test_a_question_names_the_triggers_without_which_it_is_not_asked():
    made = version("incident-update-reaudit")
    questions = {q.code: q for q in made.all_questions}
    assert made.triggers_asking(questions["val-01"]) == []
    assert made.triggers_asking(questions["pri-03"]) == [
        "Model or prompt update",
        "Privacy or security event",
    ]
    assert version("containment-72h").triggers_asking(version("containment-72h").all_questions[0]) == []


def test_stored_bytes_that_are_not_those_of_the_digest_are_never_used():
    made = version("containment-72h")
    forged = type(made)(questionnaire=made.questionnaire, number=1, sha256="0" * 64)
    forged.frozen = made.frozen
    with pytest.raises(ValueError, match="not those of its digest"):
        assert forged.content


@given(st.integers(0, 10**6), st.integers(0, 4))
def test_a_decimal_is_written_as_it_was_read(digits, places):
    value = Fraction(digits, 10**places)
    assert Fraction(as_written(value)) == value
    assert "/" not in as_written(value)
    assert "e" not in as_written(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(1, 5), {"numerator": 1, "denominator": 5}),
        (Fraction(4, 2), 2),
        ({5: [Fraction(3, 2)]}, {"5": [{"numerator": 3, "denominator": 2}]}),
        (None, None),
    ],
)
def test_fractions_become_numerator_and_denominator(value, expected):
    assert exact(value) == expected


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ({"a": [{"code": "x", "t": 1}]}, {"a": [{"code": "x", "t": 2}]}, "a[x].t"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "a[1]"),
        ({"a": [1]}, {"a": [1, 2]}, "a"),
        ({"a": [{"code": "x"}]}, {"a": [{"code": "y"}]}, "a[0].code"),
        ({"a": 1}, {"a": 1, "b": None}, "b"),
        ({"a": {"b": 1}}, {"a": {}}, "a.b"),
    ],
)
def test_the_first_difference_is_named_by_its_path(old, new, where):
    assert first_difference(old, new) == where
