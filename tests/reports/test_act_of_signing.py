"""The act of signing: opened, signed in again for this one act, one meaning, one digest, one person, one signature."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from auditapp.accounts.models import User
from auditapp.refusals import NotAllowed, Refused
from auditapp.reports.models import Report, Signature
from auditapp.reports.reauthentication import Opening, Reauthentication
from auditapp.trail.models import Event
from tests.factories import PASSWORD, Make
from tests.tracking.issued import prepared, sign_in, sign_next

pytestmark = pytest.mark.django_db


def address(report: Report, page: str = "signature/") -> str:
    return f"/audits/{report.audit.ref}/{page}"


def given(report: Report, person: User, **other: Any) -> dict[str, Any]:
    """The form as its person would send it."""
    turn = report.next_signatory()
    assert turn
    sent = {"meaning": turn["meaning"], "read": "on", "shown": report.newest_file.sha256}
    return sent | {"address": person.email, "password": PASSWORD} | other


def opened(client: Client, report: Report, person: User) -> None:
    sign_in(client, person)
    client.get(address(report))
    assert client.get(address(report, "report.pdf")).status_code == 200


def verbs(report: Report) -> list[str]:
    return [event.verb for event in Event.objects.filter(stream=report.trail_stream)]


def test_one_re_authentication_bears_one_signature_over_what_was_shown(client: Client, make: Make, asha: User) -> None:
    report = prepared(make)
    opened(client, report, asha)
    reply = client.post(address(report), given(report, asha))
    assert reply.status_code == 302
    signature = Signature.objects.get()
    proof = signature.reauthentication
    assert proof is not None
    assert (proof.by, proof.report, proof.meaning) == (asha, report, signature.meaning)
    assert (proof.facts_sha256, proof.shown_sha256) == (report.sha256, report.newest_file.sha256)
    assert report.envelope()["signatures"][0]["reauthenticated_at"]


def test_a_re_authentication_is_used_once(client: Client, make: Make, asha: User, ben: User) -> None:
    report = prepared(make)
    opened(client, report, asha)
    client.post(address(report), given(report, asha))
    used = Reauthentication.objects.get()
    report.keep_file(1, b"signed")
    turn = report.next_signatory()
    with pytest.raises(DatabaseError), transaction.atomic():
        report.sign(
            by=ben,
            meaning=turn["meaning"],
            shown_sha256=report.newest_file.sha256,
            reauthentication=used,
        )
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("changed", ["meaning", "facts_sha256", "shown_sha256", "by_id"])
def test_the_database_refuses_a_re_authentication_that_was_for_something_else(
    make: Make, asha: User, ben: User, changed: str
) -> None:
    report = prepared(make)
    turn = report.next_signatory()
    act = {"meaning": turn["meaning"], "facts_sha256": report.sha256, "shown_sha256": report.newest_file.sha256}
    act |= {"by_id": asha.pk}
    other = {"meaning": "read a little of it", "facts_sha256": "0" * 64, "shown_sha256": "0" * 64, "by_id": ben.pk}
    proof = Reauthentication.objects.create(
        **report.place, report=report, at=report.created_at, **(act | {changed: other[changed]})
    )
    row = {"order": turn["order"], "role": turn["role"], "at": report.created_at, "reauthentication": proof, **act}
    with pytest.raises(DatabaseError, match="was for something else"), transaction.atomic():
        Signature.objects.create(**report.place, report=report, **row)


def test_what_was_not_opened_is_not_signed(client: Client, make: Make, asha: User) -> None:
    report = prepared(make)
    sign_in(client, asha)
    reply = client.post(address(report), given(report, asha))
    assert "Open the document first" in reply.content.decode()
    assert not Signature.objects.exists()


def test_opening_the_document_is_recorded_once_and_only_of_the_person_whose_turn_it_is(
    client: Client, make: Make, asha: User, ben: User
) -> None:
    report = prepared(make)
    for person in (ben, asha, asha):
        sign_in(client, person)
        client.get(address(report, "report.pdf"))
    row = Opening.objects.get()
    assert (row.by, row.sha256) == (asha, report.newest_file.sha256)
    assert verbs(report).count("report.opened_for_signing") == 1


def test_opening_an_older_file_counts_for_nothing(client: Client, make: Make, ben: User) -> None:
    report = prepared(make)
    sign_next(make, report)
    sign_in(client, ben)
    client.get(address(report, "report.pdf?step=0"))
    assert not Opening.objects.exists()
    client.get(address(report, "report.pdf?step=1"))
    assert Opening.objects.get().by == ben


def test_a_file_that_changed_since_it_was_opened_is_not_signed(client: Client, make: Make, asha: User) -> None:
    report = prepared(make)
    opened(client, report, asha)
    reply = client.post(address(report), given(report, asha, shown="0" * 64))
    assert "Open the document first" in reply.content.decode()
    assert not Signature.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "a loud ward"}, "This is not your password. Nothing was signed."),
        ({"address": "ben@northshire.example"}, "Nobody signs for somebody else."),
        ({"address": ""}, "This field is required."),
        ({"password": ""}, "This field is required."),
        ({"meaning": "something else"}, "not one of the available choices"),
        ({"read": ""}, "This field is required."),
    ],
)
def test_every_factor_is_asked_for_at_each_signing(
    client: Client, make: Make, asha: User, wrong: dict[str, str], said: str
) -> None:
    report = prepared(make)
    opened(client, report, asha)
    reply = client.post(address(report), given(report, asha, **wrong))
    assert said in reply.content.decode()
    assert not Signature.objects.exists()
    assert not Reauthentication.objects.exists()


def test_being_signed_in_a_moment_ago_spares_nobody_the_password(client: Client, make: Make, asha: User) -> None:
    """The second signature of one session asks for everything again."""
    first, second = prepared(make), prepared(make, deployment=make.deployment(name="Another tool"))
    opened(client, first, asha)
    client.post(address(first), given(first, asha))
    opened(client, second, asha)
    reply = client.post(address(second), given(second, asha, password="", address=""))
    assert "This field is required." in reply.content.decode()
    assert Signature.objects.count() == 1


def test_eight_wrong_passwords_lock_signing_and_the_trail_says_so(client: Client, make: Make, asha: User) -> None:
    report = prepared(make)
    opened(client, report, asha)
    for _ in range(8):
        client.post(address(report), given(report, asha, password="a loud ward"))
    reply = client.post(address(report), given(report, asha))
    assert reply.status_code == 429
    assert not Signature.objects.exists()
    assert verbs(report).count("report.reauthentication_failed") == 9
    client.logout()
    again = client.post("/sign-in/", {"username": asha.email, "password": PASSWORD})
    assert again.status_code == 429  # one lock-out for both


@pytest.mark.parametrize("person", ["ben", "grace", "ada", "vera"])
def test_nobody_signs_for_somebody_else(client: Client, make: Make, person: str) -> None:
    report = prepared(make)
    sign_in(client, make.people[person])
    assert client.post(address(report), given(report, make.people["asha"])).status_code == 403
    assert not Signature.objects.exists()


def test_no_verb_takes_a_signer_that_is_not_the_person_who_acts(make: Make, asha: User, ben: User) -> None:
    report = prepared(make)
    with pytest.raises(NotAllowed):
        report.sign(by=ben, meaning=report.next_signatory()["meaning"], shown_sha256=report.newest_file.sha256)
    with pytest.raises(Refused, match="what your signature means"):
        report.sign(by=asha, meaning="anything", shown_sha256=report.newest_file.sha256)


def test_one_form_signs_one_report(client: Client, make: Make, asha: User) -> None:
    """There is no list of signatures to give: naming two digests at once signs nothing."""
    first, second = prepared(make), make.decided(deployment=make.deployment(name="Another tool"))
    second.keep_file(0, b"another unsigned")
    opened(client, first, asha)
    opened(client, second, asha)
    both = given(first, asha) | {"shown": [first.newest_file.sha256, second.newest_file.sha256]}
    client.post(address(first), both)
    assert Signature.objects.count() == 0
    client.post(address(first), given(first, asha))
    assert [s.report for s in Signature.objects.all()] == [first]


def test_openings_and_re_authentications_are_only_ever_added(make: Make, asha: User) -> None:
    report = prepared(make)
    Opening.note(report, report.newest_file, by=asha)
    for table in ("opening", "reauthentication"):
        for act in (f"DELETE FROM auditapp_{table}", f"UPDATE auditapp_{table} SET at = now()"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(act)


def test_people_of_another_hospital_see_neither(client: Client, make: Make, asha: User, sam: User) -> None:
    report = prepared(make)
    Opening.note(report, report.newest_file, by=asha)
    sign_in(client, sam)
    assert client.get(address(report)).status_code == 404
    assert not Opening.objects.visible_to(sam).exists()


def test_whose_account_is_closed_signs_nothing_more(client: Client, make: Make, asha: User, ada: User) -> None:
    report = prepared(make)
    opened(client, report, asha)
    asha.deactivate(by=ada)
    reply = client.post(address(report), given(report, asha))
    assert reply.status_code == 302
    assert reply["Location"].startswith("/sign-in/")
    assert not Signature.objects.exists()


def test_no_two_accounts_of_the_installation_have_one_address(make: Make, asha: User, ada: User) -> None:
    with pytest.raises((Refused, DatabaseError)), transaction.atomic():
        User.invite(by=ada, role="auditor", name="Other", email=asha.email.upper(), password="another quiet ward")
    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.filter(pk=ada.pk).update(email=asha.email)


def test_a_signature_is_neither_changed_nor_deleted(make: Make) -> None:
    report = prepared(make)
    sign_next(make, report)
    for act in ("DELETE FROM auditapp_signature", "UPDATE auditapp_signature SET meaning = 'x'"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(act)
