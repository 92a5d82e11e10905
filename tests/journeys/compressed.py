"""The product in an installation in which years pass in minutes: its clock goes on from where a journey has put it.

The instant stands in a file; from when the file was written on, time passes as everywhere. Only the one clock of the
product follows it. Sessions and the database's own times stay those of the machine.
"""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditapp import clock
from auditapp.wsgi import application as product

FILE = "JOURNEY_CLOCK"


def reached() -> datetime:
    """The instant that the journey has reached."""
    file = Path(os.environ[FILE])
    passed = datetime.now(UTC) - datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return datetime.fromisoformat(file.read_text()) + passed


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    with clock.at(reached()):
        return product(environ, start_response)
