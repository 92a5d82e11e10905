"""Audits that are issued already take the instant from their report."""

from django.db import migrations

FILL = """
UPDATE auditapp_audit a SET issued_at = r.issued_at
FROM auditapp_report r WHERE r.audit_id = a.id AND r.issued_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0010_audit_issued_at")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
