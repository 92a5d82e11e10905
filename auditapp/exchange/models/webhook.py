"""Webhooks: where to tell what, what was told, and how each attempt went.

What has to be told is written down by the database itself, in the transaction of the act (migration 0034): a trigger on
the trail adds a delivery for each webhook that wants it. No verb has to remember it, and nothing can be lost or be told
that did not happen. What is not an act but the passing of a day is written down by an hourly job.
"""

import secrets as random
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Organisation, User
from auditapp.exchange.webhooks import passing, secrets, sending, telling
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

BOTH = timedelta(days=1)  # so long the secret before stays in force
CLAIM = timedelta(minutes=2)  # so long a delivery is one job's; then it is taken for dead
# Minutes until the next attempt. A day after the last one it is given up, and can be sent again by hand.
WAITS = (1, 5, 30, 120, 360, 720, 1440)


class Kind(models.TextChoices):
    STATUS = "deployment.status_changed", gettext_lazy("A deployment’s status changed")
    STALE = "approval.stale", gettext_lazy("An approval no longer holds")
    OVERDUE = "finding.overdue", gettext_lazy("A finding is overdue")
    INCIDENT = "incident.reported", gettext_lazy("An incident was reported")
    REPORT = "report.issued", gettext_lazy("A report was issued")


TEST = "test"


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(organisation_id=user.organisation_id).exclude(state=Webhook.State.REMOVED)


class Webhook(models.Model):
    """An address of another system, of the organisation as a whole, and which kinds of news it is told."""

    class State(models.TextChoices):
        ACTIVE = "active", gettext_lazy("Active")
        PAUSED = "paused", gettext_lazy("Paused")
        REMOVED = "removed", gettext_lazy("Removed")

    MOVES = {
        State.ACTIVE: {State.PAUSED, State.REMOVED},
        State.PAUSED: {State.ACTIVE, State.REMOVED},
        State.REMOVED: set(),
    }

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    url = models.CharField(max_length=500)
    kinds = ArrayField(models.CharField(max_length=40))
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    failing_since = models.DateTimeField(null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["url"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "url"], condition=~Q(state="removed"), name="one_webhook_per_address"
            )
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("exchange:webhook", args=[self.pk])

    @property
    def trail_stream(self) -> str:
        return f"webhook:{self.pk}"

    @property
    def kind_labels(self) -> list[str]:
        return [str(label) for kind, label in Kind.choices if kind in self.kinds]

    @staticmethod
    def must_be_open_to(by: User) -> None:
        by.must_administer(to=_("connect other systems"))

    @classmethod
    @transaction.atomic
    def add(cls, *, by: User, url: str, kinds: Iterable[str]) -> tuple["Webhook", str]:
        """A new one, and its secret, which is shown this once."""
        cls.must_be_open_to(by)
        url = clean(url)
        sending.must_be_possible(url)
        kinds = _known(kinds)
        if cls.objects.visible_to(by).filter(url=url).exists():
            raise Refused(_("This address is told already. Change what it is told on its page."))
        added = cls.objects.create(organisation_id=by.organisation_id, url=url, kinds=kinds, by=by, at=clock.now())
        Event.record(by, "webhook.added", added, kinds=kinds)
        added.write_news_down(kinds, known=True)
        return added, added._new_secret()

    def write_news_down(self, kinds: Iterable[str], *, known: bool = False) -> None:
        """What no act led to: what is so when a webhook begins to ask for it is `known`, later it is news."""
        for kind, news in passing.news(set(kinds)).items():
            written = set(self.deliveries.filter(kind=kind).values_list("key", flat=True))
            fresh = {about: data for about, data in news.items() if f"{kind}:{about}" not in written}
            Delivery.write_down(self, kind, fresh, known=known)

    def _new_secret(self) -> str:
        nonce = random.token_hex(32)
        WebhookSecret.objects.create(organisation_id=self.organisation_id, webhook=self, nonce=nonce, at=clock.now())
        return secrets.shown(nonce)

    @transaction.atomic
    def change(self, *, by: User, kinds: Iterable[str]) -> None:
        """What it is told from now on."""
        self.must_be_open_to(by)
        before, self.kinds = self.kinds, _known(kinds)
        self.write_news_down(set(self.kinds) - set(before), known=True)
        Webhook.objects.filter(pk=self.pk).update(kinds=self.kinds)
        Event.record(by, "webhook.changed", self, kinds=self.kinds)

    @transaction.atomic
    def renew_secret(self, *, by: User) -> str:
        """A new secret; for a day the one before signs as well, and older ones no longer do."""
        self.must_be_open_to(by)
        ends = clock.now() + BOTH
        held = list(self.secrets.select_for_update().filter(Q(ends=None) | Q(ends__gt=clock.now())))
        for secret in held:
            secret.ends = ends if secret.ends is None else clock.now()
            secret.save(update_fields=["ends"])
        made = self._new_secret()
        Event.record(by, "webhook.secret_renewed", self)
        return made

    def nonces(self) -> list[str]:
        """Of the secrets in force, the newest first."""
        in_force = self.secrets.filter(Q(ends=None) | Q(ends__gt=clock.now()))
        return list(in_force.order_by("-pk").values_list("nonce", flat=True))

    @transaction.atomic
    def pause(self, *, by: User | None) -> bool:
        """Tell it nothing for now; what happens meanwhile is kept for it. `by` is None when it failed for too long."""
        if by is not None:
            self.must_be_open_to(by)
        if moved := self._move(self.State.PAUSED):
            Event.record(by, "webhook.paused", self)
        return moved

    @transaction.atomic
    def resume(self, *, by: User) -> None:
        """Go on telling it, first of all what was kept for it."""
        self.must_be_open_to(by)
        if not self._move(self.State.ACTIVE, failing_since=None):
            raise Refused(_("This webhook is active already."))
        self.deliveries.filter(state=Delivery.State.WAITING).update(next_at=clock.now())
        Event.record(by, "webhook.resumed", self)

    @transaction.atomic
    def remove(self, *, by: User) -> None:
        """Tell it nothing ever again; what it was told stays on record."""
        self.must_be_open_to(by)
        if not self._move(self.State.REMOVED):
            raise Refused(_("This webhook was removed meanwhile."))
        self.deliveries.filter(state=Delivery.State.WAITING).update(state=Delivery.State.GIVEN_UP)
        Event.record(by, "webhook.removed", self)

    def _move(self, state: str, **values: Any) -> bool:
        before = [old for old, after in self.MOVES.items() if state in after]
        moved = Webhook.objects.filter(pk=self.pk, state__in=before).update(state=state, **values)
        if moved:
            self.state = state
        return bool(moved)

    @transaction.atomic
    def test(self, *, by: User) -> "Delivery":
        """Have something sent that says nothing but that it is a test."""
        self.must_be_open_to(by)
        if self.state != self.State.ACTIVE:
            raise Refused(_("A paused webhook is sent nothing. Resume it first."))
        about = uuid.uuid4().hex
        Delivery.write_down(self, TEST, {about: {}})
        made = self.deliveries.get(key=f"{TEST}:{about}")
        Event.record(by, "webhook.tested", self, delivery=made.public_id.hex)
        return made

    def note(self, *, taken: bool) -> bool:
        """How the newest attempt went; says whether it has failed for so long that it is to be paused."""
        if taken:
            Webhook.objects.filter(pk=self.pk).exclude(failing_since=None).update(failing_since=None)
            return False
        Webhook.objects.filter(pk=self.pk, failing_since=None).update(failing_since=clock.now())
        since = Webhook.objects.values_list("failing_since", flat=True).get(pk=self.pk)
        return since is not None and clock.now() - since >= timedelta(days=settings.WEBHOOK_PAUSE_DAYS)


