"""Recompute every trail and hold it against its signed checkpoints."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from auditapp.accounts import checkpoints


class Command(BaseCommand):
    help = "Recompute every trail and name each event that was edited, deleted, inserted or swapped; exit 1 if any was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--checkpoints", type=Path, help="a folder of checkpoints that were kept elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(checkpoints.problems(options["checkpoints"]))
        for problem in found:
            self.stdout.write(str(problem))
        if found:
            raise CommandError(f"{len(found)} problems found.", returncode=1)
        self.stdout.write("The trails are as they were written.")
