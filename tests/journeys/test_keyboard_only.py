"""A category answered with the keyboard alone, and what the fill page looks like to whoever does it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.answering import card, saved
from tests.journeys.browsing import People, violations
from tests.journeys.ward import Ward

CATEGORY = "monitoring-incidents"
LAPTOP = {"width": 1366, "height": 768}
SIZES = [320, 768, 1440]


@pytest.fixture(scope="module")
def audit(ward: Ward) -> dict[str, Any]:
    """A re-audit in which nothing is answered; what was signed before can be taken over."""
    tool = ward.play("deployment", name="Ambient scribe, keyboard ward")
    signed = ward.play("audit", deployment=tool, questionnaire="containment-72h", reason="containment")
    codes = list(signed["answers"])
    ward.play("signed", ref=signed["ref"], evidence={codes[0]: 200, codes[1]: -1})
    about = {"questionnaire": "containment-72h", "reason": "containment"}
    return ward.play("audit", deployment=tool, unanswered=codes, **about)


def codes_of(audit: dict[str, Any], category: str = CATEGORY) -> list[str]:
    return [code for code, place in audit["answers"].items() if place == category]


def focused(page: Page) -> str:
    """The question that the keys act on."""
    return page.evaluate("document.activeElement.closest('[data-card]')?.id ?? ''")


def settled(page: Page, code: str) -> None:
    expect(page.locator(f"article#{code}")).to_be_focused()


def test_a_question_with_its_guidance_and_verdicts_fits_on_a_laptop(people: People, audit: dict[str, Any]) -> None:
    for category in dict.fromkeys(audit["answers"].values()):
        page = people.visit("asha", f"/audits/{audit['ref']}/categories/{category}/")
        page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
        first = page.locator("[data-card]").first
        for part in (".question-text", ".question-why", ".choices"):
            box = first.locator(part).bounding_box()
            assert box
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= LAPTOP["height"], (category, part, box)


def test_a_category_is_answered_with_the_keyboard_alone(people: People, audit: dict[str, Any]) -> None:
    page = people.visit("asha", f"/audits/{audit['ref']}/categories/{CATEGORY}/")
    press = page.keyboard.press
    first, second, third, last = codes_of(audit)

    press("n")
    settled(page, first)
    press("1")
    press("w")
    page.keyboard.type("Next week: jot 1 or 2 lines, no fuss?")  # every shortcut is in it, and none of them acts
    expect(card(page, first).get_by_label("Note (optional)", exact=True)).to_have_value(
        "Next week: jot 1 or 2 lines, no fuss?"
    )
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_hidden()
    assert focused(page) == first
    press("Escape")
    settled(page, first)
    press("s")
    saved(card(page, first), "Asha Rao")

    press("f")
    expect(card(page, first).get_by_role("button", name="Come back to this")).to_have_attribute("aria-pressed", "true")

    press("n")
    settled(page, second)
    press("t")  # still true: what was signed is taken over, and the page comes back to the card
    expect(page.get_by_text(f"You confirmed the answer to {second}.")).to_be_visible()
    settled(page, second)
    expect(card(page, second)).to_contain_text("Taken over from")
    expect(card(page, second).get_by_role("radio", name=re.compile("^Met"))).to_be_checked()

    press("j")
    settled(page, third)
    press("k")
    settled(page, second)
    press("n")
    settled(page, third)
    press("3")
    press("w")
    page.keyboard.type("No table is kept.")
    press("Tab")
    press("Tab")
    page.keyboard.type("The table of open reports")
    expect(card(page, third).get_by_label("What is missing")).to_have_value("The table of open reports")
    press("Tab")
    page.keyboard.type("Digital health")
    press("Tab")
    page.keyboard.type("01012030")  # the same in every order of day and month
    press("Escape")
    settled(page, third)
    saved(card(page, third), "Asha Rao")
    expect(card(page, third).locator("[data-lacks]")).to_be_hidden()

    press("n")
    settled(page, last)
    press("4")
    press("e")
    expect(card(page, last).locator("form.evidence-form").get_by_label("Title", exact=True)).to_be_focused()
    press("Escape")
    saved(card(page, last), "Asha Rao")

    press("n")  # on to the next category that has one, with the keys at work there
    page.wait_for_url("**/?show=unanswered")
    expect(page.locator("[data-card]").first).to_be_focused()

    page.goto(page.url.split("/categories/")[0] + f"/categories/{CATEGORY}/")
    expect(page.locator(".fill-nav [aria-current]")).to_contain_text("4 of 4")
    expect(card(page, first).get_by_label("Note (optional)", exact=True)).to_have_value(
        "Next week: jot 1 or 2 lines, no fuss?"
    )
    expect(card(page, third).get_by_label("By when")).to_have_value("2030-01-01")
    people.nothing_amiss()


def test_what_was_flagged_is_found_in_the_whole_audit(people: People, audit: dict[str, Any]) -> None:
    page = people.visit("vera", f"/audits/{audit['ref']}/questions/?show=flagged")
    flagged = codes_of(audit)[0]
    expect(page.locator("[data-card]")).to_have_count(1)
    expect(page.locator(f"article#{flagged}")).to_contain_text("flagged by Asha Rao")


def test_the_keys_are_listed_and_can_be_switched_off(people: People, audit: dict[str, Any]) -> None:
    page = people.visit("asha", f"/audits/{audit['ref']}/questions/?show=unanswered")
    press = page.keyboard.press
    press("?")
    listed = page.get_by_role("dialog", name="Shortcuts")
    expect(listed).to_be_visible()
    assert listed.locator("dt kbd").all_inner_texts() == [
        "n", "j", "k", "1", "2", "3", "4", "t", "w", "Esc", "e", "f", "s", "?",
    ]  # fmt: skip
    found = violations(page, whole=True)
    assert not found, "\n".join(found)
    off = listed.get_by_role("checkbox", name="Switch single-key shortcuts off on this device")
    off.focus()
    press("Space")
    press("Escape")
    expect(listed).to_be_hidden()
    page.reload()
    press("n")
    press("?")
    expect(listed).to_be_hidden()
    assert focused(page) == ""
    page.get_by_role("button", name="Shortcuts").click()
    off.uncheck()
    listed.get_by_role("button", name="Close").click()
    press("n")
    expect(page.locator("[data-card]").first).to_be_focused()


def test_a_flag_that_cannot_be_set_says_so(people: People, audit: dict[str, Any]) -> None:
    page = people.visit("asha", f"/audits/{audit['ref']}/questions/?show=unanswered")
    first = page.locator("[data-card]").first
    page.route("**/flag/", lambda route: route.fulfill(status=503))
    first.get_by_role("button", name="Come back to this").click()
    expect(first.get_by_text("Not changed: the server cannot be reached.")).to_be_visible()
    expect(first.get_by_role("button", name="Come back to this")).to_have_attribute("aria-pressed", "false")
    people.complaints.clear()  # the 503 was ours


def test_without_a_script_one_press_takes_over_flags_and_comes_back(people: People, audit: dict[str, Any]) -> None:
    people.open("asha", scripts=False)
    page = people.visit("asha", f"/audits/{audit['ref']}/questions/?show=unanswered")
    code = page.locator("[data-card]").first.get_attribute("id")
    assert code
    page.locator(f"article#{code}").get_by_role("button", name="Come back to this").click()
    expect(page.locator(f"article#{code}")).to_contain_text("flagged by Asha Rao")
    page.locator(f"article#{code}").get_by_role("button", name="Still true: take it over").click()
    expect(page.locator(f"article#{code}")).to_contain_text("Taken over from")
    assert page.url.endswith(f"/questions/?show=unanswered&saved={code}#{code}")


@pytest.mark.parametrize("query", ["", "?show=unanswered", "?show=returned"], ids=["full", "open", "empty"])
def test_it_is_accessible_and_fits_on_every_screen(people: People, audit: dict[str, Any], query: str) -> None:
    page = people.visit("asha", f"/audits/{audit['ref']}/questions/{query}")
    people.look(page, f"all-questions{query.replace('?show=', '-')}")
    page = people.visit("asha", f"/audits/{audit['ref']}/categories/{CATEGORY}/{query}")
    people.look(page, f"category{query.replace('?show=', '-')}")
    for width in SIZES:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
