"""Writing a questionnaire in the browser: what is shown, what is refused and where it says so."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext

from auditapp.questionnaires.loading import load
from auditapp.questionnaires.models import Draft, QuestionnaireVersion
from tests.factories import Make


def seeded(code: str = "containment-72h") -> QuestionnaireVersion:
    return QuestionnaireVersion.objects.get(questionnaire__code=code, state="published")


@pytest.fixture
def ben_at(client: Client, make: Make) -> Client:
    client.force_login(make.people["ben"])
    return client


@pytest.fixture
def draft(make: Make) -> Draft:
    return Draft.begin(by=make.people["ben"], base=seeded(), title="Containment at the Royal")


def said(page: Any) -> str:
    """What a page says, without markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def form_of(question: Any, **changed: Any) -> dict[str, Any]:
    """What the browser would send for a question as it stands, with some fields changed."""
    condition = {} if question.applies_when == "always" else question.applies_when
    return {
        "base": question.n, "key": "k", "text": question.text, "criticality": question.criticality,
        "category": question.category.code, "guidance": question.guidance, "stages": question.stages,
        "expected_evidence": question.expected_evidence, "every": condition.get("all", []),
        "some": condition.get("any", []), "scope": question.scope, "clauses": question.clauses,
        "reason": question.reason, "not_applicable_backed_by": question.not_applicable_backed_by,
    } | changed  # fmt: skip


def address(draft: Draft, code: str, more: str = "") -> str:
    return f"{draft.get_absolute_url()}checks/{code}/{more}"


def test_a_draft_is_begun_from_a_questionnaire_and_found_in_the_list(ben_at: Client, make: Make) -> None:
    form = {"base": seeded().pk, "questions": "take", "title": "Containment at the Royal"}
    page = ben_at.post("/questionnaires/new/", form, follow=True)
    assert page.redirect_chain[-1][0] == "/questionnaires/northshire-containment-at-the-royal/draft/"
    assert "up to 10 questions" in said(page)
    listed = said(ben_at.get("/questionnaires/"))
    assert "Containment at the Royal, version 1 Being written 10 questions, begun by Ben Okafor" in listed


def test_a_seeded_questionnaire_needs_a_title_of_its_own_and_the_rest_stays_typed(ben_at: Client) -> None:
    page = ben_at.post("/questionnaires/new/", {"base": seeded().pk, "questions": "empty", "title": " "})
    assert "A seeded questionnaire stays as it is: give yours a title of its own." in said(page)
    assert f'value="{seeded().pk}" selected' in page.content.decode()
    assert not Draft.objects.exists()


def test_a_reaudit_is_not_begun_without_questions(ben_at: Client) -> None:
    base = seeded("incident-update-reaudit")
    page = ben_at.post("/questionnaires/new/", {"base": base.pk, "questions": "empty", "title": "Ours"})
    assert "What a re-audit asks is chosen by its triggers: take its questions over." in said(page)


def test_readers_see_no_drafts_and_no_way_to_write(client: Client, draft: Draft, make: Make) -> None:
    client.force_login(make.people["vera"])
    page = said(client.get("/questionnaires/"))
    assert "Write a questionnaire" not in page
    assert "Containment at the Royal" not in page


def test_saving_a_question_unchanged_changes_nothing(ben_at: Client, draft: Draft) -> None:
    question = draft.questions.select_related("category").get(code="mon-02")
    before = draft.content()
    assert ben_at.post(address(draft, "mon-02"), form_of(question)).status_code == 302
    assert Draft.objects.get(pk=draft.pk).content() == before


def test_conditions_that_exclude_each_other_are_refused_beside_the_field(ben_at: Client, draft: Draft) -> None:
    question = draft.questions.select_related("category").get(code="mon-02")
    wrong = form_of(question, text="Typed at night", every=["autonomy_level>=2", "autonomy_level<=1"])
    page = ben_at.post(address(draft, "mon-02"), wrong)
    assert page.status_code == 422
    assert "These can never hold together, so nobody would be asked. Untick one." in said(page)
    assert "Typed at night" in page.content.decode()
    assert draft.questions.get(code="mon-02").n == 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"threshold_name_0": "Median delay", "threshold_value_0": ""}, "Enter the number."),
        ({"threshold_name_0": "", "threshold_value_0": "95"}, "Say what is measured."),
        ({"threshold_name_0": "Median delay", "threshold_value_0": "many"}, "Enter a number."),
    ],
)
def test_half_a_number_is_refused_beside_its_field(
    ben_at: Client, draft: Draft, typed: dict[str, str], sentence: str
) -> None:
    question = draft.questions.select_related("category").get(code="mon-02")
    page = ben_at.post(address(draft, "mon-02"), form_of(question, **typed))
    assert page.status_code == 422
    assert sentence in said(page)


