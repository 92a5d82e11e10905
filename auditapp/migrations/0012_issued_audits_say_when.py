"""No audit is issued or superseded without the instant at which it was issued."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0011_audit_issued_at_from_reports")]
    operations = [
        migrations.AddConstraint(
            "audit",
            models.CheckConstraint(
                condition=~models.Q(state__in=["issued", "superseded"]) | models.Q(issued_at__isnull=False),
                name="an_issued_audit_says_when",
            ),
        )
    ]
