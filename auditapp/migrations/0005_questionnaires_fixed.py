"""What is published never changes: triggers refuse it under a published questionnaire version."""

from pathlib import Path

from django.db import migrations

ROOM = Path(__file__).resolve().parent.parent / "questionnaires"


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0004_append_only")]
    operations = [migrations.RunSQL((ROOM / "triggers.sql").read_text(), (ROOM / "triggers_reverse.sql").read_text())]
