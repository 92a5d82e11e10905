"""Seals and archival timestamps of reports; authorities that follow each other, with their revocation lists."""

import django.db.models.deletion
from django.db import migrations, models

WEB = "auditapp_web"
TABLES = ["revocation", "revocationlist"]  # belong to an authority, like which they are no organisation's secret

HELD = [
    *[
        migrations.RunSQL(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table} "
            "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
            f"DROP TRIGGER append_only ON auditapp_{table}",
        )
        for table in TABLES
    ],
    *[
        migrations.RunSQL(
            f"GRANT SELECT, INSERT ON auditapp_{table} TO {WEB}; "
            f"GRANT USAGE ON SEQUENCE auditapp_{table}_id_seq TO {WEB}",
            f"REVOKE ALL ON SEQUENCE auditapp_{table}_id_seq FROM {WEB}; REVOKE ALL ON auditapp_{table} FROM {WEB}",
        )
        for table in TABLES
    ],
]


class Migration(migrations.Migration):
    dependencies = [
        ("auditapp", "0027_second_reading_and_paper"),
    ]

    operations = [
        migrations.CreateModel(
            name="Revocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("serial", models.CharField(max_length=42)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RevocationList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.AlterModelOptions(
            name="authority",
            options={"ordering": ["code", "generation"]},
        ),
        migrations.AddField(
            model_name="authority",
            name="generation",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="reportfile",
            name="level",
            field=models.CharField(blank=True, db_default="", default="", max_length=5),
        ),
        migrations.AddField(
            model_name="reportfile",
            name="timestamp_ends",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="reportfile",
            name="wanted",
            field=models.CharField(blank=True, db_default="", default="", max_length=5),
        ),
        migrations.AlterField(
            model_name="authority",
            name="code",
            field=models.SlugField(max_length=60),
        ),
        migrations.AddConstraint(
            model_name="authority",
            constraint=models.UniqueConstraint(fields=("code", "generation"), name="one_authority_per_generation"),
        ),
        migrations.AddField(
            model_name="revocation",
            name="authority",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="revocations", to="auditapp.authority"
            ),
        ),
        migrations.AddField(
            model_name="revocationlist",
            name="authority",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lists", to="auditapp.authority"
            ),
        ),
        migrations.AddConstraint(
            model_name="revocation",
            constraint=models.UniqueConstraint(fields=("authority", "serial"), name="a_certificate_is_revoked_once"),
        ),
        migrations.AddConstraint(
            model_name="revocation",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="a_revocation_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="revocationlist",
            constraint=models.UniqueConstraint(fields=("authority", "number"), name="one_revocation_list_per_number"),
        ),
        *HELD,
    ]
