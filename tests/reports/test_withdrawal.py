"""A report issued in error is withdrawn by two people; its signatures hold, and whoever checks a copy is told."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.deployments.models import ModelVersion
from auditapp.refusals import NotAllowed, Refused
from auditapp.reports import jobs
from auditapp.reports.models import Decision, Report
from auditapp.reports.verification import issued_under, verification_of
from auditapp.reports.withdrawal import ReportWithdrawal
from auditapp.trail.models import Event
from tests.factories import Make
from tests.tracking.issued import sign_in

REASON = "The version audited was not the one in use."


@pytest.fixture
def issued(make: Make) -> Report:
    return issue(make)


def issue(make: Make, **about: Any) -> Report:
    """A report that all have signed, its PDF made as the worker makes it."""
    return sign(make, make.decided(**about))


def sign(make: Make, report: Report) -> Report:
    place = {"organisation": report.organisation_id, "site": report.site_id}
    jobs.render(report=report.pk, **place)
    for turn in report.signatories:
        by = {"auditor": make.people["asha"], "clinical_safety_officer": make.people["ben"]}.get(
            turn["role"], make.people["grace"]
        )
        make.enter_scope()
        shown = Report.objects.get(pk=report.pk).newest_file.sha256
        report.sign(by=by, meaning=turn["meaning"], shown_sha256=shown)
        jobs.sign(report=report.pk, order=turn["order"], **place)
    make.enter_scope()
    return Report.objects.with_names().get(pk=report.pk)


def copy_of(report: Report) -> bytes:
    return bytes(report.newest_file.content)


def withdrawn(report: Report, by: User, other: User) -> ReportWithdrawal:
    proposed = ReportWithdrawal.propose(report, by=by, reason=REASON)
    proposed.confirm(by=other)
    return proposed


def test_two_people_withdraw_and_every_copy_is_told(issued: Report, ben: User, grace: User) -> None:
    proposed = ReportWithdrawal.propose(issued, by=ben, reason=REASON)
    assert verification_of(copy_of(issued)).reasons == []
    proposed.confirm(by=grace)
    said = verification_of(copy_of(issued))
    assert said.ok  # the signatures go on holding
    assert said.tone == "attention"
    (reason,) = said.reasons
    assert reason.startswith("Withdrawn on ")
    assert reason.endswith("by Northshire Hospitals Group: it was issued in error. Do not rely on it.")
    record = issued_under(issued.audit.public_id)
    assert record
    assert record.withdrawn_at
    lines = Event.objects.filter(stream=issued.audit.trail_stream).order_by("seq")
    assert [line.verb for line in lines][-2:] == ["report.withdrawal_proposed", "report.withdrawn"]


def test_the_reason_is_not_on_the_trail_or_on_the_public_page(
    client: Any, issued: Report, ben: User, grace: User
) -> None:
    withdrawn(issued, ben, grace)
    assert all(REASON not in str(line) for line in Event.objects.values())
    page = client.get(f"/verify/{issued.audit.public_id}/").content.decode()
    assert "Withdrawn on" in page
    assert REASON not in page
    copy = SimpleUploadedFile("copy.pdf", copy_of(issued))
    page = client.post("/verify/", {"file": copy}).content.decode()
    assert "Withdrawn on" in page
    assert REASON not in page


def test_nobody_confirms_their_own_proposal(issued: Report, ben: User) -> None:
    proposed = ReportWithdrawal.propose(issued, by=ben, reason=REASON)
    with pytest.raises(Refused, match="Somebody else confirms"):
        proposed.confirm(by=ben)


def test_both_sides_must_agree(issued: Report, eve: User, grace: User, ben: User) -> None:
    proposed = ReportWithdrawal.propose(issued, by=eve, reason=REASON)
    with pytest.raises(NotAllowed):
        proposed.confirm(by=grace)
    proposed.confirm(by=ben)
    assert proposed.is_final


@pytest.mark.parametrize("name", ["asha", "omar", "vera", "ada"])
def test_others_neither_propose_nor_confirm_nor_drop(make: Make, issued: Report, ben: User, name: str) -> None:
    person = make.people[name]
    with pytest.raises(NotAllowed):
        ReportWithdrawal.propose(issued, by=person, reason=REASON)
    proposed = ReportWithdrawal.propose(issued, by=ben, reason=REASON)
    with pytest.raises(NotAllowed):
        proposed.confirm(by=person)
    with pytest.raises(NotAllowed):
        proposed.drop(by=person)


def test_it_needs_a_reason(issued: Report, ben: User) -> None:
    with pytest.raises(Refused, match="Give the reason"):
        ReportWithdrawal.propose(issued, by=ben, reason=" \n")


def test_only_an_issued_report_is_withdrawn(make: Make, ben: User) -> None:
    with pytest.raises(Refused, match="Only an issued report"):
        ReportWithdrawal.propose(make.decided(), by=ben, reason=REASON)


def test_a_dropped_proposal_leaves_the_report_as_it_was_and_another_may_follow(
    issued: Report, ben: User, grace: User
) -> None:
    proposed = ReportWithdrawal.propose(issued, by=ben, reason=REASON)
    with pytest.raises(Refused, match="proposed already"):
        ReportWithdrawal.propose(issued, by=grace, reason=REASON)
    proposed.drop(by=grace)
    assert verification_of(copy_of(issued)).reasons == []
    with pytest.raises(Refused, match="just confirmed or dropped"):
        ReportWithdrawal.objects.get(pk=proposed.pk).confirm(by=grace)
    withdrawn(issued, grace, ben)


def test_a_withdrawal_cannot_be_undone(issued: Report, ben: User, grace: User) -> None:
    """Neither by the verbs nor by a statement past them."""
    final = withdrawn(issued, ben, grace)
    with pytest.raises(Refused):
        final.drop(by=grace)
    rows = ReportWithdrawal.objects.filter(pk=final.pk)
    for undoing in (lambda: rows.update(confirmed_at=None), lambda: rows.update(reason="-"), rows.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            undoing()
    assert verification_of(copy_of(issued)).reasons


def test_the_story_through_the_pages(client: Any, issued: Report, ben: User, grace: User, vera: User) -> None:
    there = f"/audits/{issued.audit.ref}/report/"
    client.force_login(ben)
    assert "Withdraw this report" in client.get(there).content.decode()
    page = client.post(f"{there}withdrawal/", {"reason": ""}).content.decode()
    assert "Give the reason for withdrawing the report." in page
    assert client.post(f"{there}withdrawal/", {"reason": REASON}).status_code == 302
    assert client.get(f"{there}withdrawal/confirmation/").status_code == 409
    assert "Read and confirm" not in client.get(there).content.decode()
    client.force_login(grace)
    assert "Read and confirm" in client.get(there).content.decode()
    assert REASON in client.get(f"{there}withdrawal/confirmation/").content.decode()
    assert client.post(f"{there}withdrawal/confirmation/").status_code == 302
    client.force_login(vera)
    page = client.get(there).content.decode()
    assert "Withdrawn by the hospital." in page
    assert REASON in page
    assert "Withdraw this report" not in page


def test_a_superseded_report_still_verifies_and_says_by_what(make: Make, issued: Report, asha: User, ben: User) -> None:
    revision = issued.audit.revise(by=asha, reason="A typing error.")
    make.answer_all(revision, by=asha)
    revision.submit(by=asha)
    revision.refresh_from_db()
    revision.accept(by=ben)
    decided = Decision.record(revision, by=ben, code="continue", reasons="The check is complete.", conditions=())
    newer = sign(make, decided.report)
    said = verification_of(copy_of(issued))
    assert said.ok
    (reason,) = said.reasons
    assert reason.startswith(f"It was superseded by {newer.audit.ref} on ")
    assert verification_of(copy_of(newer)).reasons == []


def test_what_was_withdrawn_covers_nothing_any_more_and_can_be_put_right(
    issued: Report, asha: User, ben: User, grace: User
) -> None:
    version = issued.audit.model_version
    assert ModelVersion.objects.covered().filter(pk=version.pk).exists()
    withdrawn(issued, ben, grace)
    audit = Audit.objects.with_names().get(pk=issued.audit_id)
    assert audit.state == Audit.State.RETRACTED
    assert ModelVersion.objects.uncovered().filter(pk=version.pk).exists()
    assert audit.revise(by=asha, reason="The right version this time.").supersedes == audit


def test_the_page_of_the_audit_says_that_its_report_was_withdrawn(
    issued: Report, client: Client, ben: User, grace: User
) -> None:
    withdrawn(issued, ben, grace)
    sign_in(client, ben)
    page = client.get(issued.audit.get_absolute_url()).content.decode()
    assert "Report withdrawn" in page
    assert "Its report was issued in error and withdrawn." in page
