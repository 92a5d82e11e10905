"""What a hospital group says once: the thresholds it adopts, and answers that stand for all its audits.

Rows of an organisation, only ever added. A revision of an answer says what it took over, or why it did not.
"""

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"


VERDICTS = [("met", "Met"), ("partial", "Partly met"), ("not_met", "Not met"), ("not_applicable", "Not applicable")]

# What an audit takes over stands in its own organisation.
OF_THE_SAME_ORGANISATION = migrations.RunSQL(
    """
    ALTER TABLE auditapp_standinganswer ADD CONSTRAINT standing_answer_and_its_organisation UNIQUE (id, organisation_id);
    ALTER TABLE auditapp_answerrevision ADD CONSTRAINT a_revision_stands_on_its_own_organisation
        FOREIGN KEY (standing_id, organisation_id) REFERENCES auditapp_standinganswer (id, organisation_id);
    """,
    """
    ALTER TABLE auditapp_answerrevision DROP CONSTRAINT a_revision_stands_on_its_own_organisation;
    ALTER TABLE auditapp_standinganswer DROP CONSTRAINT standing_answer_and_its_organisation;
    """,
)


def of_an_organisation(table: str) -> migrations.RunSQL:
    """Seen and added to inside one's own organisation alone; changed and deleted by nobody."""
    return migrations.RunSQL(
        f"""
        CREATE POLICY in_scope ON auditapp_{table} USING ({OURS});
        ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table}
            FOR EACH ROW EXECUTE FUNCTION auditapp_append_only();
        GRANT SELECT, INSERT ON auditapp_{table} TO {WEB};
        GRANT USAGE ON SEQUENCE auditapp_{table}_id_seq TO {WEB};
        """,
        f"""
        REVOKE ALL ON auditapp_{table} FROM {WEB};
        DROP TRIGGER append_only ON auditapp_{table};
        ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY;
        DROP POLICY in_scope ON auditapp_{table};
        """,
    )


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0014_submission_states")]
    operations = [
        migrations.CreateModel(
            name="ThresholdAdoption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("check_code", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=200)),
                ("rule", models.CharField(max_length=10)),
                ("unit", models.CharField(max_length=100)),
                ("n", models.PositiveIntegerField()),
                ("default", models.CharField(max_length=20)),
                ("value", models.CharField(max_length=20)),
                ("reason", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("organisation", models.ForeignKey(on_delete=PROTECT, related_name="+", to="auditapp.organisation")),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "check_code", "name", "rule", "unit", "n"),
                        name="one_adoption_per_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(rule__in=["at_least", "at_most"]), name="an_adoption_is_of_a_limit"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(value__regex=r"^[0-9]+(\.[0-9]+)?$"), name="an_adopted_value_is_a_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(n=1, value=models.F("default")) | ~models.Q(reason=""),
                        name="a_changed_number_has_a_reason",
                    ),
                ],
            },
        ),
        of_an_organisation("thresholdadoption"),
        migrations.CreateModel(
            name="StandingAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verdict", models.CharField(blank=True, choices=VERDICTS, default="", max_length=20)),
                ("note", models.TextField(blank=True, default="")),
                ("evidence_note", models.TextField(blank=True, default="")),
                ("gap", models.TextField(blank=True, default="")),
                ("owner", models.CharField(blank=True, default="", max_length=120)),
                ("due", models.DateField(null=True)),
                ("control", models.TextField(blank=True, default="")),
                ("justification", models.TextField(blank=True, default="")),
                ("check_code", models.CharField(max_length=20)),
                ("n", models.PositiveIntegerField()),
                ("valid_until", models.DateField()),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("keeper", models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("organisation", models.ForeignKey(on_delete=PROTECT, related_name="+", to="auditapp.organisation")),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "check_code", "n"), name="one_standing_answer_per_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(verdict__in=["met", "partial", "not_met", "not_applicable"]),
                        name="a_standing_answer_has_a_verdict",
                    ),
                ],
            },
        ),
        of_an_organisation("standinganswer"),
        migrations.AddField("answerrevision", "deviation", models.TextField(blank=True, default="")),
        migrations.AddField("answerrevision", "inherited", models.BooleanField(default=False)),
        migrations.AddField(
            "answerrevision",
            "standing",
            models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to="auditapp.standinganswer"),
        ),
        migrations.AddConstraint(
            "answerrevision",
            models.CheckConstraint(
                condition=models.Q(inherited=False) | models.Q(standing__isnull=False, deviation=""),
                name="what_is_inherited_stands_somewhere",
            ),
        ),
        OF_THE_SAME_ORGANISATION,
    ]
