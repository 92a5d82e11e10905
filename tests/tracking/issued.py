"""Reports carried to their issue through the verbs. What stands in the files does not matter to what is tested here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from auditapp.accounts import scope
from auditapp.accounts.models import User
from auditapp.reports.models import Report
from tests.factories import Make

SIGNATORIES = {
    "auditor": "asha",
    "clinical_safety_officer": "ben",
    "executive": "eve",
    "governance_chair": "grace",
}


def prepared(make: Make, **about: Any) -> Report:
    """A report whose first signatory can sign."""
    report = make.decided(**about)
    report.keep_file(0, b"unsigned")
    return report


def sign_next(make: Make, report: Report) -> None:
    """The next signatory signs, and the file with the signature is there."""
    report = Report.objects.with_names().get(pk=report.pk)
    turn = report.next_signatory()
    person = make.people[SIGNATORIES[turn["role"]]]
    report.sign(by=person, meaning=turn["meaning"], shown_sha256=report.newest_file.sha256)
    report.keep_file(turn["order"], f"signed by {turn['order']}".encode())


def issued(make: Make, **about: Any) -> Report:
    """An issued report, signed by all who must."""
    report = prepared(make, **about)
    for _signatory in report.signatories:
        sign_next(make, report)
    return Report.objects.with_names().get(pk=report.pk)


def sign_in(client: Any, person: User) -> None:
    """Sign a person in, of whichever organisation; the test's own scope is then as before."""
    scope.enter(person.organisation_id)
    client.force_login(person, backend="auditapp.accounts.backend.EmailBackend")
    scope.enter(int(Make.organisation_in_scope))


@contextmanager
def counted(limit: int) -> Iterator[Callable[[], int]]:
    """Counts the queries inside the block, without transaction commands and scope, and holds them to a limit."""
    with CaptureQueriesContext(connection) as captured:
        yield lambda: len(_own(captured))
    assert len(_own(captured)) <= limit, "\n".join(_own(captured))


def _own(captured: Any) -> list[str]:
    aside = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SELECT set_config")
    return [query["sql"] for query in captured if not query["sql"].startswith(aside)]
