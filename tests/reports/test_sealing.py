"""After the last signature the organisation seals the report, and a timestamp authority says when that was."""

import html
import io
import logging
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

from auditapp import clock
from auditapp.accounts import authorities, scope
from auditapp.keys.models import Authority
from auditapp.reports import jobs, signing, timestamps
from auditapp.reports.models import Report
from auditapp.reports.verification import verification_of
from tests.factories import Make
from tests.reports import signed
from tests.reports.course import again, content_of, periodically, place, printed, sign_all
from tests.reports.responder import Responder, answering
from tests.tracking.issued import sign_in


@pytest.fixture
def responder() -> Iterator[Responder]:
    with answering() as there:
        yield there


@pytest.fixture
def archiving(responder: Responder, settings: Any) -> Responder:
    """An installation that wants everything that PAdES offers."""
    settings.SIGNATURE_LEVEL = "B-LTA"
    settings.TIMESTAMP_URL = responder.url
    settings.TIMESTAMP_CERTIFICATES = responder.roots
    timestamps._roots_in.cache_clear()
    return responder


def test_the_seal_follows_the_last_signature_and_issues_the_report(make: Make) -> None:
    report = sign_all(make, printed(make))
    steps = list(report.files.order_by("step").values_list("step", "level", "wanted"))
    assert steps == [(0, "", ""), (1, "", ""), (2, "", ""), (3, "B-B", "B-B")]
    assert report.issued_at
    assert report.audit.state == "issued"
    filled = [name for name, is_filled in signing.fields(content_of(report)).items() if is_filled]
    assert filled == ["signature-1", "signature-2", "seal"]
    assert verification_of(content_of(report)).ok


def test_the_seal_is_made_with_the_key_of_the_organisation_and_names_it(make: Make) -> None:
    report = sign_all(make, printed(make))
    seal = PdfFileReader(io.BytesIO(content_of(report))).embedded_regular_signatures[-1]
    organisation = report.audit.organisation
    assert seal.signer_cert.dump() == bytes(Authority.objects.get(code=organisation.code).seal_certificate)
    assert str(seal.sig_object["/Name"]) == organisation.name


def test_a_job_that_is_repeated_seals_once(make: Make) -> None:
    report = sign_all(make, printed(make))
    before = list(report.files.values_list("step", "sha256"))
    for _time in range(2):
        jobs.sign(order=2, **place(report))
        jobs.finish(**place(report))
    assert list(report.files.values_list("step", "sha256")) == before


