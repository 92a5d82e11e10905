"""Webhooks: what is told to whom, how it is signed, what happens when nobody takes it, and where nothing is sent."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from auditapp import clock
from auditapp.exchange import jobs
from auditapp.exchange.models import Attempt, Delivery, Webhook, WebhookSecret
from auditapp.exchange.models.webhook import CLAIM, WAITS, Kind
from auditapp.exchange.webhooks import sending
from auditapp.findings.models import Incident
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.exchange.receiver import Receiver, receiving
from tests.factories import Make
from tests.tracking.issued import issued


@pytest.fixture(autouse=True)
def on_this_machine(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_HTTP = True
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def added(make: Make, receiver: Receiver, *kinds: str) -> tuple[Webhook, str]:
    return Webhook.add(by=make.people["ada"], url=receiver.url, kinds=kinds or Kind.values)


def tell(webhook: Webhook) -> None:
    jobs.tell(webhook=webhook.pk, organisation=webhook.organisation_id)


def test_what_happens_is_told_signed_and_without_names_or_texts(make: Make, receiver: Receiver) -> None:
    deployment = make.deployment(live=True)
    webhook, secret = added(make, receiver)
    deployment.change_status("suspended", by=make.people["ben"], reason="A wrong dose on the ward.")
    Incident.report(
        deployment, by=make.people["omar"], kind="event", happened_on=clock.today("UTC"), harm="low", summary="A fall."
    )
    report = issued(make)
    tell(webhook)
    told = {body["type"]: body["data"] for body in reversed(receiver.bodies)}
    assert told["deployment.status_changed"] == {
        "before": "live", "after": "suspended", "deployment": deployment.ref, "hospital": "royal",
        "link": f"http://localhost:8000/deployments/{deployment.ref}/",
    }  # fmt: skip
    assert told["incident.reported"]["harm"] == "low"
    assert told["report.issued"]["audit"] == report.audit.ref
    assert all(receiver.is_signed_with(secret, n) for n in range(len(receiver.received)))
    everything = b"".join(body for _headers, body in receiver.received).decode()
    for secret_word in ("wrong dose", "A fall", deployment.name, "Omar", "Ben"):
        assert secret_word not in everything


def test_only_what_was_chosen_is_told_and_only_of_ones_own_organisation(make: Make, receiver: Receiver) -> None:
    webhook, _secret = added(make, receiver, Kind.REPORT)
    make.deployment(live=True)
    assert not Delivery.objects.filter(webhook=webhook).exists()


def test_what_is_rolled_back_is_never_told(make: Make, receiver: Receiver) -> None:
    webhook, _secret = added(make, receiver, Kind.STATUS)
    deployment = make.deployment()
    with transaction.atomic():
        deployment.change_status("in_evaluation", by=make.people["omar"], reason="Agreed.")
        assert webhook.deliveries.count() == 1
        transaction.set_rollback(True)
    assert webhook.deliveries.count() == 0


def test_a_receiver_that_fails_twice_is_told_at_the_third_attempt(make: Make) -> None:
    with receiving(500, 503, 200) as receiver:
        receiver.answer = b"busy " * 100
        webhook, secret = added(make, receiver, Kind.STATUS)
        with make.at("2026-11-20T10:00:00"):
            make.deployment(live=True)
        delivery = webhook.deliveries.order_by("pk").first()
        webhook.deliveries.exclude(pk=delivery.pk).update(state="taken")
        with make.at("2026-11-20T10:00:01"):
            tell(webhook)
            tell(webhook)  # not before its time
        assert len(receiver.received) == 1
        with make.at("2026-11-20T10:01:02"):
            tell(webhook)
        with make.at("2026-11-20T10:06:03"):
            tell(webhook)
            tell(webhook)  # and never once it is taken
        attempts = list(Attempt.objects.filter(delivery=delivery).values_list("n", "status", "problem"))
        assert attempts == [(1, 500, "answer"), (2, 503, "answer"), (3, 200, "")]
        assert {headers["webhook-id"] for headers, _body in receiver.received} == {delivery.message_id}
        assert len({body for _headers, body in receiver.received}) == 1
        assert receiver.is_signed_with(secret)
        assert len(Attempt.objects.get(delivery=delivery, n=1).answer) == sending.KEPT
        webhook.refresh_from_db()
        assert webhook.failing_since is None


def test_one_that_hangs_is_left_and_holds_nobody_up(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.5)
    receiver.hanging = True
    webhook, _secret = added(make, receiver, Kind.STATUS)
    make.deployment(live=True)  # two changes of status
    tell(webhook)
    assert [attempt.problem for attempt in Attempt.objects.all()] == ["time"]
    assert len(receiver.received) == 1
    assert not Delivery.objects.due().exists()


def test_a_redirect_is_not_followed(make: Make, receiver: Receiver) -> None:
    with receiving(302) as pointing:
        pointing.headers = {"Location": receiver.url}
        webhook, _secret = added(make, pointing, Kind.STATUS)
        make.deployment(live=True)
        tell(webhook)
    assert {attempt.problem for attempt in Attempt.objects.all()} == {"redirect"}
    assert receiver.received == []


def test_one_that_nobody_takes_is_given_up_and_can_be_sent_again(make: Make) -> None:
    with receiving(500) as receiver:
        with make.at("2026-11-20T10:00:00"):
            webhook, _secret = added(make, receiver, Kind.STATUS)
            delivery = webhook.test(by=make.people["ada"])
        now = clock.now()
        for _attempt in range(len(WAITS) + 3):
            now += timedelta(days=1, minutes=1)
            with clock.at(now):
                tell(webhook)
            Webhook.objects.update(state="active", failing_since=None)
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts.count()) == ("given_up", len(WAITS) + 1)
        receiver.statuses = [200]
        with clock.at(now):
            delivery = Delivery.objects.select_related("webhook").get(pk=delivery.pk)
            delivery.send_again(by=make.people["ada"])
            tell(webhook)
        delivery.refresh_from_db()
        assert delivery.state == "taken"


def test_after_days_without_success_it_is_paused_and_the_administrator_told(make: Make, settings: Any) -> None:
    with receiving(500) as receiver:
        with make.at("2026-11-20T10:00:00"):
            webhook, _secret = added(make, receiver, Kind.STATUS)
            webhook.test(by=make.people["ada"])
            tell(webhook)
        with make.at("2026-11-25T10:00:01"):
            tell(webhook)
            webhook.refresh_from_db()
            assert webhook.state == "paused"
            jobs.webhook_paused(webhook=webhook.pk, organisation=webhook.organisation_id)
            assert [letter.to for letter in mail.outbox] == [["ada@northshire.example"]]
            deployment = make.deployment()
            deployment.change_status("in_evaluation", by=make.people["omar"], reason="Agreed.")
            tell(webhook)
            assert len(receiver.received) == 2
            receiver.statuses = [200]
            webhook.resume(by=make.people["ada"])
            tell(webhook)
        assert {d.state for d in webhook.deliveries.all()} == {"taken"}


def test_a_job_that_dies_midway_is_done_by_the_next_under_the_same_id(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _secret = added(make, receiver, Kind.STATUS)
    webhook.test(by=make.people["ada"])
    with monkeypatch.context() as patched:
        patched.setattr(Delivery, "note", lambda *about: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tell(webhook)
    tell(webhook)  # the claim of the dead one holds
    assert len(receiver.received) == 1
    with clock.at(clock.now() + CLAIM + timedelta(seconds=1)):
        tell(webhook)
    assert len(receiver.received) == 2
    assert len({headers["webhook-id"] for headers, _body in receiver.received}) == 1
    assert Attempt.objects.count() == 1


def test_a_new_secret_signs_beside_the_old_one_for_a_day(make: Make, receiver: Receiver) -> None:
    with make.at("2026-11-20T10:00:00"):
        webhook, first = added(make, receiver, Kind.STATUS)
        second = webhook.renew_secret(by=make.people["ada"])
    with make.at("2026-11-21T09:00:00"):
        webhook.test(by=make.people["ada"])
        tell(webhook)
        assert receiver.is_signed_with(first)
        assert receiver.is_signed_with(second)
    with make.at("2026-11-21T10:00:01"):
        webhook.test(by=make.people["ada"])
        tell(webhook)
        assert not receiver.is_signed_with(first)
        assert receiver.is_signed_with(second)


def test_no_secret_is_kept_anywhere(make: Make, receiver: Receiver) -> None:
    _webhook, secret = added(make, receiver)
    kept = WebhookSecret.objects.get().nonce
    assert secret.removeprefix("whsec_") not in kept
    bodies = b"".join(bytes(body) for body in Event.objects.values_list("body", flat=True))
    assert secret.encode() not in bodies


def test_a_finding_that_becomes_overdue_is_told_once_and_an_old_one_never(make: Make, receiver: Receiver) -> None:
    with make.at("2026-03-01T10:00:00"):
        make.submitted(mon_03=make.gap(due=clock.now().date() + timedelta(days=5)))
    with make.at("2026-03-20T10:00:00"):
        webhook, _secret = added(make, receiver, Kind.OVERDUE)
        later = make.submitted(mon_03=make.gap(due=clock.now().date() + timedelta(days=5)))
        jobs.news_of_the_day(0)
        tell(webhook)
        assert receiver.received == []
    with make.at("2026-03-27T10:00:00"):
        jobs.news_of_the_day(0)
        jobs.news_of_the_day(1)
        tell(webhook)
    finding = later.deployment.findings.get()
    assert [body["data"]["finding"] for body in receiver.bodies] == [finding.ref]


def test_an_approval_that_no_longer_holds_is_told_with_its_reason(make: Make, receiver: Receiver) -> None:
    report = issued(make)
    deployment = report.audit.deployment
    webhook, _secret = added(make, receiver, Kind.STALE)
    jobs.news_of_the_day(0)
    tell(webhook)
    before = len(receiver.received)
    with clock.at(clock.now() + timedelta(days=1)):
        deployment.add_version(by=make.people["omar"], name="2.0", starts=clock.today(deployment.site.zone))
        jobs.news_of_the_day(0)
        tell(webhook)
    told = [body["data"] for body in receiver.bodies[before:]]
    assert [(data["deployment"], data["reason"]) for data in told] == [(deployment.ref, "new_version")]


def test_each_webhook_with_something_due_waits_in_the_queue_once(make: Make, receiver: Receiver) -> None:
    webhook, _secret = added(make, receiver, Kind.STATUS)
    webhook.test(by=make.people["ada"])
    jobs.plan_webhooks(0)
    jobs.plan_webhooks(1)
    assert ProcrastinateJob.objects.filter(task_name="mail.webhook").count() == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://integration.example/x", "begins with https"),
        ("ftp://integration.example/x", "whole address"),
        ("https://person:password@integration.example/", "passwords"),
        ("https://10.0.0.5/x", "private network"),
        ("https://127.0.0.1/x", "private network"),
        ("https://[::1]/x", "private network"),
        ("https://[::ffff:10.0.0.5]/x", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://100.64.1.1/x", "private network"),
        ("https://[fd00::1]/x", "private network"),
        ("https://224.0.0.1/x", "private network"),
        ("https://integration.example:99999/x", "no web address"),
    ],
)
def test_where_nothing_is_sent_no_webhook_is_added(make: Make, settings: Any, url: str, why: str) -> None:
    settings.WEBHOOK_ALLOW_HTTP, settings.WEBHOOK_ALLOWED_NETWORKS = False, []
    with pytest.raises(Refused, match=why):
        Webhook.add(by=make.people["ada"], url=url, kinds=[Kind.STATUS])


@contextmanager
def leading_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> Iterator[None]:
    """The name outside.example leads to these addresses."""
    real = socket.getaddrinfo

    def asked(host: str, port: int, *about: Any, **more: Any) -> Any:
        if host != "outside.example":
            return real(host, port, *about, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    with monkeypatch.context() as patched:
        patched.setattr(sending.socket, "getaddrinfo", asked)
        yield


def test_a_name_that_leads_inside_is_sent_nothing(receiver: Receiver, settings: Any, monkeypatch: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    with leading_to(monkeypatch, "127.0.0.1"):
        assert sending.post(receiver.url.replace("127.0.0.1", "outside.example"), b"{}", {}).problem == "address"
    with leading_to(monkeypatch, "93.184.216.34", "10.0.0.1"):  # one of several
        assert sending.post("http://outside.example/", b"{}", {}).problem == "address"
    assert receiver.received == []


def test_the_connection_goes_to_the_address_that_was_judged(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere a moment later is not asked again; the host's name goes along in the header."""
    with leading_to(monkeypatch, "127.0.0.1"):
        outcome = sending.post(receiver.url.replace("127.0.0.1", "outside.example"), b"{}", {})
    assert outcome.is_taken
    assert receiver.received[0][0]["host"].startswith("outside.example")


