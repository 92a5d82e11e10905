"""Say of a PDF what the verification page says, for scripts: exit code 0 or 1."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from auditapp.reports.verification import verification_of


class Command(BaseCommand):
    help = "Exit 0 if FILE is, byte for byte, a report issued here whose signatures hold; otherwise 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="the answer for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.", returncode=1) from error
        found = verification_of(content)
        if options["json"]:
            self.stdout.write(json.dumps(found.for_machines(), indent=1, ensure_ascii=False, default=str))
        else:
            lines = [found.sentence, *found.reasons]
            for signature in found.signatures:
                lines += ["", signature["title"], *(f"  {line}" for line in signature["lines"])]
            self.stdout.write("\n".join([*lines, "", *found.about_document, found.disclaimer]))
        if not found.ok:
            raise SystemExit(1)
