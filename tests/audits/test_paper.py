"""On paper: printed, copied with the scan, and held against it by a second person before anything is submitted."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.models import Audit, KeptPassage, PaperCheck, PaperEntry
from auditapp.evidence.models import Evidence
from auditapp.identifiers.looking import found_in
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.audits.pages import sign_in
from tests.factories import Make

CODE = "mon-02"


def scan() -> dict[str, Any]:
    return {
        "content": ContentFile(b"the paper", name="paper.txt"),
        "filename": "paper.txt",
        "title": "Ward round on paper",
        "effective_date": clock.today("UTC"),
    }


def enter(audit: Audit, by: User, *, base: int = 0, **said: Any) -> PaperEntry:
    answers = {CODE: {"base": base, "verdict": "met", "note": "Seen by the sister."} | said}
    (entry,) = PaperEntry.enter(audit, answers, scan=scan(), by=by, key="paper")
    return entry


@pytest.fixture
def audit(make: Make) -> Audit:
    return make.audit()


# Printed


def test_a_blank_sheet_has_every_question_with_boxes_and_no_answer(
    client: Client, make: Make, vera: User, asha: User
) -> None:
    audit = make.audit(answered=True)
    sign_in(client, vera)
    page = client.get(f"/audits/{audit.ref}/paper/").content.decode()
    for answer in audit.answers.select_related("question"):
        assert f'<span class="code">{answer.code}</span>' in page
    assert page.count('class="box"') == 4 * audit.asked
    assert "Seen for mon-02 on the ward." not in page
    filled = client.get(f"/audits/{audit.ref}/paper/?filled=yes").content.decode()
    assert "Seen for mon-02 on the ward." in filled
    assert 'class="box"' not in filled


# Copied


def test_a_copy_names_who_made_it_and_has_the_scan_as_evidence(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    code = audit.answers.get(code=CODE).category_code
    sent = {
        "key": "k", "title": "Ward round", "effective_date": "2026-05-01", f"{CODE}-base": 0, f"{CODE}-verdict": "met",
        f"{CODE}-note": "Seen by the sister.", "file": SimpleUploadedFile("round.txt", b"the paper"),
    }  # fmt: skip
    others = audit.answers.filter(category_code=code).exclude(code=CODE).values_list("code", flat=True)
    sent |= {f"{other}-base": 0 for other in others}
    reply = client.post(f"/audits/{audit.ref}/paper/categories/{code}/", sent)
    assert reply.status_code == 302
    answer = audit.answers.for_reading().get(code=CODE)
    assert (answer.current.verdict, answer.current.note, answer.n) == ("met", "Seen by the sister.", 1)
    assert [link.evidence.title for link in answer.evidence_now] == ["Ward round"]
    page = client.get(f"/audits/{audit.ref}/categories/{code}/").content.decode()
    assert "Entered from paper by Asha Rao" in page
    assert "Waits for a second person’s check" in page
    assert not set(audit.answers.filter(code__in=others).values_list("n", flat=True)) - {0}


def test_a_copy_and_its_scan_are_looked_through_for_patient_data(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    category = audit.answers.get(code=CODE).category_code
    note, paper = "NHS number 999 000 0018 was asked.", b"NHS number 999 000 0026 stands on the paper."
    sent = {"key": "k", "title": "Ward round", "effective_date": "2026-05-01", f"{CODE}-verdict": "met"}
    sent |= {f"{code}-base": 0 for code in audit.answers.of_category(category).values_list("code", flat=True)}
    where = f"/audits/{audit.ref}/paper/categories/{category}/"
    page = client.post(where, sent | {f"{CODE}-note": note, "file": SimpleUploadedFile("a.txt", paper)})
    assert page.status_code == 422
    shown = page.content.decode()
    assert "<mark data-held-text>999 000 0018</mark>" in shown
    assert "<mark>999 000 0026</mark>" in shown
    assert audit.answers.get(code=CODE).n == 0
    (passage,), looked = found_in(note), page.context["scan"].digest
    sent |= {f"{CODE}-note": note, "kept": f"{passage.digest}:invented", "looked": looked, "reason": "other"}
    assert client.post(where, sent | {"file": SimpleUploadedFile("a.txt", paper)}).status_code == 302
    assert audit.answers.get(code=CODE).n == 1
    assert sorted(KeptPassage.objects.of_audit(audit).values_list("place", "reason")) == [
        ("file", "other"),
        ("note", "invented"),
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"file": ""}, "Choose the scan of the paper."),
        ({f"{CODE}-verdict": ""}, "Choose the verdict that is ticked on the paper."),
        ({f"{CODE}-verdict": "", f"{CODE}-note": ""}, "Enter at least one answer."),
    ],
)
def test_a_copy_without_its_scan_or_verdict_keeps_what_was_typed(
    client: Client, audit: Audit, asha: User, change: dict[str, Any], sentence: str
) -> None:
    sign_in(client, asha)
    answer = audit.answers.get(code=CODE)
    sent = {
        "key": "k", "title": "Ward round", "effective_date": "2026-05-01", f"{CODE}-verdict": "met",
        f"{CODE}-note": "Seen by the sister.", "file": SimpleUploadedFile("round.txt", b"the paper"),
    }  # fmt: skip
    others = audit.answers.filter(category_code=answer.category_code).values_list("code", flat=True)
    sent |= {f"{other}-base": 0 for other in others}
    reply = client.post(f"/audits/{audit.ref}/paper/categories/{answer.category_code}/", sent | change)
    assert reply.status_code == 422
    assert sentence in reply.content.decode()
    assert "Ward round" in reply.content.decode()
    assert not PaperEntry.objects.exists()


def test_a_copy_does_not_write_over_what_was_answered_meanwhile(audit: Audit, asha: User) -> None:
    audit.answers.select_related("audit").get(code=CODE).save_revision(by=asha, base=0, key="1", verdict="not_met")
    with pytest.raises(Refused, match="was answered since you opened the form"):
        enter(audit, asha)
    assert audit.answers.select_related("current").get(code=CODE).current.verdict == "not_met"
    assert not Evidence.objects.exists()


# Checked


def test_nothing_is_submitted_before_a_second_person_has_checked(make: Make, asha: User, ben: User) -> None:
    audit = make.audit(answered=True)
    entry = enter(audit, asha, base=1, evidence_note="On paper.")
    with pytest.raises(Refused, match="waits for a second person's check"):
        audit.submit(by=asha)
    with pytest.raises(NotAllowed, match="you entered it yourself"):
        entry.confirm(by=asha)
    entry.confirm(by=ben)
    facts = audit.submit(by=asha).facts
    answers = {q["code"]: q["answer"] for c in facts["categories"] for q in c["questions"]}
    assert answers[CODE]["from_paper"]["by"]["name"] == "Asha Rao"
    assert answers[CODE]["from_paper"]["checked_by"]["name"] == "Ben Okafor"
    assert "from_paper" not in answers["mon-03"]


def test_a_wrong_copy_is_corrected_by_the_second_person(client: Client, audit: Audit, asha: User, ada: User) -> None:
    about = {"name": "Nina", "email": "nina@northshire.example", "password": "a quiet ward"}
    nina = User.invite(by=ada, role="auditor", **about)
    enter(audit, asha)
    sign_in(client, nina)
    where = f"/audits/{audit.ref}/paper/answers/{CODE}/check/"
    assert client.post(where, {"act": "correct"}).status_code == 422
    sent = {"act": "correct", f"{CODE}-verdict": "partial", f"{CODE}-note": "Not seen."}
    assert client.post(where, sent).status_code == 302
    answer = audit.answers.for_reading().get(code=CODE)
    assert (answer.n, answer.current.verdict, answer.current.by) == (2, "partial", nina)
    assert PaperCheck.objects.get().outcome == "corrected"
    assert client.post(where, sent).status_code == 404
    page = client.get(f"/audits/{audit.ref}/paper/checks/").content.decode()
    assert "Corrected" in page
    verbs = list(Event.objects.filter(stream=f"audit:{audit.ref}").order_by("seq").values_list("verb", flat=True))
    assert verbs[-4:] == ["evidence.attached", "answer.entered_from_paper", "answer.saved", "answer.paper_corrected"]


def test_what_was_answered_anew_is_no_copy_any_more(audit: Audit, asha: User, ben: User) -> None:
    entry = enter(audit, asha)
    audit.answers.select_related("audit").get(code=CODE).save_revision(by=asha, base=1, key="anew", verdict="not_met")
    assert not PaperEntry.objects.of(audit).unchecked().exists()
    with pytest.raises(Refused, match="answered anew"):
        entry.confirm(by=ben)


def test_the_database_wants_a_second_person_and_keeps_copies(audit: Audit, asha: User) -> None:
    entry = enter(audit, asha)
    about = {"entry": entry, "entered_by": asha, "outcome": "confirmed", "by": asha, "at": clock.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        PaperCheck.objects.create(**entry.place, **about)
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM auditapp_paperentry")


def test_who_only_reads_copies_and_checks_nothing(
    client: Client, audit: Audit, asha: User, vera: User, sam: User
) -> None:
    entry = enter(audit, asha)
    with pytest.raises(NotAllowed):
        enter(audit, vera, base=1)
    with pytest.raises(NotAllowed):
        entry.confirm(by=vera)
    sign_in(client, sam)
    assert client.get(f"/audits/{audit.ref}/paper/").status_code == 404
