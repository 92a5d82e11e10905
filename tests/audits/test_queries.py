"""How many queries the pages and acts cost that are done most: few, and no more for three rows than for one.

Counted is everything that a signed-in person's request asks of the database, the session and the person included.
Not counted are transaction commands and the setting of the scope, which read nothing.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.reports import jobs
from auditapp.reports.models import Report
from tests.factories import Make

ASIDE = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SELECT set_config")
BACKEND = "auditapp.accounts.backend.EmailBackend"


class Counting:
    """Sends requests of one person and keeps the queries of the last one."""

    def __init__(self, client: Client, person: User) -> None:
        client.force_login(person, backend=BACKEND)
        self.client = client
        self.queries: list[str] = []

    def get(self, path: str) -> HttpResponse:
        return self._send(lambda: self.client.get(path), 200)

    def save(self, path: str, fields: dict[str, Any]) -> HttpResponse:
        return self._send(lambda: self.client.post(path, fields, headers={"Accept": "application/json"}), 200)

    def _send(self, request: Any, status: int) -> HttpResponse:
        """The same request, once to warm what a process reads only once."""
        with CaptureQueriesContext(connection) as captured:
            response: HttpResponse = request()
        assert response.status_code == status, response.content[:2000]
        self.queries = [q["sql"] for q in captured if not q["sql"].startswith(ASIDE)]
        return response

    def must_be(self, *, at_most: int) -> int:
        assert len(self.queries) <= at_most, "\n".join(q[:300] for q in self.queries)
        return len(self.queries)


@pytest.fixture
def counting(client: Client, asha: User) -> Counting:
    return Counting(client, asha)


def fields(n: int = 0, **said: Any) -> dict[str, Any]:
    return {"base": n, "key": f"request {n}", "verdict": "met", "evidence_note": "Seen on the ward."} | said


@pytest.mark.parametrize(
    "said",
    [{}, {"verdict": "partial", "gap": "Overdue.", "owner": "Digital health team", "due": "2030-01-15"}],
    ids=["met", "with a gap"],
)
def test_saving_one_answer_takes_at_most_eight_queries(make: Make, counting: Counting, said: dict[str, Any]) -> None:
    audit = make.audit()
    counts = []
    for n, code in enumerate(audit.answers.values_list("code", flat=True)[:4]):
        response = counting.save(f"/audits/{audit.ref}/answers/{code}/", fields(**said))
        assert response.json()["answered"] == n + 1
        assert len(response.content) <= 2048
        counts.append(counting.must_be(at_most=8))
    assert len(set(counts[1:])) == 1


def test_saving_takes_no_more_queries_in_the_third_audit_or_the_third_time(make: Make, counting: Counting) -> None:
    counts = []
    for audit in (make.audit(), make.audit(answered=True), make.audit(answered=True)):
        answer = audit.answers.first()
        for n in range(answer.n, answer.n + 3):
            counting.save(f"/audits/{audit.ref}/answers/{answer.code}/", fields(n, note=f"Text {n}."))
            counts.append(counting.must_be(at_most=8))
    assert max(counts) - min(counts) <= 1, counts  # the first answer also moves the audit's counters


def test_a_late_save_that_is_kept_aside_takes_at_most_eight_queries(make: Make, counting: Counting) -> None:
    audit = make.audit(answered=True)
    path = f"/audits/{audit.ref}/answers/{audit.answers.first().code}/"
    late = {"headers": {"Accept": "application/json"}}
    counting._send(lambda: counting.client.post(path, fields(note="Too late."), **late), 409)
    counting.must_be(at_most=8)


def _category_pages(audit: Audit) -> dict[int, str]:
    """Number of questions -> the page of a category that asks so many."""
    return {row["asked"]: f"/audits/{audit.ref}/categories/{row['category_code']}/" for row in audit.answers.progress()}


def test_the_fill_page_takes_the_same_queries_for_any_number_of_questions(make: Make, counting: Counting) -> None:
    deployment = make.deployment(kind="patient chatbot")
    audit = make.audit(deployment=deployment, questionnaire="predeploy-llm", reason="pre_deployment")
    pages = _category_pages(audit)
    assert len(pages) >= 3
    counting.get(pages[min(pages)])
    counts = {}
    for size, page in pages.items():
        counting.get(page)
        counting.must_be(at_most=13)
        counting.get(page)  # a process reads a question once
        counts[size] = counting.must_be(at_most=11)
    make.answer_all(audit, by=make.people["asha"])
    for page in pages.values():
        counting.get(page)
        counting.must_be(at_most=11)
    assert len(set(counts.values())) == 1, counts


def test_the_fill_page_takes_the_same_queries_whatever_hangs_on_its_cards(
    make: Make, counting: Counting, asha: User, ben: User
) -> None:
    """Three cards with evidence and a returned question cost what one costs."""
    counts = []
    for number in (1, 3):
        audit = make.audit(answered=True)
        page = max(_category_pages(audit).items())[1]
        answers = list(audit.answers.of_category(page.split("/")[-2])[:number])
        assert len(answers) == number
        for answer in answers:
            answer.add_evidence(by=asha, title="Policy", url="https://example.org/", effective_date=date(2026, 1, 1))
        audit.submit(by=asha)
        audit.refresh_from_db()
        audit.return_questions({answer.code: "Say more." for answer in answers}, by=ben)
        counting.get(page)
        counting.get(page)
        counts.append(counting.must_be(at_most=13))
    assert counts[0] == counts[1], counts


def test_the_list_of_audits_takes_the_same_queries_for_three_as_for_one(make: Make, counting: Counting) -> None:
    counts = []
    for _ in range(3):
        make.audit()
        counting.get("/audits/")
        counting.get("/audits/")
        counts.append(counting.must_be(at_most=8))
    assert len(set(counts)) == 1, counts


def _decided(make: Make) -> Report:
    return make.decided(mon_03=make.gap(), code="continue_with_conditions", conditions=[CONDITION])


def _signed_steps(make: Make, report: Report) -> Iterator[Report]:
    """The report before it is printed, and after every step until it is issued.

    What stands in the files does not matter to the number of queries.
    """
    yield report
    report.keep_file(0, b"unsigned")
    yield report
    for signatory in report.signatories:
        person = make.people[{"auditor": "asha", "clinical_safety_officer": "ben"}[signatory["role"]]]
        report.sign(by=person, meaning=signatory["meaning"], shown_sha256=report.newest_file.sha256)
        yield report
        report.keep_file(signatory["order"], b"signed %d" % signatory["order"])
        yield report


def _issued(make: Make) -> Report:
    *_steps, report = _signed_steps(make, _decided(make))
    return report


CONDITION = {"text": "Retest within a month.", "owner": "Digital health team", "due": "2030-02-01"}


def test_the_portfolio_takes_the_same_queries_for_three_and_never_reads_answers(make: Make, counting: Counting) -> None:
    counts = []
    for _ in range(3):
        _issued(make)
        counting.get("/portfolio/")
        counting.get("/portfolio/")
        counts.append(counting.must_be(at_most=13))  # one of them reads the rules by which an approval holds
        assert not [q for q in counting.queries if "auditapp_answer" in q]
    assert len(set(counts)) == 1, counts


def test_the_page_of_a_report_takes_at_most_ten_queries_at_every_step(make: Make, counting: Counting) -> None:
    """Also on the step at which it is the reader's turn to sign; a third report costs what the first one does."""
    counts = []
    counting.get(f"/audits/{_issued(make).audit.ref}/report/")
    for _ in range(2):
        steps = []
        for report in _signed_steps(make, _decided(make)):
            response = counting.get(f"/audits/{report.audit.ref}/report/")
            steps.append((bool(response.context["to_sign"]), counting.must_be(at_most=10)))
        assert [turn for turn, _count in steps] == [False, True, False, False, False, False]
        counts.append(steps)
    assert counts[0] == counts[1]


def test_printing_a_report_takes_the_same_queries_whatever_it_holds(make: Make) -> None:
    """The worker's job: everything printed comes from the frozen facts, so rows do not matter."""
    counts = []
    for gaps in ({"mon_03": make.gap()}, {code: make.gap() for code in ("mon_02", "mon_03", "mon_05")}):
        report = make.decided(code="restrict", **gaps)
        with CaptureQueriesContext(connection) as captured:
            jobs.render(report=report.pk, organisation=report.organisation_id, site=report.site_id)
        make.enter_scope()
        assert report.files.filter(step=0).exists()
        counts.append(len([q for q in captured if not q["sql"].startswith(ASIDE)]))
    assert counts[0] == counts[1] <= 10, counts
