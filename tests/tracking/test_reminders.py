"""Reminders and escalation: written down before they are sent, told to those whose duty it is, and never twice."""

from datetime import date
from typing import Any

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from auditapp import clock
from auditapp.accounts.models import Site, User
from auditapp.accounts.notifications import MailChoice
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Action
from auditapp.tracking import my_work, reminders
from auditapp.tracking.due_letters import DueLetter, Reminder
from auditapp.tracking.reminders import reached_distance
from tests.deployments.test_policy import setting
from tests.factories import Make
from tests.tracking.issued import issued


def at_the_hour(make: Make, day: str, hour: str = "08:00") -> dict[str, list[str]]:
    """Lets the daily job run; returns the lines of the letters by whom they went to."""
    mail.outbox.clear()
    with make.at(f"{day} {hour}"):
        before = set(ProcrastinateJob.objects.values_list("pk", flat=True))
        for site in reminders.due_sites(make.organisations["northshire"].pk):
            reminders.plan(site)
        for job in ProcrastinateJob.objects.filter(task_name="mail.due").exclude(pk__in=before).order_by("pk"):
            reminders.send(**job.args)
            make.enter_scope()
    return {letter.to[0].split("@")[0]: letter.body.split("\n\n")[:-2] for letter in mail.outbox}


@pytest.fixture
def scribe(make: Make, grace: User) -> Deployment:
    """In use at the Royal since the first of January, audited on the first of June: the next check is due in August."""
    setting(grace, remind_days=[30, 7], escalate_days=14)
    with make.at("2026-01-01 09:00"):
        deployment = make.deployment(name="Scribe", live=True)
    with make.at("2026-06-01 09:00"):
        issued(make, deployment=deployment, questionnaire="quarterly-monitoring", reason="quarterly")
    return deployment


@pytest.mark.parametrize(("left", "reached"), [(31, None), (30, 30), (12, 30), (7, 7), (0, 7), (-3, 7)])
def test_the_nearest_distance_that_was_reached_counts(left: int, reached: int | None) -> None:
    assert reached_distance([30, 7], left) == reached
    assert reached_distance([], left) is None


def test_owner_and_auditors_are_reminded_at_each_distance_once(make: Make, scribe: Deployment) -> None:
    assert at_the_hour(make, "2026-07-31") == {}
    told = at_the_hour(make, "2026-08-01")
    assert set(told) == {"asha", "omar"}
    (line,) = told["omar"]
    assert line.startswith("Quarterly check of Scribe, Royal Northshire Hospital: due 31 Aug 2026\n")
    assert line.endswith(scribe.get_absolute_url())
    assert at_the_hour(make, "2026-08-01", "15:00") == {}
    assert at_the_hour(make, "2026-08-02") == {}
    assert set(at_the_hour(make, "2026-08-24")) == {"asha", "omar"}
    assert list(Reminder.objects.order_by("pk").values_list("reason", "due", "days")) == [
        ("quarterly", date(2026, 8, 31), 30), ("quarterly", date(2026, 8, 31), 7)
    ]  # fmt: skip


def test_nothing_happens_before_the_hour_of_the_hospital(make: Make, scribe: Deployment) -> None:
    assert at_the_hour(make, "2026-08-01", "05:30") == {}  # half past six in London
    assert not Reminder.objects.exists()


def test_a_worker_that_slept_past_the_day_still_tells_once(make: Make, scribe: Deployment) -> None:
    assert set(at_the_hour(make, "2026-08-28")) == {"asha", "omar"}
    assert Reminder.objects.get().days == 7
    assert at_the_hour(make, "2026-08-29") == {}


def test_a_job_that_is_run_again_sends_nothing_again(make: Make, scribe: Deployment) -> None:
    at_the_hour(make, "2026-08-01")
    jobs = list(ProcrastinateJob.objects.filter(task_name="mail.due"))
    mail.outbox.clear()
    for job in jobs:
        reminders.send(**job.args)
        make.enter_scope()
    assert mail.outbox == []
    assert DueLetter.objects.exclude(done_at=None).count() == len(jobs) == 2


def test_an_audit_under_way_is_not_reminded_of(make: Make, scribe: Deployment) -> None:
    with make.at("2026-07-20 10:00"):
        make.audit(deployment=scribe, questionnaire="quarterly-monitoring", reason="quarterly")
    assert at_the_hour(make, "2026-08-01") == {}


