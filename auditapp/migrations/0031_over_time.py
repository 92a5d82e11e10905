"""A hospital's own rules over time: statements that are only added to."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"


def held(table: str, seen: str, changes: str = "") -> migrations.RunSQL:
    """Seen and added to where `seen` holds; of a row only the named columns change, and none is removed."""
    table = f"auditapp_{table}"
    update = f", UPDATE ({changes})" if changes else ""
    return migrations.RunSQL(
        f"CREATE POLICY in_scope ON {table} USING ({seen}); "
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; "
        f"GRANT SELECT, INSERT{update} ON {table} TO {WEB}; "
        f"GRANT USAGE ON SEQUENCE {table}_id_seq TO {WEB}",
        f"REVOKE ALL ON SEQUENCE {table}_id_seq FROM {WEB}; REVOKE ALL ON {table} FROM {WEB}; "
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON {table}",
    )


def append_only(table: str) -> migrations.RunSQL:
    """For whoever else writes: the web role has no grant to change or remove these rows at all."""
    return migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table} "
        "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
        f"DROP TRIGGER append_only ON auditapp_{table}",
    )


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def to(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=PROTECT, **({"related_name": "+"} | options), to=model)


HARMS = [
    ("none", "No harm"),
    ("low", "Low harm"),
    ("moderate", "Moderate harm"),
    ("severe", "Severe harm"),
    ("death", "Death"),
]


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0030_act_of_signing")]

    operations = [
        migrations.CreateModel(
            name="Policy",
            fields=[
                ("id", key()),
                ("n", models.PositiveIntegerField(default=0)),
                ("gate_from", models.DateField(null=True)),
                ("harm_threshold", models.CharField(choices=HARMS, default="moderate", max_length=10)),
                ("tiers", models.JSONField(default=list)),
                ("intervals", models.JSONField(default=dict)),
                ("remind_days", models.JSONField(default=list)),
                ("escalate_days", models.PositiveSmallIntegerField(default=14)),
                ("at", models.DateTimeField()),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("organisation", to("auditapp.organisation")),
                ("site", to("auditapp.site", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "site", "n"), name="one_policy_per_number", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(harm_threshold__in=[code for code, _label in HARMS]),
                        name="a_harm_is_one_of_the_known",
                    ),
                    models.CheckConstraint(condition=models.Q(n__gte=1), name="a_policy_that_is_kept_has_a_number"),
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE auditapp_policy ADD CONSTRAINT policy_site_is_of_the_organisation "
            "FOREIGN KEY (site_id, organisation_id) REFERENCES auditapp_site (id, organisation_id)",
            "ALTER TABLE auditapp_policy DROP CONSTRAINT policy_site_is_of_the_organisation",
        ),
        append_only("policy"),
        held("policy", f"{OURS} AND (site_id IS NULL OR {HERE})"),
    ]
