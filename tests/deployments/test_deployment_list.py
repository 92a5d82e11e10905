"""The list of deployments: what it finds, for whom, in how many queries."""

import csv
import io

import pytest
from django.test import Client

from auditapp import clock
from tests.factories import Make
from tests.tracking.issued import counted, issued, sign_in


def rows(response: object) -> list[str]:
    """The names in the order shown."""
    return [deployment.name for deployment in response.context["page"]]  # type: ignore[attr-defined]


def test_the_list_says_whether_the_running_version_has_been_audited(client: Client, make: Make) -> None:
    audited, unaudited = make.deployment(live=True, name="Audited"), make.deployment(live=True, name="Unaudited")
    report = issued(make, deployment=audited)
    sign_in(client, make.people["asha"])
    page = client.get("/deployments/")
    assert rows(page) == ["Audited", "Unaudited"]
    shown = {deployment.name: deployment.running_version for deployment in page.context["page"]}
    assert (shown["Audited"].audited_by, shown["Audited"].is_covered) == (report.audit.ref, True)
    assert (shown["Unaudited"].audited_by, shown["Unaudited"].is_covered) == (None, False)
    assert f'href="/audits/{report.audit.ref}/report/"' in page.content.decode()
    assert unaudited.ref in page.content.decode()


def test_an_audit_of_an_earlier_version_says_nothing_about_the_one_that_runs(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    issued(make, deployment=deployment)
    deployment.add_version(by=make.people["omar"], name="2.0", starts=clock.today(deployment.site.zone))
    sign_in(client, make.people["asha"])
    (shown,) = client.get("/deployments/").context["page"]
    assert (shown.running_version.name, shown.running_version.audited_by) == ("2.0", None)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", ["Chat", "Scribe", "Triage"]),
        ("?sort=-name", ["Triage", "Scribe", "Chat"]),
        ("?sort=status", ["Scribe", "Triage", "Chat"]),
        ("?sort=no-such-column", ["Chat", "Scribe", "Triage"]),
        ("?status=live", ["Scribe", "Triage"]),
        ("?status=no-such-status", ["Chat", "Scribe", "Triage"]),
        ("?site=general", ["Triage"]),
        ("?q=scribe", ["Scribe"]),
        ("?q=SCRIBE+calder", ["Scribe"]),
        ("?q=scribe+triage", []),
        ("?q=%00", ["Chat", "Scribe", "Triage"]),
        ("?page=99", ["Chat", "Scribe", "Triage"]),
        ("?page=x", ["Chat", "Scribe", "Triage"]),
    ],
)
def test_filters_search_and_sorting(client: Client, make: Make, address: str, found: list[str]) -> None:
    make.deployment(live=True, name="Scribe")
    make.deployment(kind="patient chatbot", name="Chat")
    make.deployment(kind="imaging triage", live=True, name="Triage", site="general")
    sign_in(client, make.people["omar"])
    assert rows(client.get(f"/deployments/{address}")) == found


def test_each_person_sees_the_hospitals_of_their_roles_alone(client: Client, make: Make) -> None:
    make.deployment(name="At the Royal")
    make.deployment(name="At the General", site="general")
    for who, names in [
        ("asha", ["At the Royal"]),
        ("sam", ["At the General"]),
        ("ben", ["At the General", "At the Royal"]),
        ("cleo", []),
    ]:
        sign_in(client, make.people[who])
        assert rows(client.get("/deployments/")) == names


def test_without_signing_in_there_is_no_list(client: Client, db: None) -> None:
    assert client.get("/deployments/").status_code == 302


def test_only_those_who_keep_records_are_offered_to_register(client: Client, make: Make) -> None:
    for who, offered in [("asha", True), ("omar", True), ("ben", True), ("vera", False), ("grace", False)]:
        sign_in(client, make.people[who])
        assert ("/deployments/new/" in client.get("/deployments/").content.decode()) is offered


def test_nothing_registered_and_nothing_found_say_different_things(client: Client, make: Make) -> None:
    sign_in(client, make.people["asha"])
    assert "No deployment is registered yet" in client.get("/deployments/").content.decode()
    make.deployment()
    assert "No deployment matches" in client.get("/deployments/?q=zebra").content.decode()


def test_the_file_holds_what_is_found_and_no_formula(client: Client, make: Make) -> None:
    make.deployment(live=True, name="=SUM(A1)")
    make.deployment(name="Other")
    sign_in(client, make.people["asha"])
    answer = client.get("/deployments/?format=csv&status=live")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    (row,) = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]
    assert row[1:3] == ["'=SUM(A1)", "Royal Northshire Hospital"]


def test_one_row_and_three_rows_take_the_same_queries(client: Client, make: Make) -> None:
    issued(make, deployment=make.deployment(live=True))
    sign_in(client, make.people["asha"])
    client.get("/deployments/")
    with counted(9) as queries:
        client.get("/deployments/")
    one = queries()
    make.deployment(live=True)
    issued(make, deployment=make.deployment(live=True))
    with counted(9) as queries:
        client.get("/deployments/")
    assert queries() == one
