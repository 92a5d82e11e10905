"""Asha types what looks like a patient: she is asked before anything is stored, corrects it, and keeps what is none."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.answering import card, choose, saved
from tests.journeys.browsing import People, saved_file
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

CODE, OTHER = "mon-03", "mon-05"
NOTE = "The summary for 999 000 0018 left out the anticoagulant."
CORRECTED = "The summary for one patient left out the anticoagulant."


@pytest.fixture
def audit(ward: Ward, request: pytest.FixtureRequest) -> str:
    deployment = ward.play("deployment", name=f"Scribe for {request.node.name}")
    about = {"questionnaire": "containment-72h", "reason": "containment", "unanswered": [CODE, OTHER]}
    ref: str = ward.play("audit", deployment=deployment, **about)["ref"]
    return ref


def fill_page(audit: str) -> str:
    return f"/audits/{audit}/categories/monitoring-incidents/"


def note_of(question: Locator) -> Locator:
    return question.locator("textarea[name=note]")


def warning_in(question: Locator) -> Locator:
    return question.get_by_role("group", name="Not saved: this looks like patient data")


def held(question: Locator) -> Locator:
    """The warning, once the card says that nothing of it is saved."""
    expect(question.locator("[data-saved-line]")).to_contain_text("Not saved: looks like patient data.")
    expect(warning_in(question).first).to_be_visible()
    return warning_in(question)


def test_an_nhs_number_is_corrected_before_it_is_stored_and_kept_where_it_is_invented(
    people: People, audit: str
) -> None:
    page = people.visit("asha", fill_page(audit))
    question = card(page, CODE)
    choose(question, "Met")
    note_of(question).fill(NOTE)
    warning = held(question)
    expect(warning.locator("mark")).to_have_text("999 000 0018")
    expect(warning).to_contain_text("Rule: NHS number.")
    people.look(page, "held")
    warning.get_by_role("button", name="Change the text").click()
    assert page.evaluate("getSelection().toString() || document.activeElement.value.slice("
                         "document.activeElement.selectionStart, document.activeElement.selectionEnd)"
                         ) == "999 000 0018"  # fmt: skip
    page.keyboard.type("one patient")
    saved(question, "Asha Rao")
    expect(warning_in(question)).to_have_count(0)

    other = card(page, OTHER)
    choose(other, "Met")
    note_of(other).fill(NOTE)
    warning = held(other)
    warning.get_by_role("button", name="This is not patient data, keep it").click()
    expect(warning).to_contain_text("Choose why it is not patient data, or change the text.")
    warning.get_by_label("why is it not?").select_option(label="It is invented, for a test or an example")
    warning.get_by_role("button", name="This is not patient data, keep it").click()
    saved(other, "Asha Rao")
    expect(warning_in(other)).to_have_count(0)
    note_of(other).fill(f"{NOTE} Read twice.")
    saved(other, "Asha Rao")

    page.reload()
    assert (note_of(card(page, CODE)).input_value(), note_of(card(page, OTHER)).input_value()) == (
        CORRECTED,
        f"{NOTE} Read twice.",
    )
    history = people.visit("vera", f"/audits/{audit}/answers/{OTHER}/history/")
    expect(history.locator("main")).to_contain_text("Kept by Asha Rao: not patient data.")
    listed = people.visit("vera", f"/audits/{audit}/kept-passages/")
    expect(listed.get_by_role("heading", level=1)).to_have_text("1 passage kept as not patient data")
    people.look(listed, "kept")


def test_what_is_typed_on_while_the_warning_stands_is_saved_with_the_rest(people: People, audit: str) -> None:
    page = people.visit("asha", fill_page(audit))
    question = card(page, CODE)
    choose(question, "Met")
    note_of(question).fill(f"{NOTE} DOB 03/04/1951.")
    question.get_by_label("why is it not?").first.select_option(label="It is invented, for a test or an example")
    note_of(question).press_sequentially(" And more.")
    held(question)
    question.get_by_role("button", name="This is not patient data, keep it").first.click()
    expect(warning_in(question)).to_have_count(1)
    expect(warning_in(question).locator("mark")).to_have_text("03/04/1951")
    assert_unsaved(page)
    question.get_by_label("why is it not?").select_option(label="It is invented, for a test or an example")
    question.get_by_role("button", name="This is not patient data, keep it").click()
    saved(question, "Asha Rao")
    page.reload()
    assert note_of(card(page, CODE)).input_value() == f"{NOTE} DOB 03/04/1951. And more."


def assert_unsaved(page: Page) -> None:
    """Leaving asks: what is held is on this page and nowhere else."""
    asks = page.evaluate("!window.dispatchEvent(new Event('beforeunload', {cancelable: true}))")
    assert asks


def test_what_waited_offline_and_is_held_then_goes_on_waiting_until_she_has_answered_for_it(
    people: People, audit: str
) -> None:
    page = people.visit("asha", fill_page(audit))
    page.wait_for_load_state("networkidle")
    context = page.context
    context.set_offline(True)
    note_of(card(page, CODE)).fill(NOTE)
    note_of(card(page, CODE)).blur()
    expect(page.locator("[data-unsent-line]")).to_contain_text("1 answer waits on this device, encrypted")
    page.close()
    context.set_offline(False)

    elsewhere = context.new_page()
    elsewhere.goto(f"{people.stack.url}/deployments/")
    line = elsewhere.locator("[data-unsent-line]")
    expect(line).to_contain_text("1 answer waits on this device, encrypted")
    line.get_by_role("button", name="Show what waits").click()
    expect(elsewhere.get_by_role("dialog")).to_contain_text("It looks like patient data.")
    elsewhere.close()

    page = context.new_page()
    page.goto(people.stack.url + fill_page(audit))
    question = card(page, CODE)
    warning = held(question)
    expect(note_of(question)).to_have_value(NOTE)
    warning.get_by_label("why is it not?").select_option(label="It is invented, for a test or an example")
    warning.get_by_role("button", name="This is not patient data, keep it").click()
    saved(question, "Asha Rao")
    expect(page.locator("[data-unsent-line]")).to_be_empty()
    page.reload()
    assert note_of(card(page, CODE)).input_value() == NOTE
    people.complaints[:] = [said for said in people.complaints if "net::ERR_" not in said]


def test_a_text_put_back_as_it_was_is_not_asked_about(people: People, audit: str) -> None:
    page = people.visit("asha", fill_page(audit))
    question = card(page, CODE)
    choose(question, "Met")
    saved(question, "Asha Rao")
    note_of(question).fill(NOTE)
    held(question)
    note_of(question).fill("")
    saved(question, "Asha Rao")
    expect(warning_in(question)).to_have_count(0)


def test_without_scripts_the_warning_stands_beside_what_was_typed(people: People, audit: str) -> None:
    page = people.open("asha", scripts=False, name="asha without scripts").pages[0]
    page.goto(people.stack.url + fill_page(audit))
    choose(card(page, CODE), "Met")
    note_of(card(page, CODE)).fill(NOTE)
    card(page, CODE).get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{CODE} is not saved yet")
    question = card(page, CODE)
    expect(note_of(question)).to_have_value(NOTE)
    expect(warning_in(question).locator("mark")).to_have_text("999 000 0018")
    expect(question.get_by_role("button", name="Change the text")).to_have_count(0)
    warning_in(question).get_by_label("why is it not?").select_option(label="It is invented, for a test or an example")
    warning_in(question).get_by_role("button", name="This is not patient data, keep it").click()
    saved(card(page, CODE), "Asha Rao")
    expect(note_of(card(page, CODE))).to_have_value(NOTE)


def test_a_letter_is_stored_once_she_says_that_she_has_looked(people: People, audit: str, tmp_path: Path) -> None:
    page = people.visit("asha", fill_page(audit))
    question = card(page, CODE)
    question.get_by_text("Add a file or a link").click()
    question.get_by_label("Title").fill("Letter")
    letter = str(saved_file(tmp_path, "letter.txt", NOTE.encode()))
    question.get_by_label("File").set_input_files(letter)
    question.get_by_label("Date of the document").fill("2026-10-01")
    question.get_by_role("button", name="Add evidence").click()
    expect(page.get_by_role("group", name="Not stored: this looks like patient data")).to_contain_text("999 000 0018")
    people.look(page, "looked")
    page.get_by_label("File").set_input_files(letter)
    page.get_by_label("I have looked: no patient data").check()
    page.get_by_label("Why it is not patient data").select_option(label="It is invented, for a test or an example")
    page.get_by_role("button", name="Add evidence").click()
    expect(card(page, CODE).get_by_role("link", name="Letter")).to_be_visible()
