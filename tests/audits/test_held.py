"""What looks like patient data is not stored before a person has changed it or said why it is none."""

import logging
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client

from auditapp.accounts import scope
from auditapp.accounts.models import User
from auditapp.audits import standing_page
from auditapp.audits.models import AnswerRevision, Audit, Comment, Held, KeptPassage, Saved, StandingAnswer
from auditapp.evidence.models import Evidence
from auditapp.identifiers.looking import found_in
from auditapp.questionnaires.models import Question
from auditapp.refusals import Refused
from auditapp.trail.models import Event
from tests.audits.pages import counted, post_answer, sign_in
from tests.evidence import files
from tests.factories import Make

CODE = "mon-03"
NUMBER = "999 000 0018"
NOTE = f"The summary for {NUMBER} left out the anticoagulant."
(PASSAGE,) = found_in(NOTE)
KEPT = f"{PASSAGE.digest}:invented"


@pytest.fixture
def audit(make: Make) -> Audit:
    return make.audit()


def revisions() -> int:
    return AnswerRevision.objects.count()


def everything_on_the_trail() -> str:
    return "\n".join(bytes(event.body).decode() for event in Event.objects.all())


def test_a_text_with_an_nhs_number_is_held_and_nothing_of_it_is_stored(
    client: Client, audit: Audit, asha: User
) -> None:
    reply = post_answer(sign_in(client, asha), audit, CODE, json=True, note=NOTE, gap="Call 07700 900142, her mobile.")
    assert reply.status_code == 428
    said = reply.json()
    assert said["saved"] is False
    assert list(said["held"]) == ["note", "gap"]
    assert f"<mark data-held-text>{NUMBER}</mark> left out the anticoagulant." in said["held"]["note"]
    assert "NHS number" in said["held"]["note"]
    assert "Telephone number of a person" in said["held"]["gap"]
    assert revisions() == 0
    assert "answer.saved" not in everything_on_the_trail()


def test_what_is_typed_into_a_warning_is_shown_as_text(client: Client, audit: Audit, asha: User) -> None:
    note = f"<script>alert(1)</script> {NUMBER} <b>bold</b>"
    reply = post_answer(sign_in(client, asha), audit, CODE, json=True, note=note)
    assert "<script>" not in reply.json()["held"]["note"]
    assert "<b>" not in reply.json()["held"]["note"]


