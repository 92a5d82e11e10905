"""The ward's network drops, sessions end, tabs are closed: the page says what is saved and loses nothing."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.journeys.answering import card, choose, history, saved
from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

CODE = "mon-03"
TEXT = "The table names the regulator and the hours."


@pytest.fixture
def page(people: People, ward: Ward, request: pytest.FixtureRequest) -> Page:
    """Asha at a category of which one question is unanswered."""
    deployment = ward.play("deployment", name=f"Scribe for {request.node.name}")
    opened = ward.play(
        "audit",
        deployment=deployment,
        questionnaire="containment-72h",
        reason="containment",
        unanswered=[CODE, "pat-09"],
    )
    return people.visit("asha", f"/audits/{opened['ref']}/categories/monitoring-incidents/")


def note(page: Page) -> str:
    return card(page, CODE).locator("textarea[name=note]").input_value()


def line(page: Page) -> Locator:
    return card(page, CODE).locator("[data-saved-line]")


def saves(page: Page) -> int:
    """How many saves of the question the server has, as its history counts them."""
    address = page.url.split("/categories/")[0] + f"/answers/{CODE}/history/"
    return page.request.get(address).text().count('<li class="card')


def notes(people: People, page: Page) -> list[str]:
    """The notes of the audit that were saved while the page was open, in their order."""
    ref = page.url.split("/audits/")[1].split("/")[0]
    return [words for code, words, *_rest in history(people.stack, ref) if code == CODE]


def expected_noise(people: People) -> None:
    """Chromium itself notes each request that did not come through; nothing else may be noted."""
    people.complaints[:] = [c for c in people.complaints if "net::ERR_" not in c]


def test_a_save_is_tried_again_until_the_server_has_it(people: People, page: Page) -> None:
    page.context.set_offline(True)
    card(page, CODE).locator("textarea[name=note]").fill(TEXT)
    expect(line(page)).to_contain_text("Not saved, trying again.")
    expect(line(page)).to_contain_text(
        "The server cannot be reached. Your text is kept here, encrypted, also when you close the page."
    )
    page.context.set_offline(False)
    saved(card(page, CODE), "Asha Rao")
    page.reload()
    assert note(page) == TEXT
    expected_noise(people)


def test_a_reply_that_is_lost_does_not_make_a_second_save(people: People, page: Page) -> None:
    """The server has committed, the answer does not arrive: the same request is sent again and changes nothing."""
    lost = []

    def lose_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    page.route("**/answers/**", lose_first)
    card(page, CODE).locator("textarea[name=note]").fill(TEXT)
    expect(line(page)).to_contain_text("Not saved, trying again.")
    saved(card(page, CODE), "Asha Rao")
    assert lost == [200]
    assert saves(page) == 1
    expected_noise(people)


def test_one_request_at_a_time_and_the_last_words_win(people: People, page: Page) -> None:
    running: list[str] = []
    together: list[int] = []

    def slowly(route: Route) -> None:
        running.append(route.request.url)
        together.append(len(running))
        reply = route.fetch()
        running.pop()
        route.fulfill(response=reply)

    page.route("**/answers/**", slowly)
    area = card(page, CODE).locator("textarea[name=note]")
    for words in ("One", "One, two", "One, two, three"):
        area.fill(words)
        area.dispatch_event("change")
    saved(card(page, CODE), "Asha Rao")
    expect(line(page)).to_contain_text("Saved")
    page.wait_for_function("document.querySelector('#mon-03 [name=base]').value >= 1")
    page.goto(page.url)
    assert note(page) == "One, two, three"
    assert set(together) == {1}
    expected_noise(people)


def sign_out_elsewhere(people: People, person: str) -> Page:
    """In another tab of the same browser; returns that tab, at the sign-in page."""
    other = people.another_tab(person, "/")
    other.locator(".menu-person summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")
    return other


def sign_in_elsewhere(people: People, other: Page, person: str) -> None:
    other.get_by_label("E-mail").fill(f"{person}@northshire.example")
    other.get_by_label("Password").fill(people.stack.password)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("My work")


def test_a_session_that_ends_in_mid_typing_asks_for_the_password_in_place(people: People, page: Page) -> None:
    area = card(page, CODE).locator("textarea[name=note]")
    area.press_sequentially("The table names")
    saved(card(page, CODE), "Asha Rao")
    sign_out_elsewhere(people, "asha")
    area.press_sequentially(" the regulator")
    asked = page.get_by_role("dialog", name="Sign in again to save")
    expect(asked).to_be_visible()
    expect(line(page)).to_contain_text("Not saved: you are signed out.")
    expect(asked.get_by_label("Password")).to_be_focused()
    assert note(page) == "The table names the regulator"
    people.look(page, "password-in-place")
    asked.get_by_label("Password").fill("not her password")
    asked.get_by_role("button", name="Sign in and save").click()
    expect(asked.get_by_role("alert")).to_contain_text("The e-mail address or the password is not right.")
    asked.get_by_label("Password").fill(people.stack.password)
    asked.get_by_role("button", name="Sign in and save").click()
    expect(asked).to_be_hidden()
    saved(card(page, CODE), "Asha Rao")
    area.press_sequentially(" and the hours.")
    expect(card(page, CODE).locator("[name=base]")).to_have_value("3")
    assert notes(people, page) == [
        f"The table names{more}" for more in ("", " the regulator", " the regulator and the hours.")
    ]


def test_who_signs_in_in_another_tab_is_not_asked_twice(people: People, page: Page) -> None:
    other = sign_out_elsewhere(people, "asha")
    card(page, CODE).locator("textarea[name=note]").fill(TEXT)
    asked = page.get_by_role("dialog", name="Sign in again to save")
    asked.get_by_role("button", name="Not now").click()
    expect(line(page)).to_contain_text("Not saved: you are signed out.")
    sign_in_elsewhere(people, other, "asha")
    card(page, CODE).get_by_role("button", name="Save").click()
    saved(card(page, CODE), "Asha Rao")
    expect(asked).to_be_hidden()
    assert notes(people, page) == [TEXT]


def test_what_asha_typed_is_not_saved_under_another_name(people: People, page: Page) -> None:
    """A shared computer: she is signed out, somebody else signs in, her tab is still open."""
    other = sign_out_elsewhere(people, "asha")
    sign_in_elsewhere(people, other, "dora")
    card(page, CODE).locator("textarea[name=note]").fill(TEXT)
    asked = page.get_by_role("dialog", name="Sign in again to save")
    expect(asked).to_contain_text("You are now signed in as Dora Petrou, and this was typed by somebody else.")
    asked.get_by_role("button", name="Not now").click()
    expect(line(page)).to_contain_text("Not saved.")
    assert note(page) == TEXT
    card(page, CODE).get_by_role("button", name="Save").click()
    asked.get_by_label("Password").fill(people.stack.password)
    asked.get_by_role("button", name="Sign in and save").click()
    saved(card(page, CODE), "Asha Rao")
    assert notes(people, page) == [TEXT]
    # Meanwhile the open page asked for news of an audit that Dora may not see.
    people.complaints[:] = [c for c in people.complaints if not re.match(r"404 for .*/(changes|presence)/$", c)]


def test_leaving_with_unsaved_words_asks_first(people: People, page: Page) -> None:
    page.context.set_offline(True)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    card(page, CODE).locator("textarea[name=note]").fill(TEXT)
    expect(line(page)).to_contain_text("Not saved, trying again.")
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    assert note(page) == TEXT
    page.context.set_offline(False)
    saved(card(page, CODE), "Asha Rao")
    expected_noise(people)


def test_a_link_followed_at_once_waits_for_the_save(people: People, page: Page) -> None:
    card(page, CODE).locator("textarea[name=note]").fill(TEXT)
    page.locator(".fill-nav").get_by_role("link", name=re.compile("^Patient information")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patient information, choice and redress")
    page.go_back()
    page.reload()
    assert note(page) == TEXT


def test_single_keys_answer_and_move_and_can_be_switched_off(people: People, page: Page) -> None:
    expect(page.get_by_role("button", name="Shortcuts")).to_be_visible()  # from then on single keys are heard
    page.keyboard.press("n")
    expect(card(page, CODE)).to_be_focused()
    page.keyboard.press("2")
    expect(card(page, CODE).get_by_role("radio", name="Partly met")).to_be_checked()
    expect(card(page, CODE).get_by_label("What is missing")).to_be_visible()
    saved(card(page, CODE), "Asha Rao")
    card(page, CODE).locator("textarea[name=note]").press_sequentially("1 of 4 n j ?")
    assert note(page) == "1 of 4 n j ?"
    saved(card(page, CODE), "Asha Rao")
    card(page, CODE).focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    people.look(page, "shortcuts")
    page.get_by_label("Switch single-key shortcuts off on this device").check()
    page.get_by_role("button", name="Close").click()
    card(page, CODE).focus()
    page.keyboard.press("1")
    expect(card(page, CODE).get_by_role("radio", name="Partly met")).to_be_checked()
    page.get_by_role("button", name="Shortcuts").click()
    page.get_by_label("Switch single-key shortcuts off on this device").uncheck()
    page.get_by_role("button", name="Close").click()
    card(page, CODE).focus()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Patient information, choice and redress")
    expect(page.locator("article.question")).to_have_count(1)


def test_choosing_a_verdict_shows_what_it_needs_and_hides_nothing_that_is_filled(people: People, page: Page) -> None:
    question = card(page, CODE)
    expect(question.get_by_label("What is missing")).to_be_hidden()
    choose(question, "Not met")
    question.get_by_label("What is missing").fill("No table hangs there.")
    expect(question.get_by_label("Why it does not apply")).to_be_hidden()
    expect(question.locator("[data-lacks]")).to_contain_text("an owner, a due date")
    choose(question, "Met")
    expect(question.get_by_label("What is missing")).to_be_visible()
    saved(question, "Asha Rao")
    question.get_by_label("What is missing").fill("")
    question.get_by_label("What is missing").blur()
    expect(question.get_by_label("What is missing")).to_be_hidden()
    expect(question.locator("[data-lacks]")).to_be_hidden()
