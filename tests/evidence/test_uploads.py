"""Large files in parts: announced, resumed, refused before a byte is taken, seen by nobody else, swept."""

import hashlib
import os
import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.models import Audit, KeptPassage
from auditapp.evidence import jobs, uploads
from auditapp.evidence.models import Evidence
from auditapp.evidence.uploads import PartialUpload
from auditapp.trail.models import Event
from tests.audits.pages import counted, sign_in
from tests.evidence import clamd, files
from tests.factories import Make

CONTENT = b"".join(b"%09d\n" % n for n in range(500_000))  # 5 MB of text
DIGEST = hashlib.sha256(CONTENT).hexdigest()
ABOUT = {"title": "Log", "effective_date": "2026-10-01", "source": "ours"}


@pytest.fixture
def audit(make: Make) -> Audit:
    return make.audit()


@pytest.fixture
def at_work(client: Client, asha: User) -> Client:
    return sign_in(client, asha)


def announce(client: Client, audit: Audit, name: str = "log.txt", size: int = len(CONTENT), modified: str = "1") -> Any:
    sent = {"name": name, "size": size, "modified": modified}
    return client.post(f"/audits/{audit.ref}/answers/mon-03/uploads/", sent)


def send(client: Client, address: str, offset: int, part: bytes) -> Any:
    return client.generic(
        "PATCH", address, part, content_type="application/offset+octet-stream", headers={"Upload-Offset": str(offset)}
    )


def send_all(client: Client, begun: dict[str, Any], content: bytes = CONTENT, upto: int | None = None) -> None:
    for offset in range(begun["offset"], len(content) if upto is None else upto, begun["part"]):
        assert send(client, begun["address"], offset, content[offset : offset + begun["part"]]).status_code == 200


def finish(client: Client, audit: Audit, begun: dict[str, Any], sha256: str = DIGEST, **more: Any) -> Any:
    sent = ABOUT | {"upload": begun["token"], "upload_sha256": sha256} | more
    return client.post(f"/audits/{audit.ref}/answers/mon-03/evidence/", sent)


def on_disk() -> list[Any]:
    return [path for path in live_settings.AUDITAPP_UPLOADS_DIR.glob("*/*") if path.is_file()]


def test_a_file_arrives_in_parts_and_is_kept_whole(
    at_work: Client, audit: Audit, django_capture_on_commit_callbacks: Any
) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun)
    with django_capture_on_commit_callbacks(execute=True):
        assert finish(at_work, audit, begun).status_code == 302
    (link,) = audit.answers.for_reading().get(code="mon-03").evidence_now
    assert (link.evidence.sha256, link.evidence.size, link.evidence.filename) == (DIGEST, len(CONTENT), "log.txt")
    assert not PartialUpload.objects.exists()
    assert on_disk() == []
    verbs = Event.objects.filter(stream__startswith="account:", verb__startswith="upload.").values_list(
        "verb", flat=True
    )
    assert list(verbs) == ["upload.begun", "upload.ended"]


def test_the_same_file_goes_on_where_it_broke_off(at_work: Client, audit: Audit) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun, upto=uploads.PART)
    again = announce(at_work, audit).json()
    assert (again["address"], again["offset"]) == (begun["address"], uploads.PART)
    assert at_work.head(begun["address"]).headers["Upload-Offset"] == str(uploads.PART)
    assert announce(at_work, audit, modified="2").json()["address"] != begun["address"]  # changed since: another file


def test_a_part_for_another_place_is_told_where_the_file_stands_and_changes_nothing(
    at_work: Client, audit: Audit
) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun, upto=uploads.PART)
    for offset in (0, uploads.PART + 1, 2 * uploads.PART):
        reply = send(at_work, begun["address"], offset, b"elsewhere")
        assert (reply.status_code, reply.headers["Upload-Offset"]) == (409, str(uploads.PART))
    send_all(at_work, announce(at_work, audit).json())
    assert finish(at_work, audit, begun).status_code == 302


def test_a_part_written_before_the_server_died_comes_again_to_its_place(at_work: Client, audit: Audit) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun, upto=uploads.PART)
    (path,) = on_disk()
    with path.open("ab") as file:
        file.write(b"on the disk, but its row was never committed")
    assert at_work.head(begun["address"]).headers["Upload-Offset"] == str(uploads.PART)
    send_all(at_work, announce(at_work, audit).json())
    assert finish(at_work, audit, begun).status_code == 302


def test_what_the_disk_lost_is_asked_for_again(at_work: Client, audit: Audit) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun, upto=2 * uploads.PART)
    on_disk()[0].unlink()
    assert announce(at_work, audit).json()["offset"] == 0


