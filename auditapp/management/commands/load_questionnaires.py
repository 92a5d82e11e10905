"""`manage.py load_questionnaires`: bring the database up to the content files; safe at every start."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from auditapp.deployments.profile import SEED
from auditapp.questionnaires.loading import load
from auditapp.refusals import Refused


class Command(BaseCommand):
    help = "Load frameworks, checks and questionnaires, and publish the versions that are new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="folder", type=Path, default=SEED.parent, help="folder of the content files")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            loaded = load(folder)
        except Refused as refusal:
            raise CommandError("\n  ".join([refusal.sentence, *map(str, refusal.reasons)])) from refusal
        for version in loaded.published:
            self.stdout.write(f"Published {version}.")
        if options["verbosity"] > 1 and not loaded.published and not loaded.rows:
            self.stdout.write("Nothing has changed.")
