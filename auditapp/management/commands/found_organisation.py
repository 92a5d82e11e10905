"""Enter a hospital group with its hospitals and first administrator: the first act on a new installation."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from auditapp.accounts.models import Organisation
from auditapp.refusals import Refused


class Command(BaseCommand):
    help = (
        "Enter an organisation, e.g.: found_organisation north 'North Hospitals' --site royal 'The Royal' Europe/London"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code")
        parser.add_argument("name")
        parser.add_argument("--site", nargs=3, action="append", required=True, metavar=("CODE", "NAME", "ZONE"))
        parser.add_argument("--jurisdiction", default="")
        parser.add_argument("--administrator", nargs=2, required=True, metavar=("EMAIL", "NAME"))

    def handle(self, *args: Any, **options: Any) -> None:
        email, name = options["administrator"]
        password = getpass.getpass(f"First password of {name}: ")
        try:
            validate_password(password)
            with transaction.atomic():
                organisation = Organisation.found(
                    code=options["code"], name=options["name"], jurisdiction=options["jurisdiction"]
                )
                for code, site, zone in options["site"]:
                    organisation.add_site(code=code, name=site, zone=zone)
                organisation.add_first_administrator(name=name, email=email, password=password)
        except Refused as error:
            raise CommandError(error.sentence) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{organisation.name} is entered; {email} can sign in and add people.")