@pytest.mark.parametrize(
    ("name", "size", "sentence"),
    [
        ("log.txt", 4 * 1024**3, "The file is 4.0\xa0GB. Files can be up to 100.0\xa0MB."),
        ("log.txt", 0, "The file is empty."),
        ("page.html", 9, "This is not a file of a type that can be kept."),
        ("annual\u202efdp.exe", 9, "This is not a file of a type that can be kept."),
    ],
)
def test_what_will_not_do_is_refused_when_it_is_announced(
    at_work: Client, audit: Audit, name: str, size: int, sentence: str
) -> None:
    reply = announce(at_work, audit, name, size)
    assert reply.status_code == 409
    assert sentence in reply.content.decode()
    assert not PartialUpload.objects.exists()
    assert on_disk() == []


@pytest.mark.parametrize("sent", [{}, {"name": "a.txt"}, {"name": "a.txt", "size": "many"}, {"name": "a", "size": -1}])
def test_a_file_that_is_not_announced_as_it_should_be_is_not_begun(
    at_work: Client, audit: Audit, sent: dict[str, Any]
) -> None:
    assert at_work.post(f"/audits/{audit.ref}/answers/mon-03/uploads/", sent).status_code == 422


def test_no_more_arrives_than_was_announced(at_work: Client, audit: Audit) -> None:
    begun = announce(at_work, audit, size=10).json()
    assert send(at_work, begun["address"], 0, b"12345678901").status_code == 409
    assert send(at_work, begun["address"], 0, b"x" * (uploads.PART + 1)).status_code == 422
    assert send(at_work, begun["address"], 0, b"").status_code == 422
    assert at_work.patch(begun["address"], b"part").status_code == 422
    assert at_work.head(begun["address"]).headers["Upload-Offset"] == "0"


def test_a_file_that_has_not_arrived_or_is_another_one_is_not_kept(at_work: Client, audit: Audit) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun, upto=uploads.PART)
    assert "has not arrived in full" in finish(at_work, audit, begun).content.decode()
    send_all(at_work, announce(at_work, audit).json())
    reply = finish(at_work, audit, begun, sha256="0" * 64)
    assert "What arrived is not the file that you chose." in reply.content.decode()
    assert not PartialUpload.objects.exists()
    assert "An upload is not here any more." in finish(at_work, audit, begun).content.decode()
    assert not audit.answers.for_reading().get(code="mon-03").evidence_now


def test_a_form_with_a_mistake_keeps_what_has_arrived(at_work: Client, audit: Audit) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun)
    reply = finish(at_work, audit, begun, title="")
    assert "log.txt has arrived and waits for this form." in reply.content.decode()
    assert f'value="{begun["token"]}"' in reply.content.decode()
    assert finish(at_work, audit, begun).status_code == 302


def test_a_large_file_is_looked_into_like_any_other(at_work: Client, audit: Audit, settings: Any) -> None:
    script = files.script_pdf()
    begun = announce(at_work, audit, "form.pdf", len(script)).json()
    send_all(at_work, begun, script)
    assert "The PDF holds a script" in finish(at_work, audit, begun, sha256="").content.decode()
    assert not PartialUpload.objects.exists()
    with clamd.running() as daemon:
        settings.CLAMD_ADDRESS = daemon.address
        begun = announce(at_work, audit, "eicar.txt", len(files.EICAR)).json()
        send_all(at_work, begun, files.EICAR)
        assert "found “Eicar-Test-Signature”" in finish(at_work, audit, begun, sha256="").content.decode()
    refused = Event.objects.filter(stream=f"audit:{audit.ref}", verb="evidence.not_taken")
    assert [b'"malware"' in bytes(event.body) for event in refused.order_by("seq")] == [False, True]


@pytest.mark.parametrize(
    ("person", "status"), [("dora", 404), ("vera", 403), ("sam", 404), ("cleo", 404), ("ben", 403)]
)
def test_nobody_else_sees_or_touches_a_file_on_its_way(
    at_work: Client, audit: Audit, make: Make, person: str, status: int
) -> None:
    begun = announce(at_work, audit).json()
    other = sign_in(type(at_work)(), make.people[person])
    assert other.head(begun["address"]).status_code == status
    assert send(other, begun["address"], 0, b"mine now").status_code == status
    assert other.delete(begun["address"]).status_code == status
    assert announce(other, audit).status_code == status
    assert PartialUpload.objects.get().received == 0


def test_another_auditor_of_the_hospital_cannot_use_it(at_work: Client, audit: Audit, make: Make, ada: User) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun)
    make.people["vera"].give_role("auditor", site=audit.site, by=ada)
    vera = sign_in(type(at_work)(), make.people["vera"])
    assert vera.head(begun["address"]).status_code == 404
    assert "An upload is not here any more." in finish(vera, audit, begun).content.decode()


