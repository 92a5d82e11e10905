"""Print the demonstration's accounts."""

from typing import Any

from django.core.management.base import BaseCommand

from auditapp.accounts.models import Role
from auditapp.demonstration.play import PASSWORD
from auditapp.demonstration.script import Script


class Command(BaseCommand):
    help = "Print who can sign in to the demonstration, and with which password."

    def handle(self, *args: Any, **options: Any) -> None:
        people = Script.read().people["people"]
        width = max(len(person["email"]) for person in people)
        for person in people:
            roles = ", ".join(f"{Role(r['role']).label}" for r in person["roles"])
            self.stdout.write(f"  {person['email']:<{width}}  {person['name']}: {roles}")
        self.stdout.write(f"  Password of all: {PASSWORD}")
