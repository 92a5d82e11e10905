"""Two auditors answer apart: neither sees the other before both have finished, and a third settles."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.models import Audit, Comment, Flag, KeptPassage, ReadingAnswer, SecondReading
from auditapp.identifiers.looking import found_in
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.audits.pages import post_answer, sign_in
from tests.audits.test_standing import give
from tests.factories import Make

SECRET = "Only the first reader knows this sentence."


def auditor(ada: User, name: str) -> User:
    about = {"name": name, "email": f"{name.lower()}@northshire.example", "password": "a quiet ward"}
    return User.invite(by=ada, role="auditor", **about)


@pytest.fixture
def nina(ada: User) -> User:
    return auditor(ada, "Nina")


@pytest.fixture
def theo(ada: User) -> User:
    """The third person."""
    return auditor(ada, "Theo")


@pytest.fixture
def reading(make: Make, asha: User, nina: User) -> SecondReading:
    return SecondReading.begin(make.audit(), by=asha, first=asha, second=nina)


def read(reading: SecondReading, reader: User, **differing: dict[str, Any]) -> None:
    """Everything met with a note, but for the checks named; then finished."""
    for answer in list(reading.questions):
        said = differing.get(
            answer.code.replace("-", "_"), {"verdict": "met", "evidence_note": f"Seen by {reader.name}."}
        )
        reading.answer(answer.code, by=reader, base=0, **said)
    reading.finish(by=reader)


GAP = {"verdict": "not_met", "gap": "The table is old.", "owner": "Digital health team", "due": clock.today("UTC")}


@pytest.fixture
def both(reading: SecondReading, asha: User, nina: User) -> SecondReading:
    """Both have finished and differ on one question."""
    read(reading, asha)
    read(reading, nina, mon_03=GAP)
    return SecondReading.objects.with_people().get(pk=reading.pk)


# Beginning


def test_it_is_chosen_before_anybody_has_answered(make: Make, asha: User, nina: User, ben: User) -> None:
    audit = make.audit()
    assert SecondReading.begin(audit, by=ben, first=asha, second=nina).readers == [asha, nina]
    late = make.audit()
    late.answers.select_related("audit").first().save_revision(by=asha, base=0, key="1", verdict="met")
    with pytest.raises(Refused, match="Somebody has answered already"):
        SecondReading.begin(late, by=asha, first=asha, second=nina)


@pytest.mark.parametrize("second", ["asha", "vera", "sam"])
def test_it_needs_two_different_auditors_of_the_hospital(make: Make, asha: User, second: str) -> None:
    with pytest.raises(Refused):
        SecondReading.begin(make.audit(), by=asha, first=asha, second=make.people[second])


def test_who_only_reads_cannot_begin_it(make: Make, asha: User, nina: User, vera: User) -> None:
    with pytest.raises(NotAllowed):
        SecondReading.begin(make.audit(), by=vera, first=asha, second=nina)


def test_what_the_hospital_answered_once_is_not_read_apart(make: Make, asha: User, nina: User, ben: User) -> None:
    give(ben)
    reading = SecondReading.begin(make.audit(), by=asha, first=asha, second=nina)
    assert "mon-03" not in reading.questions.values_list("code", flat=True)


# Apart


PAGES = [
    "/audits/{ref}/", "/audits/{ref}/second-reading/", "/audits/{ref}/categories/{category}/",
    "/audits/{ref}/answers/mon-02/history/", "/audits/{ref}/submission/", "/audits/", "/audits/?format=csv",
    "/audits/{ref}/assignments/", "/", "/portfolio/", "/deployments/{deployment}/",
    "/questionnaires/checks/mon-02/answers/",
]  # fmt: skip


@pytest.mark.parametrize("finished", [False, True], ids=["while reading", "when one has finished"])
def test_nobody_sees_a_reading_before_both_have_finished(
    client: Client, reading: SecondReading, asha: User, nina: User, ben: User, finished: bool
) -> None:
    said = {"verdict": "not_met", "note": SECRET, "evidence_note": SECRET, "gap": SECRET, "owner": SECRET[:40]}
    reading.answer("mon-02", by=asha, base=0, **said)
    if finished:
        for answer in reading.questions.exclude(code="mon-02"):
            reading.answer(answer.code, by=asha, base=0, verdict="not_met", note=SECRET)
        reading.finish(by=asha)
    audit = reading.audit
    answer = audit.answers.get(code="mon-02")
    about = {"ref": audit.ref, "category": answer.category_code, "deployment": audit.deployment.ref}
    for outsider in (nina, ben):
        sign_in(client, outsider)
        pages = [page.format(**about) for page in PAGES]
        pages += [f"/audits/{audit.ref}/second-reading/categories/{answer.category_code}/"] if outsider == nina else []
        for path in pages:
            reply = client.get(path, follow=True)
            assert reply.status_code in {200, 403, 404, 409}, path
            page = reply.content.decode()
            assert SECRET not in page, path
            assert SECRET[:40] not in page, path
        assert not ReadingAnswer.objects.visible_to(outsider).exists()
    audit.refresh_from_db()
    assert (audit.answered, answer.n) == (0, 0)
    bodies = b"".join(bytes(event.body) for event in Event.objects.filter(stream=f"audit:{audit.ref}"))
    assert b"not_met" not in bodies
    assert ReadingAnswer.objects.visible_to(asha).exists()


def test_the_audits_own_answers_stay_closed_meanwhile(client: Client, reading: SecondReading, asha: User) -> None:
    sign_in(client, asha)
    assert post_answer(client, reading.audit, "mon-02").status_code == 409
    with (
        pytest.raises(ProgrammingError, match="fixed in this round"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE auditapp_answer SET n = 1 WHERE audit_id = %s", [reading.audit_id])


def test_nobody_writes_for_a_reader(client: Client, reading: SecondReading, theo: User, nina: User) -> None:
    with pytest.raises(NotAllowed):
        reading.answer("mon-02", by=theo, base=0, verdict="met")
    sign_in(client, theo)
    assert client.post(f"/audits/{reading.audit.ref}/second-reading/answers/mon-02/", {"base": 0}).status_code == 403
    answer = reading.questions.get(code="mon-02")
    with pytest.raises(ProgrammingError, match="only its readers write"), transaction.atomic():
        ReadingAnswer.objects.create(
            **answer.place, reading=reading, answer=answer, reader=theo, n=1, verdict="met", at=clock.now()
        )


def test_a_reader_answers_on_a_page_of_their_own(client: Client, reading: SecondReading, nina: User) -> None:
    sign_in(client, nina)
    where = f"/audits/{reading.audit.ref}/second-reading/answers/mon-02/"
    assert client.post(where, {"base": 0, "verdict": "met", "note": "Read."}).status_code == 302
    assert client.post(where, {"base": 1, "verdict": "nonsense", "note": "Typed."}).status_code == 422
    assert client.post(where, {"base": 0, "verdict": "partial", "note": "Another tab."}).status_code == 409
    assert reading.readings_of(nina)["mon-02"].note == "Read."
    code = reading.questions.get(code="mon-02").category_code
    page = client.get(f"/audits/{reading.audit.ref}/second-reading/categories/{code}/").content.decode()
    assert "Read." in page


def test_what_looks_like_patient_data_is_saved_only_with_a_reason(
    client: Client, reading: SecondReading, nina: User
) -> None:
    sign_in(client, nina)
    where = f"/audits/{reading.audit.ref}/second-reading/answers/mon-02/"
    said = {"base": 0, "verdict": "met", "note": "NHS number 999 000 0018 was read twice."}
    page = client.post(where, said)
    assert page.status_code == 422
    assert "Not saved: this looks like patient data" in page.content.decode()
    assert "mon-02" not in reading.readings_of(nina)
    (passage,) = found_in(said["note"])
    assert client.post(where, said | {"kept": f"{passage.digest}:invented"}).status_code == 302
    assert reading.readings_of(nina)["mon-02"].note == said["note"]
    (kept,) = KeptPassage.objects.of_audit(reading.audit)
    assert (kept.by, kept.reason) == (nina, "invented")


def test_a_reading_is_finished_when_everything_has_a_verdict_and_is_fixed_then(
    reading: SecondReading, asha: User
) -> None:
    with pytest.raises(Refused, match="questions are left"):
        reading.finish(by=asha)
    read(reading, asha)
    with pytest.raises(Refused, match="it is fixed"):
        reading.answer("mon-02", by=asha, base=1, verdict="not_met")
    answer = reading.questions.get(code="mon-02")
    with pytest.raises(ProgrammingError), transaction.atomic():
        ReadingAnswer.objects.create(
            **answer.place, reading=reading, answer=answer, reader=asha, n=2, verdict="met", at=clock.now()
        )
    with pytest.raises(ProgrammingError, match="not both have finished"), transaction.atomic():
        SecondReading.objects.filter(pk=reading.pk).update(opened_at=clock.now())


# Together


def test_agreement_is_shown_when_both_have_finished(client: Client, both: SecondReading, vera: User) -> None:
    sign_in(client, vera)
    reply = client.get(f"/audits/{both.audit.ref}/second-reading/")
    assert (reply.context["overall"].n, reply.context["overall"].same) == (8, 7)
    assert reply.context["overall"].kappa_shown == "0.00"  # the first reader answered all alike: no more than chance
    page = reply.content.decode()
    assert "87.5" in page
    assert "not defined" in page
    assert "Seen by Nina." in page
    assert "The table is old." in page
    assert "Settle<" not in page


def test_a_third_settles_with_a_reason_and_all_three_are_kept(
    client: Client, both: SecondReading, theo: User, asha: User
) -> None:
    sign_in(client, theo)
    where = f"/audits/{both.audit.ref}/second-reading"
    assert client.post(f"{where}/agreed/").status_code == 302
    assert client.post(f"{where}/answers/mon-03/settlement/", {"choice": "second"}).status_code == 422
    own = {"choice": "own", "reason": "Neither."}
    assert client.post(f"{where}/answers/mon-03/settlement/", own).status_code == 422
    sent = {"choice": "second", "reason": "The table names a post that is gone."}
    assert client.post(f"{where}/answers/mon-03/settlement/", sent).status_code == 302
    assert client.post(f"{where}/answers/mon-03/settlement/", sent).status_code == 409
    answers = {answer.code: answer.current for answer in both.audit.answers.select_related("current__by")}
    assert (answers["mon-03"].verdict, answers["mon-03"].gap) == ("not_met", "The table is old.")
    assert answers["mon-02"].evidence_note == "Seen by Asha Rao. / Seen by Nina."
    assert {current.by for current in answers.values()} == {theo}
    page = client.get(f"{where}/").content.decode()
    for words in ("Seen by Asha Rao.", "The table is old.", "The table names a post that is gone."):
        assert words in page
    both.audit.refresh_from_db()
    assert both.audit.submit(by=asha).facts["result"]["counts"]["not_met"] == 1


def test_neither_reader_settles(both: SecondReading, asha: User, nina: User) -> None:
    for reader in (asha, nina):
        with pytest.raises(NotAllowed, match="A third person settles"):
            both.settle("mon-03", by=reader, choice="first", reason="Mine.")
        with pytest.raises(NotAllowed):
            both.take_over_agreed(by=reader)


def test_an_audit_with_differences_is_not_submitted(make: Make, both: SecondReading, theo: User, asha: User) -> None:
    both.take_over_agreed(by=theo)
    audit = Audit.objects.get(pk=both.audit_id)
    with pytest.raises(Refused, match="1 question is not settled yet"):
        audit.submit(by=asha)


def test_what_they_agree_on_needs_no_settling(both: SecondReading, theo: User) -> None:
    with pytest.raises(Refused, match="do not differ"):
        both.settle("mon-02", by=theo, choice="first", reason="Same.")
    assert both.take_over_agreed(by=theo) == 7
    assert both.take_over_agreed(by=theo) == 0


def test_another_hospital_sees_nothing_of_it(client: Client, both: SecondReading, sam: User, cleo: User) -> None:
    for outsider in (sam, cleo):
        sign_in(client, outsider)
        assert client.get(f"/audits/{both.audit.ref}/second-reading/").status_code == 404
        assert not ReadingAnswer.objects.visible_to(outsider).exists()


# Beside the questions


def test_no_comment_and_no_flag_tells_the_other_reader_anything(
    client: Client, reading: SecondReading, asha: User, nina: User
) -> None:
    audit = reading.audit
    sign_in(client, asha)
    at = f"/audits/{audit.ref}/answers/mon-03"
    for path, sent in ((f"{at}/comments/", {"text": SECRET}), (f"{at}/flag/", {"act": "set"})):
        assert client.post(path, sent).status_code == 409
    sign_in(client, nina)
    page = client.get(f"{at}/comments/").content.decode()
    assert SECRET not in page
    assert "Two people read this audit apart" in page
    assert not Comment.objects.exists()
    assert not Flag.objects.exists()


def test_an_open_page_is_not_told_what_the_other_reader_does(
    client: Client, reading: SecondReading, asha: User, nina: User
) -> None:
    path = f"/audits/{reading.audit.ref}/changes/"
    sign_in(client, nina)
    tag = client.get(path)["ETag"]
    reading.answer("mon-03", by=asha, base=0, verdict="met", note=SECRET)
    reply = client.get(path, headers={"If-None-Match": tag})
    assert reply.status_code == 304
    assert SECRET.encode() not in reply.content
