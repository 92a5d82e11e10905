"""The portfolio: what a committee reads, for whom, and at what cost."""

import csv
import io
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from auditapp import clock
from auditapp.audits.models import Audit
from tests.factories import Make
from tests.tracking.issued import counted, issued, sign_in


def names(response: Any) -> list[str]:
    return [row.deployment.name for row in response.context["rows"]]


@pytest.fixture
def portfolio(make: Make) -> None:
    """Four deployments: well audited, restricted, never audited, and only proposed at the other hospital."""
    issued(make, deployment=make.deployment(live=True, name="Good"))
    gaps = {"mon_03": make.gap("not_met"), "acc_10": make.gap("not_met"), "mon_05": make.gap("partial")}
    restricted = make.deployment(kind="patient chatbot", live=True, name="Restricted")
    issued(make, deployment=restricted, code="restrict", **gaps)
    make.deployment(live=True, name="Never")
    make.deployment(name="Proposed", site="general")


def test_a_row_says_what_runs_what_it_came_to_and_what_is_open(client: Client, make: Make, portfolio: None) -> None:
    sign_in(client, make.people["eve"])
    page = client.get("/portfolio/")
    rows = {row.deployment.name: row for row in page.context["rows"]}
    assert list(rows) == ["Good", "Never", "Proposed", "Restricted"]
    good, restricted, never = rows["Good"], rows["Restricted"], rows["Never"]
    assert (good.decided, good.report.decision.calculated_result, good.score["shown"]) == (
        "Continue", "thresholds_reached", "100.0",
    )  # fmt: skip
    assert (restricted.decided, restricted.report.decision.calculated_result) == ("Restrict", "gate_not_passed")
    assert (restricted.deployment.p1, restricted.deployment.p2) == (2, 1)
    assert restricted.lowest["title"]
    assert restricted.version.is_covered
    assert (never.report, never.decided, never.score, never.lowest, never.version.is_covered) == (
        None, "", None, None, False,
    )  # fmt: skip
    words = page.content.decode()
    assert "Calculated: critical gate not passed" in words
    assert "never audited" in words


def test_the_last_issued_audit_counts_and_a_revision_takes_its_place(client: Client, make: Make) -> None:
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(live=True)
        first = issued(make, deployment=deployment)
    with make.at("2026-02-05T09:00"):
        second = issued(make, deployment=deployment, code="restrict", mon_03=make.gap("not_met"))
    sign_in(client, make.people["eve"])
    (row,) = client.get("/portfolio/").context["rows"]
    assert row.report.audit == second.audit
    assert first.audit != second.audit
    revision = second.audit.revise(by=make.people["asha"], reason="A finding was mistaken.")
    (row,) = client.get("/portfolio/").context["rows"]
    assert (row.report.audit, revision.state) == (second.audit, "draft")


def test_an_audit_says_when_it_was_issued_as_its_report_does(make: Make) -> None:
    audit = make.reviewed()
    assert audit.issued_at is None
    report = issued(make)
    assert report.issued_at is not None
    assert Audit.objects.get(pk=report.audit_id).issued_at == report.issued_at
    with pytest.raises(IntegrityError, match="an_issued_audit_says_when"), transaction.atomic():
        Audit.objects.filter(pk=audit.pk).update(state="issued")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", ["Good", "Never", "Proposed", "Restricted"]),
        ("?sort=-name", ["Restricted", "Proposed", "Never", "Good"]),
        ("?sort=result", ["Restricted", "Good", "Never", "Proposed"]),
        ("?sort=-result", ["Good", "Restricted", "Proposed", "Never"]),
        ("?sort=score", ["Restricted", "Good", "Never", "Proposed"]),
        ("?sort=lowest", ["Restricted", "Good", "Never", "Proposed"]),
        ("?sort=decided", ["Good", "Restricted", "Never", "Proposed"]),
        ("?sort=-urgent", ["Restricted", "Proposed", "Never", "Good"]),
        ("?sort=status", ["Good", "Never", "Restricted", "Proposed"]),
        ("?sort=site", ["Proposed", "Good", "Never", "Restricted"]),
        ("?audit=none", ["Never"]),
        ("?result=gate_not_passed", ["Restricted"]),
        ("?result=gate_not_passed&sort=result", ["Restricted"]),
        ("?result=nonsense", ["Good", "Never", "Proposed", "Restricted"]),
        ("?status=proposed", ["Proposed"]),
        ("?site=general", ["Proposed"]),
        ("?q=good", ["Good"]),
        ("?q=%00never", ["Never"]),
    ],
)
def test_filters_search_and_sorting(
    client: Client, make: Make, portfolio: None, address: str, found: list[str]
) -> None:
    sign_in(client, make.people["eve"])
    assert names(client.get(f"/portfolio/{address}")) == found


