"""Saving one answer: what the page is told, what is kept, and what it costs."""

import json

import pytest
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Answer, Audit
from tests.audits.pages import counted, post_answer, sign_in
from tests.factories import Make

CODE = "mon-03"


@pytest.fixture
def audit(make: Make) -> Audit:
    return make.audit()


def current(audit: Audit, code: str = CODE) -> Answer:
    return audit.answers.select_related("current", "audit").get(code=code)


def test_a_save_says_when_by_whom_and_what_is_still_missing(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    reply = post_answer(client, audit, CODE, json=True, verdict="not_met", gap="No table.")
    assert reply.status_code == 200
    said = reply.json()
    assert said["saved"] is True
    assert (said["n"], said["by"], said["answered"], said["asked"]) == (1, "Asha Rao", 1, 8)
    assert said["at_text"].startswith("today ")
    assert said["lacks"] == ["an owner", "a due date"]
    assert len(reply.content) < 2048
    assert current(audit).current.gap == "No table."


def test_a_form_without_script_comes_back_to_its_card_which_says_when_it_was_saved(
    client: Client, audit: Audit, asha: User
) -> None:
    sign_in(client, asha)
    reply = post_answer(client, audit, CODE, note="Seen.\r\nTwice.", evidence_note="On the ward.")
    assert reply["Location"] == f"/audits/{audit.ref}/categories/monitoring-incidents/#{CODE}"
    page = client.get(reply["Location"]).content.decode()
    card = page[page.index(f'id="{CODE}"') : page.index('id="mon-05"')]
    assert "<strong>Saved</strong> <time" in card
    assert "by Asha Rao" in card
    assert current(audit).current.note == "Seen.\nTwice."


def test_a_card_saved_under_a_filter_stays_in_view(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    reply = post_answer(client, audit, CODE, show="unanswered")
    assert "?show=unanswered&saved=mon-03#mon-03" in reply["Location"]
    assert f'id="{CODE}"' in client.get(reply["Location"]).content.decode()


def test_a_stale_save_shows_both_texts_and_keeps_both(client: Client, audit: Audit, asha: User, make: Make) -> None:
    sign_in(client, asha)
    post_answer(client, audit, CODE, note="Theirs, which was first.")
    reply = post_answer(client, audit, CODE, key="late", note="Mine, which came late.", verdict="not_met")
    assert reply.status_code == 409
    page = reply.content.decode()
    assert "Theirs, which was first." in page
    assert "Mine, which came late." in page
    answer = current(audit)
    assert answer.current.note == "Theirs, which was first."
    assert [(r.n, r.note) for r in answer.revisions.order_by("pk")] == [
        (1, "Theirs, which was first."),
        (None, "Mine, which came late."),
    ]


def test_keeping_mine_from_the_page_of_both_texts_saves_mine_as_the_newest(
    client: Client, audit: Audit, asha: User
) -> None:
    sign_in(client, asha)
    post_answer(client, audit, CODE, note="Theirs.")
    page = post_answer(client, audit, CODE, key="late", note="Mine.").context
    hidden = {row["name"]: row["mine"] for row in page["rows"]}
    post_answer(client, audit, CODE, key="choice", base=page["answer"].n, **hidden)
    answer = current(audit)
    assert (answer.n, answer.current.note) == (2, "Mine.")


def test_a_script_is_given_theirs_to_compare_with(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    post_answer(client, audit, CODE, note="Theirs.", due="2030-01-15", verdict="partial")
    reply = post_answer(client, audit, CODE, json=True, key="late", note="Mine.")
    assert reply.status_code == 409
    said = reply.json()
    assert (said["stale"], said["saved"], said["n"], said["by"]) == (True, False, 1, "Asha Rao")
    assert (said["theirs"]["note"], said["theirs"]["due"], said["theirs"]["verdict"]) == (
        "Theirs.",
        "2030-01-15",
        "partial",
    )


def test_the_same_request_twice_is_one_save(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    first = post_answer(client, audit, CODE, json=True, note="Once.")
    again = post_answer(client, audit, CODE, json=True, note="Once.")
    assert (first.json()["n"], again.json()["n"], again.status_code) == (1, 1, 200)
    assert current(audit).revisions.count() == 1


def test_new_words_under_an_old_key_are_not_taken_for_a_repetition(client: Client, audit: Audit, asha: User) -> None:
    """What a browser's Back button brings: the page of before, its key and revision, with other words."""
    sign_in(client, asha)
    post_answer(client, audit, CODE, note="Before.")
    reply = post_answer(client, audit, CODE, note="After Back.")
    assert reply.status_code == 409
    assert "After Back." in reply.content.decode()
    assert current(audit).revisions.filter(note="After Back.").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("due", "soon", "Enter a valid date."),
        ("owner", "x" * 121, "Ensure this value has at most 120 characters"),
        ("verdict", "perhaps", "Select a valid choice."),
    ],
)
def test_bad_input_is_said_beside_the_field_and_keeps_what_was_typed(
    client: Client, audit: Audit, asha: User, field: str, value: str, sentence: str
) -> None:
    sign_in(client, asha)
    sent = {"verdict": "partial", "note": "A long afternoon’s work.", field: value}
    page = post_answer(client, audit, CODE, **sent)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert "A long afternoon’s work." in page.content.decode()
    if field != "verdict":
        assert value in page.content.decode()
    told = post_answer(client, audit, CODE, json=True, **sent)
    assert told.status_code == 422
    assert sentence in told.json()["errors"][field][0]
    assert current(audit).n == 0


def test_any_characters_are_taken_and_stored_clean(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    reply = post_answer(
        client,
        audit,
        CODE,
        json=True,
        note="nul\x00l, e\u0301, \ud83d\ude00 ".encode("utf-16", "surrogatepass").decode("utf-16"),
    )
    assert reply.status_code == 200
    assert current(audit).current.note == "null, é, 😀"


def test_what_one_person_typed_is_not_saved_under_the_name_of_another(
    client: Client, audit: Audit, asha: User, dora: User
) -> None:
    """A page left open at a shared computer, on which somebody else has signed in since."""
    sign_in(client, asha)
    reply = post_answer(client, audit, CODE, json=True, person=dora.pk)
    assert reply.status_code == 422
    assert "You are now signed in as Asha Rao" in reply.json()["errors"]["card"][0]
    assert current(audit).n == 0


@pytest.mark.parametrize(("person", "status"), [("vera", 403), ("ben", 403), ("omar", 403), ("dora", 404)])
def test_who_neither_audits_nor_leads_the_category_cannot_answer(
    client: Client, audit: Audit, make: Make, person: str, status: int
) -> None:
    sign_in(client, make.people[person])
    assert post_answer(client, audit, CODE).status_code == status
    assert post_answer(client, audit, CODE, json=True).status_code == status
    assert current(audit).n == 0


def test_the_lead_of_a_category_answers_it_and_nothing_else(
    client: Client, audit: Audit, make: Make, asha: User, dora: User
) -> None:
    audit.assign("monitoring-incidents", dora, by=asha)
    sign_in(client, dora)
    assert post_answer(client, audit, CODE, json=True).status_code == 200
    assert post_answer(client, audit, "aut-03", json=True).status_code == 404


def test_a_signed_out_save_is_sent_to_sign_in_and_nothing_is_claimed(client: Client, audit: Audit) -> None:
    reply = post_answer(client, audit, CODE, json=True)
    assert reply.status_code == 302
    assert reply["Location"].startswith("/sign-in/")


def test_after_submission_a_save_is_refused_with_the_rule(client: Client, make: Make, asha: User) -> None:
    audit = make.submitted()
    sign_in(client, asha)
    reply = post_answer(client, audit, CODE, json=True, base=1)
    assert reply.status_code == 409
    assert "no longer a draft" in reply.content.decode()
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.content)  # an error page, whose sentence the script shows


@pytest.mark.parametrize(("person", "most"), [("asha", 8), ("dora", 9)])
def test_a_save_costs_few_queries(client: Client, audit: Audit, make: Make, person: str, most: int) -> None:
    """Session, person and roles included; the first save moves the counters, and a lead's own part is counted anew."""
    audit.assign("monitoring-incidents", make.people["dora"], by=make.people["asha"])
    sign_in(client, make.people[person])
    for base, verdict in enumerate(["met", "not_applicable", "partial"]):
        with counted(most):
            reply = post_answer(client, audit, CODE, json=True, base=base, key=f"k{base}", verdict=verdict)
        assert reply.status_code == 200
    with counted(8):
        assert post_answer(client, audit, CODE, json=True, base=0, key="late").status_code == 409