def test_a_corrected_text_is_saved(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    post_answer(client, audit, CODE, json=True, note=NOTE)
    reply = post_answer(client, audit, CODE, json=True, note="The summary for one patient left it out.")
    assert reply.json()["saved"] is True
    assert KeptPassage.objects.count() == 0


def test_a_text_is_saved_with_the_word_of_the_person_that_it_is_not_patient_data(
    client: Client, audit: Audit, asha: User
) -> None:
    reply = post_answer(sign_in(client, asha), audit, CODE, json=True, note=NOTE, kept=KEPT)
    assert (reply.status_code, reply.json()["n"]) == (200, 1)
    (kept,) = KeptPassage.objects.all()
    assert (kept.by, kept.rule, kept.place, kept.reason, kept.passages) == (asha, "nhs_number", "note", "invented", 1)
    assert (kept.revision.n, kept.revision.note, kept.digest) == (1, NOTE, PASSAGE.digest)
    event = Event.objects.filter(verb="passage.kept").get()
    assert kept.digest in bytes(event.body).decode()
    assert f'"check":"{CODE}"' in bytes(event.body).decode()


def test_neither_the_trail_nor_a_log_nor_the_row_holds_the_passage(
    client: Client, audit: Audit, asha: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in(client, asha)
    caplog.clear()
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # the database must be told the words
    post_answer(client, audit, CODE, json=True, note=NOTE)
    post_answer(client, audit, CODE, json=True, note=NOTE, kept=KEPT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM auditapp_keptpassage k")
        (row,) = cursor.fetchone()
    for place in (everything_on_the_trail(), caplog.text, row):
        assert NUMBER not in place
        assert NUMBER.replace(" ", "") not in place


def test_it_is_asked_once_per_passage_and_answer(client: Client, audit: Audit, asha: User, make: Make) -> None:
    sign_in(client, asha)
    post_answer(client, audit, CODE, json=True, note=NOTE, kept=KEPT)
    again = post_answer(client, audit, CODE, json=True, base=1, key="next", note=f"{NOTE} Read twice.")
    moved = post_answer(client, audit, CODE, json=True, base=2, key="moved", gap=f"Case {NUMBER.replace(' ', '')}")
    assert (again.status_code, moved.status_code) == (200, 200)
    assert KeptPassage.objects.count() == 1
    another = post_answer(client, audit, CODE, json=True, base=3, key="other", note="And 999 000 0026.")
    elsewhere = post_answer(client, audit, "mon-05", json=True, note=NOTE)
    assert (another.status_code, elsewhere.status_code) == (428, 428)


def test_of_two_passages_both_are_asked_about(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    both = f"{NOTE} DOB 03/04/1951."
    reply = post_answer(client, audit, CODE, json=True, note=both, kept=KEPT)
    assert reply.status_code == 428
    assert "Date of birth" in reply.json()["held"]["note"]
    assert "NHS number" not in reply.json()["held"]["note"]
    reasons = [f"{found.digest}:invented" for found in found_in(both)]
    assert post_answer(client, audit, CODE, json=True, note=both, kept=reasons).status_code == 200
    assert sorted(KeptPassage.objects.values_list("rule", flat=True)) == ["date_of_birth", "nhs_number"]


@pytest.mark.parametrize("kept", ["", ":invented", f"{PASSAGE.digest}:because", PASSAGE.digest, "x" * 64 + ":staff"])
def test_without_a_reason_that_there_is_nothing_is_kept(client: Client, audit: Audit, asha: User, kept: str) -> None:
    assert post_answer(sign_in(client, asha), audit, CODE, json=True, note=NOTE, kept=kept).status_code == 428
    assert revisions() == 0


def test_the_same_request_twice_is_one_save_and_one_word(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    replies = [post_answer(client, audit, CODE, json=True, note=NOTE, kept=KEPT) for _ in range(2)]
    assert [(r.status_code, r.json()["n"]) for r in replies] == [(200, 1), (200, 1)]
    assert (revisions(), KeptPassage.objects.count()) == (1, 1)


def test_a_save_that_comes_too_late_is_held_as_well_and_then_kept_beside(
    client: Client, audit: Audit, asha: User
) -> None:
    sign_in(client, asha)
    post_answer(client, audit, CODE, note="Theirs, which was first.")
    assert post_answer(client, audit, CODE, json=True, key="late", note=NOTE).status_code == 428
    assert revisions() == 1
    assert post_answer(client, audit, CODE, json=True, key="late", note=NOTE, kept=KEPT).status_code == 409
    assert KeptPassage.objects.get().revision.n is None


def test_looking_costs_no_query_where_nothing_is_found_and_two_where_something_is_kept(
    client: Client, audit: Audit, asha: User
) -> None:
    sign_in(client, asha)
    with counted(8) as plain:
        post_answer(client, audit, CODE, json=True, note="Seen on the ward.")
    with counted(len(plain) - 1):  # held: the answer and what was kept in it before; nothing is written
        post_answer(client, audit, CODE, json=True, base=1, key="b", note=NOTE)
    with counted(len(plain) + 3):
        post_answer(client, audit, CODE, json=True, base=1, key="c", note=NOTE, kept=KEPT)


def test_without_a_script_the_form_comes_back_with_everything_typed_and_the_warning_beside_the_field(
    client: Client, audit: Audit, asha: User
) -> None:
    typed = {"note": NOTE, "gap": "No table.", "owner": "Digital health team", "verdict": "partial"}
    reply = post_answer(sign_in(client, asha), audit, CODE, **typed)
    assert reply.status_code == 428
    page = reply.content.decode()
    for words in ("No table.", "Digital health team", NOTE):
        assert words in page
    note = page[page.index(f'id="{CODE}_note" rows') : page.index(f'for="{CODE}_evidence_note"')]
    assert f"<mark data-held-text>{NUMBER}</mark>" in note
    assert "This is not patient data, keep it" in note
    assert f'href="#{CODE}_note_0_kept"' in page
    assert "Choose why it is not patient data" not in shown(note)
    unreasoned = post_answer(client, audit, CODE, **typed, kept="")
    assert "Choose why it is not patient data" in shown(unreasoned.content.decode())
    kept = post_answer(client, audit, CODE, **typed, kept=KEPT)
    assert kept["Location"].endswith(f"#{CODE}")
    assert audit.answers.get(code=CODE).current.gap == "No table."


def shown(page: str) -> str:
    """Without what is hidden until a reason is missing."""
    parts = page.split("data-held-problem hidden>")
    return parts[0] + "".join(part.split("</div>", 1)[1] for part in parts[1:])


def test_the_history_says_who_kept_what_and_why(client: Client, audit: Audit, asha: User, vera: User) -> None:
    sign_in(client, asha)
    post_answer(client, audit, CODE, note=NOTE, kept=KEPT)
    sign_in(client, vera)
    page = client.get(f"/audits/{audit.ref}/answers/{CODE}/history/").content.decode()
    assert "Kept by Asha Rao: not patient data. Note, looked like this: NHS number." in " ".join(page.split())
    listed = client.get(f"/audits/{audit.ref}/kept-passages/").content.decode()
    assert "1 passage kept as not patient data" in listed
    assert "It is invented, for a test or an example" in listed
    assert NUMBER not in listed


def test_what_is_taken_over_word_for_word_is_not_asked_about_again(make: Make, asha: User) -> None:
    audit = make.audit()
    answer = audit.answers.get(code=CODE)
    assert isinstance(answer.save_revision(by=asha, base=0, key="typed", note=NOTE), Held)
    assert isinstance(answer.save_revision(by=asha, base=0, key="taken", typed=False, note=NOTE), Saved)


def test_nobody_of_another_organisation_or_hospital_sees_what_was_kept(
    client: Client, audit: Audit, asha: User, cleo: User, sam: User, ben: User
) -> None:
    post_answer(sign_in(client, asha), audit, CODE, note=NOTE, kept=KEPT)
    assert KeptPassage.objects.visible_to(ben).count() == 1
    for outsider in (cleo, sam):
        assert KeptPassage.objects.visible_to(outsider).count() == 0
        scope.enter_as(outsider)
        assert KeptPassage.objects.count() == 0
        assert sign_in(client, outsider).get(f"/audits/{audit.ref}/kept-passages/").status_code == 404
        scope.enter_as(asha)


def test_what_was_kept_is_never_changed_or_deleted(audit: Audit, asha: User) -> None:
    audit.answers.get(code=CODE).save_revision(by=asha, base=0, key="k", kept={PASSAGE.digest: "staff"}, note=NOTE)

    def refused(act: Any) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            act()

    refused(lambda: KeptPassage.objects.update(reason="other"))
    refused(lambda: KeptPassage.objects.all().delete())


# Evidence

ABOUT = {"title": "Accuracy review", "effective_date": "2026-10-01", "source": "ours"}


def add(client: Client, audit: Audit, **sent: Any) -> Any:
    return client.post(f"/audits/{audit.ref}/answers/{CODE}/evidence/", ABOUT | sent)


def letter(text: str = NOTE, name: str = "letter.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def test_a_file_with_patient_data_is_not_stored_before_the_person_has_looked(
    client: Client, audit: Audit, asha: User
) -> None:
    reply = add(sign_in(client, asha), audit, file=letter())
    assert reply.status_code == 428
    page = reply.content.decode()
    assert "Not stored: this looks like patient data" in page
    assert f"<mark>{NUMBER}</mark> left out the anticoagulant." in page
    assert "NHS number, line 1" in page
    assert 'value="Accuracy review"' in page
    assert 'href="#mon-03_looked"' in page
    assert Evidence.objects.count() == 0
    looked = reply.context["form"].digest
    assert add(client, audit, file=letter(), looked=looked).status_code == 428  # and no reason
    kept = add(client, audit, file=letter(), looked=looked, reason="invented")
    assert kept.status_code == 302
    (row,) = KeptPassage.objects.all()
    assert (row.place, row.rule, row.passages, row.answer.code) == ("file", "nhs_number", 1, CODE)
    assert row.evidence.filename == "letter.txt"
    assert NUMBER not in everything_on_the_trail()
    assert "Text of the file" in client.get(f"/audits/{audit.ref}/kept-passages/").content.decode()


def test_who_has_looked_at_one_file_has_not_looked_at_another(client: Client, audit: Audit, asha: User) -> None:
    looked = add(sign_in(client, asha), audit, file=letter()).context["form"].digest
    other = letter(NOTE + " DOB 03/04/1951.")
    assert add(client, audit, file=other, looked=looked, reason="invented").status_code == 428
    assert Evidence.objects.count() == 0


def test_of_a_long_list_of_patients_a_few_are_shown_and_the_rest_is_counted(
    client: Client, audit: Audit, asha: User
) -> None:
    rows = "\n".join(f"7;{4471902 + n}" for n in range(40))
    reply = add(sign_in(client, asha), audit, file=letter(f"ward;MRN\n{rows}", "pilot.csv"))
    page = reply.content.decode()
    assert page.count("<mark>") == 5
    assert "and 35 more passages" in page
    looked = reply.context["form"].digest
    add(client, audit, file=letter(f"ward;MRN\n{rows}", "pilot.csv"), looked=looked, reason="invented")
    assert KeptPassage.objects.get().passages == 40


def test_of_several_files_each_is_looked_through_and_none_is_stored_before_the_person_has_looked(
    client: Client, audit: Audit, asha: User
) -> None:
    def sent() -> dict[str, Any]:
        return {"file": [letter("Nothing.", "minutes.txt"), letter(), letter("DOB 03/04/1951.", "birth.txt")]}

    reply = add(sign_in(client, asha), audit, **sent())
    assert reply.status_code == 428
    page = reply.content.decode()
    assert "letter.txt: Text of the file" in page
    assert "birth.txt: Text of the file" in page
    assert "minutes.txt: Text of the file" not in page
    assert Evidence.objects.count() == 0
    looked = reply.context["form"].digest
    assert add(client, audit, **sent(), looked=looked, reason="invented").status_code == 302
    kept = KeptPassage.objects.values_list("evidence__filename", "rule")
    assert set(kept) == {("letter.txt", "nhs_number"), ("birth.txt", "date_of_birth")}
    assert Evidence.objects.count() == 3


def test_the_same_file_once_more_is_not_asked_about_twice(client: Client, audit: Audit, asha: User) -> None:
    title = {"title": f"Letter for {NUMBER}"}
    looked = add(sign_in(client, asha), audit, file=letter(), **title).context["form"].digest
    answered = title | {"looked": looked, "reason": "invented"}
    assert add(client, audit, file=letter(), **answered).status_code == 302
    known = add(client, audit, file=letter(), **answered)
    assert known.status_code == 409
    hidden = dict(known.context["hidden"])
    assert add(client, audit, again=Evidence.objects.get().pk, **hidden).status_code == 302
    assert Evidence.objects.count() == 2
    assert KeptPassage.objects.filter(place="title").count() == 2


@pytest.mark.parametrize(
    "sent",
    [
        {"title": f"Letter for {NUMBER}", "url": "https://intranet.example/"},
        {"url": "https://intranet.example/letters?nhs=9990000018"},
        {"file": letter("Nothing.", "discharge_9990000018.txt")},
    ],
    ids=["title", "link", "file name"],
)
def test_titles_links_and_names_of_files_are_looked_through(
    client: Client, audit: Audit, asha: User, sent: dict[str, Any]
) -> None:
    assert add(sign_in(client, asha), audit, **sent).status_code == 428
    assert Evidence.objects.count() == 0


def test_a_file_that_nobody_can_read_is_taken_and_the_person_is_asked_to_look(
    client: Client, audit: Audit, asha: User
) -> None:
    reply = add(sign_in(client, asha), audit, file=SimpleUploadedFile("photo.png", files.picture("PNG")))
    page = client.get(reply["Location"]).content.decode()
    assert "Pictures are not read. Look yourself whether it shows patient data." in page


# Answers for the whole hospital


def give(client: Client, **said: Any) -> Any:
    sent = {"base": 0, "verdict": "met", "evidence_note": NOTE, "valid_until": "2027-06-30"}
    return client.post(f"/audits/standing/{CODE}/", sent | said)


def test_an_answer_for_the_whole_hospital_is_held_and_kept_like_one_of_an_audit(client: Client, ben: User) -> None:
    sign_in(client, ben)
    page = give(client, keeper=ben.pk).content.decode()
    assert "This looks like patient data. Change what is marked, or say why it is none." in page
    assert f"<mark data-held-text>{NUMBER}</mark>" in page
    assert StandingAnswer.objects.count() == 0
    assert give(client, keeper=ben.pk, kept=KEPT).status_code == 302
    (row,) = KeptPassage.objects.all()
    assert (row.site, row.standing.check_code, row.place) == (None, CODE, "evidence_note")
    assert NUMBER not in everything_on_the_trail()
    again = give(client, keeper=ben.pk, base=1)
    assert again.status_code == 302
    assert "Kept by Ben Okafor: not patient data." in client.get(f"/audits/standing/{CODE}/").content.decode()


def test_nobody_gives_such_an_answer_past_the_form(ben: User) -> None:
    check = standing_page.asked_once(Question.objects.visible_to(ben)).get(code=CODE)
    with pytest.raises(Refused, match="looks like it holds patient data"):
        StandingAnswer.give(
            check, by=ben, base=0, keeper=ben, valid_until=date(2027, 6, 30), verdict="met", evidence_note=NOTE
        )


# Acts on an audit


def test_the_reason_of_a_withdrawal_is_held_and_kept_with_the_audit(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    held = client.post(f"/audits/{audit.ref}/withdrawal/", {"reason": NOTE}).content.decode()
    assert f"<mark data-held-text>{NUMBER}</mark>" in held
    assert "Change it, or say below it why it is none." in held
    audit.refresh_from_db()
    assert audit.state == "draft"
    assert client.post(f"/audits/{audit.ref}/withdrawal/", {"reason": NOTE, "kept": KEPT}).status_code == 302
    (row,) = KeptPassage.objects.all()
    assert (row.audit, row.place, row.rule, row.code) == (audit, "reason", "nhs_number", "")
    assert "The audit itself" in client.get(f"/audits/{audit.ref}/kept-passages/").content.decode()
    assert NUMBER not in everything_on_the_trail()


def test_the_reasons_of_a_review_are_held_with_the_question_they_belong_to(
    client: Client, make: Make, asha: User, ben: User
) -> None:
    audit = make.audit(answered=True)
    audit.submit(by=asha)
    sign_in(client, ben)
    sent = {"act": "return", f"return-{CODE}": NOTE}
    held = client.post(f"/audits/{audit.ref}/review/", sent).content.decode()
    assert f'<span class="small muted">{CODE}</span> <q>The summary for <mark data-held-text>{NUMBER}</mark>' in held
    assert client.post(f"/audits/{audit.ref}/review/", sent | {"kept": KEPT}).status_code == 302
    assert KeptPassage.objects.get().audit == audit


# What people say to each other


def test_a_comment_is_held_and_kept_like_an_answer(client: Client, audit: Audit, asha: User) -> None:
    where = f"/audits/{audit.ref}/answers/{CODE}/comments/"
    held = sign_in(client, asha).post(where, {"text": NOTE})
    assert held.status_code == 422
    page = held.content.decode()
    assert f"<mark data-held-text>{NUMBER}</mark>" in page
    assert f'id="{CODE}_comment_text_0_kept"' in page
    assert not Comment.objects.exists()
    assert client.post(where, {"text": NOTE, "kept": KEPT}).status_code == 302
    (row,) = KeptPassage.objects.all()
    assert (row.audit, row.place_name, row.reason) == (audit, "Comment", "invented")
    assert NUMBER not in everything_on_the_trail()


def test_a_message_to_whom_a_part_is_given_is_held(client: Client, audit: Audit, asha: User, dora: User) -> None:
    where = f"/audits/{audit.ref}/assignments/"
    sent = {"category_code": "monitoring-incidents", "user": dora.pk, "message": NOTE}
    page = sign_in(client, asha).post(where, sent).content.decode()
    assert f"<mark data-held-text>{NUMBER}</mark>" in page
    assert not audit.assignments.exists()
    assert client.post(where, sent | {"kept": KEPT}).status_code == 302
    assert KeptPassage.objects.get().place_name == "Message"
