"""Evidence: added with what it must say, taken off, and read by those who may."""

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Answer, Audit
from tests.audits.pages import sign_in
from tests.evidence import files
from tests.factories import Make

PDF = files.pdf()
PNG = files.picture("PNG")
ABOUT = {"title": "Accuracy review", "effective_date": "2026-10-01", "source": "ours"}


@pytest.fixture
def audit(make: Make) -> Audit:
    return make.audit()


def add(client: Client, audit: Audit, **sent: Any) -> Any:
    return client.post(f"/audits/{audit.ref}/answers/mon-03/evidence/", ABOUT | sent)


def fetched(client: Client, audit: Audit, sha256: str) -> tuple[Any, bytes]:
    """The answer and its content, read to the end and closed as a server does."""
    got = client.get(f"/audits/{audit.ref}/evidence/{sha256}/")
    content = b"".join(got.streaming_content) if got.streaming else got.content
    got.close()
    return got, content


def answer_of(audit: Audit) -> Answer:
    return audit.answers.for_reading().get(code="mon-03")


def test_a_file_is_kept_with_its_date_and_comes_back_as_it_was(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    file = SimpleUploadedFile("Review “final”.pdf", PDF, content_type="text/html")
    reply = add(
        client, audit, file=file, valid_until="2027-10-01", source="supplier", document="test_report", version="2.1"
    )
    assert reply["Location"].endswith("/categories/monitoring-incidents/#mon-03")
    (link,) = answer_of(audit).evidence_now
    item = link.evidence
    assert (item.title, item.filename, item.content_type) == (
        "Accuracy review",
        "Review “final”.pdf",
        "application/pdf",
    )
    assert (item.effective_date, item.valid_until, item.source) == (date(2026, 10, 1), date(2027, 10, 1), "supplier")
    assert (item.document, item.version) == ("test_report", "2.1")
    got, content = fetched(client, audit, item.sha256)
    assert content == PDF
    assert got["Content-Disposition"].startswith("attachment")
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Security-Policy"].startswith("sandbox")
    assert got["Content-Type"] == "application/pdf"


def test_a_link_is_kept(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    assert add(client, audit, url="https://intranet.example/log").status_code == 302
    (link,) = answer_of(audit).evidence_now
    assert (link.evidence.kind, link.evidence.url) == ("link", "https://intranet.example/log")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose a file or enter a link."),
        ({"title": "", "url": "https://a.example"}, "Enter a title."),
        ({"effective_date": "", "url": "https://a.example"}, "Enter the date of the document."),
        ({"url": "https://a.example", "valid_until": "2020-01-01"}, "This is before the date of the document."),
        ({"url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"file": ("page.html", b"<p>Hello</p>")}, "This is not a file of a type that can be kept."),
        ({"file": ("drawing.svg", b"<svg/>")}, "This is not a file of a type that can be kept."),
        ({"file": ("report.pdf", b"MZ a program")}, "The file’s name says PDF, but its content is something else."),
        ({"file": ("notes.txt", b"a\x00b")}, "The file’s name says TXT, but its content is something else."),
        ({"file": ("empty.pdf", b"")}, "The file is empty. Choose another file."),
        ({"file": ("a.pdf", PDF), "url": "https://a.example"}, "Choose a file or enter a link, not both."),
        ({"file": ("big.txt", b" " * 2048)}, "Files can be up to 1.5\xa0KB. Compress it or add a link instead."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_the_rest_is_kept(
    client: Client, audit: Audit, asha: User, settings: Any, sent: dict[str, Any], sentence: str
) -> None:
    settings.EVIDENCE_MAX_BYTES = 1500
    sign_in(client, asha)
    if isinstance(sent.get("file"), tuple):
        sent = sent | {"file": SimpleUploadedFile(*sent["file"])}
    reply = add(client, audit, **sent)
    assert reply.status_code == 422
    page = reply.content.decode()
    assert sentence in page
    assert 'value="2026-10-01"' in page or sent.get("effective_date") == ""
    assert 'value="Accuracy review"' in page or sent.get("title") == ""
    assert not answer_of(audit).evidence_now


def test_what_is_taken_is_said_beforehand(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    page = client.get(f"/audits/{audit.ref}/answers/mon-03/evidence/").content.decode()
    assert "PDF, PNG, JPG, TXT, CSV, MD, DOCX, XLSX, PPTX, up to 100.0\xa0MB. No patient data." in page


def test_an_item_taken_off_no_longer_counts_and_can_still_be_read(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    add(client, audit, file=SimpleUploadedFile("a.png", PNG))
    (link,) = answer_of(audit).evidence_now
    where = f"/audits/{audit.ref}/answers/mon-03/evidence/removal/"
    assert client.post(where, {"item": link.pk}).status_code == 302
    assert not answer_of(audit).evidence_now
    assert client.post(where, {"item": link.pk}).status_code == 409
    assert client.post(where, {"item": "x"}).status_code == 409
    assert fetched(client, audit, link.evidence.sha256)[1] == PNG


def test_an_item_of_another_answer_is_not_taken_off(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    add(client, audit, url="https://a.example")
    (link,) = answer_of(audit).evidence_now
    where = f"/audits/{audit.ref}/answers/mon-02/evidence/removal/"
    assert client.post(where, {"item": link.pk}).status_code == 409
    assert answer_of(audit).evidence_now


@pytest.mark.parametrize(("person", "status"), [("vera", 200), ("sam", 404), ("cleo", 404), ("", 302)])
def test_who_may_read_a_file(client: Client, audit: Audit, make: Make, person: str, status: int) -> None:
    content = SimpleUploadedFile("a.pdf", PDF)
    link = audit.answers.get(code="mon-03").add_evidence(
        by=make.people["asha"], content=content, filename="a.pdf", title="A", effective_date=date(2026, 1, 1)
    )
    if person:
        sign_in(client, make.people[person])
    assert fetched(client, audit, link.evidence.sha256)[0].status_code == status


def test_nothing_is_added_once_the_answers_are_fixed(client: Client, make: Make, asha: User) -> None:
    audit = make.submitted()
    sign_in(client, asha)
    assert add(client, audit, url="https://a.example").status_code == 409
