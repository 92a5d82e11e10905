"""Slow work of what leaves in bulk, as jobs on Postgres. Each can be run again at any moment."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from auditapp.accounts import checkpoints, letters, scope
from auditapp.accounts.notifications import MailChoice

LAST = -10  # after everything that somebody waits for at a screen
TRIES = 4
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
