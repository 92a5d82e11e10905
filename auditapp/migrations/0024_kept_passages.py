"""What looked like patient data and was kept, and who said that it is none: rows that are only ever added."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT, Q

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
MODEL = "keptpassage"
TABLE = f"auditapp_{MODEL}"
REASONS = [
    ("staff", "It belongs to staff or a supplier, not to a patient"),
    ("invented", "It is invented, for a test or an example"),
    ("other", "It is something else, such as a reference or another date"),
    ("public", "It is published and names no patient"),
]

# A passage is kept where its text is; a standing answer belongs to no hospital.
AT_THE_SAME_PLACE = "".join(
    f"""
    ALTER TABLE {TABLE} ADD CONSTRAINT keptpassage_{column}_is_at_the_same_place
        FOREIGN KEY ({column}_id, organisation_id, site_id) REFERENCES auditapp_{table} (id, organisation_id, site_id);
    """
    for column, table in (
        ("revision", "answerrevision"),
        ("evidence", "evidence"),
        ("answer", "answer"),
        ("audit", "audit"),
    )
)
SECURED = f"""
    ALTER TABLE {TABLE} ADD CONSTRAINT a_kept_passage_stands_in_its_own_organisation
        FOREIGN KEY (standing_id, organisation_id) REFERENCES auditapp_standinganswer (id, organisation_id);
    ALTER TABLE {TABLE} ADD CONSTRAINT a_kept_passage_is_at_a_hospital_or_of_all
        CHECK ((site_id IS NULL) = (standing_id IS NOT NULL));
    {AT_THE_SAME_PLACE}
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION auditapp_append_only();
    CREATE POLICY in_scope ON {TABLE} USING ({OURS} AND (site_id IS NULL OR {HERE}));
    ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY;
    GRANT SELECT, INSERT ON {TABLE} TO {WEB};
    GRANT USAGE ON SEQUENCE {TABLE}_id_seq TO {WEB};
"""
UNSECURED = f"""
    REVOKE ALL ON SEQUENCE {TABLE}_id_seq FROM {WEB};
    REVOKE ALL ON {TABLE} FROM {WEB};
    ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY;
    DROP POLICY in_scope ON {TABLE};
    DROP TRIGGER append_only ON {TABLE};
"""


def kept(to: str, related_name: str = "+", *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(null=null, on_delete=PROTECT, related_name=related_name, to=to)


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0023_notifications")]
    operations = [
        migrations.CreateModel(
            "KeptPassage",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=40)),
                ("rule", models.CharField(max_length=40)),
                ("reason", models.CharField(choices=REASONS, max_length=20)),
                ("digest", models.CharField(max_length=64)),
                ("passages", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("answer", kept("auditapp.answer", null=True)),
                ("audit", kept("auditapp.audit", null=True)),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("evidence", kept("auditapp.evidence", "kept", null=True)),
                ("organisation", kept("auditapp.organisation")),
                ("revision", kept("auditapp.answerrevision", "kept", null=True)),
                ("site", kept("auditapp.site", null=True)),
                ("standing", kept("auditapp.standinganswer", "kept", null=True)),
            ],
            {
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(revision__isnull=False, standing=None, evidence=None, answer=None, audit=None)
                        | Q(revision=None, standing__isnull=False, evidence=None, answer=None, audit=None)
                        | Q(revision=None, standing=None, evidence__isnull=False, answer__isnull=False, audit=None)
                        | Q(revision=None, standing=None, evidence=None, answer=None, audit__isnull=False),
                        name="a_passage_is_kept_in_one_text",
                    ),
                    models.CheckConstraint(
                        condition=Q(reason__in=["staff", "invented", "other", "public"]),
                        name="a_passage_is_kept_for_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=Q(digest__regex="^[0-9a-f]{64}$", passages__gte=1),
                        name="a_kept_passage_has_a_digest",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SECURED, UNSECURED),
    ]
