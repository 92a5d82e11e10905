"""Inventories that are brought along, and what nobody stated in them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"


def to(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, **({"related_name": "+"} | options), to=model)


def key() -> tuple[str, models.BigAutoField]:
    return "id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def opened(table: str, grants: str, policy: str = OURS) -> migrations.RunSQL:
    """What the web role may do with a table, of whose rows it sees those of the policy."""
    name = f"auditapp_{table}"
    return migrations.RunSQL(
        f"CREATE POLICY in_scope ON {name} USING ({policy}); ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; "
        f"GRANT {grants} ON {name} TO {WEB}; GRANT USAGE ON SEQUENCE {name}_id_seq TO {WEB}",
        f"REVOKE ALL ON SEQUENCE {name}_id_seq FROM {WEB}; REVOKE ALL ON {name} FROM {WEB}; "
        f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0032_findings_actions_incidents")]

    operations = [
        migrations.AddField("profile", "assumed", models.JSONField(db_default=[], default=list)),
        migrations.AddField("statuschange", "imported", models.BooleanField(db_default=False, default=False)),
        migrations.CreateModel(
            "InventoryUpload",
            [
                key(),
                ("name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("parsed", models.JSONField()),
                ("choices", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("organisation", to("auditapp.organisation")),
            ],
            {"ordering": ["-at"]},
        ),
        opened("inventoryupload", "SELECT, INSERT, DELETE, UPDATE (choices)"),
    ]