def test_in_use_without_a_valid_audit_counts_versions_and_decisions(client: Client, make: Make) -> None:
    suspended = make.deployment(live=True, name="Decided against")
    issued(make, deployment=suspended, code="suspend")
    updated = make.deployment(live=True, name="Updated since")
    issued(make, deployment=updated)
    updated.add_version(by=make.people["omar"], name="2.0", starts=clock.today(updated.site.zone))
    issued(make, deployment=make.deployment(live=True, name="Covered"))
    sign_in(client, make.people["eve"])
    assert names(client.get("/portfolio/?audit=none")) == ["Decided against", "Updated since"]


def test_each_person_sees_the_hospitals_of_their_roles_alone(client: Client, make: Make, portfolio: None) -> None:
    for who, found in [("vera", ["Good", "Never", "Restricted"]), ("sam", ["Proposed"]), ("cleo", [])]:
        sign_in(client, make.people[who])
        page = client.get("/portfolio/")
        assert names(page) == found
        assert [site.code for site, _cells in page.context["heatmap"].rows] == (["royal"] if who == "vera" else [])


def test_without_signing_in_there_is_nothing(client: Client, db: None) -> None:
    assert client.get("/portfolio/").status_code == 302


def test_the_heatmap_adds_up_the_domains_of_each_last_audit(client: Client, make: Make) -> None:
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(live=True)
        issued(make, deployment=deployment, code="restrict", mon_03=make.gap("not_met"))
    with make.at("2026-02-05T09:00"):
        last = issued(make, deployment=deployment)
    other = issued(make, deployment=make.deployment(live=True), code="restrict", mon_05=make.gap("not_met"))
    sign_in(client, make.people["eve"])
    heatmap = client.get("/portfolio/").context["heatmap"]
    ((site, cells),) = heatmap.rows
    assert site.code == "royal"
    sums: dict[str, list[int]] = {}
    for report in (last, other):
        for score in report.decision.submission.scores.filter(part="domain"):
            total = sums.setdefault(score.code, [0, 0])
            total[0] += score.numerator
            total[1] += score.denominator
    assert {
        domain.code: [cell["numerator"], cell["denominator"]]
        for domain, cell in zip(heatmap.domains, cells, strict=True)
    } == sums
    assert any(top < bottom for top, bottom in sums.values())


def test_nothing_registered_and_nothing_found_say_different_things(client: Client, make: Make) -> None:
    sign_in(client, make.people["eve"])
    assert "Nothing runs yet" in client.get("/portfolio/").content.decode()
    assert "No deployment matches" in client.get("/portfolio/?q=zebra").content.decode()


def test_the_file_holds_what_is_found(client: Client, make: Make, portfolio: None) -> None:
    sign_in(client, make.people["eve"])
    answer = client.get("/portfolio/?format=csv&q=restricted")
    header, row = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    about = dict(zip(header, row, strict=True))
    assert about["Last decision"] == "Restrict"
    assert about["Calculated result"] == "Calculated: critical gate not passed"
    assert about["Open findings of priority 1"] == "2"


@pytest.mark.parametrize("address", ["/portfolio/", "/portfolio/?sort=result&audit=none", "/portfolio/?format=csv"])
def test_it_never_touches_answers(client: Client, make: Make, portfolio: None, address: str) -> None:
    sign_in(client, make.people["eve"])
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    asked = " ".join(query["sql"] for query in captured)
    assert "auditapp_deployment" in asked
    assert "auditapp_answer" not in asked
    assert '"canonical"' not in asked


def test_one_row_and_three_rows_take_the_same_queries(client: Client, make: Make) -> None:
    issued(make, deployment=make.deployment(live=True))
    sign_in(client, make.people["eve"])
    client.get("/portfolio/")
    with counted(14) as queries:
        client.get("/portfolio/")
    one = queries()
    issued(make, deployment=make.deployment(live=True), questionnaire="quarterly-monitoring", reason="quarterly")
    issued(make, deployment=make.deployment(live=True), code="restrict", mon_03=make.gap("not_met"))
    client.get("/portfolio/")
    with counted(14) as queries:
        client.get("/portfolio/")
    assert queries() == one
