"""An assignment can be taken back: the row goes, the line on the trail and what was answered stay."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0008_grants")]
    operations = [
        migrations.RunSQL(
            "GRANT DELETE ON auditapp_assignment TO auditapp_web",
            "REVOKE DELETE ON auditapp_assignment FROM auditapp_web",
        )
    ]
