"""Slow work of what leaves in bulk, as jobs on Postgres. Each can be run again at any moment."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from auditapp.accounts import checkpoints, letters, scope
from auditapp.accounts.notifications import MailChoice

LAST = -10  # after everything that somebody waits for at a screen
TRIES = 4
AT_ONCE = 50  # deliveries by one job, so that others get their turn
AGAIN = RetryStrategy(max_attempts=TRIES, exponential_wait=4)


@app.task(queue="reports", retry=AGAIN, name="reports.bundle", pass_context=True)
def make_bundle(context: JobContext | None = None, *, bundle: int, organisation: int, site: int) -> None:
    """Make a bundle that nobody made yet. The last try that fails says so, and a person can have it tried again."""
    try:
        _make_bundle(bundle, organisation, site)
    except Exception:
        if context is None or context.job.attempts + 1 >= TRIES:
            from auditapp.exchange.models import Bundle  # noqa: PLC0415 - the models defer these jobs

            with scope.entered(organisation, [site]):
                Bundle.objects.get(pk=bundle).fail()
        raise


def _make_bundle(key: int, organisation: int, site: int) -> None:
    """Nothing of it is held in memory: it grows on the disk, and is then put where evidence is kept.

    A process that is killed leaves a folder that is swept, or a file that no row names; both are harmless.
    """
    from auditapp.exchange.bundle import packing  # noqa: PLC0415 - needs the models
    from auditapp.exchange.bundle.writing import Writer  # noqa: PLC0415
    from auditapp.exchange.models import Bundle  # noqa: PLC0415

    checkpoints.make_of(organisation)
    settings.AUDITAPP_UPLOADS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=settings.AUDITAPP_UPLOADS_DIR, prefix="work-") as folder:
        path = Path(folder) / "bundle.zip"
        with scope.entered(organisation, [site]):
            row = Bundle.objects.with_names().get(pk=key)
            if row.state != Bundle.State.QUEUED:
                return
            out = Writer(path, row.at)
            found = packing.gather(row, out)
        with out:
            packing.fetch(found, out)
            manifest = packing.finish(row, found, out)
        with path.open("rb") as file:
            name = default_storage.save("bundle", File(file))
        made: dict[str, Any] = {"sha256": name.rpartition("/")[2], "size": path.stat().st_size}
    with scope.entered(organisation, [site]):
        Bundle.objects.with_names().get(pk=key).keep(**made, manifest_sha256=hashlib.sha256(manifest).hexdigest())


@app.task(queue="mail", retry=AGAIN, name="mail.bundle_waits")
def bundle_waits(*, bundle: int, organisation: int, site: int) -> None:
    """Tell the person who releases it that a bundle waits; nothing is sent when it was judged meanwhile."""
    from auditapp.exchange.models import Bundle  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation, [site]):
        row = Bundle.objects.with_names().get(pk=bundle)
        if row.state != Bundle.State.WAITING or row.releaser is None:
            return
        subject = _("Bundle %(ref)s waits for your release") % {"ref": row.ref}
        letters.send(
            row.releaser, MailChoice.Letter.AT_ONCE, subject=subject, lines=[(row.about, row.get_absolute_url())]
        )


@app.periodic(cron="* * * * * */20")
@app.task(queue="upkeep", queueing_lock="plan_webhooks", name="upkeep.plan_webhooks")
def plan_webhooks(timestamp: int) -> None:
    """Every twenty seconds: each webhook for which something is due is told it, by a job of its own."""
    from auditapp.exchange.models import Delivery  # noqa: PLC0415 - needs the models

    for organisation in scope.organisations():
        with scope.entered(organisation):
            for webhook in Delivery.objects.due().order_by().values_list("webhook", flat=True).distinct():
                queue_telling(webhook, organisation)


def queue_telling(webhook: int, organisation: int) -> None:
    """Have a webhook told what is due, unless that waits in the queue already."""
    try:
        with transaction.atomic():
            job = tell.configure(queueing_lock=f"webhook {webhook}", priority=LAST)
            job.defer(webhook=webhook, organisation=organisation)
    except AlreadyEnqueued:
        return


@app.task(queue="mail", name="mail.webhook")
def tell(*, webhook: int, organisation: int) -> None:
    """Tell one webhook what is due for it, the oldest first, until nobody answers.

    When the next attempt is, stands in the row and not in the queue: a job that dies leaves a claim, which runs out.
    The receiver may then be told the same twice, under the same id.
    """
    from auditapp.exchange.models import Delivery, Webhook  # noqa: PLC0415 - needs the models
    from auditapp.exchange.webhooks import sending  # noqa: PLC0415

    with scope.entered(organisation):
        due = list(Delivery.objects.due().filter(webhook=webhook).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for pk in due:
        with scope.entered(organisation):
            delivery = Delivery.claim(pk)
            headers = delivery.headers() if delivery else {}
        if delivery is None:
            continue
        outcome = sending.post(delivery.webhook.url, bytes(delivery.body or b""), headers)
        with scope.entered(organisation):
            if delivery.note(outcome) and Webhook.objects.get(pk=webhook).pause(by=None):
                webhook_paused.defer(webhook=webhook, organisation=organisation)
        if outcome.is_silent:
            return


@app.task(queue="mail", retry=AGAIN, name="mail.webhook_paused")
def webhook_paused(*, webhook: int, organisation: int) -> None:
    """Tell the administrators that a webhook failed for so long that it is told nothing any more."""
    from auditapp.accounts.models import Role, User  # noqa: PLC0415 - needs the models
    from auditapp.exchange.models import Webhook  # noqa: PLC0415

    with scope.entered(organisation):
        row = Webhook.objects.get(pk=webhook)
        people = User.objects.filter(is_active=True, memberships__role=Role.ADMINISTRATOR, memberships__site=None)
        for person in people.distinct():
            lines = [(_("It has failed for days. Look at its log, mend it, and resume it."), row.get_absolute_url())]
            letters.send(person, MailChoice.Letter.AT_ONCE, subject=_("A webhook is paused"), lines=lines)


@app.periodic(cron="12 * * * *")
@app.task(queue="upkeep", queueing_lock="news_of_the_day", name="upkeep.news_of_the_day")
def news_of_the_day(timestamp: int) -> None:
    """Every hour, write down what is no act but the passing of a day: findings overdue, approvals that hold no more."""
    from auditapp.exchange.models import Webhook  # noqa: PLC0415 - needs the models

    for organisation in scope.organisations():
        with scope.entered(organisation):
            for webhook in Webhook.objects.exclude(state=Webhook.State.REMOVED):
                webhook.write_news_down(webhook.kinds)
