"""Two auditors read an audit apart: each alone, then both beside each other, and a third settles."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

SECRET = "Asha alone has read the log of May."


def read(people: People, person: str, ref: str, *, differing: str = "", note: str = "") -> Page:
    """Everything met, but for one question that is not; then finished."""
    page = people.visit(person, f"/audits/{ref}/second-reading/")
    addresses = [link.get_attribute("href") or "" for link in page.locator("table.listing tbody a").all()]
    for address in addresses:
        page = people.visit(person, address)
        for code in [article.get_attribute("id") or "" for article in page.locator("article.question").all()]:
            card = page.locator(f"#{code}")
            card.get_by_label("Not met" if code == differing else "Met", exact=True).check()
            card.get_by_label(re.compile("^Note")).fill(note)
            card.get_by_label(re.compile("^Evidence note")).fill("Seen on the ward.")
            card.get_by_role("button", name="Save").click()
            expect(page.get_by_role("status").first).to_contain_text(f"Saved: your answer to {code}.")
    if note:
        people.look(page, "own-reading")
    page = people.visit(person, f"/audits/{ref}/second-reading/")
    page.get_by_role("button", name="Finish my reading").click()
    expect(page.get_by_role("status").first).to_contain_text("Your reading is finished.")
    return page


def test_two_read_apart_and_a_third_settles(people: People, ward: Ward) -> None:
    tool = ward.play("deployment", name="Scribe that two people read")
    ref = ward.play("read_apart", deployment=tool)["ref"]
    page = people.visit("asha", f"/audits/{ref}/")
    people.look(page, "before")
    people.follow(page.get_by_role("link", name="Have it read by two people apart"))
    people.look(page, "beginning")
    page.get_by_label("First reader").select_option(label="Asha Rao")
    page.get_by_label("Second reader").select_option(label="Nina Reader")
    page.get_by_role("button", name="Name these two").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("read by two people apart")
    people.look(page, "readers")

    read(people, "asha", ref, note=SECRET)
    page = people.visit("nina", f"/audits/{ref}/second-reading/")
    assert SECRET not in page.content()
    people.look(page, "one-has-finished")
    for path in ("", "answers/mon-03/history/", "categories/monitoring-incidents/"):
        assert SECRET not in people.visit("nina", f"/audits/{ref}/{path}").content()
    page = read(people, "nina", ref, differing="mon-03")
    expect(page.get_by_text(SECRET).first).to_be_attached()
    people.look(page, "both")

    page = people.visit("theo", f"/audits/{ref}/second-reading/")
    page.get_by_role("button", name=re.compile("Take over the")).click()
    expect(page.get_by_role("status").first).to_contain_text("answers on which both agree are taken over.")
    card = page.locator("#mon-03")
    card.get_by_role("button", name="Settle").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the reason for your choice.")
    people.look(page, "settling")
    card = page.locator("#mon-03")
    card.get_by_label("What Asha Rao answered").check()
    card.get_by_label("Reason").fill("The log of May names every event.")
    card.get_by_role("button", name="Settle").click()
    expect(page.get_by_role("status").first).to_contain_text("mon-03 is settled.")
    people.look(page, "settled")
    page = people.visit("asha", f"/audits/{ref}/submission/")
    page.get_by_role("button", name="Submit the audit").click()
    expect(page.get_by_role("status").first).to_contain_text("Submitted.")