def test_a_job_that_was_killed_before_the_seal_goes_on_there(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    report = printed(make)
    with monkeypatch.context() as killed:
        killed.setattr(jobs, "seal", lambda **_place: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            sign_all(make, report)
    report = again(report)
    assert report.newest_file.step == 2
    assert report.issued_at is None
    assert [r.pk for r in Report.objects.to_be_finished()] == [report.pk]
    jobs.sign(order=2, **place(report))
    assert again(report).issued_at
    assert not Report.objects.to_be_finished()


def test_a_job_that_was_killed_before_the_timestamp_goes_on_there(
    make: Make, archiving: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = printed(make)
    with monkeypatch.context() as killed:
        killed.setattr(jobs, "prove", lambda **_place: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            sign_all(make, report)
    sealed = again(report).newest_file
    assert (sealed.step, sealed.level) == (3, "B-T")
    for _time in range(2):
        jobs.sign(order=2, **place(report))
    report = again(report)
    assert list(report.files.order_by("step").values_list("step", flat=True)) == [0, 1, 2, 3, 4]
    assert content_of(report).startswith(bytes(sealed.content))


def test_a_report_printed_before_there_were_seals_is_issued_by_its_last_signature(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = printed(make)
    monkeypatch.setattr("auditapp.reports.pdf_signature.SEAL", "no-such-field")
    report = sign_all(make, report)
    assert report.issued_at
    assert report.newest_file.step == report.last_step
    assert report.newest_file.level == ""
    jobs.finish(**place(report))
    assert again(report).newest_file.step == report.last_step


def test_with_a_timestamp_authority_the_report_reaches_the_highest_level(make: Make, archiving: Responder) -> None:
    report = sign_all(make, printed(make))
    steps = list(report.files.order_by("step").values_list("step", "level", "wanted"))
    assert steps[3:] == [(3, "B-T", "B-LTA"), (4, "B-LTA", "B-LTA")]
    newest = report.newest_file
    assert newest.timestamp_ends > clock.now() + timedelta(days=3000)
    reader = PdfFileReader(io.BytesIO(content_of(report)))
    roots = [signing.Asn1Certificate.load(bytes(Authority.objects.get(code="northshire").certificate))]
    roots += archiving.authority().roots
    for signature in reader.embedded_regular_signatures:
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=roots))
        assert status.bottom_line
        assert status.timestamp_validity.trusted
    (stamp,) = reader.embedded_timestamp_signatures
    status = validate_pdf_timestamp(stamp, ValidationContext(trust_roots=roots))
    assert (status.intact, status.valid, status.trusted) == (True, True, True)
    assert status.coverage.name == "ENTIRE_FILE"
    assert verification_of(content_of(report)).ok


@pytest.mark.parametrize(
    ("level", "files", "stamps"), [("B-T", 4, 0), ("B-LT", 5, 0), ("B-LTA", 5, 1)], ids=["B-T", "B-LT", "B-LTA"]
)
def test_each_level_adds_what_it_needs(
    make: Make, archiving: Responder, settings: Any, level: str, files: int, stamps: int
) -> None:
    settings.SIGNATURE_LEVEL = level
    report = sign_all(make, printed(make))
    assert report.newest_file.level == level
    assert report.files.count() == files
    reader = PdfFileReader(io.BytesIO(content_of(report)))
    assert len(reader.embedded_timestamp_signatures) == stamps
    assert ("/DSS" in reader.root) == (level != "B-T")


def test_a_silent_timestamp_authority_stops_nobody_and_is_made_up_for_later(
    make: Make, archiving: Responder, caplog: pytest.LogCaptureFixture
) -> None:
    archiving.silent = True
    report = sign_all(make, printed(make))
    assert report.issued_at
    assert (report.newest_file.level, report.newest_file.wanted) == ("B-B", "B-LTA")
    assert report.newest_file.is_lowered
    periodically(jobs.look_after_reports)
    periodically(jobs.look_after_reports)
    queued = ProcrastinateJob.objects.filter(task_name="reports.finish", status="todo")
    assert [job.args["report"] for job in queued] == [report.pk]
    sealed = content_of(report)
    archiving.silent = False
    jobs.finish(**place(report))
    report = again(report)
    assert report.newest_file.level == "B-LTA"
    assert content_of(report).startswith(sealed)
    assert not Report.objects.to_be_finished()
    assert verification_of(content_of(report)).ok
    assert verification_of(sealed).ok


def shown(client: Client, report: Report) -> str:
    page = client.get(report.get_absolute_url())
    scope.enter(int(Make.organisation_in_scope))
    return " ".join(re.sub("<[^>]+>", " ", page.content.decode()).split())


def test_the_page_says_what_is_being_done_to_the_document(
    make: Make, client: Client, archiving: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, make.people["asha"])
    report = make.decided()
    assert "The PDF is being prepared." in shown(client, report)
    jobs.render(**place(report))
    report = again(report)
    with monkeypatch.context() as slow:
        slow.setattr(jobs, "finish", lambda **_place: None)
        sign_all(make, report)
    assert "The organisation's seal is being put into the PDF." in html.unescape(shown(client, report))
    archiving.silent = True
    jobs.finish(**place(report))
    said = shown(client, report)
    assert "Level B-B: who signed" in said
    assert "Level B-LTA is intended. Its timestamp is still missing" in said
    archiving.silent = False
    jobs.finish(**place(report))
    said = shown(client, report)
    assert "Level B-LTA: who signed and before which time" in said
    assert "Archival timestamp Holds until" in said
    assert "A further one is added before." in said
    assert "still missing" not in said


def test_the_page_says_that_an_older_report_has_no_seal(
    make: Make, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, make.people["asha"])
    report = printed(make)
    monkeypatch.setattr("auditapp.reports.pdf_signature.SEAL", "no-such-field")
    assert "printed before reports were sealed" in shown(client, sign_all(make, report))


def test_an_authority_that_is_not_trusted_gives_no_level(make: Make, archiving: Responder, settings: Any) -> None:
    with answering() as other:
        settings.TIMESTAMP_URL = other.url
        report = sign_all(make, printed(make))
    assert report.issued_at
    assert report.newest_file.level == "B-B"


def test_an_answer_to_another_question_is_no_timestamp(archiving: Responder, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []

    def the_first_again(query: bytes) -> bytes:
        if not kept:
            kept.append(Responder.reply(archiving, query))
        return kept[0]

    monkeypatch.setattr(archiving, "reply", the_first_again)
    asking = timestamps.configured()
    assert asking
    asking.offer()
    with pytest.raises(timestamps.Unreachable):
        asking.offer()


def test_the_archival_timestamp_is_renewed_before_its_certificate_ends(make: Make, archiving: Responder) -> None:
    archiving.renew(30)
    report = sign_all(make, printed(make))
    first = report.newest_file
    assert [r.pk for r in Report.objects.to_be_renewed()] == [report.pk]
    jobs.renew(**place(report))
    assert again(report).newest_file.step == first.step, "the same certificate would hold no longer"
    archiving.renew(1000)
    periodically(jobs.renew_proofs)
    assert ProcrastinateJob.objects.filter(task_name="reports.renew", args__report=report.pk).count() == 1
    jobs.renew(**place(report))
    jobs.renew(**place(report))
    report = again(report)
    assert report.newest_file.step == first.step + 1
    assert report.newest_file.timestamp_ends > first.timestamp_ends
    assert content_of(report).startswith(bytes(first.content))
    assert not Report.objects.to_be_renewed()
    assert verification_of(content_of(report)).ok


def test_four_archival_timestamps_fit_and_then_no_more(make: Make, client: Client, archiving: Responder) -> None:
    sign_in(client, make.people["asha"])
    archiving.renew(10)
    report = sign_all(make, printed(make))
    for days in (20, 30, 40, 50):
        archiving.renew(days)
        jobs.renew(**place(report))
    assert again(report).newest_file.step == 7
    filled = [name for name, is_filled in signing.fields(content_of(report)).items() if is_filled]
    assert filled[-4:] == ["timestamp-1", "timestamp-2", "timestamp-3", "timestamp-4"]
    assert "It is the last that this report has room for." in shown(client, report)


def test_other_readers_agree_on_a_sealed_and_stamped_report(make: Make, archiving: Responder, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(content_of(sign_all(make, printed(make))))
    said = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, check=False).stdout.decode()
    assert said.count("Signature is Valid.") == 3  # it cannot check document timestamps, and says so
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, check=True)
    assert b"No syntax or stream encoding errors" in checked.stdout


def test_every_field_is_tagged_and_named_for_those_who_listen() -> None:
    with pikepdf.open(io.BytesIO(signed.unsigned("small"))) as report:
        names = [str(field.T) for field in report.Root.AcroForm.Fields]
        assert names[-5:] == ["seal", "timestamp-1", "timestamp-2", "timestamp-3", "timestamp-4"]
        for field in report.Root.AcroForm.Fields:
            assert str(field.TU)
            assert int(field.StructParent) >= 0


def test_what_signing_logs_holds_no_key(make: Make, archiving: Responder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    archiving.silent = True
    report = sign_all(make, printed(make))
    logged = caplog.text
    assert "Signed without a timestamp" in logged
    assert "PRIVATE" not in logged
    seal = Authority.objects.get(code=report.audit.organisation.code).seal_key
    number = seal.private_numbers().private_value  # type: ignore[attr-defined]
    assert str(number) not in logged
    assert f"{number:x}" not in logged


def test_whoever_checks_a_copy_is_told_since_when_it_is_proven(make: Make, archiving: Responder) -> None:
    checked = verification_of(content_of(sign_all(make, printed(make))))
    assert checked.ok, checked.reasons
    levels = [said["level"] for said in checked.for_machines()["signatures"]]
    assert levels == ["B-LTA"] * 3


def test_a_seal_that_was_revoked_before_the_file_was_proven_is_refused(make: Make) -> None:
    report = sign_all(make, printed(make))
    content = content_of(report)
    assert verification_of(content).ok
    authority = Authority.objects.filter(code=report.audit.organisation.code).last()
    authorities.revoke(
        authority.code, x509.load_der_x509_certificate(bytes(authority.seal_certificate)), reason="The key was copied."
    )
    checked = verification_of(content)
    assert not checked.ok
    assert any("revoked" in reason for reason in checked.reasons), checked.reasons
