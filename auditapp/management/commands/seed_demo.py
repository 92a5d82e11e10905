"""Put the demonstration in place, once."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from auditapp.accounts.checkpoints import make_all, tenants
from auditapp.demonstration.play import Play
from auditapp.demonstration.script import Script


class Command(BaseCommand):
    help = "Play eighteen months of fictional hospitals through the product's own verbs; does nothing the second time."

    def handle(self, *args: Any, **options: Any) -> None:
        script = Script.read()
        if {t.code for t in tenants()} & {o["code"] for o in script.people["organisations"]}:
            return
        self.stdout.write("Playing the demonstration: eighteen months, signed one by one. This takes minutes.")
        with transaction.atomic():
            Play(script).perform()
        make_all()
