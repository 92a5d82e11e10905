"""What happened to a deployment, on its timeline: findings together for each day, notices of its supplier."""

from datetime import date

from django.test import Client

from auditapp.deployments.models import SupplierNotice
from auditapp.tracking import events
from tests.factories import Make
from tests.tracking.issued import counted, issued, sign_in


def test_findings_of_a_day_are_one_mark_and_notices_stand_where_they_were_issued(make: Make) -> None:
    with make.at("2026-03-31T23:30"):  # the first of April in London
        deployment = make.deployment(live=True)
        make.submitted(deployment=deployment, mon_03=make.gap("not_met"), mon_05=make.gap("partial"))
    with make.at("2026-05-02T09:00"):
        for finding in deployment.findings.all():
            finding.verify(by=make.people["ben"], reason="Seen in place.")
        SupplierNotice.receive(
            deployment.product, by=make.people["asha"], kind="recall", issued_on=date(2026, 4, 30), title="Recall",
            text="Stop.", questions=True,
        )  # fmt: skip
    found = [(span["kind"], span["label"], span["at"]) for span in events.of(deployment)]
    assert found == [
        ("finding", "2 opened", date(2026, 4, 1)),
        ("finding", "2 closed", date(2026, 5, 2)),
        ("notice", "Recall", date(2026, 4, 30)),
    ]


def test_the_page_shows_them_on_the_chart_and_in_the_list(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    issued(make, deployment=deployment, code="restrict", mon_03=make.gap("not_met"))
    sign_in(client, make.people["vera"])
    words = client.get(deployment.get_absolute_url()).content.decode()
    assert words.count("1 opened") == 3  # on the wide and the narrow chart, and in the list
    assert f"/findings/?deployment={deployment.ref}&amp;state=all" in words


def test_it_costs_the_same_however_much_happened(make: Make) -> None:
    deployment = make.deployment(live=True)
    for marks in (0, 1, 2):
        with counted(4) as queries:
            assert len(events.of(deployment)) == marks
        assert queries() == 4
        with make.at(f"2027-0{marks + 1}-05T09:00"):
            issued(make, deployment=deployment, code="restrict", **{f"mon_0{marks + 3}": make.gap("not_met")})
