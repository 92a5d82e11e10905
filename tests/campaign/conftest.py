"""The world in which processes are killed: the test database with everything committed, and real processes on it."""

import io
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.db import connection

from tests.campaign.kills import Campaign
from tests.database import SERVER
from tests.factories import Make
from tests.reports.responder import answering


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints while the test runs, also without -s: a campaign is watched."""

    def print_now(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    return print_now


@pytest.fixture
def campaign(
    transactional_db: None, make: Make, settings: Any, tmp_path: Path, say: Callable[[str], None]
) -> Iterator[Campaign]:
    """CAMPAIGN_SEED repeats the moments of an earlier run (as far as a machine repeats itself)."""
    seed = os.environ.get("CAMPAIGN_SEED") or str(random.SystemRandom().randrange(10**6))
    environment = {
        "DATABASE_URL": SERVER.url("auditapp_web", connection.settings_dict["NAME"]),
        "AUDITAPP_EVIDENCE_DIR": str(settings.AUDITAPP_EVIDENCE_DIR),
        "AUDITAPP_CHECKPOINTS_DIR": str(settings.AUDITAPP_CHECKPOINTS_DIR),
        "AUDITAPP_KEYS_DIR": str(settings.AUDITAPP_KEYS_DIR),
    }
    _forget_jobs()
    say(f"\nCAMPAIGN_SEED={seed}")
    with answering() as responder:
        environment |= {"TIMESTAMP_URL": responder.url, "TIMESTAMP_CERTIFICATES": str(responder.roots)}
        with Campaign(make, environment, tmp_path, say, random.Random(seed)) as running:
            yield running
    _forget_jobs()


@pytest.fixture(scope="session")
def unsigned_pdf() -> bytes:
    """A small PDF with a form and no signature in it."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=pikepdf.Array()))
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def _forget_jobs() -> None:
    """Emptying the test database leaves procrastinate's tables as they are."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
        cursor.execute("DELETE FROM procrastinate_workers")
