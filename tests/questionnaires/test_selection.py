"""Which questions are asked of a profile, why others are not, and who signs."""

from pathlib import Path

import pytest

from auditapp.audits import scoring
from auditapp.audits.scoring import Given
from auditapp.deployments.profile import facts
from auditapp.questionnaires.applicability import (
    applies,
    critical_checks_removed,
    critical_checks_removed_by,
    in_words,
    why_not,
)
from auditapp.refusals import Refused
from tests.audits.test_scoring import DAY
from tests.factories import PROFILES
from tests.questionnaires.seeded import content, version

FACTS = facts()
FACT = {fact.id: fact for fact in FACTS}
NAMES = ["ambient scribe", "patient chatbot", "LLM agent", "sepsis model", "imaging triage"]
QUESTIONNAIRES = [about["id"] for about in content().checks["questionnaires"]]


def runs():
    """Each questionnaire with each profile it is meant for, for each trigger alone and for all together."""
    for about in content().checks["questionnaires"]:
        code, meant_for = about["id"], about["defaults"].get("is_llm")
        for name in NAMES:
            profile = PROFILES[name]
            if meant_for is not None and bool(profile.get("is_llm")) != meant_for:
                continue
            triggers = list(version(code).trigger_sets)
            named = [(trigger, [trigger]) for trigger in triggers] + [("all triggers at once", triggers)]
            for label, chosen in named if triggers else [("", [])]:
                yield code, name, profile, label, chosen


def test_every_profile_is_asked_as_many_questions_as_the_content_says():
    lines = []
    for code, name, profile, label, triggers in runs():
        asked = version(code).select(profile, triggers)
        result = scoring.score(
            version(code).rules,
            asked,
            {q.code: Given("met", has_evidence=True) for q in asked},
            triggers=triggers,
            live=code[:9] != "predeploy",
            hazard_levels=[],
            submitted=DAY,
        )["result"]
        critical = sum(q.criticality == "critical" for q in asked)
        line = f"{code:30s} {name:16s} {label:38s} {len(asked):3d} ({critical:2d})  "
        line += f"{result['calculated_result']}  by {result['counted_by']}, "
        lines.append(line + f"{len(result['counted_parts'])} counted")
    expected = (Path(__file__).parent / "expected_sizes.txt").read_text(encoding="utf-8")
    assert "\n".join(lines) + "\n" == expected


@pytest.mark.parametrize("code", QUESTIONNAIRES)
def test_every_question_is_either_asked_or_excluded_with_a_reason(code):
    made = version(code)
    triggers = list(made.trigger_sets)
    for profile in PROFILES.values():
        asked = made.select(profile, triggers)
        excluded = made.excluded(profile, triggers)
        assert {q.code for q in asked}.isdisjoint(q.code for q, _because in excluded)
        assert len(asked) + len(excluded) == len(made.pool(triggers))
        assert all(because for _question, because in excluded)
        places = [made.all_questions.index(q) for q in asked]
        assert places == sorted(places)


def test_an_excluded_question_names_the_facts_that_exclude_it():
    excluded = dict(
        (question.code, because) for question, because in version("predeploy-llm").excluded(PROFILES["sepsis model"])
    )
    assert excluded["hal-01"] == ["Uses a large language or multimodal foundation model: no"]
    assert excluded["hal-05"] == ["Writes text that may enter the record or go to a patient or clinician: no"]
    assert excluded["aut-02"] == ["Autonomy level: 0 (asked at level 2 or higher)"]


def test_of_an_any_list_every_fact_is_named_since_each_would_have_sufficed():
    condition = {"all": ["is_llm"], "any": ["ehr_write", "autonomy_level>=2", "is_imaging"]}
    assert why_not(condition, {"is_llm": True, "autonomy_level": 1}, FACTS) == [
        "Can write to the record, orders or messaging: no",
        "Autonomy level: 1 (asked at level 2 or higher)",
        "Reads images or signals: no",
    ]
    assert why_not(condition, {"is_llm": True, "autonomy_level": 2}, FACTS) == []
    assert why_not(condition, {"is_imaging": True}, FACTS) == [
        "Uses a large language or multimodal foundation model: no"
    ]


