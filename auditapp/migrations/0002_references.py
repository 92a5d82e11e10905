"""Sequences for human references: unique per installation, gaps allowed."""

from django.db import migrations

SEQUENCES = ["auditapp_deployment_ref", "auditapp_audit_ref", "auditapp_finding_ref", "auditapp_hazard_ref"]


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0001_initial")]
    operations = [
        migrations.RunSQL(f"CREATE SEQUENCE {sequence}", f"DROP SEQUENCE {sequence}") for sequence in SEQUENCES
    ]