def test_giving_up_removes_the_parts(at_work: Client, audit: Audit, django_capture_on_commit_callbacks: Any) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun, upto=uploads.PART)
    with django_capture_on_commit_callbacks(execute=True):
        assert at_work.delete(begun["address"]).status_code == 204
    assert on_disk() == []
    assert at_work.head(begun["address"]).status_code == 404


def test_what_nobody_goes_on_with_is_swept(
    at_work: Client, audit: Audit, django_capture_on_commit_callbacks: Any
) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun, upto=uploads.PART)
    with django_capture_on_commit_callbacks(execute=True):
        uploads.sweep()
    assert len(on_disk()) == 1
    with clock.at(clock.now() + uploads.KEPT + timedelta(seconds=1)), django_capture_on_commit_callbacks(execute=True):
        uploads.sweep()
    assert on_disk() == []
    assert not PartialUpload.objects.exists()


def test_the_hourly_job_sweeps_every_organisation_and_what_a_killed_process_left(
    at_work: Client, audit: Audit, make: Make, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    begun = announce(at_work, audit).json()
    send_all(at_work, begun, upto=uploads.PART)
    left = settings.AUDITAPP_UPLOADS_DIR / "work-left"
    left.mkdir()
    long_ago = time.time() - uploads.KEPT.total_seconds() - 2 * 3600
    os.utime(left, (long_ago, long_ago))
    with clock.at(clock.now() + uploads.KEPT + timedelta(seconds=1)), django_capture_on_commit_callbacks(execute=True):
        jobs.sweep_uploads(timestamp=0)
    make.enter_scope()
    assert not PartialUpload.objects.exists()
    assert on_disk() == []
    assert not left.exists()


def test_one_person_has_at_most_twenty_files_on_their_way(at_work: Client, audit: Audit) -> None:
    for n in range(uploads.AT_ONCE):
        assert announce(at_work, audit, f"{n}.txt").status_code == 201
    reply = announce(at_work, audit, "one-more.txt")
    assert reply.status_code == 409
    assert "You have 20 unfinished uploads." in reply.content.decode()
    assert announce(at_work, audit, "3.txt").status_code == 201  # that one is known


def test_every_part_takes_the_same_few_queries(at_work: Client, audit: Audit) -> None:
    begun = announce(at_work, audit).json()
    for offset in range(0, len(CONTENT), begun["part"]):
        with counted(9):
            send(at_work, begun["address"], offset, CONTENT[offset : offset + begun["part"]])


def test_nothing_is_sent_once_the_answers_are_fixed(at_work: Client, make: Make) -> None:
    assert announce(at_work, make.submitted()).status_code == 409


def test_a_form_that_announces_four_gigabytes_is_refused_before_it_is_read(at_work: Client, audit: Audit) -> None:
    class Untouched:
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    reply = at_work.request(
        **{
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/audits/{audit.ref}/answers/mon-03/evidence/",
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
            "CONTENT_LENGTH": str(4 * 1024**3),
            "wsgi.input": Untouched(),
        }
    )
    assert reply.status_code == 413
    assert "The upload is larger than this server takes." in reply.content.decode()


def test_what_arrived_in_parts_is_looked_through_and_waits_until_the_person_has_looked(
    at_work: Client, audit: Audit
) -> None:
    content = b"Seen in the log: 999 000 0018.\n"
    begun = announce(at_work, audit, size=len(content)).json()
    send_all(at_work, begun, content)
    held = finish(at_work, audit, begun, sha256="")
    assert held.status_code == 428
    page = held.content.decode()
    assert "<mark>999 000 0018</mark>" in page
    assert "log.txt has arrived and waits for this form." in page
    assert not Evidence.objects.exists()
    looked = held.context["form"].digest
    assert finish(at_work, audit, begun, sha256="", looked=looked, reason="invented").status_code == 302
    assert KeptPassage.objects.get().evidence.filename == "log.txt"
    assert not PartialUpload.objects.exists()


def test_what_arrived_can_be_left_out_for_another_file(at_work: Client, audit: Audit) -> None:
    content = b"Seen in the log: 999 000 0018.\n"
    begun = announce(at_work, audit, size=len(content)).json()
    send_all(at_work, begun, content)
    finish(at_work, audit, begun, sha256="")
    other = SimpleUploadedFile("clean.txt", b"Nothing of a patient.")
    assert finish(at_work, audit, begun, sha256="", leave_out=begun["token"], file=other).status_code == 302
    assert Evidence.objects.get().filename == "clean.txt"
    assert not PartialUpload.objects.exists()
