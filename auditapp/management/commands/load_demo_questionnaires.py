"""Publish the questionnaires where the demonstration's time begins, so that none is younger than its audits."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from auditapp import clock
from auditapp.demonstration.script import Script
from auditapp.questionnaires.models import QuestionnaireVersion


class Command(BaseCommand):
    help = "Publish the questionnaires before the demonstration's first day; does nothing where any is published."

    def handle(self, *args: Any, **options: Any) -> None:
        if QuestionnaireVersion.objects.exists():
            return
        with clock.at(Script.read().begins):
            call_command("load_questionnaires", verbosity=options["verbosity"])