def test_a_certificate_that_nobody_trusts_is_refused(receiver: Receiver) -> None:
    outcome = sending.post(receiver.url.replace("http://", "https://"), b"{}", {})
    assert outcome.problem in ("tls", "connection")


def test_only_an_administrator_of_the_whole_organisation_connects_systems(make: Make, receiver: Receiver) -> None:
    with pytest.raises(NotAllowed):
        Webhook.add(by=make.people["ben"], url=receiver.url, kinds=[Kind.STATUS])


def test_the_database_keeps_the_log(make: Make, receiver: Receiver) -> None:
    webhook, _secret = added(make, receiver, Kind.STATUS)
    webhook.test(by=make.people["ada"])
    tell(webhook)
    for tampering in (
        lambda: Attempt.objects.update(status=204),
        lambda: Attempt.objects.all().delete(),
        lambda: Delivery.objects.update(key="x"),
        lambda: Delivery.objects.all().delete(),
        lambda: Webhook.objects.update(url="https://elsewhere.example"),
        lambda: WebhookSecret.objects.update(nonce="x"),
    ):
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            tampering()


def test_from_the_page_an_administrator_adds_tests_and_reads_the_log(make: Make, client: Client) -> None:
    with receiving(500, 204) as receiver:
        client.force_login(make.people["ada"])
        assert client.post("/webhooks/", {"url": receiver.url}).status_code == 422
        answer = client.post("/webhooks/", {"url": receiver.url, "kinds": ["report.issued"]})
        assert "whsec_" in answer.content.decode()
        webhook = Webhook.objects.get()
        page = f"/webhooks/{webhook.pk}/"
        assert "whsec_" not in client.get(page).content.decode()
        again = client.post("/webhooks/", {"url": receiver.url, "kinds": ["report.issued"]})
        assert again.status_code == 409

        client.post(f"{page}test/")
        tell(webhook)
        shown = client.get(page).content.decode()
        assert "It did not answer with 2xx" in shown
        client.post(f"{page}sending-again/", {"delivery": webhook.deliveries.get().public_id.hex})
        tell(webhook)
        assert "Delivered" in client.get(f"{page}?state=taken").content.decode()
        client.post(f"{page}pause/")
        assert client.post(f"{page}test/").status_code == 409
        client.post(f"{page}removal/")
        assert client.get(page).status_code == 404


def test_the_log_asks_as_much_for_three_as_for_one(
    make: Make, receiver: Receiver, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(make.people["ada"])
    webhook, _secret = added(make, receiver, Kind.STATUS)
    counts = []
    for _n in range(3):
        webhook.test(by=make.people["ada"])
        tell(webhook)
        with django_assert_max_num_queries(30) as queries:
            client.get(f"/webhooks/{webhook.pk}/")
        counts.append(len(queries))
    assert counts[0] == counts[2]
