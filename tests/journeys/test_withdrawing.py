"""A report turns out to be wrong: two people take it back, and whoever holds a copy is told."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import People, saved_file
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey


def test_a_report_issued_in_error_is_taken_back_and_every_copy_says_so(
    people: People, ward: Ward, tmp_path: Path
) -> None:
    deployment = ward.play("deployment", name="Scribe of a report issued in error")
    ref = ward.play("audit", deployment=deployment, questionnaire="containment-72h", reason="containment")["ref"]
    ward.play("signed", ref=ref, evidence={})
    ben = people.visit("ben", f"/audits/{ref}/report/")
    copy = saved_file(tmp_path, f"{ref}.pdf", ben.request.get(f"{ward.url}/audits/{ref}/report.pdf").body())

    ben.get_by_role("link", name="Withdraw this report").click()
    ben.get_by_role("button", name="Propose the withdrawal").click()
    expect(ben.get_by_text("Give the reason for withdrawing the report.").first).to_be_visible()
    people.look(ben, "no-reason")
    ben.get_by_label("Why it must not be relied on").fill("The version audited was not the one in use.")
    ben.get_by_role("button", name="Propose the withdrawal").click()
    expect(ben.get_by_text("Withdrawal proposed")).to_be_visible()
    expect(ben.get_by_role("link", name="Read and confirm")).to_have_count(0)

    grace = people.visit("grace", f"/audits/{ref}/report/")
    people.look(grace, "proposed")
    people.follow(grace.get_by_role("link", name="Read and confirm"))
    people.look(grace, "confirm")
    grace.locator("main form button.btn-danger").click()
    expect(grace.get_by_text("Do not rely on this report.")).to_be_visible()
    people.look(grace, "withdrawn")

    anybody = people.open("", name="anybody").pages[0]
    anybody.goto(f"{ward.url}/verify/")
    anybody.get_by_label("Report (PDF)").set_input_files(copy)
    anybody.get_by_role("button", name="Verify").click()
    expect(anybody.get_by_text(f"Unchanged: this is report {ref}")).to_be_visible()
    expect(anybody.get_by_text("it was issued in error. Do not rely on it.")).to_be_visible()
    people.look(anybody, "copy")
