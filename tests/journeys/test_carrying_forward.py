"""Asha opens a check after one that was signed, on a newer version: she confirms what is still true and submits."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.audits.newer import write_newer
from tests.journeys.answering import card, meet, saved
from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey


class WardWithNewerVersions(Ward):
    """A ward of its own, since what is published here is published for everybody in it."""

    database = "auditapp_newer_versions"


@pytest.fixture(scope="module")
def ward() -> Iterator[Ward]:
    running = WardWithNewerVersions()
    try:
        running.start()
        yield running
    finally:
        running.stop()


def test_what_was_signed_is_confirmed_on_a_newer_version(people: People, ward: Ward, tmp_path: Path) -> None:
    deployment = ward.play("deployment", name="Scribe of the carried check")
    check = {"questionnaire": "containment-72h", "reason": "containment"}
    old = ward.play("audit", deployment=deployment, **check)["ref"]
    ward.play("signed", ref=old, evidence={"mon-02": 100, "mon-05": -1})
    before = pdf(people, old)
    draft = ward.play("audit", deployment=deployment, **check, unanswered=["mon-05", "mon-09"])["ref"]
    write_newer(tmp_path)
    ward.manage("load_questionnaires", "--from", str(tmp_path))

    # The draft was opened on version 1: Asha sees what moving it does, and moves it.
    page = people.visit("asha", f"/audits/{draft}/")
    page.get_by_role("link", name="See what moving this audit to it would change").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Move {draft} to version 2")
    expect(page.locator("#mon-03 ins").first).to_contain_text("hospital")
    people.look(page, "move")
    page.get_by_role("button", name="Move the audit to version 2").click()
    expect(page.get_by_role("status")).to_contain_text(f"{draft} now asks version 2.")
    people.look(page, "moved")

    # The earlier answer to the reworded question waits for her, with the difference.
    page = people.visit("asha", f"/audits/{draft}/categories/monitoring-incidents/")
    question = card(page, "mon-03")
    expect(question).to_contain_text("Your audit’s answer to the earlier wording")
    people.look(page, "fill")
    question.get_by_role("button", name="Still true").click()
    saved(card(page, "mon-03"), "Asha Rao")

    # What was signed and is unchanged is ticked on the page that lists it; the new question is answered anew.
    page = people.visit("asha", f"/audits/{draft}/carry-forward/")
    expect(page.locator("#mon-05")).to_contain_text("Not taken over: Document for mon-05")
    people.look(page, "carry-forward")
    for code in ("mon-05", "mon-09"):
        page.get_by_label(f"I have read {code}, and it is still true").check()
    page.get_by_role("button", name="Take over what I ticked").click()
    expect(page.get_by_role("status")).to_contain_text("You took over 2 answers.")
    page = people.visit("asha", f"/audits/{draft}/categories/monitoring-incidents/")
    expect(card(page, "mon-05")).to_contain_text(f"Taken over from {old} and confirmed by Asha Rao")
    meet(card(page, "mon-01"), "Seen on the ward.")
    saved(card(page, "mon-01"), "Asha Rao")
    submit(page, ward, draft)

    page = people.visit("asha", f"/audits/{draft}/rounds/1/")
    expect(page.locator("#mon-09")).to_contain_text(f"Taken over from {old} and confirmed by Asha Rao")
    people.look(page, "round")
    assert pdf(people, old) == before
    ward.manage("verify_facts")


def submit(page: Page, ward: Ward, ref: str) -> None:
    page.goto(f"{ward.url}/audits/{ref}/submission/")
    page.get_by_role("button", name="Submit the audit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("In review"))


def pdf(people: People, ref: str) -> bytes:
    """The report's file, as a browser fetches it."""
    page = people.visit("asha", f"/audits/{ref}/")
    answer = page.request.get(f"{people.stack.url}/audits/{ref}/report.pdf")
    assert answer.ok
    return answer.body()
