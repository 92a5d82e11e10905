"""The ward's network drops, sessions end, tabs are closed: the page says what is saved and loses nothing."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.answering import card, choose, saved
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


def line(page: Page) -> re.Pattern[str]:
    return card(page, CODE).locator("[data-saved-line]")


def saves(page: Page) -> int:
    """How many saves of the question the server has, as its history counts them."""
    address = page.url.split("/categories/")[0] + f"/answers/{CODE}/history/"
    return page.request.get(address).text().count('<li class="card')


def expected_noise(people: People) -> None:
    """Chromium itself notes each request that did not come through; nothing else may be noted."""
    people.complaints[:] = [c for c in people.complaints if "net::ERR_" not in c]


def test_a_save_is_tried_again_until_the_server_has_it(people: People, page: Page) -> None:
    page.context.set_offline(True)
    card(page, CODE).locator("textarea[name=note]").fill(TEXT)
    expect(line(page)).to_contain_text("Not saved, trying again.")
    expect(line(page)).to_contain_text("The server cannot be reached. Your text is kept here, encrypted, also when you close the page.")
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


def test_a_session_that_ended_is_said_and_the_text_survives_signing_in(people: People, page: Page) -> None:
    other = people.another_tab("asha", "/")
    other.locator(".menu-person summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Sign in")
    card(page, CODE).locator("textarea[name=note]").fill(TEXT)
    expect(line(page)).to_contain_text("Not saved: you are signed out.")
    assert note(page) == TEXT
    other.get_by_label("E-mail").fill("asha@northshire.example")
    other.get_by_label("Password").fill(people.stack.password)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("My work")
    card(page, CODE).get_by_role("button", name="Save").click()
    saved(card(page, CODE), "Asha Rao")
    assert saves(page) == 1


def test_what_asha_typed_is_not_saved_under_bens_name(people: People, page: Page) -> None:
    """A shared computer: she is signed out, somebody else signs in, her tab is still open."""
    other = people.another_tab("asha", "/")
    other.locator(".menu-person summary").click()
    other.get_by_role("button", name="Sign out").click()
    other.get_by_label("E-mail").fill("dora@northshire.example")
    other.get_by_label("Password").fill(people.stack.password)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("My work")
    card(page, CODE).locator("textarea[name=note]").fill(TEXT)
    expect(line(page)).to_contain_text("Not saved.")
    assert note(page) == TEXT
    people.complaints.clear()  # 403: Dora may not answer this category at all
    assert saves(page) == 0


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