def _known(kinds: Iterable[str]) -> list[str]:
    chosen = [kind for kind in Kind.values if kind in set(kinds)]
    if not chosen:
        raise Refused(_("Choose at least one kind of news."))
    return chosen


class WebhookSecret(models.Model):
    """What a secret is derived from, together with the installation's own key; of no use by itself."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="secrets")
    nonce = models.CharField(max_length=64)
    at = models.DateTimeField()
    ends = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.webhook_id} secret {self.pk}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self) -> Self:
        """Those whose time has come, of webhooks that are told anything."""
        now = clock.now()
        free = Q(claimed_until=None) | Q(claimed_until__lt=now)
        return self.filter(free, state="waiting", next_at__lte=now, webhook__state="active")

    def shown(self) -> Self:
        return self.exclude(state=Delivery.State.KNOWN).prefetch_related("attempts")


class Delivery(models.Model):
    """One piece of news for one webhook. `key` says what it is about, so that it is written down once.

    `body` is what is sent; it is made when it is first tried, and the same each time after that.
    """

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting")
        TAKEN = "taken", gettext_lazy("Delivered")
        GIVEN_UP = "given_up", gettext_lazy("Given up")
        KNOWN = "known", gettext_lazy("Known before")  # so it was already when the webhook began to ask for it

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="deliveries")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+")
    data = models.JSONField(default=dict, db_default={})  # where it is not an event that tells it
    body = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tried_before = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )  # attempts before somebody had it sent again
    next_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    at = models.DateTimeField()
    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["webhook", "key"], name="each_piece_of_news_once_per_webhook")]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="deliveries_that_wait"),
            models.Index(fields=["webhook", "-id"], name="deliveries_of_a_webhook"),
        ]

    def __str__(self) -> str:
        return f"{self.webhook_id} {self.kind} {self.key}"

    @property
    def kind_label(self) -> str:
        return str(dict(Kind.choices).get(self.kind, _("Test")))

    @property
    def message_id(self) -> str:
        return f"msg_{self.public_id.hex}"

    @classmethod
    def write_down(
        cls, webhook: Webhook, kind: str, news: Mapping[str, Mapping[str, Any]], *, known: bool = False
    ) -> None:
        """Add what is not written down yet: key -> data. What is `known` before is never sent."""
        state = cls.State.KNOWN if known else cls.State.WAITING
        now = clock.now()
        about = {"organisation_id": webhook.organisation_id, "webhook": webhook, "kind": kind, "state": state}
        rows = [cls(**about, key=f"{kind}:{key}", data=data, next_at=now, at=now) for key, data in news.items()]
        cls.objects.bulk_create(rows, ignore_conflicts=True)

    @classmethod
    def claim(cls, pk: int) -> "Delivery | None":
        """Take it for one attempt; None when another job has it, or it no longer waits."""
        if not cls.objects.due().filter(pk=pk).update(claimed_until=clock.now() + CLAIM):
            return None
        claimed = cls.objects.select_related("webhook", "event").get(pk=pk)
        if claimed.body is None:
            data = telling.of_event(claimed.kind, claimed.event) if claimed.event else claimed.data
            claimed.body = telling.body(claimed.kind, claimed.at, data)
            cls.objects.filter(pk=pk, body=None).update(body=claimed.body)
        return claimed

    def headers(self) -> dict[str, str]:
        """Signed over id, time and body (standardwebhooks.com)."""
        now = int(clock.now().timestamp())
        signed = secrets.signature(
            self.webhook.nonces(), id=self.message_id, timestamp=now, body=bytes(self.body or b"")
        )
        return {
            "content-type": "application/json",
            "user-agent": "auditapp-webhooks/1",
            "webhook-id": self.message_id,
            "webhook-timestamp": str(now),
            "webhook-signature": signed,
        }

    @transaction.atomic
    def note(self, outcome: sending.Outcome) -> bool:
        """Write the attempt down and say when the next is; says whether the webhook is to be paused."""
        n = self.attempts.count() + 1
        Attempt.objects.create(
            organisation_id=self.organisation_id, delivery=self, n=n, status=outcome.status, problem=outcome.problem,
            answer=outcome.answer, milliseconds=outcome.milliseconds, at=clock.now(),
        )  # fmt: skip
        tried = n - self.tried_before
        after: dict[str, Any] = {"claimed_until": None}
        if outcome.is_taken:
            after["state"] = self.State.TAKEN
        elif tried > len(WAITS):
            after["state"] = self.State.GIVEN_UP
        else:
            after["next_at"] = clock.now() + timedelta(minutes=WAITS[tried - 1])
        Delivery.objects.filter(pk=self.pk).update(**after)
        if outcome.is_silent and "next_at" in after:  # nothing else is tried there before that
            waiting = Delivery.objects.filter(webhook=self.webhook, state=self.State.WAITING)
            waiting.filter(next_at__lt=after["next_at"]).update(next_at=after["next_at"])
        return self.webhook.note(taken=outcome.is_taken)

    @transaction.atomic
    def send_again(self, *, by: User) -> None:
        """Try it anew, whatever became of it."""
        Webhook.must_be_open_to(by)
        if self.webhook.state != Webhook.State.ACTIVE:
            raise Refused(_("A paused webhook is sent nothing. Resume it first."))
        anew = {"state": self.State.WAITING, "next_at": clock.now(), "tried_before": self.attempts.count()}
        Delivery.objects.filter(pk=self.pk).exclude(state=self.State.KNOWN).update(**anew)
        Event.record(by, "webhook.sent_again", self.webhook, delivery=self.public_id.hex)


class Attempt(models.Model):
    """One attempt at a delivery: when, how long, what was answered."""

    class Problem(models.TextChoices):
        ANSWER = "answer", gettext_lazy("It did not answer with 2xx")
        REDIRECT = "redirect", gettext_lazy("It pointed elsewhere; that is not followed")
        ADDRESS = "address", gettext_lazy("Its name leads into a private network")
        NAME = "name", gettext_lazy("Its name is not known")
        TIME = "time", gettext_lazy("It did not answer in time")
        TLS = "tls", gettext_lazy("Its certificate is not trusted")
        CONNECTION = "connection", gettext_lazy("The connection failed")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="attempts")
    n = models.PositiveSmallIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=12, choices=Problem.choices, blank=True, default="")
    answer = models.CharField(max_length=sending.KEPT, blank=True, default="")
    milliseconds = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["n"]
        constraints = [models.UniqueConstraint(fields=["delivery", "n"], name="one_attempt_per_number")]

    def __str__(self) -> str:
        return f"{self.delivery_id} attempt {self.n}"