@pytest.mark.parametrize(
    ("condition", "profile", "expected"),
    [
        ("always", {}, True),
        ({"all": ["is_llm"]}, {}, False),
        ({"all": ["is_llm"]}, {"is_llm": True}, True),
        ({"all": ["is_llm", "ehr_write"]}, {"is_llm": True}, False),
        ({"any": ["is_llm", "ehr_write"]}, {"ehr_write": True}, True),
        ({"any": ["is_llm", "ehr_write"]}, {}, False),
        ({"all": ["autonomy_level<=1"]}, {}, True),
        ({"all": ["autonomy_level<=1"]}, {"autonomy_level": 2}, False),
        ({"all": ["autonomy_level>=2"]}, {"autonomy_level": 2}, True),
        ({"all": ["is_llm"], "any": ["ehr_write"]}, {"is_llm": True}, False),
    ],
)
def test_a_condition_needs_all_of_all_and_one_of_any(condition, profile, expected):
    assert applies(condition, profile) is expected


def test_a_condition_in_words_has_a_line_for_each_thing_that_must_hold():
    assert in_words("always", FACTS) == []
    assert in_words({"all": ["is_llm", "autonomy_level<=1"], "any": ["is_imaging", "ehr_write"]}, FACTS) == [
        ["Uses a large language or multimodal foundation model"],
        ["Autonomy level 1 or lower"],
        ["Reads images or signals", "Can write to the record, orders or messaging"],
    ]


@pytest.mark.parametrize(
    ("fact", "removed"),
    [
        ("is_llm", "hal-01 hal-02 rea-01 ctx-02 ctx-05 har-01 har-02 lan-02 lan-03 sec-04"),
        ("is_predictive", "cal-01 bia-03"),
        ("is_imaging", ""),
        ("generates_clinical_text", "hal-05"),
        ("conversational", "har-02"),
        ("records_speech", "pat-10"),
        ("patient_facing", "har-01 har-05 pat-02"),
        ("handles_phi", "ctx-05 pri-01 pri-03 sec-03 int-01"),
        ("vendor_hosted", "pri-01"),
        ("third_party_supplied", ""),
        ("locally_adapted", "ada-02"),
        ("ehr_write", "aut-04 int-02"),
        ("multilingual_population", "lan-02 lan-03"),
    ],
)
def test_each_no_shows_the_critical_checks_that_it_removes(fact, removed):
    assert critical_checks_removed_by(FACT[fact], every_check(), FACTS) == {False: removed.split()}


def test_each_autonomy_level_shows_the_critical_checks_that_it_removes():
    assert critical_checks_removed_by(FACT["autonomy_level"], every_check(), FACTS) == {
        0: ["aut-02", "aut-05", "aut-07"],
        1: ["aut-02", "aut-05", "aut-07"],
        2: ["hal-05", "aut-05"],
        3: ["hal-05"],
    }


def test_a_whole_profile_removes_what_its_facts_remove_together():
    removed = critical_checks_removed(PROFILES["sepsis model"], every_check())
    assert {"hal-01", "pat-10", "pat-02", "aut-02", "int-02"} <= set(removed)
    assert "bia-03" not in removed


def every_check():
    """Each check once, in the order of the taxonomy, from the questionnaires that ask it."""
    order = [check["id"] for check in content().all_checks]
    found = {q.code: q for code in QUESTIONNAIRES for q in version(code).all_questions}
    return [found[code] for code in order]


def test_every_check_is_asked_by_some_questionnaire():
    assert len(every_check()) == 201


@pytest.mark.parametrize(
    ("code", "role", "signatories"),
    [
        ("predeploy-llm", "governance_chair", 4),
        ("predeploy-predictive-imaging", "governance_chair", 4),
        ("quarterly-monitoring", "clinical_safety_officer", 2),
        ("annual-review", "governance_chair", 4),
        ("containment-72h", "clinical_safety_officer", 2),
        ("incident-update-reaudit", "governance_chair", 4),
    ],
)
def test_the_signatory_whose_meaning_is_the_decision_records_it(code, role, signatories):
    made = version(code)
    assert made.decision_role == role
    assert [s["order"] for s in made.signatories] == list(range(1, signatories + 1))
    assert made.signatories[0] == {
        "order": 1,
        "role": "auditor",
        "role_label": "Auditor",
        "meaning": made.about["signatories"][0]["meaning"],
        "named_deputy": False,
    }


def test_only_the_quarterly_check_may_be_signed_by_a_named_deputy():
    deputies = [code for code in QUESTIONNAIRES if any(s["named_deputy"] for s in version(code).signatories)]
    assert deputies == ["quarterly-monitoring"]


def test_an_unknown_trigger_is_refused():
    with pytest.raises(Refused, match="no trigger “earthquake”"):
        version("incident-update-reaudit").select(PROFILES["sepsis model"], ["earthquake"])
    with pytest.raises(Refused, match="no trigger “outage_or_dependency”"):
        version("annual-review").select(PROFILES["sepsis model"], ["outage_or_dependency"])
