"""Hold everything frozen against the answers it was made from."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from auditapp.accounts import scope
from auditapp.accounts.checkpoints import tenants
from auditapp.reports import consistency


class Command(BaseCommand):
    help = "Recompute every submission from its answers and compare every report and PDF; exit 1 if anything differs."

    def handle(self, *args: Any, **options: Any) -> None:
        found = []
        for tenant in tenants():
            with scope.entered(tenant.id):
                found += list(consistency.problems())
        for problem in found:
            self.stdout.write(problem)
        if found:
            raise CommandError(f"{len(found)} differences found.", returncode=1)
        self.stdout.write("Everything frozen is what was answered.")
