"""An audit on paper: printed, filled in by hand, copied with the scan, and checked by a second person."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import People, saved_file
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

CODE, CATEGORY = "mon-02", "monitoring-incidents"


def test_a_sheet_goes_round_the_ward_and_comes_back(people: People, ward: Ward) -> None:
    tool = ward.play("deployment", name="Scribe on paper")
    opened = ward.play(
        "audit", deployment=tool, questionnaire="containment-72h", reason="containment", unanswered=[CODE]
    )
    ref = opened["ref"]
    page = people.visit("asha", f"/audits/{ref}/paper/")
    people.look(page, "blank")
    page.emulate_media(media="print")
    expect(page.get_by_text("Print this page with your browser.")).to_be_hidden()
    expect(page.locator(".box").first).to_be_visible()
    page.emulate_media(media="screen")
    people.look(people.visit("asha", f"/audits/{ref}/paper/?filled=yes"), "filled")

    page = people.visit("asha", f"/audits/{ref}/paper/categories/{CATEGORY}/")
    page.get_by_role("button", name="Enter these answers").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the scan of the paper.")
    people.look(page, "entry-wrong")
    page.get_by_label("Title of the scan").fill("Sheet of the night shift")
    page.get_by_label("Scan", exact=True).set_input_files(saved_file(ward.folder, "sheet.txt", b"Seen by the sister."))
    page.get_by_label("Day on which it was filled in").fill("2026-05-01")
    card = page.locator(f"article:has(#{CODE}_question)")
    card.get_by_label("Met", exact=True).check()
    card.get_by_label(re.compile("^Note")).fill("Seen by the sister.")
    page.get_by_role("button", name="Enter these answers").click()
    expect(page.get_by_text("Waits for a second person.")).to_be_visible()
    people.look(page, "waits")

    page = people.visit("ben", f"/audits/{ref}/paper/checks/")
    people.look(page, "to-check")
    page.get_by_role("button", name=re.compile("It is a true copy")).click()
    expect(page.get_by_text("No copy waits for a check.")).to_be_visible()
    people.look(page, "checked")
    page = people.visit("asha", f"/audits/{ref}/categories/{CATEGORY}/")
    expect(page.locator(f"#{CODE}")).to_contain_text("Entered from paper by Asha Rao")
    people.look(page, "card")
