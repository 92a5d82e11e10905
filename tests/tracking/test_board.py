"""The board's page: every number leads to exactly what it counts, and costs the same however much there is."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from auditapp import clock
from auditapp.findings import ages
from auditapp.findings.models import Finding
from auditapp.tracking import board
from tests.factories import Make
from tests.tracking.issued import counted, issued, sign_in

LINKED = re.compile(
    r'<a href="(/(?:portfolio|findings|board/audits)/\?[^"]*)">(?:(\d+)</a>|<svg.*?of (\d+) deployment)', re.S
)


@pytest.fixture
def history(make: Make) -> None:
    """Reports of three months at two hospitals, findings of every age, deployments in several statuses."""
    with make.at("2026-03-10T09:00"):
        scribe = make.deployment(live=True, name="Scribe")
        chatbot = make.deployment(kind="patient chatbot", live=True, name="Chatbot")
        issued(make, deployment=scribe)
    with make.at("2026-04-20T09:00"):
        gaps = {"mon_03": make.gap("not_met"), "acc_10": make.gap("not_met"), "mon_05": make.gap("partial")}
        issued(make, deployment=chatbot, code="restrict", **gaps)
    with make.at("2026-05-02T09:00"):
        never = make.deployment(live=True, name="Never")
        make.submitted(deployment=never, mon_05=make.gap("partial"))
        make.deployment(name="Proposed", site="general")
        make.deployment(name="Live there", site="general", live=True)
        issued(make, deployment=scribe, code="suspend", mon_03=make.gap("not_met"))


def links(page: Any) -> list[tuple[str, int]]:
    return [(unescape(href), int(plain or of)) for href, plain, of in LINKED.findall(page.content.decode())]


@pytest.mark.parametrize("query", ["", "?site=royal", "?site=general", "?month=2026-03", "?site=royal&month=2026-04"])
def test_each_number_leads_to_exactly_what_it_counts(client: Client, make: Make, history: None, query: str) -> None:
    with make.at("2026-05-20T09:00"):
        sign_in(client, make.people["eve"])
        found = links(client.get(f"/board/{query}"))
        assert len(found) > 10
        wrong = []
        for href, number in dict.fromkeys(found):
            target = client.get(href)
            assert target.status_code == 200
            rows = target.context["page"].paginator.count
            if rows != number:
                wrong.append((href, number, rows))
        assert wrong == []


def test_the_numbers_are_those_of_the_history(client: Client, make: Make, history: None) -> None:
    with make.at("2026-05-20T09:00"):
        sign_in(client, make.people["eve"])
        shown = client.get("/board/").context
        assert [(figure["n"], figure.get("of")) for figure in shown["figures"]] == [
            (3, 4),
            (3, None),  # priority 1 is due within 14 days of use
            (3, None),
            (1, None),
        ]
        by_month = {key: dict(found) for key, found in shown["board"].issued.items()}
        assert {f"{month:%m}": sum(found.values()) for month, found in by_month.items()} == {"03": 1, "04": 1, "05": 1}
        findings = shown["board"].open_findings()
        assert (findings["P1", "month"], findings["P1", "new"], findings["P2", "month"]) == (2, 1, 1)
        decided = [row["word"] for row in shown["decisions"]["rows"]]
        assert decided[:3] == ["May 2026", "Apr 2026", "Mar 2026"]


def test_a_month_is_that_of_the_hospital(make: Make, client: Client) -> None:
    with make.at("2026-05-31T23:30"):  # already June in London's summer time
        issued(make, deployment=make.deployment(live=True))
    with make.at("2026-06-20T09:00"):
        sign_in(client, make.people["eve"])
        assert client.get("/board/audits/?month=2026-05").context["page"].paginator.count == 0
        assert client.get("/board/audits/?month=2026-06").context["page"].paginator.count == 1


@pytest.mark.parametrize("month", ["", "soon", "2026-13", "9999-01", "0001-01"])
def test_no_such_month_is_this_month(make: Make, client: Client, month: str) -> None:
    with make.at("2026-05-20T09:00"):
        sign_in(client, make.people["vera"])
        assert client.get("/board/", {"month": month}).context["month_key"] == "2026-05"


def test_each_person_sees_the_numbers_of_their_hospitals_alone(client: Client, make: Make, history: None) -> None:
    with make.at("2026-05-20T09:00"):
        for who, used in (("vera", 3), ("sam", 1), ("cleo", 0), ("dora", None)):
            sign_in(client, make.people[who])
            shown = client.get("/board/").context
            if used is None:  # who only answers her part reads no results
                assert shown["asked"].sites == []
            else:
                assert shown["figures"][0]["of"] == used
        sign_in(client, make.people["sam"])
        assert client.get("/board/audits/?month=2026-05&site=royal").context["page"].paginator.count == 0


def test_a_finding_has_one_age(make: Make) -> None:
    make.submitted(mon_03=make.gap("not_met"), mon_05=make.gap("partial"))
    later = now() + timedelta(days=1)
    for days, age in ((0, "new"), (29, "new"), (30, "month"), (89, "month"), (90, "quarter"), (180, "half")):
        with clock.at(later - timedelta(days=1) + timedelta(days=days, minutes=5)):
            rows = Finding.objects.annotate(age=ages.age())
            assert {row.age for row in rows} == {age}
            assert [code for code in ages.LABELS if Finding.objects.filter(ages.of_age(code)).exists()] == [age]


def test_it_costs_the_same_however_much_there_is(client: Client, make: Make) -> None:
    sign_in(client, make.people["eve"])

    def look() -> int:
        client.get("/board/")
        with counted(20) as queries:
            client.get("/board/")
        return queries()

    issued(make, deployment=make.deployment(live=True))
    one = look()
    for _ in range(2):
        issued(make, deployment=make.deployment(live=True), code="restrict", mon_03=make.gap("not_met"))
    make.deployment(live=True, site="general")
    assert look() == one


def test_the_figures_never_touch_answers(make: Make) -> None:
    issued(make, deployment=make.deployment(live=True))
    with counted(9):
        board.figures(make.people["eve"].organisation.sites.all(), clock.today("UTC").replace(day=1))