def test_a_number_is_kept_as_it_was_typed(ben_at: Client, draft: Draft) -> None:
    question = draft.questions.select_related("category").get(code="mon-02")
    typed = {"threshold_name_0": "Delay", "threshold_rule_0": "at_most", "threshold_value_0": "1.50",
             "threshold_unit_0": "hours"}  # fmt: skip
    ben_at.post(address(draft, "mon-02"), form_of(question, **typed))
    assert draft.questions.get(code="mon-02").thresholds == [
        {"name": "Delay", "rule": "at_most", "value": "1.5", "unit": "hours"}
    ]


def test_a_save_that_came_too_late_comes_back_with_both_texts(ben_at: Client, draft: Draft, make: Make) -> None:
    question = draft.questions.select_related("category").get(code="mon-02")
    question.save_wording(by=make.people["grace"], base=0, key="g", category=question.category, text="Grace's words")
    late = form_of(question, text="Ben's words", base=0)
    page = ben_at.post(address(draft, "mon-02"), late)
    assert page.status_code == 409
    assert "Grace Adeyemi saved it while you were writing" in said(page)
    assert "Ben's words Grace's words" in said(page)
    again = re.search(r'name="key" value="([^"]+)"', page.content.decode())
    assert again
    assert ben_at.post(address(draft, "mon-02"), late | {"base": 1, "key": again[1]}).status_code == 302
    assert draft.questions.get(code="mon-02").text == "Ben's words"


def test_a_question_moves_by_its_buttons(ben_at: Client, draft: Draft) -> None:
    def order() -> list[str]:
        page = ben_at.get(f"{draft.get_absolute_url()}?category=monitoring-incidents").content.decode()
        return re.findall(r'data-code="([^"]+)"', page)

    assert order() == ["mon-02", "mon-03", "mon-05", "mon-09"]
    ben_at.post(address(draft, "mon-02", "place/"), {"way": "down"})
    assert order() == ["mon-03", "mon-02", "mon-05", "mon-09"]
    ben_at.post(address(draft, "mon-09", "place/"), {"way": "up"})
    assert order() == ["mon-03", "mon-02", "mon-09", "mon-05"]
    ben_at.post(address(draft, "mon-03", "place/"), {"way": "up"})
    assert order() == ["mon-03", "mon-02", "mon-09", "mon-05"]
    ben_at.post(address(draft, "mon-02", "place/"), {"way": "down"})
    ben_at.post(address(draft, "mon-02", "place/"), {"way": "down"})
    assert order() == ["mon-03", "mon-09", "mon-05", "mon-02"]


def test_a_second_person_reads_what_differs_and_publishes(ben_at: Client, draft: Draft, make: Make) -> None:
    make.deployment()
    question = draft.questions.select_related("category").get(code="mon-02")
    ben_at.post(address(draft, "mon-02"), form_of(question, text="Can staff report an event, by day and night?"))
    ben_at.post(address(draft, "mon-09", "drop/"))
    page = said(ben_at.get(f"{draft.get_absolute_url()}difference/"))
    assert "0 added, 1 dropped, 1 changed, 8 as before." in page
    assert "Royal Northshire Hospital 8 7 none mon-09" in page, page[-900:]
    ben_at.post(f"{draft.get_absolute_url()}step/", {"step": "offer"})
    assert "You offered it, so somebody else publishes it" in said(ben_at.get(f"{draft.get_absolute_url()}difference/"))
    ben_at.force_login(make.people["grace"])
    published = ben_at.post(f"{draft.get_absolute_url()}step/", {"step": "publish"}, follow=True)
    assert "Version 1 is published. It never changes from now on." in said(published)
    ben_at.force_login(make.people["vera"])
    assert "Containment at the Royal Ours" in said(ben_at.get("/questionnaires/"))


