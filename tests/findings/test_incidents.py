"""What happened where an AI was in use: who may say so, what a review changes, and what stays as it was reported."""

from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from auditapp.accounts.notifications import MailChoice
from auditapp.findings import letters
from auditapp.findings.models import HARMS, Incident
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.factories import Make


def reported(make: Make, by: str = "asha", **about: Any) -> Incident:
    about = {"kind": "event", "happened_on": date(2026, 5, 4), "harm": "low", "summary": "A dose was left out."} | about
    deployment = about.pop("deployment", None) or make.deployment(live=True)
    return Incident.report(deployment, by=make.people[by], **about)


def test_a_report_says_no_more_than_suspected_until_it_is_reviewed(make: Make) -> None:
    incident = reported(make, checks=["mon-03", "acc-10", "mon-03"])
    assert (incident.ref[:2], incident.cause, incident.checks) == ("I-", "suspected", ["acc-10", "mon-03"])
    review = incident.review(by=make.people["ben"], cause="confirmed", harm="moderate", reason="The log shows it.")
    incident = Incident.objects.get()
    assert (incident.cause, incident.harm) == ("confirmed", "moderate")
    assert (review.cause_before, review.harm_before) == ("suspected", "low")
    incident.review(by=make.people["ben"], cause="excluded", harm="low", reason="It was the paper form.")
    assert [(r.n, r.cause, r.harm) for r in incident.reviews.all()] == [
        (1, "confirmed", "moderate"), (2, "excluded", "low"),
    ]  # fmt: skip
    verbs = Event.objects.filter(stream=incident.trail_stream, verb__startswith="incident.").order_by("seq")
    assert [event.verb for event in verbs] == ["incident.reported", "incident.reviewed", "incident.reviewed"]
    assert b"A dose was left out" not in b"".join(bytes(event.body) for event in verbs)


def test_the_safety_officer_and_who_asked_are_told_by_title_alone(make: Make) -> None:
    MailChoice.of(make.people["vera"]).choose(incidents=True)
    MailChoice.of(make.people["sam"]).choose(incidents=True)  # of another hospital
    incident = reported(make, by="asha", summary="A dose was drafted ten times too high.")
    before = len(mail.outbox)
    letters.tell(incident=incident.pk, organisation=incident.organisation_id, site=incident.site_id)
    make.enter_scope()
    jobs = ProcrastinateJob.objects.filter(task_name="mail.incident_to_one")
    for job in list(jobs):
        letters.tell_one(**job.args)
        make.enter_scope()
    sent = mail.outbox[before:]
    assert sorted(letter.to[0].split("@")[0] for letter in sent) == ["ben", "vera"]
    for letter in sent:
        assert incident.get_absolute_url() in letter.body
        assert "dose" not in letter.subject + letter.body


def test_who_only_reads_reports_nothing(make: Make) -> None:
    for who in ("vera", "cleo", "sam"):
        with pytest.raises(NotAllowed):
            reported(make, by=who)
    assert reported(make, by="dora").by.name == "Dora Petrou"


def test_only_the_clinical_safety_officer_reviews_and_gives_a_reason(make: Make) -> None:
    incident = reported(make)
    with pytest.raises(NotAllowed):
        incident.review(by=make.people["omar"], cause="excluded", harm="none", reason="No.")
    with pytest.raises(Refused):
        incident.review(by=make.people["ben"], cause="excluded", harm="none", reason=" ")


def test_what_cannot_have_happened_is_refused(make: Make) -> None:
    with pytest.raises(Refused, match="day to come"):
        reported(make, happened_on=date(2999, 1, 1))
    with pytest.raises(Refused, match="near miss"):
        reported(make, kind="near_miss", harm="low")
    with pytest.raises(Refused, match="what happened"):
        reported(make, summary="\x00 ")


def test_the_version_is_the_one_that_ran_on_that_day(make: Make) -> None:
    with make.at("2026-06-01T09:00"):
        deployment = make.deployment(live=True)
        deployment.add_version(by=make.people["omar"], name="1.1", starts=date(2026, 5, 1))
        assert reported(make, deployment=deployment, happened_on=date(2026, 4, 30)).model_version.name == "1.0"
        assert reported(make, deployment=deployment, happened_on=date(2026, 5, 1)).model_version.name == "1.1"
        assert reported(make, deployment=deployment, happened_on=date(2001, 5, 1)).model_version is None


def test_a_version_of_another_deployment_is_refused(make: Make) -> None:
    other = make.deployment(live=True).versions.get()
    with pytest.raises(Refused, match="another deployment"):
        reported(make, version=other)


def test_harm_has_an_order(make: Make) -> None:
    for harm in HARMS:
        reported(make, harm=harm)
    assert {i.harm for i in Incident.objects.at_least("moderate")} == {"moderate", "severe", "death"}


def test_what_was_reported_cannot_be_rewritten(make: Make) -> None:
    incident = reported(make)
    incident.review(by=make.people["ben"], cause="excluded", harm="none", reason="Another tool.")
    for statement in (
        "UPDATE auditapp_incident SET summary = 'Nothing happened.'",
        "DELETE FROM auditapp_incident",
        "UPDATE auditapp_incidentreview SET reason = 'Another.'",
        "DELETE FROM auditapp_incidentreview",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_incidents_are_seen_where_they_happened_and_by_who_reported_them(make: Make) -> None:
    of_asha, of_dora = reported(make), reported(make, by="dora")
    assert set(Incident.objects.visible_to(make.people["omar"])) == {of_asha, of_dora}
    assert list(Incident.objects.visible_to(make.people["dora"])) == [of_dora]
    assert not Incident.objects.visible_to(make.people["sam"]).exists()
    assert not Incident.objects.visible_to(make.people["cleo"]).exists()
