"""The facts of a profile: complete, of their own type, and in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditapp.deployments.profile import changes, cleaned, described, facts, facts_in, spoken
from auditapp.refusals import Refused
from tests.questionnaires.seeded import content

FACTS = facts()
ALL_NO = {fact.id: fact.minimum if fact.is_level else False for fact in FACTS}


def test_the_profile_has_the_facts_of_the_content_in_its_order():
    listed = content().checks["applicability"]["profile_facts"]
    assert [(f.id, f.type, f.label, f.help) for f in FACTS] == [
        (row["id"], row["type"], row["label"], row["help"]) for row in listed
    ]
    assert facts_in(listed) == FACTS
    assert [fact.id for fact in FACTS if fact.is_level] == ["autonomy_level"]


@given(st.fixed_dictionaries({f.id: st.sampled_from(f.values) for f in FACTS}), st.randoms())
def test_complete_values_are_kept_in_the_order_of_the_facts(values, random):
    mixed = list(values.items())
    random.shuffle(mixed)
    kept = cleaned(dict(mixed), FACTS)
    assert list(kept.items()) == [(fact.id, values[fact.id]) for fact in FACTS]
    assert described(kept, FACTS)[0] == {
        "id": FACTS[0].id,
        "label": FACTS[0].label,
        "value": values[FACTS[0].id],
    }


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"is_llm": None}, "“Uses a large language or multimodal foundation model” needs a yes or a no."),
        ({"is_llm": 1}, "“Uses a large language or multimodal foundation model” needs a yes or a no."),
        ({"autonomy_level": 4}, "“Autonomy level” needs a level from 0 to 3."),
        ({"autonomy_level": True}, "“Autonomy level” needs a level from 0 to 3."),
        ({"autonomy_level": "2"}, "“Autonomy level” needs a level from 0 to 3."),
        ({"is_magic": True}, "“is_magic” is not a fact of the profile."),
    ],
)
def test_a_value_that_is_missing_or_wrong_is_refused_by_name(wrong, sentence):
    with pytest.raises(Refused) as refusal:
        cleaned({**ALL_NO, **wrong}, FACTS)
    assert refusal.value.reasons == [sentence]


def test_nothing_is_taken_for_a_no():
    with pytest.raises(Refused) as refusal:
        cleaned({}, FACTS)
    assert len(refusal.value.reasons) == len(FACTS) == 14


def test_a_fact_is_spoken_with_its_value():
    by_id = {fact.id: fact for fact in FACTS}
    assert spoken(by_id["is_imaging"], False) == "Reads images or signals: no"
    assert spoken(by_id["is_imaging"], True) == "Reads images or signals: yes"
    assert spoken(by_id["autonomy_level"], 2) == "Autonomy level: 2"


def test_changes_are_the_facts_that_differ():
    after = {**ALL_NO, "is_llm": True, "autonomy_level": 2}
    assert [fact.id for fact in changes(ALL_NO, after, FACTS)] == ["is_llm", "autonomy_level"]
    assert changes(ALL_NO, ALL_NO, FACTS) == []
