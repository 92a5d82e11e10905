"""What a signature rests on: that the file was opened, and that the person signed in again for this one act.

And comments that are marked for the report, and what a report was printed with.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
TABLES = ["opening", "reauthentication"]

# One re-authentication bears one signature: of the same person, over the same report, file and meaning.
BORNE = """
CREATE FUNCTION auditapp_signature_is_what_was_confirmed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reauthentication_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM auditapp_reauthentication r
        WHERE r.id = NEW.reauthentication_id AND r.report_id = NEW.report_id AND r.by_id = NEW.by_id
          AND r.meaning = NEW.meaning AND r.facts_sha256 = NEW.facts_sha256 AND r.shown_sha256 = NEW.shown_sha256
    ) THEN
        RAISE EXCEPTION 'signature: its re-authentication was for something else'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signature_is_what_was_confirmed BEFORE INSERT ON auditapp_signature
FOR EACH ROW EXECUTE FUNCTION auditapp_signature_is_what_was_confirmed();
"""
UNBORNE = """
DROP TRIGGER signature_is_what_was_confirmed ON auditapp_signature;
DROP FUNCTION auditapp_signature_is_what_was_confirmed();
"""


def kept(to: str, related_name: str = "+", *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(null=null, on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=to)


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def of_a_report(table: str) -> list[migrations.RunSQL]:
    """Held at the report's hospital, seen there, only ever added to."""
    return [
        migrations.RunSQL(
            f"ALTER TABLE auditapp_{table} ADD CONSTRAINT {table}_report_is_at_the_same_place "
            "FOREIGN KEY (report_id, organisation_id, site_id) "
            "REFERENCES auditapp_report (id, organisation_id, site_id)",
            f"ALTER TABLE auditapp_{table} DROP CONSTRAINT {table}_report_is_at_the_same_place",
        ),
        migrations.RunSQL(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table} "
            "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
            f"DROP TRIGGER append_only ON auditapp_{table}",
        ),
        migrations.RunSQL(
            f"CREATE POLICY in_scope ON auditapp_{table} USING ({OURS} AND {HERE}); "
            f"ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY; "
            f"GRANT SELECT, INSERT ON auditapp_{table} TO {WEB}; "
            f"GRANT USAGE ON SEQUENCE auditapp_{table}_id_seq TO {WEB}",
            f"REVOKE ALL ON SEQUENCE auditapp_{table}_id_seq FROM {WEB}; REVOKE ALL ON auditapp_{table} FROM {WEB}; "
            f"ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON auditapp_{table}",
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0029_withdrawn_reports")]

    operations = [
        migrations.CreateModel(
            "Opening",
            [
                ("id", key()),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("organisation", kept("auditapp.organisation")),
                ("report", kept("auditapp.report", "openings")),
                ("site", kept("auditapp.site")),
            ],
            {
                "constraints": [
                    models.UniqueConstraint(fields=("report", "by", "sha256"), name="a_file_is_opened_once_per_person")
                ]
            },
        ),
        migrations.CreateModel(
            "Reauthentication",
            [
                ("id", key()),
                ("meaning", models.CharField(max_length=200)),
                ("facts_sha256", models.CharField(max_length=64)),
                ("shown_sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("organisation", kept("auditapp.organisation")),
                ("report", kept("auditapp.report", "reauthentications")),
                ("site", kept("auditapp.site")),
            ],
            {"abstract": False},
        ),
        *of_a_report("opening"),
        *of_a_report("reauthentication"),
        migrations.AddField(
            "signature",
            "reauthentication",
            models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="signature",
                to="auditapp.reauthentication",
            ),
        ),
        migrations.RunSQL(BORNE, UNBORNE),
        migrations.AddField(
            "reportfile", "printed_with", models.CharField(blank=True, db_default="", default="", max_length=300)
        ),
        migrations.AddField("comment", "printed_by", kept(settings.AUTH_USER_MODEL, null=True)),
        migrations.AddField("comment", "printed_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "comment",
            models.CheckConstraint(
                condition=models.Q(printed_by=None, printed_at=None)
                | models.Q(printed_by__isnull=False, printed_at__isnull=False),
                name="a_comment_is_marked_for_the_report_by_a_person_at_a_time",
            ),
        ),
        migrations.RunSQL(
            f"GRANT UPDATE (printed_by_id, printed_at) ON auditapp_comment TO {WEB}",
            f"REVOKE UPDATE (printed_by_id, printed_at) ON auditapp_comment FROM {WEB}",
        ),
    ]