def test_what_is_later_than_the_hospital_bears_goes_to_officer_and_chair(make: Make, scribe: Deployment) -> None:
    with make.at("2026-07-20 10:00"):  # begun, and never issued: it is told all the same
        make.audit(deployment=scribe, questionnaire="quarterly-monitoring", reason="quarterly")
    assert at_the_hour(make, "2026-09-14") == {}
    told = at_the_hour(make, "2026-09-15")
    assert set(told) == {"ben", "grace"}
    assert at_the_hour(make, "2026-09-16") == {}
    with make.at("2026-09-16 09:00"):
        for name in ("ben", "grace"):
            tasks = [task for task in my_work.waiting_for(make.people[name]) if "overdue audit" in task.verb]
            assert [(task.verb, task.due) for task in tasks] == [("See to 1 overdue audit", date(2026, 8, 31))]


def test_overdue_findings_go_to_their_owner_and_later_to_the_officer_alone(make: Make, grace: User) -> None:
    setting(grace, remind_days=[], escalate_days=14)
    with make.at("2026-06-01 09:00"):
        submitted = make.submitted(mon_03=make.gap(due=date(2026, 6, 20)))
        finding = submitted.deployment.findings.get()
    assert finding.due == date(2026, 6, 20)
    told = at_the_hour(make, "2026-06-21")  # on the day after, its owner is told once
    assert [who for who, lines in told.items() if any(finding.ref in line for line in lines)] == ["omar"]
    assert not [line for lines in at_the_hour(make, "2026-07-04").values() for line in lines if finding.ref in line]
    told = at_the_hour(make, "2026-07-05")
    (line,) = [line for line in told["ben"] if finding.ref in line]
    assert line.endswith(finding.get_absolute_url())
    assert not [line for line in told.get("grace", []) if finding.ref in line]


def test_an_overdue_action_is_told_to_whom_it_was_given(make: Make, grace: User) -> None:
    setting(grace, remind_days=[], escalate_days=90)
    with make.at("2026-06-01 09:00"):
        finding = make.submitted(mon_03=make.gap(due=date(2026, 9, 20))).deployment.findings.get()
        for name in ("asha", "ben"):
            about = {"owner": make.people[name], "due": date(2026, 6, 20)}
            Action.plan(finding, by=make.people["ben"], what=f"{name.title()} looks at twenty notes.", **about)
    with make.at("2026-06-10 09:00"):
        done = Action.objects.get(owner=make.people["ben"])
        done.complete(by=make.people["ben"], note="Looked at.", done_on=date(2026, 6, 10))
    told = at_the_hour(make, "2026-06-21")
    assert set(told) == {"asha"}
    assert told["asha"][0].startswith(f"An action on finding {finding.ref} on ")
    assert "twenty notes" not in told["asha"][0]
    assert at_the_hour(make, "2026-06-22") == {}


def test_letters_tell_of_no_other_hospital(make: Make, grace: User) -> None:
    setting(grace, remind_days=[30], escalate_days=14)
    with make.at("2026-01-01 09:00"):
        make.deployment(name="Elsewhere", site="general", live=True)
    told = at_the_hour(make, "2026-01-02")
    assert set(told) == {"omar", "sam"}


def test_who_switched_it_off_is_told_nothing_and_who_asked_is(make: Make, scribe: Deployment, omar: User) -> None:
    MailChoice.of(omar).choose(due=False)
    MailChoice.of(make.people["vera"]).choose(due=True)
    told = at_the_hour(make, "2026-08-01")
    assert set(told) == {"asha", "vera"}
    assert told["vera"][0] == told["asha"][0]


def test_new_kinds_of_letters_are_quiet_for_whom_they_are_no_duty(make: Make) -> None:
    def wants(name: str) -> set[str]:
        choice = MailChoice.of(make.people[name])
        return {letter for letter in MailChoice.Letter.values if choice.wants(letter)}

    own = {"digest", "at_once", "findings"}  # of one's own work
    assert wants("vera") == own
    assert wants("asha") == own | {"due"}
    assert wants("ben") == own | {"escalation", "stale", "incidents"}
    assert wants("omar") == own | {"due", "stale"}
    assert wants("grace") == own | {"escalation"}
    MailChoice.of(make.people["grace"]).choose(board=True, escalation=False)
    assert wants("grace") == own | {"board"}


def test_auditor_and_owner_find_in_their_work_what_comes_due(make: Make, scribe: Deployment, royal: Site) -> None:
    def tasks(name: str) -> list[tuple[str, Any]]:
        return [(t.verb, t.due) for t in my_work.waiting_for(User.objects.get(pk=make.people[name].pk))]

    with make.at("2026-07-31 09:00"):
        assert tasks("asha") == []
    with make.at("2026-08-05 09:00"):
        assert tasks("asha") == [("Open the audit: quarterly check", date(2026, 8, 31))]
        assert tasks("omar") == [("Have it audited: quarterly check", date(2026, 8, 31))]
        assert tasks("sam") == []
        make.audit(deployment=scribe, questionnaire="quarterly-monitoring", reason="quarterly")
        assert clock.today(royal.zone) == date(2026, 8, 5)
        assert tasks("omar") == []
