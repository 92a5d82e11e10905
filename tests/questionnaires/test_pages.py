"""The pages on what is asked: for everybody signed in, in a fixed number of queries, in the frozen words."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from auditapp.accounts import scope
from auditapp.questionnaires.models import Framework, Question, QuestionnaireVersion, version

PAGES = [
    "/questionnaires/",
    "/questionnaires/predeploy-llm/v1/",
    "/questionnaires/predeploy-llm/v1/?category=hallucination",
    "/questionnaires/predeploy-llm/v1/?category=all&criticality=critical",
    "/questionnaires/checks/",
    "/questionnaires/checks/hal-01/",
    "/questionnaires/checks/ill-06/",
    "/questionnaires/frameworks/",
    "/questionnaires/frameworks/nist-ai-rmf/",
]


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("who", ["asha", "vera", "cleo"])
def test_everybody_who_is_signed_in_may_read_what_is_asked(client, make, address, who):
    person = make.people[who]
    scope.enter(person.organisation_id)  # signing in writes into the person's own organisation
    client.force_login(person)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", PAGES)
def test_nobody_else_may(client, make, address):
    response = client.get(address)
    assert response.status_code == 302
    assert response.url.startswith(reverse("accounts:sign_in"))


@pytest.mark.parametrize(
    "address",
    [
        "/questionnaires/predeploy-llm/v2/",
        "/questionnaires/nothing/v1/",
        "/questionnaires/checks/nope-01/",
        "/questionnaires/frameworks/nope/",
    ],
)
def test_what_does_not_exist_is_not_found(client, asha, address):
    client.force_login(asha)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", PAGES)
def test_the_pages_are_only_read(client, asha, address):
    client.force_login(asha)
    assert client.post(address).status_code == 405


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/questionnaires/", 2),
        ("/questionnaires/predeploy-llm/v1/", 4),
        ("/questionnaires/containment-72h/v1/", 4),
        ("/questionnaires/predeploy-llm/v1/?category=all", 5),
        ("/questionnaires/containment-72h/v1/?category=all", 5),
        ("/questionnaires/checks/", 4),
        ("/questionnaires/checks/?q=dose", 6),
        ("/questionnaires/checks/hal-01/", 5),
        ("/questionnaires/checks/mon-03/", 5),
        ("/questionnaires/frameworks/", 3),
        ("/questionnaires/frameworks/nist-ai-rmf/", 3),
    ],
)
def test_the_number_of_queries_does_not_grow_with_what_is_shown(client, asha, address, queries):
    client.force_login(asha)
    version._contents.clear()  # as in a process that has just started
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    asked = [q["sql"] for q in captured if q["sql"].startswith("SELECT") and "set_config" not in q["sql"]]
    assert len([sql for sql in asked if THIS_ROOM.search(sql)]) == queries
    assert len(asked) <= queries + 6  # session, person, organisation, roles


THIS_ROOM = re.compile(r'FROM "auditapp_(question|framework|clause|check|category|domain|frozen)')


def text_of(client, address) -> str:
    return " ".join(unescape(strip_tags(client.get(address).content.decode())).split())


def test_the_list_says_what_each_questionnaire_asks_and_what_each_signature_means(client, asha):
    client.force_login(asha)
    page = text_of(client, "/questionnaires/")
    for stored in QuestionnaireVersion.objects.published():
        assert stored.questionnaire.title in page
        assert stored.about["purpose"] in page
        assert stored.about["frequency"] in page
        for signatory in stored.signatories:
            assert f"{signatory['role_label']}: {signatory['meaning']}" in page
    for stored in QuestionnaireVersion.objects.published().counted():
        assert f"up to {stored.questions_count} questions, {stored.critical_count} of them critical" in page
    assert "not endorsed by the authors" in page


def test_a_category_in_full_shows_all_that_helps_to_answer_it(client, asha):
    client.force_login(asha)
    page = text_of(client, "/questionnaires/predeploy-llm/v1/?category=hallucination")
    questions = Question.objects.filter(version__questionnaire__code="predeploy-llm", category__code="hallucination")
    assert questions.count() == 6
    for question in questions:
        assert question.text in page
        assert question.guidance in page
        assert question.expected_evidence in page
    category = questions[0].category
    assert category.definition in page
    assert all(hazard in page for hazard in category.typical_hazards)
    assert "Autonomy level 1 or lower" in page
    assert "issues like hallucination" in page
    assert "Not legal advice, last verified 22 Nov 2026" in page
    assert "Local default, not yet adopted by Northshire Hospitals Group." in page
    assert "Patient data exposure through prompts, outputs and training" in page  # as a link to that category
    assert "Must a named clinician" in page
    assert "pri-01" not in page


def test_the_overview_has_every_question_of_the_version(client, asha):
    client.force_login(asha)
    page = client.get("/questionnaires/incident-update-reaudit/v1/").content.decode()
    codes = Question.objects.filter(version__questionnaire__code="incident-update-reaudit").values_list(
        "code", flat=True
    )
    assert len(codes) == 93
    assert all(f"/questionnaires/checks/{code}/" in page for code in codes)
    assert "Model or prompt update (planned change)" in unescape(" ".join(strip_tags(page).split()))


def test_filters_are_links_that_keep_each_other(client, asha):
    client.force_login(asha)
    page = client.get("/questionnaires/predeploy-llm/v1/?category=security&criticality=critical").content.decode()
    critical = Question.objects.filter(criticality="critical", category__code="security")
    expected = critical.filter(version__questionnaire__code="predeploy-llm").values_list("code", flat=True)
    assert set(re.findall(r'id="([a-z]{3}-\d\d)"', page)) == set(expected)
    assert 0 < len(expected) < 8
    assert "?criticality=critical&amp;category=hallucination" in page
    assert "?category=security&amp;criticality=major" in page
    assert 'href="?category=security"' in page


def test_the_place_of_a_category_in_the_review_is_never_shown(client, asha):
    client.force_login(asha)
    for address in (*PAGES, "/questionnaires/annual-review/v1/?category=all"):
        assert not re.search(r"\b(Part|Table) [1-9]\b", text_of(client, address))


def test_a_retired_check_says_what_replaced_it(client, asha):
    client.force_login(asha)
    retired = text_of(client, "/questionnaires/checks/ill-06/")
    assert "Retired on 22 Nov 2026: merged: acceptance and review time are now one question" in retired
    assert "What is asked now: tea-06" in retired


def test_a_check_says_who_asks_it_and_after_which_events(client, asha):
    client.force_login(asha)
    page = text_of(client, "/questionnaires/checks/pri-03/")
    assert "Pre-deployment full safety audit: LLM or generative AI, version 1" in page
    assert "(only after: Model or prompt update, Privacy or security event)" in page


def test_clauses_of_other_jurisdictions_are_set_apart_and_never_lost(client, make):
    client.force_login(make.people["asha"])
    make.people["asha"].organisation.jurisdiction = "UK"
    make.people["asha"].organisation.save(update_fields=["jurisdiction"])
    page = text_of(client, "/questionnaires/checks/hal-01/")
    here, elsewhere = page.split("In other jurisdictions than your organisation’s:")
    assert "MEASURE 2.5" in here  # used worldwide
    assert Framework.objects.get(code="nist-ai-600-1").name in elsewhere


def test_a_framework_lists_its_clauses_with_the_checks_that_name_them(client, asha):
    client.force_login(asha)
    page = text_of(client, "/questionnaires/frameworks/nhs-dcb0160/")
    assert "Not legal advice, last verified 22 Nov 2026" in page
    framework = Framework.objects.get(code="nhs-dcb0160")
    assert all(clause.title in page for clause in framework.clauses.all())
    assert framework.url in page
    naming = Question.objects.current_wording().filter(clauses__contains=["nhs-dcb0160:5.1"])
    assert naming.count() > 0
    assert all(question.code in page for question in naming)
