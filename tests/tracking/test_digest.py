"""The daily list by e-mail: titles and links, once a day at the hospital's hour, and switched off by one click."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.accounts.notifications import Digest, MailChoice, OffLink
from auditapp.audits.models import Comment, StandingAnswer
from auditapp.email_url import FOLDER, NO_MAIL, SMTP, mail_from_url
from auditapp.questionnaires.models import Question
from auditapp.tracking import digest, my_work
from tests.factories import Make
from tests.tracking.issued import sign_in

SEVEN, LATER, TOMORROW = "2026-11-25T07:10", "2026-11-25T16:00", "2026-11-26T07:10"


def the_worker_runs(make: Make) -> list[str]:
    """Plans what is due and sends what was planned; returns to whom letters went."""
    mail.outbox.clear()
    before = set(ProcrastinateJob.objects.values_list("pk", flat=True))
    digest.plan(make.organisations["northshire"].pk)
    for job in ProcrastinateJob.objects.filter(task_name="mail.digest").exclude(pk__in=before):
        digest.send(**job.args)
        make.enter_scope()
    return sorted(letter.to[0].split("@")[0] for letter in mail.outbox)


def test_only_those_for_whom_something_waits_are_told_and_once_a_day(make: Make) -> None:
    with make.at("2026-11-24T10:00"):
        make.audit(answered=True).submit(by=make.people["asha"])  # waits for Ben
        make.audit()  # waits for Asha
    with make.at("2026-11-25T06:50"):
        assert the_worker_runs(make) == []
    with make.at(SEVEN):
        assert the_worker_runs(make) == ["asha", "ben"]
        assert the_worker_runs(make) == []
    with make.at(LATER):
        assert the_worker_runs(make) == []
    with make.at(TOMORROW):
        assert the_worker_runs(make) == ["asha", "ben"]


def test_a_worker_that_slept_through_the_hour_catches_up(make: Make) -> None:
    with make.at("2026-11-24T10:00"):
        make.audit()
    with make.at(LATER):
        assert the_worker_runs(make) == ["asha"]


def test_a_job_that_is_run_again_sends_nothing_again(make: Make, asha: User) -> None:
    with make.at(SEVEN):
        make.audit()
        assert the_worker_runs(make) == ["asha"]
        job = ProcrastinateJob.objects.get(task_name="mail.digest", args__user=asha.pk)
        digest.send(**job.args)
    assert len(mail.outbox) == 1


def test_a_letter_that_could_not_be_sent_is_not_written_down_as_sent(
    make: Make, asha: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_args: Any, **_more: Any) -> None:
        raise OSError("no route to the mail server")

    with make.at(SEVEN):
        make.audit()
        with monkeypatch.context() as broken:
            broken.setattr("django.core.mail.EmailMessage.send", unreachable)
            with pytest.raises(OSError, match="no route"):
                the_worker_runs(make)
        make.enter_scope()
        job = ProcrastinateJob.objects.get(task_name="mail.digest", args__user=asha.pk)
        digest.send(**job.args)
        make.enter_scope()
    assert [letter.to for letter in mail.outbox] == [[asha.email]]
    assert Digest.objects.get(user=asha).tasks == 1


def test_the_hour_is_that_of_the_hospital(make: Make) -> None:
    royal = make.sites["royal"]
    royal.zone = "America/New_York"
    royal.save(update_fields=["zone"])
    with make.at("2026-11-24T10:00"):
        make.audit()
    with make.at(SEVEN):
        assert the_worker_runs(make) == []
    with make.at("2026-11-25T12:10"):
        assert the_worker_runs(make) == ["asha"]


def test_the_letter_holds_titles_and_links_and_nothing_that_anybody_wrote(
    make: Make, asha: User, ben: User, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://audits.example.org"
    with make.at(SEVEN):
        audit = make.audit()
        answer = audit.answers.select_related("audit").first()
        answer.save_revision(by=asha, base=0, key="a", verdict="met", note="The pharmacist keeps the key.")
        Comment.say(answer, "@Asha, which pharmacist?", by=ben)
        assert the_worker_runs(make) == ["asha"]
    (letter,) = mail.outbox
    assert letter.subject == "2 things wait for you"
    assert "Read the comment that mentions you" in letter.body
    assert audit.deployment.name in letter.body
    assert "pharmacist" not in letter.body
    links = re.findall(r"^https://audits\.example\.org(\S+)$", letter.body, re.M)
    assert f"/audits/{audit.ref}/answers/{answer.code}/comments/" in links
    off = letter.extra_headers["List-Unsubscribe"].strip("<>")
    assert off.removeprefix("https://audits.example.org") == links[-1]
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_click_without_signing_in_switches_the_list_off(make: Make, client: Client, asha: User) -> None:
    link = OffLink.address(asha, "digest")
    strict = Client(enforce_csrf_checks=True)
    assert "Switch these messages off?" in strict.get(link).content.decode()
    assert MailChoice.of(asha).wants("digest")
    assert "Switched off" in strict.post(link, {"List-Unsubscribe": "One-Click"}).content.decode()
    make.enter_scope()
    assert not MailChoice.of(asha).wants("digest")
    assert MailChoice.of(asha).wants("at_once")
    with make.at(SEVEN):
        make.audit()
        assert the_worker_runs(make) == []


def test_a_link_that_was_tampered_with_does_nothing(make: Make, client: Client, asha: User, cleo: User) -> None:
    link = OffLink.address(asha, "digest")
    for wrong in (link[:-2] + "/", link.replace("/notifications/", "/notifications/x")):
        reply = client.post(wrong)
        assert reply.status_code == 404
        assert "This link is not valid" in reply.content.decode()
    assert MailChoice.of(asha).wants("digest")


def test_somebody_else_may_be_signed_in_where_the_link_is_opened(
    make: Make, client: Client, asha: User, cleo: User
) -> None:
    sign_in(client, cleo)
    reply = client.post(OffLink.address(asha, "digest"))
    assert "Switched off" in reply.content.decode()
    assert "Westmark Health" in reply.content.decode()
    assert not MailChoice.of(asha).wants("digest")


def test_people_choose_on_a_page_of_their_own(make: Make, client: Client, asha: User) -> None:
    sign_in(client, asha)
    page = client.get("/account/notifications/").content.decode()
    assert page.count("checked") == 4  # what is due is an auditor's duty
    assert client.post("/account/notifications/", {"at_once": "on"}).status_code == 302
    choice = MailChoice.of(asha)
    assert (choice.wants("digest"), choice.wants("at_once")) == (False, True)
    assert client.get("/account/notifications/").content.decode().count("checked") == 1
    assert MailChoice.objects.visible_to(make.people["ben"]).count() == 0


# What waits ----------------------------------------------------------------------------------------------


def verbs(person: User) -> list[str]:
    return [task.verb for task in my_work.waiting_for(User.objects.get(pk=person.pk))]


def test_late_parts_come_first_and_counts_say_how_much_of_each(
    make: Make, client: Client, asha: User, dora: User, ben: User
) -> None:
    audit, other = make.audit(), make.audit()
    codes = list(audit.answers.of_category("monitoring-incidents").values_list("code", flat=True))
    yesterday = clock.today("Europe/London") - timedelta(days=1)
    audit.assign_to([dora], "monitoring-incidents", codes=codes[:2], by=asha, due=yesterday)
    other.assign("monitoring-incidents", dora, by=asha)
    Comment.say(other.answers.select_related("audit").get(code=codes[0]), "@Dora, which ward?", by=ben)
    assert verbs(dora) == [
        "Answer 2 questions of your part",
        "Read the comment that mentions you",
        "Answer 4 questions of your part",
    ]
    sign_in(client, dora)
    page = client.get("/")
    assert page.context["counts"] == [("Late", 1), ("Mentioned", 1), ("To answer", 1)]
    assert "1 day late" in page.content.decode()


def test_open_comments_on_my_answers_wait_until_they_are_resolved(make: Make, asha: User, ben: User) -> None:
    audit = make.audit(answered=True)
    answer = audit.answers.select_related("audit").first()
    own = Comment.say(answer, "A note to myself.", by=asha)
    comment = Comment.say(answer, "Which ward?", by=ben)
    assert verbs(asha) == ["Check and submit the audit", "See to 1 comment on your answer"]
    comment.resolve(by=asha)
    assert verbs(asha) == ["Check and submit the audit"]
    assert own.is_open


def test_what_is_withdrawn_waits_for_nobody(make: Make, asha: User, ben: User) -> None:
    audit = make.audit(answered=True)
    comment = Comment.say(audit.answers.select_related("audit").first(), "@Asha, which ward?", by=ben)
    assert "Read the comment that mentions you" in verbs(asha)
    comment.withdraw(by=ben)
    assert verbs(asha) == ["Check and submit the audit"]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (31, []),
        (30, ["Renew the answer for the whole hospital"]),
        (-1, ["Renew the answer for the whole hospital; it has expired"]),
    ],
)
def test_the_keeper_is_reminded_of_an_answer_for_the_whole_hospital(
    make: Make, ben: User, grace: User, days: int, expected: list[str]
) -> None:
    question = Question.objects.current_wording().filter(scope=Question.Scope.ORGANISATION).first()
    with make.at("2026-06-01T10:00"):
        StandingAnswer.give(
            question,
            by=ben,
            base=0,
            keeper=grace,
            valid_until=date(2026, 12, 1),
            verdict="met",
            evidence_note="Policy.",
        )
    day = date(2026, 12, 1) - timedelta(days=days)
    with make.at(f"{day.isoformat()}T12:00"):
        assert verbs(grace) == expected
        assert verbs(ben) == []


# Where letters go ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "backend", "port", "starttls", "tls"),
    [
        ("", NO_MAIL, 25, False, False),
        ("file:///srv/mail", FOLDER, 25, False, False),
        ("smtp://ann:s%40fe@mail.example.org", SMTP, 587, True, False),
        ("smtps://mail.example.org", SMTP, 465, False, True),
        ("smtp+plain://localhost:2525", SMTP, 2525, False, False),
    ],
)
def test_the_address_of_the_mail_server_is_taken_apart(
    url: str, backend: str, port: int, starttls: bool, tls: bool
) -> None:
    found = mail_from_url(url)
    assert (found.backend, found.port, found.starttls, found.tls) == (backend, port, starttls, tls)
    assert found.password == ("s@fe" if "ann" in url else "")


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://", "file://"])
def test_an_address_that_says_nothing_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must begin with"):
        mail_from_url(url)
