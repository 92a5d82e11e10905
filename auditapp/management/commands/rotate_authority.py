"""Let a new certificate authority and a new seal follow those of an organisation (docs/keys.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from auditapp.accounts import authorities
from auditapp.refusals import Refused


class Command(BaseCommand):
    help = "Begin a new certificate authority for an organisation, e.g.: rotate_authority northshire"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            authority = authorities.rotate(options["code"])
        except Refused as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(f"{authority.code}: authority {authority.generation} certifies from now on. Give its root")
        self.stdout.write("to whoever trusts the one before; that one stays trusted for what it certified.")
