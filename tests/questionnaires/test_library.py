"""The library of checks: found by any form of a word and by words typed wrongly, narrowed by filters in the address."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from auditapp.questionnaires.models import Question
from tests.questionnaires.own import published
from tests.tracking.issued import sign_in

LIBRARY = "/questionnaires/checks/"


@pytest.fixture
def search(client, asha):
    client.force_login(asha)

    def found(**query):
        response = client.get(LIBRARY, query)
        assert response.status_code == 200
        return response.context["page"]

    return found


def codes(page) -> list[str]:
    return [question.code for question in page]


def test_all_checks_are_there_over_several_pages(client, search):
    first = search()
    assert first.paginator.count == 201
    assert first.paginator.num_pages == 5
    each = [code for n in range(1, 6) for code in codes(search(page=n))]
    assert len(set(each)) == 201
    assert each[0] == "hal-01"


def test_the_checks_about_hallucination_are_found_although_it_is_typed_wrongly(client, search):
    rightly = search(q="hallucination")
    for typed in ("halucination", "hallucinaton", "hallucniation", "HALUCINATIONS"):
        wrongly = search(q=typed)
        about = list(Question.objects.current_wording().filter(category__code="hallucination"))
        assert len(about) == 7
        assert {question.code for question in about} <= set(codes(wrongly))
        assert set(codes(wrongly)) <= set(codes(rightly))
    page = client.get(LIBRARY, {"q": "halucination"}).content.decode()
    assert "No check holds “halucination”. These come near it." in page


@pytest.mark.parametrize("words", ["dose", "doses", "dosing"])
def test_a_word_is_found_in_every_form_of_it(search, words):
    assert "dose" in " ".join(f"{q.text} {q.guidance} {q.expected_evidence}" for q in search(q=words)[:1]).lower()


def test_a_word_may_be_left_unfinished(search):
    assert "hal-01" in codes(search(q="halluc"))


def test_the_best_match_comes_first(search):
    assert codes(search(q="hal-05"))[0] == "hal-05"
    found = search(q="bias")
    assert "bias" in f"{found[0].text} {found[0].category.title}".lower()


def test_a_phrase_in_quotation_marks_and_a_word_left_out(search):
    both = set(codes(search(q="bulk signing")))
    assert set(codes(search(q='"bulk signing"'))) <= both
    assert not {"hal-05"} & set(codes(search(q="signing -bulk")))


@pytest.mark.parametrize(
    "words", ["'", '"', "%", "\\", "(", "a & | !", "<b>", ":*", "x" * 3000, "é", "\u0000", "- - -", "''; DROP"]
)
def test_whatever_is_typed_gets_a_page(client, asha, words):
    client.force_login(asha)
    response = client.get(LIBRARY, {"q": words})
    assert response.status_code == 200
    assert "<b></b>" not in response.content.decode()


def test_words_that_nothing_resembles_find_nothing_and_the_page_says_what_to_do(client, search):
    assert codes(search(q="xylophone")) == []
    page = client.get(LIBRARY, {"q": "xylophone"}).content.decode()
    assert "No check matches" in page
    assert "Search for fewer or other words" in page
    page = client.get(LIBRARY, {"q": "xylophone", "stage": "pre"}).content.decode()
    assert "remove a filter above" in page


FILTERS = [
    ({"domain": "llm-function"}, lambda q: q.category.domain.code == "llm-function"),
    ({"category": "hallucination"}, lambda q: q.category.code == "hallucination"),
    ({"criticality": "critical"}, lambda q: q.criticality == "critical"),
    ({"stage": "change"}, lambda q: "change" in q.stages),
    ({"fact": "always"}, lambda q: q.applies_when == "always"),
    ({"fact": "is_llm"}, lambda q: '"is_llm"' in str(q.applies_when).replace("'", '"')),
    ({"fact": "autonomy_level"}, lambda q: "autonomy_level" in str(q.applies_when)),
    ({"framework": "nist-ai-rmf"}, lambda q: any(c.startswith("nist-ai-rmf:") for c in q.clauses)),
    ({"framework": "nist-ai-rmf", "clause": "MEASURE 2.5"}, lambda q: "nist-ai-rmf:MEASURE 2.5" in q.clauses),
    ({"origin": "review"}, lambda q: q.category.review_source["origin"] in ("review", "review+derived")),
    ({"origin": "ours"}, lambda q: q.category.review_source["origin"] == "derived"),
    ({"criticality": "critical", "stage": "pre", "fact": "is_llm"}, None),
]


@pytest.mark.parametrize(("query", "meets"), FILTERS)
def test_each_filter_finds_exactly_what_meets_it(search, query, meets):
    everything = Question.objects.current_wording().select_related("category__domain")
    tests = [m for q, m in FILTERS if m and q.items() <= query.items()] if meets is None else [meets]
    expected = {q.code for q in everything if all(test(q) for test in tests)}
    page = search(**query)
    found = [code for n in range(1, page.paginator.num_pages + 1) for code in codes(search(**query, page=n))]
    assert set(found) == expected
    assert 0 < len(found) < 201


def test_a_filter_is_shown_in_words_and_can_be_removed(client, asha):
    client.force_login(asha)
    address = {"framework": "nist-ai-rmf", "clause": "MEASURE 2.5", "stage": "pre", "q": "output"}
    response = client.get(LIBRARY, address)
    each = {f["label"]: f["href"] for f in response.context["set"]}
    assert each["NIST AI Risk Management Framework"] == "?stage=pre&q=output"  # a clause means nothing without it
    assert (
        each["Before go-live"] == f"?framework=nist-ai-rmf&clause={quote('MEASURE 2.5').replace('%20', '+')}&q=output"
    )
    assert "Remove all filters" in response.content.decode()


@pytest.mark.parametrize(
    "query", [{"domain": "nope"}, {"clause": "MEASURE 2.5"}, {"fact": "x"}, {"page": "zero"}, {"stage": "'"}]
)
def test_an_address_that_names_nothing_is_taken_as_no_filter(search, query):
    assert search(**query).paginator.count == 201


def test_the_framework_of_the_own_jurisdiction_is_offered_first_and_none_is_hidden(client, asha):
    asha.organisation.jurisdiction = "EU"
    asha.organisation.save(update_fields=["jurisdiction"])
    client.force_login(asha)
    menu = next(m for m in client.get(LIBRARY).context["menus"] if m["key"] == "framework")
    offered = [code for code, _label in menu["options"] if code]
    assert len(offered) == 19
    assert offered.index("eu-ai-act") < offered.index("nist-ai-600-1")


def test_retired_checks_stand_at_the_end_of_the_list(client, asha):
    client.force_login(asha)
    last = unescape(strip_tags(client.get(LIBRARY, {"page": 5}).content.decode()))
    assert re.search(r"ill-06\s+replaced by\s+tea-06", last)
    assert "replaced by" not in client.get(LIBRARY).content.decode()
    assert "tea-06" in client.get(LIBRARY, {"q": "ill-06"}).content.decode()


def test_what_is_found_can_be_had_as_a_file(client, asha):
    client.force_login(asha)
    lines = client.get(LIBRARY, {"category": "hallucination", "format": "csv"}).content.decode().splitlines()
    assert len(lines) == 1 + 7
    assert lines[1].startswith('hal-01,"Has a clinician-led review of at least 100 local outputs')
    assert lines[1].endswith("LLM functional safety,Hallucination and fabricated content,From the review")


@pytest.mark.parametrize("query", [{}, {"q": "dose"}, {"q": "halucination"}, {"framework": "nist-ai-rmf", "q": "risk"}])
def test_the_number_of_queries_does_not_grow_with_what_is_found(client, asha, query):
    client.force_login(asha)
    with CaptureQueriesContext(connection) as captured:
        client.get(LIBRARY, query)
    asked = [q["sql"] for q in captured if q["sql"].startswith("SELECT") and "set_config" not in q["sql"]]
    assert len(asked) <= 13


def test_a_check_of_ones_own_organisation_is_found_by_its_origin_and_by_nobody_else(client, make):
    published("ours", own=make.organisations["northshire"])
    client.force_login(make.people["asha"])
    page = client.get(LIBRARY, {"origin": "organisation"})
    assert codes(page.context["page"]) == ["own-01"]
    assert "A check of Northshire Hospitals Group" in page.content.decode()
    assert codes(client.get(LIBRARY, {"q": "rule kept"}).context["page"]) == ["own-01"]
    sign_in(client, make.people["cleo"])
    assert codes(client.get(LIBRARY, {"origin": "organisation"}).context["page"]) == []
    assert "own-01" not in codes(client.get(LIBRARY, {"q": "own-01"}).context["page"])
    assert client.get(f"{LIBRARY}own-01/").status_code == 404


def test_people_of_another_organisation_see_the_same_seeded_checks(client, make):
    sign_in(client, make.people["cleo"])
    assert client.get(LIBRARY).context["page"].paginator.count == 201
