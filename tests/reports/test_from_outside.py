"""What came from outside the audit's own page is said in the report: suppliers asked, copies from paper, marks."""

import re

from django.template.loader import render_to_string

from auditapp.accounts.models import User
from auditapp.reports.document import document
from auditapp.reports.models import Decision
from tests.audits.suppliers import ask, file_of, put
from tests.audits.test_paper import enter
from tests.factories import Make


def test_the_report_says_who_was_asked_what_was_copied_and_what_is_under_non_disclosure(
    make: Make, asha: User, ben: User
) -> None:
    audit = make.audit(answered=True)
    silent, told = ask(audit, asha, "mon-03"), ask(audit, asha, "mon-05", nondisclosure=True)
    put(told, "mon-05").add_file(**file_of())
    put(told, "mon-05").accept(by=asha, reply=0)
    enter(audit, asha, base=1, evidence_note="On paper.").confirm(by=ben)
    audit.submit(by=asha)
    audit.refresh_from_db()
    audit.accept(by=ben)
    report = Decision.record(audit, by=ben, code="continue", reasons="The check is complete.", conditions=()).report
    shown = document(report.facts, report.sha256)
    page = render_to_string("reports/print/report.html", shown)
    day = silent.at.date()
    assert f"requested on {day.day} {day:%b %Y}, not supplied by" in page
    assert "and accepted" in page
    assert "under non-disclosure" in page
    assert re.search(r"entered by Asha Rao, [^,]*, \d\d:\d\d [A-Z]+, checked against the scan by Ben Okafor, ", page)
