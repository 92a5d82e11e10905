"""What a signatory does, and what the tools of others say of the result."""

import re
import subprocess
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.browsing import People

PREPARING = 60_000  # ms: the worker prints a report in seconds, but journeys share the machine with everything else


def read_and_sign(people: People, person: str, audit: str, *, states: str) -> Page:
    """From the first screen of the person to their signature; the worker has to have prepared the document."""
    page = wait_for_turn(people, person, audit)
    with page.expect_response(lambda reply: "report.pdf" in reply.url):
        page.get_by_role("link", name="Read and sign the report").first.click()
    expect(page.locator("iframe.document")).to_be_visible()
    page.get_by_label(re.compile(f", {states}")).check()
    page.get_by_label("I have read the document above").check()
    page.get_by_label("Your e-mail address").fill(f"{person}@northshire.example")
    page.get_by_label("Your password").fill(people.stack.password)
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_text("You have signed.")).to_be_visible()
    return page


def asha_mistypes_her_password(people: People, audit: str) -> None:
    """A wrong password signs nothing, and says so."""
    page = wait_for_turn(people, "asha", audit)
    with page.expect_response(lambda reply: "report.pdf" in reply.url):
        page.get_by_role("link", name="Read and sign the report").first.click()
    page.get_by_label(re.compile("^Asha Rao, auditor, prepared the check")).check()
    page.get_by_label("I have read the document above").check()
    page.get_by_label("Your e-mail address").fill("asha@northshire.example")
    page.get_by_label("Your password").fill("a loud ward at night")
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not your password. Nothing was signed.")
    people.look(page, "signature-refused")


def wait_for_turn(people: People, person: str, audit: str) -> Page:
    """The first screen of the person, with the audit among what waits to be signed."""
    page = people.visit(person, "/")
    for _ in range(PREPARING // 500):
        task = page.locator(".tasks li", has_text=audit).filter(has_text="Read and sign")
        if task.count():
            return page
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{person} is not asked to sign {audit}")


def wait_until_issued(people: People, person: str, audit: str) -> Page:
    """The page of the report, which looks by itself whether it has moved on."""
    page = people.visit(person, f"/audits/{audit}/report/")
    expect(page.locator(".expectation")).to_contain_text("Issued", timeout=PREPARING)
    return page


def signatures(pdf: Path) -> list[str]:
    """What poppler's pdfsig says of each signature; our authority is in no trust store, so that is not asked."""
    said = subprocess.run(["pdfsig", "-nocert", str(pdf)], capture_output=True, text=True, check=True).stdout
    return re.findall(r"Signature Validation: (.+)", said)
