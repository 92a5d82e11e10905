"""The keys of people's devices: each row is seen by its own person and by nobody else, and never changed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
SCOPE = """
    CREATE FUNCTION auditapp_scope_person() RETURNS bigint LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('auditapp.person', true), '')::bigint $$;
"""
GRANTS = f"""
    GRANT SELECT, INSERT ON auditapp_devicekey TO {WEB};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {WEB};
    ALTER TABLE auditapp_devicekey ENABLE ROW LEVEL SECURITY;
    CREATE POLICY in_scope ON auditapp_devicekey
        USING (organisation_id = (SELECT auditapp_scope_organisation())
               AND user_id = (SELECT auditapp_scope_person()));
"""


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0020_flags_and_looks")]

    operations = [
        migrations.CreateModel(
            name="DeviceKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("device", models.CharField(max_length=64)),
                ("sealed", models.BinaryField()),
                ("sealed_under", models.CharField(max_length=16)),
                ("made_at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "device", "sealed_under"), name="one_key_per_person_device_and_secret"
                    )
                ],
            },
        ),
        migrations.RunSQL(SCOPE, "DROP FUNCTION auditapp_scope_person()"),
        migrations.RunSQL(GRANTS, "DROP POLICY in_scope ON auditapp_devicekey"),
    ]
