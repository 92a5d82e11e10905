"""What people are told by e-mail, and that the daily list went out; each seen inside one's own organisation alone."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"


def of_an_organisation(table: str, changes: str) -> migrations.RunSQL:
    """Seen and added to inside one's own organisation; of a row only these columns change."""
    return migrations.RunSQL(
        f"""
        CREATE POLICY in_scope ON auditapp_{table} USING ({OURS});
        ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY;
        GRANT SELECT, INSERT, UPDATE ({changes}) ON auditapp_{table} TO {WEB};
        GRANT USAGE ON SEQUENCE auditapp_{table}_id_seq TO {WEB};
        """,
        f"""
        REVOKE ALL ON SEQUENCE auditapp_{table}_id_seq FROM {WEB};
        REVOKE ALL ON auditapp_{table} FROM {WEB};
        ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY;
        DROP POLICY in_scope ON auditapp_{table};
        """,
    )


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0022_together")]
    operations = [
        migrations.CreateModel(
            "MailChoice",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BooleanField(default=True)),
                ("at_once", models.BooleanField(default=True)),
                ("organisation", models.ForeignKey(on_delete=PROTECT, related_name="+", to="auditapp.organisation")),
                (
                    "user",
                    models.OneToOneField(on_delete=PROTECT, related_name="mail_choice", to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        of_an_organisation("mailchoice", "digest, at_once"),
        migrations.CreateModel(
            "Digest",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("tasks", models.PositiveIntegerField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("organisation", models.ForeignKey(on_delete=PROTECT, related_name="+", to="auditapp.organisation")),
                ("user", models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            {"constraints": [models.UniqueConstraint(fields=("user", "day"), name="one_digest_a_day")]},
        ),
        of_an_organisation("digest", "tasks, done_at"),
    ]
