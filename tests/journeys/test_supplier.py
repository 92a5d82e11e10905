"""What only the supplier knows: Asha asks, Lena answers without an account, and Asha takes it or asks again."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import People, saved_file
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

CODE, OTHER = "mon-02", "mon-03"
STATED = "The switch is tested monthly, last on 3 May."


def asked(people: People, ward: Ward, name: str) -> tuple[str, str]:
    """Asha puts one question to Lena; returns the audit's reference and the link that she passes on."""
    tool = ward.play("deployment", name=name)
    opened = ward.play("audit", deployment=tool, questionnaire="containment-72h", reason="containment")
    page = people.visit("asha", f"/audits/{opened['ref']}/suppliers/")
    people.look(page, "nobody-asked")
    page.get_by_role("link", name="Ask a supplier").click()
    page.get_by_role("button", name="Ask the supplier").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one question.")
    people.look(page, "asking-wrong")
    page.get_by_label("Name of the contact").fill("Lena Brandt")
    page.get_by_label("Their e-mail address").fill("lena@calder.example")
    page.get_by_label("Needed by").fill((date.today() + timedelta(days=7)).isoformat())
    page.get_by_label("Message").fill("Figures for the last year are enough.")
    page.locator(f"details:has(#ask_{CODE}) > summary").click()
    page.get_by_role("checkbox", name=re.compile(CODE)).check()
    page.get_by_label(f"Evidence to ask for {CODE}").fill("The stop procedure")
    people.look(page, "asking")
    page.get_by_role("button", name="Ask the supplier").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Request 1, Lena Brandt")
    people.look(page, "asked")
    page.get_by_role("button", name="Make a link to pass on").click()
    link = page.get_by_label("Link").input_value()
    people.look(page, "link")
    return opened["ref"], link


def test_lena_answers_by_her_link_and_asha_takes_it(people: People, ward: Ward) -> None:
    ref, link = asked(people, ward, "Scribe whose maker is asked")
    people.open("")
    page = people.at("")
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Questions from Royal Northshire Hospital")
    assert "#" not in page.url
    assert OTHER not in page.content()
    people.look(page, "supplier-empty")
    page.get_by_label("Your answer").fill(STATED)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text(f"Saved: your answer to {CODE}.")
    page.locator("summary", has_text="Add a file or a link").click()
    page.get_by_label("Title", exact=True).fill("Stop procedure")
    page.get_by_label("Date of the document").fill("2026-05-01")
    file = saved_file(ward.folder, "stop.txt", b"Press the red switch.")
    page.get_by_label(re.compile("^File")).set_input_files(file)
    page.get_by_label("This is under a non-disclosure agreement").check()
    people.look(page, "supplier-file")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("Under non-disclosure")).to_be_visible()
    page.get_by_role("button", name="Send in").click()
    expect(page.get_by_text("You have sent this in.")).to_be_visible()
    people.look(page, "supplier-sent-in")

    page = people.visit("asha", f"/audits/{ref}/suppliers/1/")
    expect(page.get_by_text(STATED)).to_be_visible()
    people.look(page, "stated")
    page.get_by_role("button", name=re.compile("Decline and ask again")).click()
    expect(page.get_by_role("alert")).to_contain_text("Give the reason")
    people.look(page, "declined-without-reason")
    page.get_by_label(re.compile("Why you decline it")).fill("Which switch?")
    page.get_by_role("button", name=re.compile("Decline and ask again")).click()
    expect(page.get_by_text("Declined, asked again").first).to_be_visible()

    page = people.at("")
    page.reload()
    expect(page.get_by_text("Which switch?")).to_be_visible()
    people.look(page, "supplier-asked-again")
    page.get_by_label("Your answer").fill(STATED + " It is the red one.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")

    page = people.visit("asha", f"/audits/{ref}/suppliers/1/")
    page.get_by_role("button", name=re.compile("Accept into the answer")).click()
    expect(page.get_by_text("Accepted", exact=True).first).to_be_visible()
    page.get_by_role("link", name=re.compile("Our answer")).click()
    expect(page.locator(f"#{CODE}").get_by_label(re.compile("^Note"))).to_have_value(re.compile("It is the red one"))
    people.look(page, "taken-over")
    page = people.visit("asha", f"/audits/{ref}/suppliers/1/")
    page.get_by_role("button", name="Take the request back").click()
    page = people.at("")
    page.goto(link)
    expect(page.get_by_text("This code is not in force.").first).to_be_visible()
    people.look(page, "door")


def test_it_works_without_a_script(people: People, ward: Ward) -> None:
    ref, link = asked(people, ward, "Scribe whose maker has no scripts")
    people.open("", scripts=False)
    page: Page = people.at("")
    page.goto(link)
    page.get_by_label("Code").fill(link.split("#")[1])
    page.get_by_role("button", name="Open").click()
    page.get_by_label("Your answer").fill(STATED)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Your answer")).to_have_value(STATED)
    page = people.visit("vera", f"/audits/{ref}/suppliers/1/")
    expect(page.get_by_text(STATED)).to_be_visible()
