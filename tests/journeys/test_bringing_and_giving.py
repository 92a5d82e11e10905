"""A hospital brings the list of its tools along, its counsel releases a bundle, another system is told what happens."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.exchange.brought import CARD
from tests.journeys.browsing import People, saved_file, violations

pytestmark = pytest.mark.journey

INVENTORY = """Tool,Vendor,Hospital,Owner e-mail,Purpose,Status,Version,Go-live,LLM,Reads images,Cost code
Letter writer,Calder Health,Royal Northshire Hospital,omar@northshire.example,Letters,Production,2.1,2025-03-31,yes,,7
Film sorter,Marlow Imaging,The Royal,omar@northshire.example,Sorts films by urgency,Live,,,No,Yes,12
Fall score,,Royal Northshire Hospital,omar@northshire.example,,Pilot,1,03/04/2025,,,
"""


def test_a_list_of_tools_becomes_deployments(people: People, tmp_path: Path) -> None:
    page = people.visit("omar", "/deployments/")
    page.get_by_role("link", name="Bring your inventory").click()
    people.look(page, "file")
    page.get_by_label("File").set_input_files(saved_file(tmp_path, "our tools.csv", INVENTORY.encode()))
    page.get_by_role("button", name="Read the file").click()

    expect(page.get_by_label("K: Cost code")).to_have_value("-")
    expect(page.get_by_label("D: Owner e-mail")).to_have_value("owner")
    people.look(page, "columns")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_label("Production")).to_have_value("live")
    page.get_by_label("The Royal").select_option(label="Royal Northshire Hospital")
    people.look(page, "words")
    page.get_by_role("button", name="Show every row").click()

    expect(page.get_by_text("2 new, 0 there already, 1 with a problem.")).to_be_visible()
    expect(page.get_by_role("row", name="4")).to_contain_text("Name the vendor.")
    for closed in page.locator(".fold > summary").all():
        closed.click()
    people.look(page, "rows")
    page.get_by_role("button", name="Enter them").click()
    expect(page.get_by_role("alert")).to_contain_text("Row 4: Name the vendor.")
    page.get_by_label("Leave row 4 out").check()
    page.get_by_role("button", name="Enter them").click()
    expect(page.get_by_text("2 deployments are entered.")).to_be_visible()

    page.get_by_role("row", name="Letter writer").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Letter writer, Royal Northshire Hospital · Live")
    page.get_by_role("link", name="Read profile 1").click()
    expect(page.get_by_role("row", name=re.compile("identifiable patient data"))).to_contain_text("Assumed")
    people.look(page, "profile")


def test_a_model_card_begins_a_registration(people: People) -> None:
    page = people.visit("omar", "/deployments/")
    page.get_by_role("link", name="Register from a model card").click()
    people.look(page, "card-file")
    page.get_by_label("File").set_input_files(CARD)
    page.get_by_role("button", name="Read the card").click()
    expect(page.get_by_label("Product", exact=True)).to_have_value("Linden Discharge Scribe")
    page.get_by_text("Every element of the card, and what became of it").first.click()
    people.look(page, "card")


def test_a_bundle_is_made_released_and_checked(people: People, tmp_path: Path) -> None:
    page = people.visit("ada", "/bundles/release/")
    page.get_by_label("Hospital").select_option(label="Royal Northshire Hospital")
    page.get_by_label("Who releases bundles").select_option(label="Vera Nowak")
    page.get_by_role("button", name="Save").click()
    people.look(page, "who-releases")

    page = people.visit("ben", "/bundles/")
    people.look(page, "no-bundles")
    page.get_by_role("link", name="Make a bundle").click()
    page.get_by_label("Hospital").select_option(label="Royal Northshire Hospital")
    people.look(page, "asking")
    page.get_by_role("button", name="Make the bundle").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waits for its release", timeout=60_000)
    people.look(page, "waiting")
    address = page.url

    page = people.visit("vera", address.removeprefix(people.stack.url))
    people.look(page, "to-release")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the bundle").click()
    download.value.save_as(tmp_path / "bundle.zip")
    page.get_by_label("Release it: it may be given out").check()
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Released")
    people.look(page, "released")

    with zipfile.ZipFile(tmp_path / "bundle.zip") as packed:
        packed.extractall(tmp_path / "bundle")
    page.goto((tmp_path / "bundle" / "index.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text("Royal Northshire Hospital")
    assert violations(page, whole=True) == []
    for record in page.locator("th a[href$='index.html']").all()[:1]:
        record.click()
        assert violations(page, whole=True) == []


def until_it_says(page: Page, text: str) -> None:
    """The log does not move by itself; the worker needs a moment."""
    for _look in range(30):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(f"{page.url} never said {text}")


def test_another_system_is_told(people: People) -> None:
    page = people.visit("ada", "/webhooks/")
    people.look(page, "no-webhooks")
    page.get_by_label("Address").fill("http://integration.example/news")
    page.get_by_label("A report was issued").check()
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.get_by_role("alert")).to_contain_text("begins with https://")
    page.get_by_label("Address").fill("https://127.0.0.1:9/a-system-of-ours-with-a-long-address")
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.get_by_role("alert")).to_contain_text("private network")
    people.look(page, "webhook-refused")
    page.get_by_label("Address").fill("https://nowhere.invalid/a-system-of-ours-with-a-long-address")
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    people.look(page, "secret")
    page.get_by_role("link", name=re.compile("I have copied it")).click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("A test is on its way")).to_be_visible()
    until_it_says(page, "Its name is not known")
    people.look(page, "webhook")
    page.get_by_role("button", name="Pause it").click()
    expect(page.get_by_text("It is told nothing.")).to_be_visible()
    people.look(page, "paused")
