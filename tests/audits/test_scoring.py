"""Scoring against the content's worked examples, and the laws that hold for any answers."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditapp.audits import scoring
from auditapp.audits.scoring import Given
from auditapp.deployments.profile import SEED
from auditapp.refusals import Refused
from tests.factories import PROFILES
from tests.questionnaires.seeded import version

EXAMPLES = yaml.safe_load((SEED.parent / "scoring_examples.yaml").read_text(encoding="utf-8"))["examples"]
DAY = date(2027, 1, 15)
MET = Given("met", has_evidence=True)
BETTER = [None, Given("not_met"), Given("partial"), Given("met"), MET]  # none is worse than those before it


def scored(code: str, profile: dict[str, Any], answers: dict[str, Given | None], **about: Any) -> dict[str, Any]:
    """The outcome of a seeded questionnaire; a question that `answers` does not name is met with evidence."""
    made = version(code)
    about = {"triggers": [], "live": code != "predeploy-llm", "hazard_levels": [], "submitted": DAY, **about}
    asked = made.select(profile, about["triggers"])
    everything = {q.code: MET for q in asked} | answers
    return scoring.score(made.rules, asked, {c: a for c, a in everything.items() if a is not None}, **about)


def as_given(answer: dict[str, Any] | None) -> Given | None:
    """An answer of the examples file."""
    if answer is None or not answer.get("answer"):
        return None
    flags = ("second_approval", "backed_by_evidence")
    return Given(
        answer["answer"],
        has_evidence=bool(answer.get("evidence")),
        justification=answer.get("justification", ""),
        **{flag: bool(answer.get(flag)) for flag in flags},
    )


def open_levels(rules: dict[str, Any], ratings: list[dict[str, Any]], on: date) -> list[int]:
    levels = [(rating, scoring.hazard_level(rules, rating["severity"], rating["likelihood"])) for rating in ratings]
    return [
        level
        for rating, level in levels
        if scoring.hazard_open(
            rules, status=rating["status"], level=level, accepted_until=rating.get("accepted_until"), on=on
        )
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_a_worked_example_comes_out_as_the_content_says(example):
    made = version(example["questionnaire"])
    triggers = example.get("triggers") or []
    asked = made.select(example["profile"], triggers)
    answers = {q.code: as_given(example["answers"].get(q.code, example["default_answer"])) for q in asked}
    outcome = scoring.score(
        made.rules,
        asked,
        {code: answer for code, answer in answers.items() if answer is not None},
        triggers=triggers,
        live=example["live"],
        hazard_levels=open_levels(made.rules, example.get("hazard_ratings") or [], example["submitted"]),
        submitted=example["submitted"],
    )
    assert in_the_examples_words(outcome) == example["expected"]


def in_the_examples_words(outcome: dict[str, Any]) -> dict[str, Any]:
    """An outcome in the form of the examples file, where scores are decimal numbers as shown."""
    result = outcome["result"]
    majors = result["majors"]
    share = scoring.shown(majors["incomplete"], majors["applicable"]) if majors["applicable"] else "0.0"
    lowest = result["lowest_counted_part"]
    same = ("asked", "applicable", "counted_by", "gate", "open_hazard_levels", "calculated_result", "label")
    return {
        **{key: result[key] for key in same},
        "category_scores": {c["code"]: float(c["score"]["shown"]) for c in result["categories"] if c["score"]},
        "counted_parts": {part["code"]: float(part["score"]["shown"]) for part in result["counted_parts"]},
        "lowest_counted_part": lowest["code"] if lowest else None,
        "overall": float(result["overall"]["shown"]),
        "majors": {**majors, "share_percent": float(share)},
        "permitted_decisions": result["permitted_decisions"],
        "interim_only": outcome["interim_only"],
        "findings": outcome["findings"],
    }


def test_the_seed_has_twelve_examples_with_every_calculated_result():
    assert len(EXAMPLES) == 12
    assert {example["expected"]["calculated_result"] for example in EXAMPLES} == set(
        version("predeploy-llm").rules["scoring"]["precedence"]
    )


def test_a_score_is_exact_and_shown_to_one_decimal():
    # By hand (scoring_examples.yaml, about.check_by_hand): 21.5 of 23, in half points 43 of 46.
    outcome = scored("containment-72h", PROFILES["ambient scribe"], {"mon-03": Given("partial")})
    assert outcome["result"]["overall"] == {"numerator": 43, "denominator": 46, "shown": "93.5"}


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (0, 7, "0.0"),
        (7, 7, "100.0"),
        (1, 3, "33.3"),
        (2, 3, "66.7"),
        (1, 2000, "0.1"),
        (1, 2001, "0.0"),
        (1, 80, "1.3"),
    ],
)
def test_halves_are_rounded_up_to_one_decimal(numerator, denominator, text):
    assert scoring.shown(numerator, denominator) == text


def test_a_limit_is_met_exactly_by_its_own_value():
    rules = version("containment-72h").rules
    limit = scoring._limit(rules, "incomplete_major_share_max")
    assert limit == Fraction(1, 5)  # a fifth, not the binary number next to 0.2


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"justification": "too short"}, "unanswered"),
        ({"justification": "n" * 20}, "unanswered"),
        ({"justification": "n" * 20, "second_approval": True}, "not_applicable"),
        ({"justification": "n" * 19, "second_approval": True}, "unanswered"),
        ({"justification": "n" * 20, "backed_by_evidence": True}, "unanswered"),
    ],
)
def test_not_applicable_on_a_critical_check_needs_reason_and_second_person(about, expected):
    outcome = scored("containment-72h", PROFILES["ambient scribe"], {"mon-03": Given("not_applicable", **about)})
    assert outcome["states"]["mon-03"] == expected


def test_evidence_stands_in_for_the_second_person_only_where_the_check_names_it():
    answer = Given("not_applicable", justification="n" * 20, backed_by_evidence=True)
    outcome = scored("containment-72h", PROFILES["ambient scribe"], {"pat-09": answer, "mon-03": answer})
    assert outcome["states"]["pat-09"] == "not_applicable"
    assert outcome["states"]["mon-03"] == "unanswered"


def test_not_applicable_on_a_major_check_needs_its_reason_alone():
    answer = Given("not_applicable", justification="n" * 20)
    outcome = scored("containment-72h", PROFILES["ambient scribe"], {"val-08": answer})
    assert outcome["states"]["val-08"] == "not_applicable"
    category = next(c for c in outcome["result"]["categories"] if c["code"] == "clinical-validation")
    assert category["applicable"] == 0
    assert category["score"] is None


def test_an_audit_with_no_applicable_check_is_refused():
    profile = PROFILES["ambient scribe"]
    answer = Given("not_applicable", justification="n" * 20, second_approval=True)
    everything = {q.code: answer for q in version("containment-72h").select(profile)}
    with pytest.raises(Refused, match="No check of this audit is applicable"):
        scored("containment-72h", profile, everything)


def test_a_question_of_another_version_is_an_error():
    made = version("containment-72h")
    with pytest.raises(ValueError, match="hal-01"):
        scoring.score(
            made.rules,
            version("predeploy-llm").all_questions[:1],
            {},
            triggers=[],
            live=True,
            hazard_levels=[],
            submitted=DAY,
        )


@pytest.mark.parametrize(
    ("code", "live", "group"),
    [
        ("predeploy-llm", False, "pre"),
        ("predeploy-llm", True, "in_use"),
        ("containment-72h", False, "in_use"),
    ],
)
def test_the_words_before_go_live_are_for_a_tool_that_is_not_live(code, live, group):
    permitted = version(code).rules["decisions"]["permitted_decisions"]["thresholds_reached"][group]
    outcome = scored(code, PROFILES["ambient scribe"], {}, live=live)
    assert outcome["result"]["permitted_decisions"] == permitted


@pytest.mark.parametrize(("live", "due"), [(False, "before go-live"), (True, (DAY + timedelta(days=7)).isoformat())])
def test_a_critical_gap_is_due_before_go_live_or_within_seven_days(live, due):
    outcome = scored("predeploy-llm", PROFILES["ambient scribe"], {"hal-01": Given("not_met")}, live=live)
    assert outcome["findings"] == [{"check": "hal-01", "answer": "not_met", "priority": "P1", "due": due}]


def test_interim_continuation_is_for_a_live_tool_and_never_for_a_planned_change():
    profile, gap = PROFILES["ambient scribe"], {"val-01": Given("not_met")}

    def interim(triggers, live):
        return scored("incident-update-reaudit", profile, gap, triggers=triggers, live=live)["interim_only"]

    assert interim(["unsafe_or_wrong_output"], True) == ["continue_with_conditions"]
    assert interim(["unsafe_or_wrong_output"], False) == []
    assert interim(["model_or_prompt_update"], True) == []
    assert interim(["model_or_prompt_update", "unsafe_or_wrong_output"], True) == ["continue_with_conditions"]


@pytest.mark.parametrize(
    ("status", "level", "until", "still_open"),
    [
        ("open", 1, None, True),
        ("closed", 5, None, False),
        ("accepted", 3, DAY, False),
        ("accepted", 3, DAY - timedelta(days=1), True),
        ("accepted", 3, None, True),
        ("accepted", 4, DAY + timedelta(days=90), True),
    ],
)
def test_a_hazard_rating_counts_until_it_is_closed_or_rightly_accepted(status, level, until, still_open):
    rules = version("quarterly-monitoring").rules
    assert scoring.hazard_open(rules, status=status, level=level, accepted_until=until, on=DAY) is still_open


def test_the_matrix_gives_each_pair_the_level_of_the_content():
    rules = version("quarterly-monitoring").rules
    rating = rules["risk_rating"]
    levels = [
        [scoring.hazard_level(rules, severity, likelihood) for severity in rating["severity"]]
        for likelihood in rating["likelihood"]
    ]
    assert levels == [[1, 1, 2, 2, 3], [1, 2, 2, 3, 4], [2, 2, 3, 3, 4], [2, 3, 3, 4, 5], [3, 4, 4, 5, 5]]


# Laws: for any answers whatever.

answers = st.one_of(
    st.none(),
    st.builds(
        Given,
        st.sampled_from(["met", "partial", "not_met", "not_applicable"]),
        st.booleans(),
        st.sampled_from(["", "too short", "long enough to justify it"]),
        st.booleans(),
        st.booleans(),
    ),
)


@st.composite
def audits(draw):
    """A questionnaire, a profile, its triggers and an answer to every question asked."""
    code = draw(
        st.sampled_from(["containment-72h", "quarterly-monitoring", "incident-update-reaudit", "predeploy-llm"])
    )
    profile = PROFILES[draw(st.sampled_from(sorted(PROFILES)))]
    sets = version(code).trigger_sets
    triggers = draw(st.lists(st.sampled_from(sorted(sets)), min_size=1, unique=True)) if sets else []
    asked = version(code).select(profile, triggers)
    # Mostly good answers with a few others: random answers alone would all fail the gate.
    others = draw(st.dictionaries(st.sampled_from([q.code for q in asked]), answers, max_size=12))
    levels = draw(st.lists(st.integers(1, 5), max_size=3))
    return code, profile, others, {"triggers": triggers, "hazard_levels": levels, "live": draw(st.booleans())}


@given(audits(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_questions_and_answers_does_not_matter(audit, random):
    code, profile, others, about = audit
    made = version(code)
    asked = made.select(profile, about["triggers"])
    given_answers = {q.code: MET for q in asked} | others
    pairs = [(c, a) for c, a in given_answers.items() if a is not None]
    straight = scored(code, profile, others, **about)
    random.shuffle(pairs)
    random.shuffle(asked)
    mixed = {**about, "triggers": about["triggers"][::-1], "hazard_levels": about["hazard_levels"][::-1]}
    assert scoring.score(made.rules, asked, dict(pairs), submitted=DAY, **mixed) == straight


@given(audits(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_better_answer_never_makes_anything_worse(audit, data):
    code, profile, others, about = audit
    asked = version(code).select(profile, about["triggers"])
    check = data.draw(st.sampled_from([q.code for q in asked]))
    worse, better = sorted(data.draw(st.tuples(st.integers(0, 4), st.integers(0, 4))))
    before = scored(code, profile, {**others, check: BETTER[worse]}, **about)
    after = scored(code, profile, {**others, check: BETTER[better]}, **about)
    ranks = version(code).rules["scoring"]["precedence"]
    assert percent(after["result"]["overall"]) >= percent(before["result"]["overall"])
    assert ranks.index(after["result"]["calculated_result"]) >= ranks.index(before["result"]["calculated_result"])
    assert set(after["result"]["permitted_decisions"]) >= set(before["result"]["permitted_decisions"])
    assert len(after["findings"]) <= len(before["findings"])


@given(audits(), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_an_open_hazard_never_improves_the_result_and_never_moves_a_score(audit, level):
    code, profile, others, about = audit
    before = scored(code, profile, others, **about)["result"]
    after = scored(code, profile, others, **{**about, "hazard_levels": [*about["hazard_levels"], level]})["result"]
    ranks = version(code).rules["scoring"]["precedence"]
    assert ranks.index(after["calculated_result"]) <= ranks.index(before["calculated_result"])
    assert after["overall"] == before["overall"]
    assert after["categories"] == before["categories"]


@given(audits())
@settings(max_examples=60, deadline=None)
def test_every_gap_is_counted_and_the_sums_agree(audit):
    code, profile, others, about = audit
    outcome = scored(code, profile, others, **about)
    result, states = outcome["result"], outcome["states"]
    criticality = {q.code: q.criticality for q in version(code).all_questions}
    assert sum(result["counts"].values()) == result["asked"] == len(states)
    assert result["applicable"] == result["asked"] - result["counts"]["not_applicable"]
    assert sum(part["applicable"] for part in result["categories"]) == result["applicable"]
    assert sum(part["applicable"] for part in result["domains"]) == result["applicable"]
    for parts in (result["categories"], result["domains"]):
        assert sum(p["score"]["numerator"] for p in parts if p["score"]) == result["overall"]["numerator"]
        assert sum(p["score"]["denominator"] for p in parts if p["score"]) == result["overall"]["denominator"]
    gaps = {
        check
        for check, state in states.items()
        if state in ("partial", "not_met", "unanswered") or (state, criticality[check]) == ("unevidenced", "critical")
    }
    assert sorted(finding["check"] for finding in outcome["findings"]) == sorted(gaps)
    assert 0 <= percent(result["overall"]) <= 1


@given(audits())
@settings(max_examples=30, deadline=None)
def test_an_outcome_holds_no_floating_point_number(audit):
    code, profile, others, about = audit
    assert not list(floats_in(scored(code, profile, others, **about)))


def floats_in(value: Any) -> Any:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from floats_in(inner)


def percent(score: dict[str, Any]) -> Fraction:
    return Fraction(score["numerator"], score["denominator"])


def test_met_without_evidence_scores_half_and_is_marked():
    outcome = scored("containment-72h", PROFILES["ambient scribe"], {"aut-03": replace(MET, has_evidence=False)})
    assert outcome["states"]["aut-03"] == "unevidenced"
    assert outcome["result"]["overall"]["numerator"] == 43
