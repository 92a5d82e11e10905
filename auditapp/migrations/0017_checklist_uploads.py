"""What people bring along as files, between upload and draft: seen by its organisation, deleted when it is done with."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
GRANTS = f"""
    GRANT SELECT, INSERT, DELETE ON auditapp_checklistupload TO {WEB};
    GRANT UPDATE (choices) ON auditapp_checklistupload TO {WEB};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {WEB};
    ALTER TABLE auditapp_checklistupload ENABLE ROW LEVEL SECURITY;
    CREATE POLICY in_scope ON auditapp_checklistupload
        USING (organisation_id = (SELECT auditapp_scope_organisation()));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("auditapp", "0016_carried_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChecklistUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(choices=[("sheet", "Spreadsheet"), ("file", "Questionnaire file")], max_length=10),
                ),
                ("title", models.CharField(max_length=200)),
                ("parsed", models.JSONField()),
                ("choices", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "base",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="auditapp.questionnaireversion",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
            },
        ),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
