"""Monthly board reports: made once by the clock, frozen, printed, sealed, and seen by those who read the hospital."""

import hashlib
import json
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from auditapp.accounts.models import Organisation
from auditapp.deployments.models import SupplierNotice
from auditapp.reports import board_jobs, signing
from auditapp.reports.board import BoardReport, BoardReportFile
from auditapp.tracking import board_facts, board_reports
from auditapp.trail.models import Event
from tests.factories import Make
from tests.reports.test_schemas import wrong
from tests.tracking.issued import issued, sign_in
from tests.tracking.test_board import history  # noqa: F401 - a fixture


def made(make: Make, site: str = "royal", at: str = "2026-05-20T09:00", who: str = "eve") -> BoardReport:
    with make.at(at):
        report = board_reports.make_now(make.people[who], site)
    assert report is not None
    return report


def planned(make: Make, at: str) -> list[tuple[str, date]]:
    with make.at(at):
        board_reports.plan(Organisation.objects.get(code="northshire"))
    rows = BoardReport.objects.filter(complete=True).select_related("site")
    return sorted((row.site.code if row.site else "", row.month) for row in rows)


def test_the_figures_of_a_history_keep_to_the_schema_and_are_those_of_the_page(
    client: Client,
    make: Make,
    history: None,  # noqa: F811
) -> None:
    with make.at("2026-05-12T09:00"):
        about = {"kind": "recall", "title": "Recall of 1.0", "text": "Stop.", "questions": False}
        scribe = make.people["eve"].organisation.products.get(name="Ambient scribe")
        SupplierNotice.receive(scribe, by=make.people["asha"], issued_on=date(2026, 5, 11), **about)
    facts = made(make, "").facts
    assert wrong(facts, "board-1") == []
    with make.at("2026-05-20T09:00"):
        sign_in(client, make.people["eve"])
        shown = client.get("/board/").context
    totals = facts["totals"]
    assert [(totals["without"], totals["in_use"]), totals["overdue"], totals["first_priority"], totals["issued"]] == [
        (shown["figures"][0]["n"], shown["figures"][0]["of"]), *(figure["n"] for figure in shown["figures"][1:]),
    ]  # fmt: skip
    assert {row["ref"] for row in facts["issued"]["first"]} == {row.ref for row in client_rows(client, make)}
    assert facts["board"] | {"prepared_at": "", "prepared_local": ""} == {
        "month": "2026-05", "from": "2026-05-01", "to": "2026-05-20", "complete": False, "number": 1,
        "prepared_at": "", "prepared_local": "",
    }  # fmt: skip
    notice = facts["notices"]["first"][0]
    assert (notice["title"], notice["deployments"], notice["waiting"]) == ("Recall of 1.0", 4, 4)
    assert {row["after"] for row in facts["changes"]["first"]} == {"in_evaluation", "live"}


def client_rows(client: Client, make: Make) -> Any:
    with make.at("2026-05-20T09:00"):
        return client.get("/board/audits/?month=2026-05").context["page"]


def test_on_the_first_of_a_month_each_hospital_and_the_group_get_one(make: Make) -> None:
    make.deployment(live=True)
    assert planned(make, "2026-05-31T22:30") == []  # half past eleven in the evening in London
    may = date(2026, 5, 1)
    assert planned(make, "2026-05-31T23:30") == [("", may), ("general", may), ("royal", may)]
    assert planned(make, "2026-06-02T09:00") == [("", may), ("general", may), ("royal", may)]
    frozen = BoardReport.objects.get(site__code="royal").facts
    assert (frozen["board"]["to"], frozen["board"]["complete"]) == ("2026-05-31", True)


def test_a_worker_that_slept_too_long_makes_none_of_the_past(make: Make) -> None:
    make.deployment(live=True)
    assert planned(make, "2026-06-04T09:00") == []


def test_two_processes_at_once_keep_one(make: Make) -> None:
    royal = make.sites["royal"]
    with make.at("2026-06-01T09:00"):
        facts = board_facts.collect(royal.organisation, [royal], royal, date(2026, 5, 1), number=1)
        kept = [BoardReport.keep(facts, organisation=royal.organisation, site=royal, by=None) for _ in range(2)]
    assert [report is not None for report in kept] == [True, False]
    assert Event.objects.filter(verb="board_report.made").count() == 1


def test_it_is_printed_once_and_sealed(make: Make) -> None:
    report = made(make)
    for _ in range(2):
        board_jobs.render(report=report.pk, organisation=report.organisation_id)
    make.enter_scope()
    file = BoardReportFile.objects.get()
    assert signing.fields(bytes(file.content)) == {"seal": True}
    assert file.sha256 == hashlib.sha256(bytes(file.content)).hexdigest()
    assert Event.objects.filter(verb="board_report.sealed").count() == 1


def test_make_it_now_makes_one_and_leads_to_it(client: Client, make: Make) -> None:
    issued(make, deployment=make.deployment(live=True))
    sign_in(client, make.people["grace"])
    page = client.post("/board/reports/", {"site": "royal"})
    report = BoardReport.objects.get()
    assert page["Location"] == report.get_absolute_url()
    assert "is being printed" in client.get(page["Location"]).content.decode()
    assert client.get(f"{page['Location']}report.pdf").status_code == 404
    board_jobs.render(report=report.pk, organisation=report.organisation_id)
    sign_in(client, make.people["vera"])
    assert client.get(f"{page['Location']}report.pdf").content.startswith(b"%PDF-1.7")
    facts = client.get(f"{page['Location']}facts.json")
    assert hashlib.sha256(facts.content).hexdigest() == report.sha256
    assert json.loads(facts.content)["board"]["number"] == 1
    assert [row.pk for row, _month in client.get("/board/reports/").context["rows"]] == [report.pk]


@pytest.mark.parametrize(("who", "site"), [("vera", "royal"), ("asha", "royal"), ("omar", ""), ("ada", "")])
def test_others_have_none_made(client: Client, make: Make, who: str, site: str) -> None:
    sign_in(client, make.people[who])
    assert client.post("/board/reports/", {"site": site}).status_code == 403
    assert not BoardReport.objects.exists()


def test_who_reads_one_hospital_sees_its_reports_alone(client: Client, make: Make) -> None:
    royal, group = made(make), made(make, "")
    for who, seen in (("vera", [royal]), ("eve", [royal, group]), ("sam", []), ("cleo", []), ("dora", [])):
        assert set(BoardReport.objects.visible_to(make.people[who])) == set(seen)
    sign_in(client, make.people["vera"])
    assert client.get(group.get_absolute_url()).status_code == 404


def refused_by_the_database(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(statement)


def test_nobody_changes_a_report_that_was_made(make: Make) -> None:
    report = made(make)
    board_jobs.render(report=report.pk, organisation=report.organisation_id)
    for table in ("boardreport", "boardreportfile"):
        for statement in (f"UPDATE auditapp_{table} SET sha256 = sha256", f"DELETE FROM auditapp_{table}"):
            with pytest.raises(DatabaseError):
                refused_by_the_database(statement)
