"""Whoever holds the PDF: downloaded, checked by the tools of others, and shown to the public page."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.browsing import People
from tests.journeys.signing import signatures


def download(people: People, person: str, audit: str, folder: Path) -> Path:
    """The report as a file, from the link on its page."""
    page = people.visit(person, f"/audits/{audit}/report/")
    address = page.get_by_role("link", name="Report (PDF)").get_attribute("href")
    answer = page.request.get(people.stack.url + str(address))
    assert answer.ok
    assert answer.headers["content-type"] == "application/pdf"
    pdf = folder / f"{audit}.pdf"
    pdf.write_bytes(answer.body())
    return pdf


def anybody_verifies(people: People, pdf: Path) -> None:
    """Without an account: the file as it is, one byte different, another one appended, and no report at all."""
    people.open("", name="anybody")
    content = pdf.read_bytes()
    verify(people, pdf)
    answer = said(people)
    expect(answer).to_contain_text("Unchanged: this is report")
    expect(answer).to_have_class("notice answer tone-good")
    people.look(people.at("anybody"), "verified")
    middle = len(content) // 2
    one_byte = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for name, altered in (("altered", one_byte), ("appended", content + b"\n")):
        verify(people, written(pdf.with_name(f"{name}.pdf"), altered))
        expect(said(people)).to_have_class("notice answer tone-bad")
    people.look(people.at("anybody"), "verified-altered")
    verify(people, written(pdf.with_name("letter.pdf"), b"Dear colleague, all is well."))
    expect(said(people)).to_have_class("notice answer tone-bad")
    people.look(people.at("anybody"), "verified-no-pdf")


def anybody_follows_the_address_on_it(people: People, person: str, audit: str) -> None:
    """The address printed on the report says what was issued under it."""
    page = people.visit(person, f"/audits/{audit}/report/")
    address = page.get_by_role("link", name="Verification page").get_attribute("href")
    page = people.visit("anybody", str(address))
    expect(page.get_by_text(f"Report {audit} was issued by Northshire Hospitals Group")).to_be_visible()
    people.look(page, "verify-by-address")
    page = people.visit("anybody", "/verify/00000000-0000-4000-8000-000000000000/", status=404)
    expect(page.get_by_text("No report was issued under this address")).to_be_visible()


def verify(people: People, file: Path) -> Page:
    page = people.visit("anybody", "/verify/")
    page.get_by_label("Report (PDF)").set_input_files(file)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What the file says")
    return page


def said(people: People):
    return people.at("anybody").locator(".notice.answer")


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def pdf_readers_find_valid(pdf: Path, count: int) -> None:
    """As many people as that, and the seal of the organisation."""
    assert signatures(pdf) == ["Signature is Valid."] * (count + 1)
