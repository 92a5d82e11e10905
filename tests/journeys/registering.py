"""A deployment comes into being: registered by one person, confirmed by another, taken into use."""

import re
from datetime import date, timedelta

from playwright.sync_api import Page, expect

from auditapp.deployments import profile
from tests.factories import PROFILES
from tests.journeys.browsing import People

SCRIBE = PROFILES["ambient scribe"]
LONG_AGO, SOON = date.today() - timedelta(days=90), date.today() + timedelta(days=30)


def omar_registers(people: People, name: str) -> str:
    """Once with almost nothing filled in, then in full. Returns the reference."""
    page = people.visit("omar", "/deployments/")
    page.get_by_role("link", name="Register a deployment").first.click()
    page.get_by_label("Product").fill("Visit Scribe")
    page.get_by_role("button", name="Register the deployment").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the vendor.")
    expect(page.get_by_label("Product")).to_have_value("Visit Scribe")
    people.look(page, "registration-incomplete")
    page.get_by_label("Vendor").fill("Calder Health")
    page.get_by_label("Name of the deployment").fill(name)
    page.get_by_label("Intended use").fill("Drafts letters that the dermatologist reads and signs.")
    page.get_by_label("Hospital", exact=True).select_option(label="Royal Northshire Hospital")
    fill_in_the_facts(page)
    page.get_by_label("Version", exact=True).fill("2.3")
    page.get_by_label("Runs from").fill(LONG_AGO.isoformat())
    people.look(page, "registration")
    page.get_by_role("button", name="Register the deployment").click()
    expect(page.get_by_text("A second person has to confirm its profile.")).to_be_visible()
    return page.url.rstrip("/").rpartition("/")[2]


def fill_in_the_facts(page: Page) -> None:
    """Each by itself; a "no" says beforehand how many critical checks it removes, and which."""
    said = 0
    for fact in profile.facts():
        question = page.locator(f"#div_id_fact_{fact.id}")
        value = SCRIBE.get(fact.id, False)
        wanted = str(value) if fact.is_level else ("Yes" if value else "No")
        question.get_by_label(re.compile(f"^{wanted}")).check()
        said += question.get_by_label(re.compile(r"^No .*removes \d+ critical check")).count()
    assert said >= 5
    page.locator("summary", has_text="Which checks that removes").first.click()
    expect(page.locator(".fact-question .checks .code").first).to_be_visible()


def olga_confirms(people: People, deployment: str) -> None:
    """Whoever filled the profile in cannot confirm it; somebody else finds it among their work."""
    page = people.visit("omar", f"/deployments/{deployment}/profile/")
    expect(page.get_by_text("You filled it in, so somebody else confirms it")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm the profile")).to_have_count(0)
    page = people.visit("olga", "/")
    page.get_by_role("link", name="Confirm the profile").first.click()
    expect(page.get_by_text(re.compile(r"All answers together remove \d+ of \d+ critical"))).to_be_visible()
    people.look(page, "profile-to-confirm")
    page.get_by_role("button", name="Confirm the profile").click()
    expect(page.get_by_text("It decides which questions are asked.")).to_be_visible()


def omar_takes_it_live(people: People, deployment: str) -> None:
    """Two steps, each with its reason, the second signed off by Ben; and another version has been announced."""
    for status in ("In evaluation", "Live"):
        page = people.visit("omar", f"/deployments/{deployment}/status/")
        page.get_by_label(re.compile(f"^{status}")).check()
        page.get_by_label("Reason").fill("Agreed by the committee.")
        page.get_by_role("button", name="Change the status").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("· In evaluation")
    page = people.visit("ben", "/")
    page.get_by_role("link", name="Sign off the step to: Live").click()
    expect(page.get_by_text("The gate is not on")).to_be_visible()
    people.look(page, "step-to-sign-off")
    page.get_by_role("button", name="Sign off this step").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("· Live")
    page = people.visit("omar", f"/deployments/{deployment}/versions/new/")
    page.get_by_label("Version", exact=True).fill("2.4")
    page.get_by_label("Runs from").fill(SOON.isoformat())
    page.get_by_role("button", name="Enter the version").click()
    expect(page.get_by_role("row", name=re.compile(r"^2\.4"))).to_be_visible()
    people.look(page, "deployment-without-an-audit")
