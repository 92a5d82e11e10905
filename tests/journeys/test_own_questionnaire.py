"""Ben makes a questionnaire of the hospital's own, Grace publishes it, and Asha's next audit carries forward to it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.answering import card, meet, saved
from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

TITLE = "Containment at the Royal"
DRAFT = "/questionnaires/northshire-containment-at-the-royal/draft/"
REWORDED = "Is there a list of AI events that must be reported outside the hospital, to whom and by when?"
OWN = "Has the ward been told in writing how to work without the tool?"


def test_a_questionnaire_of_ones_own_is_written_published_and_carried_forward_to(
    people: People, ward: Ward, tmp_path: Path
) -> None:
    deployment = ward.play("deployment", name="Scribe of the own questionnaire")
    old = ward.play("audit", deployment=deployment, questionnaire="containment-72h", reason="containment")["ref"]
    ward.play("signed", ref=old, evidence={})
    before = report(people, old)

    ben_begins(people)
    ben_rewords(people)
    own = ben_adds(people)
    ben_puts_in_order_and_drops(people)
    ben_offers_and_grace_publishes(people)

    draft = asha_opens(people, deployment)
    asha_takes_over(people, draft, old)
    page = people.visit("asha", f"/audits/{draft}/categories/monitoring-incidents/")
    expect(page.locator("#mon-09")).to_have_count(0)
    meet(card(page, own), "The letter of Monday.")
    saved(card(page, own), "Asha Rao")
    page.goto(f"{ward.url}/audits/{draft}/submission/")
    page.get_by_role("button", name="Submit the audit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("In review"))

    assert report(people, old) == before
    file = tmp_path / f"{old}.pdf"
    file.write_bytes(before)
    ward.manage("verify_report", str(file))
    ward.manage("verify_facts")


def ben_begins(people: People) -> None:
    page = people.visit("ben", "/questionnaires/")
    page.get_by_role("link", name="Write a questionnaire").click()
    page.get_by_label("Made from").select_option(label="Containment check within 72 hours of an event")
    people.look(page, "begin")
    page.get_by_label("Title").fill(TITLE)
    page.get_by_role("button", name="Begin the draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)


def ben_rewords(people: People) -> None:
    """Saved by itself while he writes."""
    page = people.visit("ben", f"{DRAFT}checks/mon-03/")
    page.get_by_label("Question", exact=True).fill(REWORDED)
    expect(page.locator("[data-saved-line]")).to_contain_text("Saved")
    expect(page.locator("[data-saved-line]")).to_contain_text("Ben Okafor")
    people.look(page, "question")
    page.reload()
    expect(page.get_by_label("Question", exact=True)).to_have_value(REWORDED)


def ben_adds(people: People) -> str:
    page = people.visit("ben", f"{DRAFT}add/?category=monitoring-incidents")
    page.get_by_label("Question", exact=True).fill(OWN)
    people.look(page, "add")
    page.get_by_role("button", name="Add the check").click()
    said = page.get_by_role("status").filter(has_text="The code stays with this check").inner_text()
    return said.split()[0]


def ben_puts_in_order_and_drops(people: People) -> None:
    """By keyboard, and what happened is said aloud."""
    page = people.visit("ben", f"{DRAFT}?category=monitoring-incidents")
    page.get_by_role("button", name="Down mon-02").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("mon-02 is now 2 of 5.")
    expect(page.get_by_role("button", name="Down mon-02")).to_be_focused()
    page.get_by_role("button", name="Drop mon-09").click()
    expect(page.get_by_role("button", name="Ask it again mon-09")).to_be_visible()
    people.look(page, "draft")


def ben_offers_and_grace_publishes(people: People) -> None:
    page = people.visit("ben", f"{DRAFT}difference/")
    expect(page.get_by_text("1 added, 1 dropped, 1 changed, 8 as before.")).to_be_visible()
    people.look(page, "difference")
    page.get_by_role("button", name="Offer it for publication").click()
    expect(page.get_by_text("You offered it, so somebody else publishes it")).to_be_visible()
    page = people.visit("grace", "/")
    page.get_by_role("link", name="Read and publish the questionnaire").click()
    expect(page.locator("ins").first).to_be_visible()
    people.look(page, "publish")
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("It never changes from now on.")).to_be_visible()
    people.look(page, "published")


def asha_opens(people: People, deployment: str) -> str:
    page = people.visit("asha", "/audits/")
    page.get_by_role("link", name="Open an audit").first.click()
    page.get_by_label("Deployment").select_option(value=deployment)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label(re.compile(f"^{TITLE}")).check()
    page.get_by_role("button", name="Show what would be asked").click()
    page.get_by_role("button", name="Open the audit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Scribe of the own questionnaire")
    return page.url.rstrip("/").rpartition("/")[2]


def asha_takes_over(people: People, draft: str, old: str) -> Page:
    """The reworded one singly, with the difference in view; the others by their ticks."""
    page = people.visit("asha", f"/audits/{draft}/categories/monitoring-incidents/")
    card(page, "mon-03").get_by_role("button", name="Still true").click()
    saved(card(page, "mon-03"), "Asha Rao")
    page = people.visit("asha", f"/audits/{draft}/carry-forward/")
    people.look(page, "carry-forward")
    for box in page.locator("input[name=take]").all():
        box.check()
    page.get_by_role("button", name="Take over what I ticked").click()
    expect(page.get_by_role("status")).to_contain_text("You took over")
    return page


def report(people: People, ref: str) -> bytes:
    """The report's file, as a browser fetches it."""
    page = people.visit("asha", f"/audits/{ref}/")
    answer = page.request.get(f"{people.stack.url}/audits/{ref}/report.pdf")
    assert answer.ok
    return answer.body()
