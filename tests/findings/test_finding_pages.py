"""The list of findings and the page of one: what they find, for whom, in how many queries."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from auditapp.evidence.models import Evidence
from auditapp.findings.models import Action, Finding, HazardRating
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
    with counted(10) as queries:
        assert len(refs(client.get(of_one))) == 1
    one = queries()
    make.submitted(deployment=make.deployment(live=True), mon_03=make.gap(), acc_10=make.gap())
    with counted(10) as queries:
        assert len(refs(client.get(f"/findings/?deployment={deployment.ref}&state=all"))) == 1
    assert queries() == one
    with counted(10) as queries:
        assert len(refs(client.get("/findings/"))) == 3
    assert queries() <= one


def test_a_finding_takes_the_same_queries_however_often_it_was_found(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, make.people["ben"])
    counts = []
    for _audit in range(3):
        audit = make.submitted(deployment=deployment, mon_03=make.gap())
        finding = deployment.findings.get()
        with counted(14) as queries:
            client.get(f"/findings/{finding.ref}/")
        counts.append(queries())
        audit.withdraw(by=make.people["asha"], reason="Asked again.")
    assert len(set(counts)) == 1


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("?age=new", ["mon-03", "acc-10"]),
        ("?age=half", ["pat-09"]),
        ("?hazard=3", ["acc-10"]),
        ("?hazard=2", []),
        ("?hazard=none", ["mon-03", "pat-09"]),
        ("?owner=Ward+7", ["acc-10"]),
        ("?product=0", []),
        ("?product=%00", ["mon-03", "pat-09", "acc-10"]),
        ("?sort=-hazard", ["acc-10", "mon-03", "pat-09"]),
        ("?sort=age", ["pat-09", "mon-03", "acc-10"]),
    ],
)
def test_what_a_meeting_asks_for(client: Client, make: Make, address: str, found: list[str]) -> None:
    with make.at("2024-02-01T09:00"):
        triage = make.deployment(live=True, name="Triage", site="general")
        audit = make.audit(deployment=triage, auditor="sam", answered=True, pat_09=make.gap(due=date(2026, 1, 31)))
        audit.submit(by=make.people["sam"])
    scribe = make.deployment(live=True, name="Scribe")
    make.submitted(
        deployment=scribe,
        mon_03=make.gap("not_met", due=date(2020, 1, 31)),
        acc_10=make.gap("partial", owner="Ward 7"),
    )
    ward = scribe.findings.get(check_code="acc-10")
    for level in (2, 3):
        HazardRating.rate(
            scribe, by=make.people["ben"], level=level, title="A wrong dose", severity="Considerable",
            likelihood="Medium", reason="Nobody has measured it.", finding=ward,
        )  # fmt: skip
    sign_in(client, make.people["ben"])
    assert sorted(refs(client.get(f"/findings/{address}"))) == sorted(found)
    if "sort" in address:
        assert refs(client.get(f"/findings/{address}"))[0] == found[0]


@pytest.mark.parametrize("by", ["age", "priority", "hazard", "owner", "site", "product", "nonsense"])
def test_each_number_leads_to_what_it_counts(client: Client, make: Make, gaps: dict[str, Finding], by: str) -> None:
    HazardRating.rate(
        gaps["acc-10"].deployment, by=make.people["ben"], level=3, title="A wrong dose", severity="Considerable",
        likelihood="Medium", reason="Nobody has measured it.", finding=gaps["acc-10"],
    )  # fmt: skip
    sign_in(client, make.people["ben"])
    page = client.get(f"/findings/?by={by}")
    groups = page.context["grouped"]["rows"]
    assert sum(group.total for group in groups) == 3
    for group in groups:
        narrowed = client.get("/findings/", group.key)
        assert narrowed.context["page"].paginator.count == group.total
        late = client.get("/findings/", group.key | {"state": "overdue"})
        assert late.context["page"].paginator.count == group.overdue


def test_the_answer_that_caused_it_is_one_link_away(client: Client, make: Make, gaps: dict[str, Finding]) -> None:
    sign_in(client, make.people["ben"])
    finding = gaps["mon-03"]
    audit = finding.raised_by.get().submission.audit
    link = f"/audits/{audit.ref}/rounds/1/#mon-03"
    assert link in client.get(f"/findings/{finding.ref}/").content.decode()
    assert 'id="mon-03"' in client.get(link).content.decode()


def test_who_may_do_what_is_offered_and_no_more(client: Client, make: Make, gaps: dict[str, Finding]) -> None:
    page = f"/findings/{gaps['mon-03'].ref}/"
    for who, offered in [
        ("ben", {"change", "hand_over", "plan", "close", "explain", "release", "rate", "rate_again"}),
        ("asha", {"change", "hand_over", "plan", "close", "explain"}),
        ("vera", set()),
    ]:
        sign_in(client, make.people[who])
        assert {act for act, may in client.get(page).context["acts"].items() if may} == offered


def test_a_finding_is_opened_changed_and_closed_in_its_pages(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, make.people["asha"])
    page = f"/findings/of/{deployment.ref}/new/"
    wanting = client.post(page, {"gap": "Nobody signs."}).content.decode()
    for told in ("Choose a check, or say in short", "Choose a priority", "enter the day", "Choose who sees to it"):
        assert told in wanting
    said = {"check_code": "mon-03", "gap": "No table.", "priority": "P2", "due": "2030-03-01", "owner": "Ward 7"}
    client.post(page, said)
    finding = deployment.findings.get()
    assert "is open already" in client.post(page, said).content.decode()
    there = f"/findings/{finding.ref}"
    assert "Give the reason why it can wait" in client.post(f"{there}/priority/", {"priority": "P4"}).content.decode()
    client.post(f"{there}/priority/", {"priority": "P1"})
    client.post(f"{there}/due/", {"due": "2030-02-01"})
    client.post(f"{there}/owner/", {"person": str(make.people["omar"].pk)})
    client.post(f"{there}/root-cause/", {"text": "Nobody was told.", "base": "0"})
    client.post(
        f"{there}/actions/new/", {"what": "Write it.", "owner": str(make.people["omar"].pk), "due": "2030-01-01"}
    )
    assert client.post(f"{there}/closure/", {"reason": "Seen."}).status_code == 409
    sign_in(client, make.people["omar"])
    client.post(f"{there}/actions/1/completion/", {"done_on": "2026-01-01", "url": "https://wiki.example/table"})
    sign_in(client, make.people["asha"])
    client.post(f"{there}/actions/1/judgement/", {"effective": "yes", "reason": "Read it."})
    client.post(f"{there}/closure/", {"reason": "The table is there."})
    finding.refresh_from_db()
    assert (finding.priority, finding.due, finding.owner) == ("P1", date(2030, 2, 1), "Omar Haddad")
    assert (finding.state, finding.first_due, finding.root_causes.count()) == ("closed", date(2030, 3, 1), 1)
    client.post(f"{there}/reopening/", {"reason": "It is gone.", "due": "2030-05-01"})
    finding.refresh_from_db()
    assert (finding.state, finding.due) == ("open", date(2030, 5, 1))


def test_a_file_proves_an_action_and_is_looked_through(client: Client, make: Make, gaps: dict[str, Finding]) -> None:
    finding = gaps["mon-03"]
    Action.plan(finding, by=make.people["asha"], what="Train.", owner=make.people["omar"], due=date(2030, 1, 1))
    sign_in(client, make.people["omar"])
    page = f"/findings/{finding.ref}/actions/1/completion/"
    telling = SimpleUploadedFile("list.txt", b"Mr Quill was discharged without it.")
    assert "looks like patient data" in client.post(page, {"done_on": "2026-01-01", "file": telling}).content.decode()
    assert not Evidence.objects.exists()
    client.post(page, {"done_on": "2026-01-01", "file": SimpleUploadedFile("list.txt", b"Trained: 12 of 12.")})
    proof = Evidence.objects.get()
    kept = client.get(f"/findings/{finding.ref}/evidence/{proof.sha256}/")
    assert b"".join(kept.streaming_content) == b"Trained: 12 of 12."
    sign_in(client, make.people["sam"])
    assert client.get(f"/findings/{finding.ref}/evidence/{proof.sha256}/").status_code == 404
