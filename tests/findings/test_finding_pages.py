"""The list of findings and the page of one: what they find, for whom, in how many queries."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.test import Client

from auditapp.findings.models import Finding, HazardRating
from tests.factories import Make
from tests.tracking.issued import counted, issued, sign_in


def refs(response: Any) -> list[str]:
    """The checks in the order shown; a condition has none."""
    return [finding.check_code for finding in response.context["page"]]


@pytest.fixture
def gaps(make: Make) -> dict[str, Finding]:
    """Two findings at the Royal, one of them late, another late one at the General."""
    make.submitted(
        deployment=make.deployment(live=True, name="Scribe"),
        mon_03=make.gap("not_met", due=date(2020, 1, 31)),
        acc_10=make.gap("partial", gap="The log of May is missing.", owner="Ward 7"),
    )
    general = make.deployment(live=True, name="Triage", site="general")
    audit = make.audit(deployment=general, auditor="sam", answered=True, pat_09=make.gap(due=date(2021, 1, 31)))
    audit.submit(by=make.people["sam"])
    return {finding.check_code: finding for finding in Finding.objects.all()}


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", ["mon-03", "pat-09", "acc-10"]),
        ("?sort=-due", ["acc-10", "pat-09", "mon-03"]),
        ("?sort=priority", ["mon-03", "pat-09", "acc-10"]),
        ("?sort=deployment", ["mon-03", "acc-10", "pat-09"]),
        ("?state=overdue", ["mon-03", "pat-09"]),
        ("?state=closed", []),
        ("?state=all&site=general", ["pat-09"]),
        ("?priority=P1", ["mon-03"]),
        ("?priority=condition", []),
        ("?q=log+of+may", ["acc-10"]),
        ("?q=ward+7", ["acc-10"]),
        ("?q=%00triage", ["pat-09"]),
        ("?deployment=%00", ["mon-03", "pat-09", "acc-10"]),
        ("?deployment=D-none", []),
    ],
)
def test_filters_search_and_sorting(
    client: Client, make: Make, gaps: dict[str, Finding], address: str, found: list[str]
) -> None:
    sign_in(client, make.people["ben"])
    assert refs(client.get(f"/findings/{address}")) == found


def test_the_findings_of_one_deployment_name_it_and_lead_back(
    client: Client, make: Make, gaps: dict[str, Finding]
) -> None:
    sign_in(client, make.people["ben"])
    page = client.get(f"/findings/?deployment={gaps['pat-09'].deployment.ref}")
    assert refs(page) == ["pat-09"]
    assert [link["label"] for link in page.context["only"]] == ["Triage", "All deployments"]


def test_a_priority_is_called_provisional_and_no_risk(client: Client, make: Make, gaps: dict[str, Finding]) -> None:
    sign_in(client, make.people["asha"])
    for address in ("/findings/", f"/findings/{gaps['mon-03'].ref}/"):
        words = client.get(address).content.decode()
        assert "Provisional priority" in words
        assert "not a clinical risk estimate" in words.lower()


def test_each_person_sees_the_hospitals_of_their_roles_alone(
    client: Client, make: Make, gaps: dict[str, Finding]
) -> None:
    for who, found in [("asha", ["mon-03", "acc-10"]), ("sam", ["pat-09"]), ("cleo", [])]:
        sign_in(client, make.people[who])
        assert refs(client.get("/findings/")) == found


@pytest.mark.parametrize(
    ("who", "status"),
    [("asha", 200), ("vera", 200), ("grace", 200), ("omar", 200), ("sam", 404), ("cleo", 404)],
)
def test_who_may_read_a_finding(client: Client, make: Make, gaps: dict[str, Finding], who: str, status: int) -> None:
    sign_in(client, make.people[who])
    assert client.get(f"/findings/{gaps['mon-03'].ref}/").status_code == status


def test_without_signing_in_there_is_nothing(client: Client, gaps: dict[str, Finding]) -> None:
    assert client.get("/findings/").status_code == 302
    assert client.get(f"/findings/{gaps['mon-03'].ref}/").status_code == 302


def test_a_ref_that_is_none_is_not_found(client: Client, make: Make) -> None:
    sign_in(client, make.people["asha"])
    assert client.get("/findings/F-0/").status_code == 404
    assert client.get("/findings/%00/").status_code == 404


def test_nothing_open_and_nothing_found_say_different_things(client: Client, make: Make) -> None:
    sign_in(client, make.people["asha"])
    assert "Nothing is open" in client.get("/findings/").content.decode()
    assert "No finding matches" in client.get("/findings/?q=zebra").content.decode()


def test_a_finding_tells_who_found_it_how_often_and_how_it_ended(client: Client, make: Make) -> None:
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(live=True)
        gap = make.gap("partial", due=date(2026, 2, 1))
        first = issued(make, deployment=deployment, code="continue_with_conditions", mon_09=gap, conditions=[
            {"text": "Count the events weekly.", "owner": "Ward 7", "due": date(2026, 3, 1)},
        ])  # fmt: skip
    with make.at("2026-02-05T09:00"):
        gap = make.gap("not_met", gap="Still nobody counts.", due=date(2026, 6, 1))
        second = make.submitted(deployment=deployment, mon_09=gap)
        second.withdraw(by=make.people["asha"], reason="Asked twice.")
    finding = deployment.findings.get(check_code="mon-09")
    rating = HazardRating.rate(
        deployment, by=make.people["ben"], level=3, title="Events are missed", severity="Considerable",
        likelihood="Medium", reason="Nobody has measured it.", finding=finding,
    )  # fmt: skip
    rating.close(by=make.people["ben"], reason="Counted every week now.")
    with make.at("2026-03-05T09:00"):
        third = issued(make, deployment=deployment)
    sign_in(client, make.people["omar"])
    page = client.get(f"/findings/{finding.ref}/")
    assert [row.submission.audit.ref for row in page.context["raised"]] == [first.audit.ref, second.ref]
    words = page.content.decode()
    assert f"<title>Finding {finding.ref} · Closed" in words
    assert "Still nobody counts." in words
    assert "Events are missed" in words
    assert "Counted every week now." in words
    assert f"Found in order by {third.audit.ref}." in words
    condition = deployment.findings.get(origin="condition")
    assert "A condition of a decision" in client.get(f"/findings/{condition.ref}/").content.decode()


def test_the_file_holds_what_is_found(client: Client, make: Make, gaps: dict[str, Finding]) -> None:
    sign_in(client, make.people["asha"])
    answer = client.get("/findings/?format=csv&q=ward")
    (row,) = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]
    assert (row[0], row[2], row[4]) == (gaps["acc-10"].ref, "acc-10", "The log of May is missing.")


def test_one_row_and_three_rows_take_the_same_queries(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    make.submitted(deployment=deployment, mon_03=make.gap())
    sign_in(client, make.people["ben"])
    of_one = f"/findings/?deployment={deployment.ref}"
    client.get(of_one)
    with counted(8) as queries:
        assert len(refs(client.get(of_one))) == 1
    one = queries()
    make.submitted(deployment=make.deployment(live=True), mon_03=make.gap(), acc_10=make.gap())
    with counted(8) as queries:
        assert len(refs(client.get(f"/findings/?deployment={deployment.ref}&state=all"))) == 1
    assert queries() == one
    with counted(8) as queries:
        assert len(refs(client.get("/findings/"))) == 3
    assert queries() <= one


def test_a_finding_takes_the_same_queries_however_often_it_was_found(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, make.people["ben"])
    counts = []
    for _audit in range(3):
        audit = make.submitted(deployment=deployment, mon_03=make.gap())
        finding = deployment.findings.get()
        with counted(9) as queries:
            client.get(f"/findings/{finding.ref}/")
        counts.append(queries())
        audit.withdraw(by=make.people["asha"], reason="Asked again.")
    assert len(set(counts)) == 1
