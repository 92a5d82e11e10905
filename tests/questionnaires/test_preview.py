"""What a version would ask: of a deployment that the person may see, or of any tool that is described."""

from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from auditapp.deployments import profile
from auditapp.questionnaires import effort
from auditapp.questionnaires.models import Draft, QuestionnaireVersion
from tests.factories import PROFILES
from tests.questionnaires.own import published
from tests.questionnaires.seeded import version
from tests.tracking.issued import sign_in

LLM = "/questionnaires/predeploy-llm/v1/preview/"
AFTER_EVENT = "/questionnaires/incident-update-reaudit/v1/preview/"


def text_of(response) -> str:
    return " ".join(unescape(strip_tags(response.content.decode())).split())


def facts_of(kind: str) -> dict:
    """An address with the facts of a test profile."""
    yes = [name for name, value in PROFILES[kind].items() if value is True]
    return {"by": "facts", "fact": yes, "level_autonomy_level": PROFILES[kind]["autonomy_level"]}


@pytest.mark.parametrize("kind", PROFILES)
def test_any_set_of_facts_is_previewed_as_an_audit_would_ask(client, asha, kind):
    client.force_login(asha)
    found = client.get(LLM, facts_of(kind)).context["preview"]
    made = version("predeploy-llm")
    values = {f.id: 0 if f.is_level else False for f in profile.facts()} | PROFILES[kind]
    assert [q.code for q in found.asked] == [q.code for q in made.select(values)]
    assert {q.code: why for q, why in found.excluded} == {q.code: why for q, why in made.excluded(values)}
    assert len(found.asked) + len(found.excluded) == found.possible == 163


def test_a_deployment_is_previewed_with_its_confirmed_profile(client, asha, make):
    tool = make.deployment(kind="ambient scribe")
    facts = tool.newest_profile.facts
    tool.fill_profile(facts | {"patient_facing": True}, by=make.people["omar"])
    client.force_login(asha)
    response = client.get(LLM, {"deployment": tool.ref})
    found = response.context["preview"]
    assert [q.code for q in found.asked] == [q.code for q in version("predeploy-llm").select(facts)]
    page = text_of(response)
    assert f"For {tool.name}, {tool.ref}" in page
    assert f"{len(found.asked)} of 163 that it could ask" in page
    assert "No second person has confirmed" not in page
    assert "Patients or families interact with it or read its output directly: no" in page


def test_an_audit_opened_then_asks_exactly_what_was_previewed(client, asha, make):
    tool = make.deployment(kind="patient chatbot", live=True)
    client.force_login(asha)
    found = client.get("/questionnaires/containment-72h/v1/preview/", {"deployment": tool.ref}).context["preview"]
    audit = make.audit(deployment=tool)
    assert [q.code for q in found.asked] == list(audit.answers.order_by("position").values_list("code", flat=True))


def test_a_profile_that_nobody_confirmed_is_previewed_and_said_to_be_unconfirmed(client, asha, make):
    tool = make.deployment(confirmed=False)
    client.force_login(asha)
    assert "No second person has confirmed the profile" in text_of(client.get(LLM, {"deployment": tool.ref.lower()}))


def test_a_deployment_is_found_by_words_and_several_that_match_are_named(client, asha, make):
    first, second = make.deployment(name="Scribe north"), make.deployment(name="Scribe south")
    client.force_login(asha)
    assert client.get(LLM, {"deployment": "scribe north"}).context["form"].chosen == first
    response = client.get(LLM, {"deployment": "scribe"})
    assert response.context["preview"] is None
    page = text_of(response)
    assert f"Several deployments match this: {first.ref} Scribe north, {second.ref} Scribe south." in page
    assert page.startswith("Error:")


def test_deployments_elsewhere_are_as_if_they_did_not_exist(client, make):
    tool = make.deployment(name="Scribe north")
    for person in ("sam", "cleo"):
        sign_in(client, make.people[person])
        for words in (tool.ref, "Scribe"):
            response = client.get(LLM, {"deployment": words})
            assert response.status_code == 200
            assert response.context["preview"] is None
            assert "No deployment that you may see matches this." in text_of(response)
            assert "Scribe north" not in response.content.decode()


