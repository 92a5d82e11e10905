"""Write every issued report to a folder."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from auditapp.accounts import scope
from auditapp.accounts.checkpoints import tenants
from auditapp.reports import jobs
from auditapp.reports.models import Report


class Command(BaseCommand):
    help = "Wait for pending jobs, then write every issued report as <ref>.pdf into DIR."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dir", type=Path)
        parser.add_argument("--wait", type=int, default=300, help="seconds to wait for pending jobs (300)")

    def handle(self, *args: Any, **options: Any) -> None:
        deadline = time.monotonic() + options["wait"]
        while pending := jobs.pending():
            if time.monotonic() > deadline:
                raise CommandError(f"{pending} jobs are still pending; is a worker running?", returncode=1)
            time.sleep(0.5)
        options["dir"].mkdir(parents=True, exist_ok=True)
        written = 0
        for tenant in tenants():
            with scope.entered(tenant.id):
                for report in Report.objects.issued().select_related("audit").defer("canonical"):
                    (options["dir"] / f"{report.audit.ref}.pdf").write_bytes(bytes(report.newest_file.content))
                    written += 1
        self.stdout.write(f"{written} reports written to {options['dir']}.")
