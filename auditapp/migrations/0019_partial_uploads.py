"""Files that arrive in parts: of one person at one hospital, and gone when they are whole or given up."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB, NAME = "auditapp_web", "partialupload"
TABLE = f"auditapp_{NAME}"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
GRANTS = f"""
    ALTER TABLE {TABLE} ADD CONSTRAINT {TABLE}_is_at_a_site_of_its_organisation
        FOREIGN KEY (site_id, organisation_id) REFERENCES auditapp_site (id, organisation_id);
    GRANT SELECT, INSERT, DELETE ON {TABLE} TO {WEB};
    GRANT UPDATE (received, touched_at) ON {TABLE} TO {WEB};
    GRANT USAGE ON SEQUENCE {TABLE}_id_seq TO {WEB};
    ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY in_scope ON {TABLE} USING ({OURS} AND {HERE});
"""


def kept(to: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to)


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0018_evidence_described")]
    operations = [
        migrations.CreateModel(
            "PartialUpload",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("filename", models.CharField(max_length=200)),
                ("size", models.PositiveBigIntegerField()),
                ("modified", models.CharField(blank=True, default="", max_length=40)),
                ("received", models.PositiveBigIntegerField(default=0)),
                ("begun_at", models.DateTimeField()),
                ("touched_at", models.DateTimeField()),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("organisation", kept("auditapp.organisation")),
                ("site", kept("auditapp.site")),
            ],
            {
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(received__lte=models.F("size")), name="no_more_arrives_than_was_announced"
                    ),
                    models.UniqueConstraint(
                        fields=["by", "site", "filename", "size", "modified"], name="a_file_is_on_its_way_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