def test_triggers_choose_categories_and_the_others_say_what_would_ask_them(client, asha):
    client.force_login(asha)
    nothing = client.get(AFTER_EVENT, facts_of("LLM agent")).context["preview"]
    assert nothing.untriggered
    assert "Asked only after:" in text_of(client.get(AFTER_EVENT, facts_of("LLM agent")))
    response = client.get(AFTER_EVENT, facts_of("LLM agent") | {"trigger": ["model_or_prompt_update"]})
    found = response.context["preview"]
    assert len(found.asked) > len(nothing.asked)
    assert {q.code for q in found.asked} == {
        q.code
        for q in version("incident-update-reaudit").select(
            {f.id: False for f in profile.facts()} | PROFILES["LLM agent"], ["model_or_prompt_update"]
        )
    }


@pytest.mark.parametrize(
    "query",
    [
        {"by": "facts", "fact": ["is_magic"]},
        {"by": "facts", "level_autonomy_level": "9"},
        {"by": "facts", "trigger": ["boredom"]},
        {"deployment": "D-999"},
        {"deployment": "'; --"},
        {"deployment": "\u0000"},
    ],
)
def test_an_address_that_makes_no_sense_shows_what_is_wrong_or_nothing(client, asha, query):
    client.force_login(asha)
    response = client.get(AFTER_EVENT, query)
    assert response.status_code == 200
    assert response.context["preview"] is None


def test_without_a_choice_there_is_only_the_form(client, asha):
    client.force_login(asha)
    response = client.get(LLM)
    assert response.context["preview"] is None
    assert "There is a problem" not in response.content.decode()


def test_the_preview_of_another_organisations_questionnaire_does_not_exist(client, make):
    published("ours", own=make.organisations["northshire"])
    sign_in(client, make.people["cleo"])
    assert client.get("/questionnaires/ours/v1/preview/").status_code == 404


def test_a_tool_to_which_nothing_applies_is_told_so(client, asha):
    never = {"applies_when": {"all": ["is_imaging", "records_speech"]}}
    codes = [question.code for question in version("containment-72h").all_questions]
    published("containment-72h", reworded=dict.fromkeys(codes, never))
    client.force_login(asha)
    response = client.get("/questionnaires/containment-72h/v2/preview/", {"by": "facts"})
    assert response.context["preview"].asked == []
    assert "Nothing would be asked" in text_of(response)


@pytest.mark.parametrize(
    ("total", "words"),
    [
        (0, "about 0 minutes"),
        (4, "about 10 minutes"),
        (81, "about 90 minutes"),
        (90, "about 1½ hours"),
        (104, "about 1½ hours"),
        (105, "about 2 hours"),
        (180, "about 3 hours"),
        (195, "about 3½ hours"),
    ],
)
def test_the_effort_is_no_more_exact_than_a_rule_of_thumb(total, words):
    assert effort.in_words(total) == words


def test_the_effort_counts_each_question_by_its_criticality():
    asked = version("containment-72h").all_questions
    expected = sum({"critical": 10, "major": 6, "minor": 4}[q.criticality] for q in asked)
    assert effort.minutes(asked) == expected


def test_the_number_of_queries_does_not_grow(client, asha, make):
    def queries(address: str, **query) -> int:
        client.get(address, query)
        with CaptureQueriesContext(connection) as captured:
            client.get(address, query)
        return len(captured)

    tool = make.deployment()
    client.force_login(asha)
    small = queries("/questionnaires/containment-72h/v1/preview/", deployment=tool.ref)
    make.deployment()
    make.deployment()
    assert queries(LLM, deployment=tool.ref) == small
    assert queries(LLM, **facts_of("LLM agent")) <= small


def test_a_draft_is_previewed_as_it_stands(client, ben, make):
    base = QuestionnaireVersion.objects.get(questionnaire__code="predeploy-llm", state="published")
    draft = Draft.begin(by=ben, base=base, title="Before use, ours")
    tool = make.deployment(kind="ambient scribe")
    client.force_login(ben)
    where = f"{draft.get_absolute_url()}preview/"
    before = client.get(where, {"deployment": tool.ref}).context["preview"]
    assert [q.code for q in before.asked] == [q.code for q in base.select(tool.newest_profile.facts)]
    draft.drop(before.asked[0].code, by=ben)
    response = client.get(where, {"deployment": tool.ref})
    assert [q.code for q in response.context["preview"].asked] == [q.code for q in before.asked[1:]]
    page = response.content.decode()
    assert "draft of version 1" in page
    assert f"{draft.get_absolute_url()}checks/{before.asked[1].code}/" in page
