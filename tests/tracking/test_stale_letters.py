"""Owner and safety officer are told at once that an approval lapsed: once, and in titles and links alone."""

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from auditapp import clock
from auditapp.accounts.notifications import MailChoice
from auditapp.deployments.models import Deployment
from auditapp.tracking import stale_letters
from auditapp.tracking.stale_letters import StaleLetter
from tests.factories import Make
from tests.tracking.issued import issued


@pytest.fixture
def lapsed(make: Make) -> Deployment:
    deployment = make.deployment(live=True, name="Scribe")
    issued(make, deployment=deployment)
    deployment.add_version(by=make.people["omar"], name="2.0", starts=clock.today(deployment.site.zone))
    return deployment


def deferred() -> list[dict[str, int]]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name="mail.stale").order_by("pk")]


def test_each_is_told_once_whoever_looks_again(make: Make, lapsed: Deployment) -> None:
    make.deployment(live=True)  # never audited: no approval that could lapse
    stale_letters.plan()
    stale_letters.plan()
    people = [letter.user.name for letter in StaleLetter.objects.order_by("user__name")]
    assert people == ["Ben Okafor", "Omar Haddad"]
    jobs = deferred()
    assert len(jobs) == 2
    for job in [*jobs, *jobs]:
        stale_letters.send(**job)
    assert sorted(letter.to[0] for letter in mail.outbox) == ["ben@northshire.example", "omar@northshire.example"]
    (subject,) = {letter.subject for letter in mail.outbox}
    assert subject == "Scribe runs without a valid audit"
    assert "Stale: new version" in mail.outbox[0].body
    assert f"/deployments/{lapsed.ref}/" in mail.outbox[0].body


def test_who_does_not_want_them_gets_none(make: Make, lapsed: Deployment) -> None:
    MailChoice.of(make.people["omar"]).choose(**{stale_letters.LETTER: False})
    stale_letters.plan()
    for job in deferred():
        stale_letters.send(**job)
    assert [letter.to for letter in mail.outbox] == [["ben@northshire.example"]]


def test_what_is_covered_again_is_not_told_of(make: Make) -> None:
    issued(make, deployment=make.deployment(live=True))
    stale_letters.plan()
    assert not StaleLetter.objects.exists()
