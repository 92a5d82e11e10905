"""A report on its way from the printer to its seal, each step by the job that does it."""

from typing import Any

from auditapp.accounts import scope
from auditapp.reports import jobs
from auditapp.reports.models import Report
from tests.factories import Make

PEOPLE = {"auditor": "asha", "clinical_safety_officer": "ben", "executive": "eve", "governance_chair": "grace"}


def place(report: Report) -> dict[str, int]:
    return {"report": report.pk, "organisation": report.organisation_id, "site": report.site_id}


def printed(make: Make) -> Report:
    report = make.decided()
    jobs.render(**place(report))
    return again(report)


def again(report: Report) -> Report:
    return Report.objects.with_names().get(pk=report.pk)


def sign_all(make: Make, report: Report) -> Report:
    for turn in report.signatories:
        report = again(report)
        person = make.people[PEOPLE[turn["role"]]]
        report.sign(by=person, meaning=turn["meaning"], shown_sha256=report.newest_file.sha256)
        jobs.sign(order=turn["order"], **place(report))
    return again(report)


def periodically(job: Any) -> None:
    """A job of the clock, which goes through all organisations; the test's own scope is then as before."""
    job(timestamp=0)
    scope.enter(int(Make.organisation_in_scope))


def content_of(report: Report) -> bytes:
    return bytes(report.newest_file.content)
