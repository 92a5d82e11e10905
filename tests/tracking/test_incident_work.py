"""What incidents, actions and findings left lying bring into each one's work."""

from datetime import date, timedelta
from typing import Any

import pytest

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.findings.models import Action, Finding
from auditapp.tracking import incident_work
from tests.factories import Make
from tests.findings.test_incidents import reported

SOURCES = (
    incident_work.containments, incident_work.reviews, incident_work.left_lying, incident_work.actions,
    incident_work.effects,
)  # fmt: skip


@pytest.fixture
def waits(make: Make) -> Any:
    def verbs(who: str) -> list[str]:
        person = User.objects.get(pk=make.people[who].pk)
        return [task.verb for source in SOURCES for task in source(person)]

    return verbs


def test_an_incident_waits_for_review_and_for_its_containment_check(make: Make, waits: Any) -> None:
    deployment = make.deployment(live=True)
    incident = reported(make, deployment=deployment)
    reported(make, deployment=deployment)  # of the same deployment: one check
    assert waits("asha") == ["Open the containment check"]
    assert waits("ben") == ["Review the incident", "Review the incident"]
    for who in ("sam", "omar", "vera", "eve"):
        assert waits(who) == []
    make.audit(deployment=deployment)
    assert waits("asha") == []
    incident.review(by=make.people["ben"], cause="suspected", harm="low", reason="The supplier was asked.")
    assert len(waits("ben")) == 2  # the review goes on
    incident.review(by=make.people["ben"], cause="excluded", harm="low", reason="Another tool.")
    assert len(waits("ben")) == 1


def test_an_incident_without_the_ai_as_its_cause_needs_no_check(make: Make, waits: Any) -> None:
    reported(make).review(by=make.people["ben"], cause="excluded", harm="low", reason="Another tool.")
    assert waits("asha") == []


def test_findings_overdue_by_more_than_a_week_reach_the_safety_officer(make: Make, waits: Any) -> None:
    with make.at("2026-05-04T12:00"):
        deployment, omar = make.deployment(live=True), make.people["omar"]
        about = {"title": "No log", "gap": "None.", "priority": "P1", "owner": omar.name, "person": omar}
        Finding.enter(deployment, by=make.people["asha"], due=date(2026, 5, 20), **about)
    with make.at("2026-05-27T12:00"):
        assert waits("ben") == []
    with make.at("2026-05-28T12:00"):
        assert waits("ben") == ["Ask about 1 finding that is overdue by more than a week"]
        assert waits("asha") == []


def test_an_action_waits_for_its_owner_and_then_for_somebody_else(make: Make, waits: Any) -> None:
    today = clock.today("Europe/London")
    about = {"title": "No log", "gap": "None.", "priority": "P1", "owner": "Ward 7", "due": date(2030, 1, 1)}
    finding = Finding.enter(make.deployment(live=True), by=make.people["asha"], **about)
    action = Action.plan(
        finding, by=make.people["asha"], what="Keep a log.", owner=make.people["vera"], due=today + timedelta(days=3)
    )
    assert waits("vera") == ["Do what was planned"]
    action.complete(by=make.people["vera"], note="Kept.", done_on=today)
    assert waits("vera") == []
    check = ["Check whether the action was effective"]
    assert (waits("asha"), waits("ben"), waits("omar")) == (check, check, [])
    action.judge(by=make.people["ben"], effective=True, reason="Looked at.")
    assert (waits("asha"), waits("ben")) == ([], [])
