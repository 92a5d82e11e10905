"""An audit knows when it was issued, so that the last one of a deployment or version is found at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0009_assignment_taken_back")]
    operations = [
        migrations.AddField("audit", "issued_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "audit",
            models.Index(
                fields=["deployment", "-issued_at"],
                condition=models.Q(state="issued"),
                name="issued_audits_of_a_deployment",
            ),
        ),
        migrations.AddIndex(
            "audit",
            models.Index(
                fields=["model_version", "-issued_at"],
                condition=models.Q(state="issued"),
                name="issued_audits_of_a_version",
            ),
        ),
        migrations.RunSQL(
            "GRANT UPDATE (issued_at) ON auditapp_audit TO auditapp_web",
            "REVOKE UPDATE (issued_at) ON auditapp_audit FROM auditapp_web",
        ),
    ]