def test_only_deployments_that_are_asked_something_else_are_listed(ben_at: Client, draft: Draft, make: Make) -> None:
    page = f"{draft.get_absolute_url()}difference/"
    assert "You see no deployment that is in use." in said(ben_at.get(page))
    scribe, model = make.deployment(kind="ambient scribe"), make.deployment(kind="sepsis model")
    assert "all 2 deployments that are in use ask the same checks" in said(ben_at.get(page))
    only_llm = draft.questions.select_related("category").get(code="mon-02")
    ben_at.post(address(draft, "mon-02"), form_of(only_llm, every=["is_llm"]))
    with CaptureQueriesContext(connection) as few:
        words = said(ben_at.get(page))
    assert "Other checks than before: the next audits of 1 of 2 deployments in use." in words
    assert model.name in words
    assert scribe.name not in words
    for _ in range(3):
        make.deployment(kind="sepsis model")
    with CaptureQueriesContext(connection) as more:
        assert "4 of 5 deployments in use" in said(ben_at.get(page))
    assert len(more) == len(few)


def test_what_stands_in_the_way_is_named_before_anything_is_offered(ben_at: Client, make: Make) -> None:
    empty = Draft.begin(by=make.people["ben"], base=seeded(), title="Empty", empty=True)
    page = ben_at.post(f"{empty.get_absolute_url()}step/", {"step": "offer"})
    assert page.status_code == 409
    assert "It asks nothing yet. Add a check." in said(page)


def test_ours_tells_of_a_later_version_of_what_it_was_made_from(
    draft: Draft, make: Make, ben_at: Client, folder: Path, edit: Callable[[str, str, str], None], as_owner: None
) -> None:
    draft.offer(by=make.people["ben"])
    ours = draft.publish(by=make.people["grace"])
    assert "There is version" not in said(ben_at.get(ours.get_absolute_url()))
    edit("checks.yaml", "- id: containment-72h\n", "- id: containment-72h\n  version: 2\n")
    load(folder)
    page = ben_at.get(ours.get_absolute_url())
    assert "There is version 2 of it now: see what it changed" in said(page)
    assert "Nothing differs." in said(ben_at.get("/questionnaires/containment-72h/v1/difference/containment-72h/v2/"))
    assert QuestionnaireVersion.objects.get(pk=ours.pk).state == "published"


@pytest.mark.parametrize("path", ["", "?category=monitoring-incidents", "difference/", "library/", "checks/CODE/"])
def test_the_number_of_queries_does_not_grow_with_the_questions(ben_at: Client, make: Make, path: str) -> None:
    counts = []
    for code in ("containment-72h", "annual-review"):
        draft = Draft.begin(by=make.people["ben"], base=seeded(code), title=f"Ours from {code}")
        page = draft.get_absolute_url() + path.replace("CODE", draft.questions.first().code)
        ben_at.get(page)  # what a process reads once is read
        with CaptureQueriesContext(connection) as queries:
            assert ben_at.get(page).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_category_of_many_questions_is_opened_in_as_few_queries(ben_at: Client, make: Make) -> None:
    draft = Draft.begin(by=make.people["ben"], base=seeded("predeploy-llm"), title="Ours")
    sizes = {
        row["category__code"]: row["n"] for row in draft.questions.values("category__code").annotate(n=Count("pk"))
    }
    counts = {}
    for code in (min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)):
        page = f"{draft.get_absolute_url()}?category={code}"
        ben_at.get(page)
        with CaptureQueriesContext(connection) as queries:
            assert ben_at.get(page).status_code == 200
        counts[sizes[code]] = len(queries)
    assert len(counts) == 2
    assert len(set(counts.values())) == 1, counts


def test_saving_one_edit_takes_a_fixed_number_of_queries(ben_at: Client, make: Make) -> None:
    counts = []
    for code in ("containment-72h", "annual-review"):
        draft = Draft.begin(by=make.people["ben"], base=seeded(code), title=f"Ours from {code}")
        question = draft.questions.select_related("category").first()
        ben_at.get(address(draft, question.code))
        with CaptureQueriesContext(connection) as queries:
            reply = ben_at.post(
                address(draft, question.code), form_of(question, text="New"), headers={"accept": "application/json"}
            )
        assert reply.json()["n"] == 1
        counts.append(len(queries))
    assert counts[0] == counts[1]
