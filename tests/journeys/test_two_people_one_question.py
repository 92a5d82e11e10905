"""Asha and Dora answer one question at the same time, with scripts and without: neither loses a word."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.campaign.browser import Browser
from tests.journeys.answering import card, choose, saved
from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

CODE = "mon-03"
DORAS = "Dora read the table of May; the regulator of medicines is missing."
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%auditapp_answer%'"
ASHAS = "Asha asked the ward manager, who showed the table on paper."


@pytest.fixture
def audit(people: People, ward: Ward, request: pytest.FixtureRequest) -> str:
    """A check of a live scribe, in which Dora was given the category of the question."""
    deployment = ward.play("deployment", name=f"Scribe for {request.node.name}")
    ref = ward.play(
        "audit", deployment=deployment, questionnaire="containment-72h", reason="containment", unanswered=[CODE]
    )["ref"]
    page = people.visit("asha", f"/audits/{ref}/assignments/")
    page.get_by_label("Category").select_option(value="monitoring-incidents")
    page.get_by_label("Person").select_option(label="Dora Petrou")
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status")).to_contain_text("Dora Petrou can answer it now.")
    return ref


def fill_page(audit: str) -> str:
    return f"/audits/{audit}/categories/monitoring-incidents/"


def both_were_at_it(people: People, audit: str) -> Page:
    """Both have the page open; Dora's text is saved first, then Asha's is refused and kept."""
    people.hears_nothing("asha")
    ashas = people.visit("asha", fill_page(audit))
    doras = people.visit("dora", fill_page(audit))
    choose(card(doras, CODE), "Not met")
    card(doras, CODE).get_by_label("Note", exact=False).first.fill(DORAS)
    saved(card(doras, CODE), "Dora Petrou")
    question = card(ashas, CODE)
    choose(question, "Partly met")
    question.get_by_label("Note", exact=False).first.fill(ASHAS)
    box = question.get_by_role("region", name="saved this answer")
    expect(box).to_contain_text(DORAS)
    expect(box).to_contain_text(ASHAS)
    expect(box).to_contain_text("Dora Petrou")
    return ashas


def note(page: Page) -> str:
    return card(page, CODE).locator("textarea[name=note]").input_value()


def history(people: People, audit: str) -> str:
    page = people.visit("vera", f"/audits/{audit}/answers/{CODE}/history/")
    return page.locator("main").inner_text()


def test_both_texts_are_shown_and_mine_is_kept(people: People, audit: str) -> None:
    page = both_were_at_it(people, audit)
    people.look(page, "side-by-side")
    card(page, CODE).get_by_role("button", name="Keep mine").click()
    saved(card(page, CODE), "Asha Rao")
    page.reload()
    assert note(page) == ASHAS
    everything = history(people, audit)
    assert DORAS in everything
    assert "Kept, not taken" in everything


def test_theirs_is_taken_and_mine_stays_on_the_record(people: People, audit: str) -> None:
    page = both_were_at_it(people, audit)
    card(page, CODE).get_by_role("button", name="Take theirs").click()
    saved(card(page, CODE), "Dora Petrou")
    assert note(page) == DORAS
    expect(card(page, CODE).get_by_role("radio", name="Not met")).to_be_checked()
    page.reload()
    assert note(page) == DORAS
    assert ASHAS in history(people, audit)


def test_both_texts_are_edited_into_one(people: People, audit: str) -> None:
    page = both_were_at_it(people, audit)
    card(page, CODE).get_by_role("button", name="Edit both").click()
    assert note(page) == f"{ASHAS}\n\n{DORAS}"
    saved(card(page, CODE), "Asha Rao")
    card(page, CODE).locator("textarea[name=note]").fill(f"{DORAS} {ASHAS}")
    saved(card(page, CODE), "Asha Rao")
    expect(card(page, CODE).get_by_text("saved this answer")).to_have_count(0)
    page.wait_for_function(
        "note => document.querySelector('#mon-03 textarea[name=note]').value === note", arg=f"{DORAS} {ASHAS}"
    )
    page.goto(page.url)  # waits for what is still on its way, or asks; nothing asked
    assert note(page) == f"{DORAS} {ASHAS}"


def test_what_is_typed_while_both_texts_are_shown_is_not_lost(people: People, audit: str) -> None:
    page = both_were_at_it(people, audit)
    card(page, CODE).locator("textarea[name=note]").fill(f"{ASHAS} And the table hangs in the corridor.")
    card(page, CODE).get_by_role("button", name="Keep mine").click()
    saved(card(page, CODE), "Asha Rao")
    page.reload()
    assert note(page) == f"{ASHAS} And the table hangs in the corridor."


@pytest.mark.parametrize(
    ("way", "counts"),
    [("Keep mine", ASHAS), ("Take theirs", DORAS), ("Edit both", f"{ASHAS}\n\n{DORAS}")],
)
def test_without_scripts_both_texts_stand_on_a_page_of_their_own(
    people: People, audit: str, way: str, counts: str
) -> None:
    plain = people.open("asha", scripts=False, name="asha without scripts").pages[0]
    plain.goto(people.stack.url + fill_page(audit))
    doras = people.visit("dora", fill_page(audit))
    choose(card(doras, CODE), "Not met")
    card(doras, CODE).locator("textarea[name=note]").fill(DORAS)
    saved(card(doras, CODE), "Dora Petrou")
    choose(card(plain, CODE), "Met")
    card(plain, CODE).locator("textarea[name=note]").fill(ASHAS)
    card(plain, CODE).get_by_role("button", name="Save").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("was saved by somebody else meanwhile")
    expect(plain.locator("main")).to_contain_text(DORAS)
    expect(plain.locator("main")).to_contain_text(ASHAS)
    expect(plain.locator("mark", has_text="Dora read")).to_be_visible()
    plain.locator(".stale .buttons").get_by_text(way).click()
    if way == "Edit both":
        plain.get_by_role("button", name="Save both").click()
    saved(card(plain, CODE), "Dora Petrou" if way == "Take theirs" else "Asha Rao")
    assert note(plain) == counts
    everything = history(people, audit)
    assert DORAS in everything
    assert ASHAS in everything


def test_of_two_saves_in_the_same_moment_one_is_told_what_the_other_said(
    people: People, ward: Ward, audit: str
) -> None:
    """Both wait at the same lock; whoever comes second must not be shown what stood there before."""
    both = [Browser(ward.port, f"{name}@northshire.example").sign_in() for name in ("asha", "dora")]

    def save(who: Browser) -> Any:
        fields = {"base": 0, "key": who.email, "note": f"Typed by {who.email.split('@')[0]}.", "verdict": "met"}
        return who.post(f"/audits/{audit}/answers/{CODE}/", fields, Accept="application/json")

    with ward.superuser() as db, ThreadPoolExecutor(2) as pool:
        db.execute("BEGIN")
        db.execute("SELECT id FROM auditapp_audit WHERE ref = %s FOR UPDATE", [audit])
        coming = [pool.submit(save, who) for who in both]
        with ward.superuser() as watching:
            while watching.execute(WAITING).fetchone()[0] < 2:
                time.sleep(0.05)
        db.execute("ROLLBACK")
        came = sorted((future.result() for future in coming), key=lambda reply: reply.status)
    for who in both:
        who.close()
    assert [reply.status for reply in came] == [200, 409]
    first, second = (json.loads(reply.body) for reply in came)
    assert second["by"] == first["by"]
    assert second["theirs"]["note"].startswith("Typed by ")
    assert second["theirs"]["verdict"] == "met"


def test_the_back_button_loses_nothing_without_scripts(people: People, audit: str) -> None:
    plain = people.open("asha", scripts=False, name="asha without scripts").pages[0]
    plain.goto(people.stack.url + fill_page(audit))
    card(plain, CODE).locator("textarea[name=note]").fill("First words.")
    card(plain, CODE).get_by_role("button", name="Save").click()
    saved(card(plain, CODE), "Asha Rao")
    plain.go_back()
    card(plain, CODE).locator("textarea[name=note]").fill("Other words.")
    card(plain, CODE).get_by_role("button", name="Save").click()
    expect(plain.locator("main")).to_contain_text("Other words.")
    if plain.get_by_role("button", name="Keep mine").count():  # the browser kept the page of before
        plain.get_by_role("button", name="Keep mine").click()
    saved(card(plain, CODE), "Asha Rao")
    assert note(plain) == "Other words."
    assert "First words." in history(people, audit)
