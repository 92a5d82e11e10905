"""Reporting, reading and reviewing incidents in the pages, and what is done from there."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from auditapp import clock
from auditapp.evidence.kept import KeptPassage
from auditapp.findings import containment
from auditapp.findings.models import Finding, Incident
from auditapp.findings.questioning import reopen_checks
from auditapp.refusals import NotAllowed
from tests.factories import Make
from tests.findings.test_incidents import reported
from tests.tracking.issued import counted, sign_in


def said(**about: Any) -> dict[str, Any]:
    day = clock.today("Europe/London").isoformat()
    return {"kind": "event", "happened_on": day, "harm": "low", "summary": "A dose was left out."} | about


def test_a_clinician_reports_in_one_page_and_sees_what_becomes_of_it(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True, name="Scribe")
    sign_in(client, make.people["dora"])
    assert client.get(f"/incidents/new/?deployment={deployment.ref}").url == f"/incidents/of/{deployment.ref}/new/"
    answer = client.post(
        f"/incidents/of/{deployment.ref}/new/", said(checks=["mon-03"], elsewhere="DATIX 1"), follow=True
    )
    words = answer.content.decode()
    incident = Incident.objects.get()
    assert (incident.by, incident.model_version.name, incident.checks) == (make.people["dora"], "1.0", ["mon-03"])
    assert "Suspected contribution, under review" in words
    assert "71 hours left" in words or "72 hours left" in words
    assert "Review it" not in words


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"summary": " "}, "Say what happened."),
        ({"happened_on": "2999-01-01"}, "day to come"),
        ({"kind": "near_miss"}, "A near miss reached no patient"),
        ({"checks": ["no-99"]}, "no-99"),
        ({"harm": "bad"}, "bad"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_nothing_typed_is_lost(
    client: Client, make: Make, wrong: dict[str, Any], told: str
) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, make.people["asha"])
    answer = client.post(f"/incidents/of/{deployment.ref}/new/", said(elsewhere="DATIX 1") | wrong)
    assert told in answer.content.decode()
    assert 'value="DATIX 1"' in answer.content.decode()
    assert not Incident.objects.exists()


def test_what_looks_like_a_patient_is_held_until_a_person_says_why_it_is_none(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, make.people["asha"])
    page, text = f"/incidents/of/{deployment.ref}/new/", "Mr Quill was discharged without it."
    held = client.post(page, said(summary=text))
    assert "looks like patient data" in held.content.decode()
    assert not Incident.objects.exists()
    (passage,) = held.context["form"].held["summary"]
    client.post(page, said(summary=text, kept=f"{passage.digest}:invented"))
    kept = KeptPassage.objects.get()
    assert (kept.incident, kept.place, kept.reason) == (Incident.objects.get(), "summary", "invented")


def test_the_officer_reviews_reopens_the_checks_and_suspends(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    audit = make.submitted(deployment=deployment, mon_03=make.gap("not_met"))
    audit.withdraw(by=make.people["asha"], reason="Asked again.")
    closed = deployment.findings.get()
    closed.verify(by=make.people["ben"], reason="Seen.")
    incident = reported(make, deployment=deployment, checks=["mon-03", "acc-10"])
    sign_in(client, make.people["ben"])
    client.post(f"/incidents/{incident.ref}/review/", {"cause": "confirmed", "harm": "severe", "reason": "The log."})
    incident.refresh_from_db()
    assert (incident.cause, incident.harm) == ("confirmed", "severe")
    for _again in range(2):
        client.post(f"/incidents/{incident.ref}/findings/")
    found = {finding.check_code: finding for finding in deployment.findings.open()}
    assert set(found) == {"mon-03", "acc-10"}
    assert found["mon-03"].pk == closed.pk
    assert found["mon-03"].reopenings.get().incident == incident
    assert (found["acc-10"].origin, found["acc-10"].incident) == ("incident", incident)
    assert found["acc-10"].person == deployment.owner
    acts = client.get(f"/incidents/{incident.ref}/").context["acts"]
    form = client.get(acts["suspend"]).context["form"]
    assert (form["to"].value(), form["reason"].value()) == ("suspended", f"After {incident.ref}.")


def test_only_the_officer_reopens_checks(make: Make) -> None:
    incident = reported(make, checks=["mon-03"])
    with pytest.raises(NotAllowed):
        reopen_checks(incident, by=make.people["omar"])
    assert not Finding.objects.exists()


def test_the_link_of_an_auditor_proposes_the_containment_check_and_then_the_re_audit(
    client: Client, make: Make
) -> None:
    incident = reported(make)
    sign_in(client, make.people["asha"])
    acts = client.get(f"/incidents/{incident.ref}/").context["acts"]
    assert client.get(acts["containment"]).context["form"].proposed.questionnaire.code == "containment-72h"
    assert client.get(acts["re_audit"]).context["form"].proposed.trigger_sets


def test_the_clock_runs_from_the_report_until_the_check_is_submitted(make: Make) -> None:
    with make.at("2026-05-04T09:00"):
        deployment = make.deployment(live=True)
        before = make.submitted(deployment=deployment)
    with make.at("2026-05-05T09:00"):
        incident = reported(make, deployment=deployment)
        assert (containment.of(incident).words, containment.of(incident).audit) == ("72 hours left", None)
    with make.at("2026-05-08T11:30"):
        assert containment.of(incident).words == "2 hours late"
        assert containment.of(incident).tone == "bad"
        before.withdraw(by=make.people["asha"], reason="Of before.")
        check = make.audit(deployment=deployment, answered=True)
        assert containment.of(incident).audit == check
        check.submit(by=make.people["asha"])
        assert (containment.of(incident).words, containment.of(incident).runs) == ("Submitted too late", False)
        ((row, listed),) = containment.of_listed(containment.with_containment(Incident.objects.all()))
        assert (row, listed.words) == (incident, "Submitted too late")


def test_a_review_that_excludes_the_ai_stops_the_clock(make: Make) -> None:
    incident = reported(make)
    incident.review(by=make.people["ben"], cause="excluded", harm="none", reason="It was the paper form.")
    with clock.at(clock.now() + timedelta(days=9)):
        assert (containment.of(incident).runs, containment.of(incident).tone) == (False, "good")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", 3),
        ("?cause=confirmed", 1),
        ("?harm=moderate", 1),
        ("?kind=near_miss", 1),
        ("?site=general", 1),
        ("?q=overruled", 1),
        ("?q=%00scribe", 2),
        ("?deployment=D-none", 0),
        ("?sort=harm&cause=nonsense", 3),
    ],
)
def test_the_list_finds(client: Client, make: Make, address: str, found: int) -> None:
    scribe = make.deployment(live=True, name="Scribe")
    severe = reported(make, deployment=scribe, harm="severe")
    severe.review(by=make.people["ben"], cause="confirmed", harm="severe", reason="Seen.")
    reported(make, deployment=scribe)
    triage = make.deployment(live=True, name="Triage", site="general")
    reported(make, "omar", deployment=triage, kind="near_miss", harm="none", summary="A nurse overruled it.")
    sign_in(client, make.people["ben"])
    assert client.get(f"/incidents/{address}").context["page"].paginator.count == found
    rows = list(csv.reader(io.StringIO(client.get(f"/incidents/{address or '?'}&format=csv").content.decode())))
    assert len(rows) == found + 1


def test_one_incident_and_three_take_the_same_queries(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, make.people["ben"])
    pages = ["/incidents/", f"/deployments/{deployment.ref}/", "/"]
    counts = []
    for _incident in range(3):
        incident = reported(make, deployment=deployment, checks=["mon-03", "acc-10"])
        numbers = []
        for page in [*pages, f"/incidents/{incident.ref}/"]:
            client.get(page)
            with counted(45) as queries:
                assert client.get(page).status_code == 200
            numbers.append(queries())
        counts.append(numbers)
    assert counts[0] == counts[2]
