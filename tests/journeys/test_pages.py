"""Everybody walks round the demonstration and changes nothing: every kind of page, each looked at."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import People
from tests.stack import Stack

pytestmark = pytest.mark.journey

# The first screen is what waits for this person; `None` means that nothing does.
FIRST_SCREENS = {
    "asha": "Answer",
    "ben": "Review",
    "eve": "Read and sign",
    "grace": "Record the decision",
    "omar": "overdue",
    "nadia": None,
    "vera": "Renew the answer",
    "ada": None,
}


def test_each_role_first_sees_what_waits_for_it(people: People, stack: Stack) -> None:
    people.open("", name="anybody")
    page = people.visit("anybody", "/")
    people.look(page, "sign-in")
    for person, waits in FIRST_SCREENS.items():
        page = people.visit(person, "/")
        expect(page.get_by_role("heading", level=1)).to_have_text("My work")
        if waits:
            expect(page.locator(".tasks")).to_contain_text(re.compile(waits))
        else:
            expect(page.get_by_text("Nothing waits for you")).to_be_visible()
        people.look(page, f"my-work-of-{person}")


def test_a_wrong_password_and_pages_that_are_not_there(people: People, stack: Stack) -> None:
    people.open("", name="anybody")
    page = people.visit("anybody", "/sign-in/")
    page.get_by_label("E-mail").fill("asha@northshire.example")
    page.get_by_label("Password").fill("a loud ward at night")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The e-mail address or the password is not right")
    people.look(page, "wrong-password")
    people.look(people.visit("vera", "/audits/A-1999-001/", status=404), "not-found")
    people.look(people.visit("vera", "/audits/new/", status=403), "not-allowed")
    westmark = people.open("", name="cleo").pages[0]
    westmark.goto(f"{stack.url}/sign-in/")
    westmark.get_by_label("E-mail").fill("cleo@westmark.example")
    westmark.get_by_label("Password").fill(stack.password)
    westmark.get_by_role("button", name="Sign in").click()
    expect(westmark.get_by_role("heading", level=1)).to_have_text("My work")
    people.visit("cleo", "/deployments/D-001/", status=404)


def test_questionnaires_are_read_by_whoever_is_asked(people: People, stack: Stack) -> None:
    page = people.visit("vera", "/questionnaires/")
    people.look(page, "questionnaires")
    page.get_by_role("link", name="Containment check within 72 hours of an event").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Containment check")
    people.look(page, "questionnaire")
    people.look(people.visit("vera", "/questionnaires/checks/?q=alarm"), "checks")
    people.look(people.visit("vera", "/questionnaires/checks/hal-01/"), "check")
    people.look(people.visit("vera", "/questionnaires/frameworks/"), "frameworks")
    people.look(people.visit("vera", "/questionnaires/frameworks/nist-ai-rmf/"), "framework")
    page = people.visit("vera", "/questionnaires/checks/?q=halucination&stage=pre")
    expect(page.get_by_text("These come near it.")).to_be_visible()
    people.look(page, "checks-misspelt")
    people.look(people.visit("vera", "/questionnaires/checks/hal-01/answers/"), "check-answers")
    people.look(people.visit("vera", "/questionnaires/predeploy-llm/v1/coverage/"), "coverage")
    page = people.visit("vera", "/questionnaires/incident-update-reaudit/v1/preview/")
    page.get_by_label("Deployment").fill("D-001")
    page.get_by_label("Unsafe or wrong output").check()
    page.get_by_role("button", name="Preview for this deployment").click()
    expect(page.get_by_text("Estimated effort")).to_be_visible()
    for closed in page.locator(".fold > summary").all():
        closed.click()
    people.look(page, "preview")
    issued = in_state(people, "vera", "issued")
    page = people.visit("vera", f"{issued}related-clauses/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Related clauses")
    people.look(page, "related-clauses")


def test_omar_looks_after_what_runs(people: People, stack: Stack) -> None:
    people.look(people.visit("omar", "/deployments/"), "deployments")
    page = people.visit("omar", "/deployments/D-001/")
    expect(page.locator(".notice.answer")).to_contain_text("2.4")
    for closed in page.locator(".table-behind summary").all():
        closed.click()
    expect(page.locator(".happened li").first).to_be_visible()
    people.look(page, "deployment")
    people.look(people.visit("omar", "/deployments/D-001/profile/"), "profile")
    people.look(people.visit("omar", "/deployments/D-001/profile/new/"), "new-profile")
    people.look(people.visit("omar", "/deployments/D-001/versions/new/"), "version")
    people.look(people.visit("omar", "/deployments/D-001/status/"), "status")
    people.look(people.visit("omar", "/deployments/D-006/"), "deployment-suspended")
    people.look(people.visit("omar", "/deployments/D-012/"), "deployment-new")
    page = people.visit("omar", "/findings/?state=overdue")
    people.look(page, "findings")
    page.locator("tbody th a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    people.look(page, "finding")


def in_state(people: People, person: str, state: str) -> str:
    """The address of the first audit in that state, as the list of audits shows it."""
    page = people.visit(person, f"/audits/?state={state}")
    address = page.locator("tbody th a").first.get_attribute("href")
    assert address
    return address


def test_asha_looks_through_her_audits(people: People, stack: Stack) -> None:
    people.look(people.visit("asha", "/audits/"), "audits")
    draft = in_state(people, "asha", "draft")
    page = people.visit("asha", draft)
    people.look(page, "draft")
    people.follow(page.locator(".by-category tbody a").first)
    people.look(page, "fill")
    people.follow(page.locator(".question-history").first)
    people.look(page, "history")
    for name in ("exclusions", "assignments", "submission", "hazard-ratings", "withdrawal"):
        people.look(people.visit("asha", f"{draft}{name}/"), name)
    for state in ("submitted", "reviewed", "signing", "issued", "superseded"):
        people.look(people.visit("asha", in_state(people, "asha", state)), state)
    people.look(people.visit("asha", in_state(people, "asha", "issued") + "revision/"), "revision")
    people.look(people.visit("asha", "/audits/?q=nothing-like-this"), "audits-none")


def test_ben_reads_what_was_submitted(people: People, stack: Stack) -> None:
    submitted = in_state(people, "ben", "submitted")
    people.look(people.visit("ben", f"{submitted}review/"), "review")
    people.look(people.visit("ben", f"{submitted}hazard-ratings/"), "hazard-ratings")
    people.look(people.visit("ben", f"{submitted}rounds/1/"), "round")
    people.look(people.visit("ben", in_state(people, "ben", "withdrawn")), "withdrawn")


def test_grace_and_eve_read_before_they_decide_and_sign(people: People, stack: Stack) -> None:
    page = people.visit("grace", "/")
    page.get_by_role("link", name="Record the decision").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Decide on")
    people.look(page, "decision")
    page = people.visit("eve", "/")
    page.get_by_role("link", name="Read and sign the report").first.click()
    expect(page.get_by_role("button", name="Sign")).to_be_visible()
    people.look(page, "signature")
    people.follow(page.get_by_role("link", name="I do not sign this"))
    people.look(page, "refusal")
    people.look(people.visit("eve", in_state(people, "eve", "issued") + "report/"), "report")
    people.look(people.visit("eve", in_state(people, "eve", "superseded") + "report/"), "report-superseded")


def test_ada_keeps_the_accounts(people: People, stack: Stack) -> None:
    page = people.visit("ada", "/people/")
    people.look(page, "people")
    people.look(people.visit("ada", "/people/new/"), "invitation")
    page = people.visit("ada", "/people/")
    people.follow(page.locator("tbody a").first)
    people.look(page, "roles")
    people.look(people.visit("ada", "/account/"), "account")
    people.look(people.visit("ada", "/account/password/"), "password")
    people.look(people.visit("ada", "/help/"), "help")
    people.look(people.visit("ada", "/accessibility/"), "accessibility")


def test_the_board_filters_and_sorts_the_portfolio(people: People, stack: Stack) -> None:
    page = people.visit("eve", "/portfolio/")
    everything = page.locator("table.portfolio tbody tr")
    count = everything.count()
    assert count >= 10
    people.look(page, "portfolio")
    page.get_by_role("link", name="Open", exact=True).click()
    expect(page.locator("table.portfolio th[aria-sort]")).to_contain_text("Open")
    first = names(page)
    page.locator("table.portfolio th[aria-sort] a").click()
    assert names(page) != first
    assert sorted(names(page)) == sorted(first)
    page.get_by_label("Hospital", exact=True).select_option(label="Royal Northshire Hospital")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table.portfolio tbody tr .under").first).to_contain_text("Royal Northshire Hospital")
    assert 0 < everything.count() < count
    people.look(page, "portfolio-of-the-royal")


def names(page: Page) -> list[str]:
    """The deployments in the order in which they stand."""
    return page.locator("table.portfolio tbody th a").all_inner_texts()
