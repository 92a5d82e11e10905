"""Sign where all trails stand now."""

from typing import Any

from django.core.management.base import BaseCommand

from auditapp.accounts import checkpoints


class Command(BaseCommand):
    help = "Sign the heads of all trails and write the checkpoints out as files, to be kept elsewhere."

    def handle(self, *args: Any, **options: Any) -> None:
        for checkpoint in checkpoints.make_all():
            self.stdout.write(f"{checkpoint.authority} {checkpoint.number}")
