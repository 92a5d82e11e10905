"""Incidents, and what is done about findings: all of it at one hospital, most of it only ever added to."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
PLACED = ["incident", "incidentreview"]
APPEND_ONLY = ["incidentreview"]
PARENTS = ["incident"]
LINKS = [
    ("incident", "deployment_id", "deployment"),
    ("incident", "model_version_id", "modelversion"),
    ("incidentreview", "incident_id", "incident"),
    ("keptpassage", "finding_id", "finding"),
    ("keptpassage", "incident_id", "incident"),
]
MAY_CHANGE = {"incident": "harm, cause"}
SEQUENCES = ["auditapp_incident_ref"]

HELD = [
    *[
        migrations.RunSQL(
            f"CREATE SEQUENCE {sequence}; GRANT USAGE ON SEQUENCE {sequence} TO {WEB}", f"DROP SEQUENCE {sequence}"
        )
        for sequence in SEQUENCES
    ],
    *[
        migrations.RunSQL(
            f"ALTER TABLE auditapp_{table} ADD CONSTRAINT auditapp_{table}_has_one_place "
            "UNIQUE (id, organisation_id, site_id)",
            f"ALTER TABLE auditapp_{table} DROP CONSTRAINT auditapp_{table}_has_one_place",
        )
        for table in PARENTS
    ],
    *[
        migrations.RunSQL(
            f"ALTER TABLE auditapp_{child} ADD CONSTRAINT {child}_{column.removesuffix('_id')}_is_at_the_same_place "
            f"FOREIGN KEY ({column}, organisation_id, site_id) "
            f"REFERENCES auditapp_{parent} (id, organisation_id, site_id)",
            f"ALTER TABLE auditapp_{child} DROP CONSTRAINT {child}_{column.removesuffix('_id')}_is_at_the_same_place",
        )
        for child, column, parent in LINKS
    ],
    *[
        migrations.RunSQL(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table} "
            "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
            f"DROP TRIGGER append_only ON auditapp_{table}",
        )
        for table in APPEND_ONLY
    ],
    *[
        migrations.RunSQL(
            f"CREATE POLICY in_scope ON auditapp_{table} USING ({OURS} AND {HERE}); "
            f"ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY; "
            f"GRANT SELECT, INSERT ON auditapp_{table} TO {WEB}; "
            f"GRANT USAGE ON SEQUENCE auditapp_{table}_id_seq TO {WEB}",
            f"REVOKE ALL ON SEQUENCE auditapp_{table}_id_seq FROM {WEB}; REVOKE ALL ON auditapp_{table} FROM {WEB}; "
            f"ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON auditapp_{table}",
        )
        for table in PLACED
    ],
    *[
        migrations.RunSQL(
            f"GRANT UPDATE ({columns}) ON auditapp_{table} TO {WEB}",
            f"REVOKE UPDATE ({columns}) ON auditapp_{table} FROM {WEB}",
        )
        for table, columns in MAY_CHANGE.items()
    ],
]


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0031_over_time")]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(max_length=20, unique=True)),
                (
                    "kind",
                    models.CharField(choices=[("event", "Safety event"), ("near_miss", "Near miss")], max_length=10),
                ),
                ("happened_on", models.DateField()),
                (
                    "harm",
                    models.CharField(
                        choices=[
                            ("none", "No harm"),
                            ("low", "Low harm"),
                            ("moderate", "Moderate harm"),
                            ("severe", "Severe harm"),
                            ("death", "Death"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("suspected", "Suspected contribution, under review"),
                            ("confirmed", "AI contributed"),
                            ("excluded", "AI did not contribute"),
                        ],
                        default="suspected",
                        max_length=10,
                    ),
                ),
                ("summary", models.TextField()),
                (
                    "checks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None
                    ),
                ),
                ("elsewhere", models.CharField(blank=True, default="", max_length=120)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="IncidentReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                (
                    "cause_before",
                    models.CharField(
                        choices=[
                            ("suspected", "Suspected contribution, under review"),
                            ("confirmed", "AI contributed"),
                            ("excluded", "AI did not contribute"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("suspected", "Suspected contribution, under review"),
                            ("confirmed", "AI contributed"),
                            ("excluded", "AI did not contribute"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "harm_before",
                    models.CharField(
                        choices=[
                            ("none", "No harm"),
                            ("low", "Low harm"),
                            ("moderate", "Moderate harm"),
                            ("severe", "Severe harm"),
                            ("death", "Death"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "harm",
                    models.CharField(
                        choices=[
                            ("none", "No harm"),
                            ("low", "Low harm"),
                            ("moderate", "Moderate harm"),
                            ("severe", "Severe harm"),
                            ("death", "Death"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["n"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="keptpassage",
            name="a_passage_is_kept_in_one_text",
        ),
        migrations.AddField(
            model_name="keptpassage",
            name="finding",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="kept", to="auditapp.finding"
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="deployment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="incidents", to="auditapp.deployment"
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="model_version",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="incidents",
                to="auditapp.modelversion",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
        ),
        migrations.AddField(
            model_name="keptpassage",
            name="incident",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="kept", to="auditapp.incident"
            ),
        ),
        migrations.AddConstraint(
            model_name="keptpassage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", True),
                            ("finding__isnull", True),
                            ("incident__isnull", True),
                            ("revision__isnull", False),
                            ("standing__isnull", True),
                        ),
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", True),
                            ("finding__isnull", True),
                            ("incident__isnull", True),
                            ("revision__isnull", True),
                            ("standing__isnull", False),
                        ),
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", False),
                            ("finding__isnull", True),
                            ("incident__isnull", True),
                            ("revision__isnull", True),
                            ("standing__isnull", True),
                        ),
                        models.Q(
                            ("audit__isnull", False),
                            ("evidence__isnull", True),
                            ("finding__isnull", True),
                            ("incident__isnull", True),
                            ("revision__isnull", True),
                            ("standing__isnull", True),
                        ),
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", True),
                            ("finding__isnull", False),
                            ("incident__isnull", True),
                            ("revision__isnull", True),
                            ("standing__isnull", True),
                        ),
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", True),
                            ("finding__isnull", True),
                            ("incident__isnull", False),
                            ("revision__isnull", True),
                            ("standing__isnull", True),
                        ),
                        _connector="OR",
                    ),
                    models.Q(
                        models.Q(("answer", None), ("evidence", None)),
                        models.Q(("answer__isnull", False), ("evidence__isnull", False)),
                        _connector="OR",
                    ),
                ),
                name="a_passage_is_kept_in_one_text",
            ),
        ),
        migrations.AddField(
            model_name="incidentreview",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="incidentreview",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="auditapp.incident"
            ),
        ),
        migrations.AddField(
            model_name="incidentreview",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="incidentreview",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["deployment", "-at"], name="incidents_of_a_deployment"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["site", "-at"], name="incidents_of_a_site"),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("summary", ""), _negated=True), name="an_incident_says_what_happened"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("harm__in", ["none", "low", "moderate", "severe", "death"])),
                name="harm_is_one_of_the_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause__in", ["suspected", "confirmed", "excluded"])),
                name="a_cause_is_one_of_the_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentreview",
            constraint=models.UniqueConstraint(fields=("incident", "n"), name="one_review_of_an_incident_per_number"),
        ),
        migrations.AddConstraint(
            model_name="incidentreview",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="an_incident_is_reviewed_with_a_reason"
            ),
        ),
        *HELD,
    ]
