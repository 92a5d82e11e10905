"""`make bench`: what people wait for, at ten and at a thousand issued audits, beside the least this machine needs.

Absolute times say little about another machine; the ratios do. Both sides of a ratio are measured in turns, so that
whatever else the machine does meanwhile slows both.
"""

import argparse
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

from auditapp.embedded.postgres import Server


def main() -> None:
    asked = argparse.ArgumentParser(prog="make bench", description=__doc__)
    asked.add_argument("--audits", type=int, default=1000, help="issued audits in the second measure")
    asked.add_argument("--requests", type=int, default=200, help="requests per figure")
    asked.add_argument("--reports", type=int, default=10, help="reports printed per figure")
    asked.add_argument("--only-filling", action="store_true", help="the fill page alone, at 200 and 1,500 questions")
    asked.add_argument("--only-writing", action="store_true", help="a questionnaire alone, of 150 and 1,500 questions")
    asked.add_argument("--only-over-time", action="store_true", help="lists and dashboards alone, at both sizes")
    asked.add_argument(
        "--deployments", type=int, default=10_000, help="deployments in the largest measure, ten audits each"
    )
    options = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="auditapp-bench-"))
    server = Server(folder)  # as hosting runs it: crash-safe, every commit on the disk
    try:
        _prepare(server, folder)
        from tests.bench.measuring import measure  # noqa: PLC0415 - needs the settings made above

        measure(server, folder, **vars(options))
        if not (options.only_filling or options.only_writing or options.only_over_time):
            from tests.bench import reports  # noqa: PLC0415 - needs them too

            reports.measure(options.reports)
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(server: Server, folder: Path) -> None:
    """Settings for this process, which owns the tables and acts as the web role, and an empty database."""
    server.start()
    os.environ |= {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": server.url("auditapp_owner"),
        "DATABASE_POOL": "0",
        "AUDITAPP_DATA_DIR": str(folder),
        "PUBLIC_URL": "http://localhost:8000",
        "DJANGO_SETTINGS_MODULE": "auditapp.settings",
    }
    import django  # noqa: PLC0415 - settings are read from the environment above
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    began = time.perf_counter()
    call_command("migrate", verbosity=0)
    print(f"An empty database is migrated in {time.perf_counter() - began:.1f} s.", flush=True)
    call_command("load_questionnaires", verbosity=0)


if __name__ == "__main__":
    main()
