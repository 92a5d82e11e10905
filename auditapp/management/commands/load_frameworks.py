"""`manage.py load_frameworks FILE`: take over a newer list of frameworks and clauses, without a release."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from auditapp.questionnaires.framework_lists import load_frameworks
from auditapp.refusals import Refused


class Command(BaseCommand):
    help = "Take over a newer list of frameworks and their clauses. Published questionnaires keep the words they froze."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="in the format of fixtures/seed/frameworks.yaml")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            changes = load_frameworks(file)
        except Refused as refusal:
            raise CommandError("\n  ".join([refusal.sentence, *map(str, refusal.reasons)])) from refusal
        for change in changes:
            self.stdout.write(change.in_words())
        if not changes:
            self.stdout.write("Nothing has changed.")
