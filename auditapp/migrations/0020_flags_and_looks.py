"""Questions flagged to come back to, and when each person last looked at the questions of an audit."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
MAY_CHANGE = {"flag": "lifted_by_id, lifted_at", "look": "at, before"}
PARENTS = {"flag": "answer", "look": "audit"}

GRANTS = [
    f"""
    ALTER TABLE auditapp_{table} ADD CONSTRAINT {table}_{PARENTS[table]}_is_at_the_same_place
        FOREIGN KEY ({PARENTS[table]}_id, organisation_id, site_id)
        REFERENCES auditapp_{PARENTS[table]} (id, organisation_id, site_id);
    CREATE POLICY in_scope ON auditapp_{table} USING ({OURS} AND {HERE});
    ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY;
    GRANT SELECT, INSERT ON auditapp_{table} TO {WEB};
    GRANT UPDATE ({columns}) ON auditapp_{table} TO {WEB};
    GRANT USAGE ON SEQUENCE auditapp_{table}_id_seq TO {WEB};
    """
    for table, columns in MAY_CHANGE.items()
]
UNDO = [
    f"ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON auditapp_{table}; "
    f"ALTER TABLE auditapp_{table} DROP CONSTRAINT {table}_{PARENTS[table]}_is_at_the_same_place"
    for table in MAY_CHANGE
]


def kept(to: str, related_name: str = "+", *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(null=null, on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=to)


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0019_partial_uploads")]
    operations = [
        migrations.CreateModel(
            "Flag",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
                ("answer", kept("auditapp.answer", "flags")),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("lifted_by", kept(settings.AUTH_USER_MODEL, null=True)),
                ("organisation", kept("auditapp.organisation")),
                ("site", kept("auditapp.site")),
            ],
            {
                "constraints": [
                    models.UniqueConstraint(
                        fields=["answer"], condition=models.Q(lifted_at=None), name="a_question_is_flagged_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(lifted_at=None, lifted_by=None)
                        | models.Q(lifted_at__isnull=False, lifted_by__isnull=False),
                        name="a_flag_is_lifted_by_somebody",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            "Look",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("before", models.DateTimeField(null=True)),
                ("audit", kept("auditapp.audit", "looks")),
                ("user", kept(settings.AUTH_USER_MODEL)),
                ("organisation", kept("auditapp.organisation")),
                ("site", kept("auditapp.site")),
            ],
            {"constraints": [models.UniqueConstraint(fields=["audit", "user"], name="one_look_per_person_and_audit")]},
        ),
        migrations.RunSQL("".join(GRANTS), ";".join(UNDO)),
    ]
