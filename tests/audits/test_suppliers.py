"""A supplier's part: what is asked, what its contact can see and do, and what counts only when an auditor takes it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import User
from auditapp.audits import supplier_mail
from auditapp.audits.models import Audit, KeptPassage, SupplierRequest, SupplierSending
from auditapp.audits.models.suppliers import digest_of
from auditapp.email_url import NO_MAIL
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.audits.pages import sign_in
from tests.audits.suppliers import MESSAGE, ask, file_of, opened, put
from tests.factories import Make

STATED = "The stop switch is tested monthly; the last test was on 3 May."


@pytest.fixture
def audit(make: Make) -> Audit:
    return make.audit(answered=True)


@pytest.fixture
def asked(audit: Audit, asha: User) -> SupplierRequest:
    return ask(audit, asha)


@pytest.fixture
def token(asked: SupplierRequest, asha: User) -> str:
    return asked.link_by_hand(by=asha)


# Asking


def test_an_auditor_chooses_questions_and_a_contact(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    sent = {
        "contact_name": "Lena Brandt", "contact_email": "lena@calder.example", "message": MESSAGE,
        "due": (clock.today("UTC") + timedelta(days=5)).isoformat(), "ask": ["mon-02", "mon-03"],
        "evidence-mon-02": "The stop procedure", "evidence-val-08": "not ticked",
    }  # fmt: skip
    reply = client.post(f"/audits/{audit.ref}/suppliers/new/", sent)
    assert reply["Location"] == f"/audits/{audit.ref}/suppliers/1/"
    (found,) = SupplierRequest.objects.for_reading()
    assert [(q.answer.code, q.evidence_wanted) for q in found.asked] == [
        ("mon-02", "The stop procedure"),
        ("mon-03", ""),
    ]
    assert found.expires_on == found.due + timedelta(days=14)
    event = Event.objects.filter(stream=f"audit:{audit.ref}").latest("seq")
    assert event.verb == "supplier.asked"
    assert b"lena" not in bytes(event.body).lower()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ask": []}, "Choose at least one question."),
        ({"ask": ["mon-99"]}, "Choose at least one question."),
        ({"due": "2001-01-01"}, "This day has passed."),
        ({"contact_email": "lena"}, "Enter a valid email address."),
        ({"contact_name": " "}, "Enter the name of the person you ask."),
    ],
)
def test_an_unclear_request_keeps_what_was_typed(
    client: Client, audit: Audit, asha: User, change: dict[str, Any], sentence: str
) -> None:
    sign_in(client, asha)
    sent = {"contact_name": "Lena", "contact_email": "l@c.example", "due": "2030-01-01", "ask": ["mon-02"]}
    page = client.post(f"/audits/{audit.ref}/suppliers/new/", sent | {"evidence-mon-02": "The log"} | change)
    assert sentence in page.content.decode()
    assert "The log" in page.content.decode()
    assert not SupplierRequest.objects.exists()


def test_only_auditors_ask_and_only_of_a_draft(make: Make, audit: Audit, asha: User, ben: User) -> None:
    with pytest.raises(NotAllowed):
        ask(audit, ben)
    audit.submit(by=asha)
    audit.refresh_from_db()
    with pytest.raises(Refused, match="no longer a draft"):
        ask(audit, asha)


# The link


def test_only_the_digest_of_a_link_is_kept(asked: SupplierRequest, token: str) -> None:
    assert len(token) >= 32
    assert asked.sendings.get().token_sha256 == digest_of(token)
    with connection.cursor() as cursor:
        for table in ("auditapp_suppliersending", "auditapp_supplierrequest", "auditapp_event"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            assert not [row for (row,) in cursor.fetchall() if token in row]


def test_the_page_shows_what_was_asked_and_nothing_else(
    client: Client, audit: Audit, asked: SupplierRequest, token: str
) -> None:
    reply = opened(client, token)
    page = reply.content.decode()
    assert reply.redirect_chain == [("/supplier/", 302)]
    assert asked.asked[0].answer.question.text in page
    assert MESSAGE in page
    assert "The stop procedure" in page
    assert "Seen for mon-02 on the ward." not in page  # our answer
    others = audit.answers.exclude(code="mon-02").select_related("question")
    assert not [row.code for row in others if row.question.text in page or f">{row.code}<" in page]
    for word in (audit.ref, "Asked of suppliers", "Score", "/audits/"):
        assert word not in page


def test_the_page_is_told_to_nobody(client: Client, token: str) -> None:
    reply = opened(client, token)
    assert reply["Referrer-Policy"] == "same-origin"
    assert "noindex" in reply["X-Robots-Tag"]
    assert "no-store" in reply["Cache-Control"]
    assert "default-src 'none'" in reply["Content-Security-Policy"]
    assert token not in reply.content.decode()
    assert token not in json.dumps(dict(client.session))


@pytest.mark.parametrize("bad", ["", "x", "a" * 32, "' OR 1=1 --", "\x00"])
def test_a_guessed_code_opens_nothing(client: Client, asked: SupplierRequest, token: str, bad: str) -> None:
    page = opened(client, bad)
    assert page.status_code == 200
    assert "Calder" not in page.content.decode()
    assert asked.asked[0].answer.question.text not in page.content.decode()


def test_a_link_that_ran_out_opens_nothing_and_can_be_extended(
    client: Client, asked: SupplierRequest, token: str, asha: User
) -> None:
    opened(client, token)
    with clock.at(asked.expires_at + timedelta(seconds=1)):
        assert client.get("/supplier/").status_code == 404
        assert client.post("/supplier/answers/mon-02/", {"text": STATED}).status_code == 404
        assert "not in force" in opened(client, token).content.decode()
        asked.extend(by=asha, until=clock.today("UTC") + timedelta(days=3))
        assert asked.asked[0].answer.question.text in opened(client, token).content.decode()


def test_a_request_taken_back_ends_every_link_at_once(
    client: Client, asked: SupplierRequest, token: str, asha: User
) -> None:
    opened(client, token)
    asked.revoke(by=asha)
    assert client.get("/supplier/").status_code == 404
    assert client.post("/supplier/answers/mon-02/", {"text": STATED}).status_code == 404
    assert "not in force" in opened(client, token).content.decode()
    with pytest.raises(Refused, match="taken back"):
        asked.link_by_hand(by=asha)


def test_a_link_is_in_force_only_while_the_audit_is_a_draft(
    client: Client, audit: Audit, token: str, asha: User
) -> None:
    opened(client, token)
    audit.submit(by=asha)
    assert client.get("/supplier/").status_code == 404


def test_another_requests_question_does_not_exist(
    client: Client, audit: Audit, asked: SupplierRequest, token: str, asha: User
) -> None:
    other = ask(audit, asha, "mon-03")
    opened(client, token)
    for path in ("", "files/", "files/removal/"):
        assert client.post(f"/supplier/answers/mon-03/{path}", {"text": STATED}).status_code == 404
    assert not put(other, "mon-03").said


def test_another_organisation_sees_nothing_of_it(
    client: Client, audit: Audit, asked: SupplierRequest, token: str, cleo: User, sam: User
) -> None:
    for outsider in (cleo, sam):
        sign_in(client, outsider)
        assert client.get(f"/audits/{audit.ref}/suppliers/1/").status_code == 404
    scope.enter_as(cleo)
    assert not SupplierRequest.objects.exists()
    scope.enter(None, [])
    assert not SupplierSending.objects.exists()


def test_whoever_is_signed_in_at_the_same_browser_stays_out_of_it(client: Client, token: str, cleo: User) -> None:
    sign_in(client, cleo)
    page = opened(client, token)
    assert page.status_code == 200
    assert "Westmark" not in page.content.decode()
    assert "Cleo" not in page.content.decode()


# What the contact does


def test_the_contact_saves_and_comes_back(client: Client, asked: SupplierRequest, token: str, asha: User) -> None:
    opened(client, token)
    assert client.post("/supplier/answers/mon-02/", {"text": "First words."})["Location"] == "/supplier/#mon-02"
    client.post("/supplier/answers/mon-02/", {"text": STATED})
    client.post("/supplier/answers/mon-02/", {"text": STATED})
    client.post("/supplier/leaving/")
    assert "First words." not in client.get("/supplier/").content.decode()
    page = opened(client, asked.link_by_hand(by=asha)).content.decode()
    assert STATED in page
    assert [reply.text for reply in put(asked).said] == ["First words.", STATED]


def test_an_empty_answer_is_told_beside_its_field(client: Client, token: str) -> None:
    opened(client, token)
    reply = client.post("/supplier/answers/mon-02/", {"text": "  "})
    assert reply.status_code == 422
    assert "Write an answer before you save it." in reply.content.decode()


def test_files_pass_the_same_checks_as_ours(client: Client, asked: SupplierRequest, token: str) -> None:
    opened(client, token)
    about = {"title": "Log", "effective_date": "2026-05-01", "nondisclosure": "on"}
    disguised = SimpleUploadedFile("log.pdf", b"<script>alert(1)</script>")
    assert client.post("/supplier/answers/mon-02/files/", about | {"file": disguised}).status_code == 422
    assert Event.objects.filter(verb="supplier.file_not_taken").count() == 1
    assert not put(asked).files_now
    good = SimpleUploadedFile("log.txt", b"All quiet")
    assert client.post("/supplier/answers/mon-02/files/", about | {"file": good}).status_code == 302
    (file,) = put(asked).files_now
    assert (file.evidence.source, file.evidence.nondisclosure) == ("supplier", True)
    assert "Under non-disclosure" in client.get("/supplier/").content.decode()
    assert client.post("/supplier/answers/mon-02/files/removal/", {"item": str(file.pk)}).status_code == 302
    assert not put(asked).files_now


def test_after_sending_in_nothing_changes(client: Client, asked: SupplierRequest, token: str) -> None:
    opened(client, token)
    assert client.post("/supplier/sending/").status_code == 409  # nothing is answered
    client.post("/supplier/answers/mon-02/", {"text": STATED})
    assert client.post("/supplier/sending/").status_code == 302
    assert client.post("/supplier/answers/mon-02/", {"text": "Other words."}).status_code == 409
    assert [reply.text for reply in put(asked).said] == [STATED]
    assert "You have sent this in." in client.get("/supplier/").content.decode()


# What counts


def judge(client: Client, audit: Audit, act: str, **more: Any) -> Any:
    sent = {"act": act, "reply": 1} | more
    return client.post(f"/audits/{audit.ref}/suppliers/1/answers/mon-02/judgement/", sent)


def test_what_is_stated_counts_for_nothing_until_it_is_accepted(
    client: Client, audit: Audit, asked: SupplierRequest, asha: User
) -> None:
    put(asked).keep_reply(STATED)
    put(asked).add_file(**file_of())
    answer = audit.answers.for_reading().get(code="mon-02")
    assert (answer.n, answer.evidence_now) == (1, [])
    sign_in(client, asha)
    assert judge(client, audit, "accept").status_code == 302
    answer = audit.answers.for_reading().get(code="mon-02")
    assert (answer.n, answer.current.verdict, answer.current.by) == (2, "met", asha)
    today = clock.today(audit.site.zone)
    assert answer.current.note == f"Supplier states (Calder Health, {today}): {STATED}"
    assert [(e.evidence.source, e.added_by) for e in answer.evidence_now] == [("supplier", asha)]
    with pytest.raises(Refused, match="accepted your answer"):
        put(asked).keep_reply("Other words.")


def test_what_looks_like_patient_data_is_accepted_only_with_a_reason(
    client: Client, audit: Audit, asked: SupplierRequest, asha: User
) -> None:
    put(asked).keep_reply("The case of NHS number 999 000 0018 was looked at.")
    put(asked).add_file(**file_of())
    sign_in(client, asha)
    page = judge(client, audit, "accept")
    assert page.status_code == 422
    assert "Not accepted: this looks like patient data" in page.content.decode()
    assert "<mark>999 000 0018</mark>" in page.content.decode()
    assert audit.answers.get(code="mon-02").n == 1
    with pytest.raises(Refused, match="looks like patient data"):
        put(asked).accept(by=asha, reply=1)
    assert judge(client, audit, "accept", why="invented").status_code == 302
    assert "999 000 0018" in audit.answers.for_reading().get(code="mon-02").current.note
    (kept,) = KeptPassage.objects.of_audit(audit)
    assert (kept.by, kept.reason, kept.place) == (asha, "invented", "text")


def test_our_own_words_stay_beside_the_suppliers(
    client: Client, audit: Audit, asked: SupplierRequest, asha: User
) -> None:
    answer = audit.answers.select_related("audit").get(code="mon-02")
    answer.save_revision(
        by=asha, base=1, key="own", verdict="partial", note="Ours.", gap="A test.", evidence_note="Log."
    )
    put(asked).keep_reply(STATED)
    put(asked).accept(by=asha, reply=1)
    current = audit.answers.for_reading().get(code="mon-02").current
    assert (current.verdict, current.gap, current.evidence_note) == ("partial", "A test.", "Log.")
    assert current.note.startswith("Ours.\n\nSupplier states (Calder Health, ")


def test_what_was_not_read_is_not_accepted(audit: Audit, asked: SupplierRequest, asha: User) -> None:
    put(asked).keep_reply("First words.")
    put(asked).keep_reply(STATED)
    with pytest.raises(Refused, match="written something else since you read it"):
        put(asked).accept(by=asha, reply=1)
    assert audit.answers.get(code="mon-02").n == 1


def test_it_is_judged_once(asked: SupplierRequest, asha: User) -> None:
    put(asked).keep_reply(STATED)
    put(asked).accept(by=asha, reply=1)
    with pytest.raises(Refused, match="nothing to judge"):
        put(asked).accept(by=asha, reply=1)


def test_what_is_declined_is_asked_again_with_the_reason(
    client: Client, audit: Audit, asked: SupplierRequest, token: str, asha: User
) -> None:
    opened(client, token)
    client.post("/supplier/answers/mon-02/", {"text": STATED})
    client.post("/supplier/sending/")
    sign_in(client, asha)
    assert judge(client, audit, "decline").status_code == 422
    assert judge(client, audit, "decline", reason="Which switch?").status_code == 302
    assert audit.answers.get(code="mon-02").n == 1
    contact = Client()
    page = opened(contact, token).content.decode()
    assert "Which switch?" in page
    assert contact.post("/supplier/answers/mon-02/", {"text": "The red one."}).status_code == 302
    put(asked).accept(by=asha, reply=2)
    assert "The red one." in audit.answers.for_reading().get(code="mon-02").current.note


def test_a_viewer_reads_it_and_judges_nothing(client: Client, audit: Audit, asked: SupplierRequest, vera: User) -> None:
    put(asked).keep_reply(STATED)
    sign_in(client, vera)
    page = client.get(f"/audits/{audit.ref}/suppliers/1/").content.decode()
    assert STATED in page
    assert "Supplier states" in page
    assert "Accept into the answer" not in page
    assert judge(client, audit, "accept").status_code == 403


def test_the_database_keeps_what_was_stated(asked: SupplierRequest) -> None:
    put(asked).keep_reply(STATED)
    for table in ("supplierreply", "supplierquestion"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM auditapp_{table}")
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE auditapp_supplierreply SET text = 'other'")


# Silence, reminders


def test_silence_is_dated_at_the_question_on_the_audit_and_in_the_facts(
    client: Client, audit: Audit, asha: User
) -> None:
    with clock.at(clock.now() - timedelta(days=10)):
        asked = ask(audit, asha, days=4)
    sign_in(client, asha)
    code = audit.answers.get(code="mon-02").category_code
    shown = client.get(f"/audits/{audit.ref}/categories/{code}/").content.decode()
    due = f"{asked.due.day} {asked.due:%b %Y}"
    assert f"not supplied by {due}." in shown
    assert "not supplied by" in client.get(audit.get_absolute_url()).content.decode()
    assert "not supplied by" in client.get(f"/audits/{audit.ref}/suppliers/").content.decode()
    facts = audit.submit(by=asha).facts
    questions = {q["code"]: q for category in facts["categories"] for q in category["questions"]}
    requested = clock.day(asked.at, audit.site.zone).isoformat()
    day = asked.due.isoformat()
    assert questions["mon-02"]["asked_of_suppliers"] == [
        {"requested": requested, "due": day, "supplied": None, "not_supplied_by": day, "accepted": False}
        | {"evidence_wanted": "The stop procedure"}
    ]
    assert "asked_of_suppliers" not in questions["mon-03"]
    assert "not supplied by" in client.get(f"/audits/{audit.ref}/rounds/1/").content.decode()


def test_reminders_go_out_once_at_their_distance(audit: Audit, asha: User) -> None:
    asked = ask(audit, asha, days=7)
    sent = []
    for day in range(16):
        with clock.at(clock.now() + timedelta(days=day)):
            before = len(mail.outbox)
            supplier_mail.remind_all()
            supplier_mail.remind_all()
            scope.enter(int(Make.organisation_in_scope))
            sent += [day] * (len(mail.outbox) - before)
    assert sent == [4, 8, 14]
    assert [row.days for row in asked.sendings.all()] == [-3, 1, 7]


def test_a_letter_holds_the_link_and_no_question(
    client: Client, audit: Audit, asked: SupplierRequest, asha: User
) -> None:
    supplier_mail.send(
        request=asked.pk, kind="first", by=asha.pk, organisation=audit.organisation_id, site=audit.site_id
    )
    scope.enter(int(Make.organisation_in_scope))
    (letter,) = mail.outbox
    assert letter.to == ["lena@calder.example"]
    assert MESSAGE in letter.body
    assert asked.asked[0].answer.question.text not in letter.body
    token = letter.body.split("/supplier/#")[1].split()[0]
    assert asked.asked[0].answer.question.text in opened(client, token).content.decode()
    assert asked.sendings.get().by == asha


def test_who_has_sent_it_in_or_was_taken_off_is_not_reminded(audit: Audit, asha: User) -> None:
    done, taken_back = ask(audit, asha, days=1), ask(audit, asha, days=1)
    put(done).keep_reply(STATED)
    done.send_in() if done.asked[0].said else SupplierRequest.objects.for_reading().get(pk=done.pk).send_in()
    taken_back.revoke(by=asha)
    with clock.at(clock.now() + timedelta(days=5)):
        assert supplier_mail.remind_all() == 0
    scope.enter(int(Make.organisation_in_scope))


def test_a_reminder_by_hand_needs_e_mail(
    client: Client, audit: Audit, asked: SupplierRequest, asha: User, settings: Any
) -> None:
    settings.EMAIL_BACKEND = NO_MAIL
    sign_in(client, asha)
    assert client.post(f"/audits/{audit.ref}/suppliers/1/reminder/").status_code == 409
    page = client.post(f"/audits/{audit.ref}/suppliers/1/link/").content.decode()
    token = page.split("/supplier/#")[1].split('"')[0]
    assert asked.asked[0].answer.question.text in opened(Client(), token).content.decode()


# Under non-disclosure


def test_the_mark_goes_with_the_file_into_the_frozen_facts(client: Client, audit: Audit, asha: User) -> None:
    asked = ask(audit, asha, nondisclosure=True)
    put(asked).add_file(**file_of())
    put(asked).accept(by=asha, reply=0)
    sign_in(client, asha)
    code = audit.answers.get(code="mon-02").category_code
    assert "Under non-disclosure" in client.get(f"/audits/{audit.ref}/categories/{code}/").content.decode()
    facts = audit.submit(by=asha).facts
    (item,) = [e for c in facts["categories"] for q in c["questions"] for e in q["evidence"]]
    assert item["nondisclosure"] is True
    assert "Under non-disclosure" in client.get(f"/audits/{audit.ref}/rounds/1/").content.decode()


def test_a_second_link_opens_its_own_page_at_the_same_browser(
    client: Client, audit: Audit, asked: SupplierRequest, token: str, asha: User
) -> None:
    other = ask(audit, asha, "mon-03")
    opened(client, token)
    page = opened(client, other.link_by_hand(by=asha)).content.decode()
    assert other.asked[0].answer.question.text in page
    assert asked.asked[0].answer.question.text not in page
