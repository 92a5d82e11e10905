"""Incidents, and what is done about findings: all of it at one hospital, most of it only ever added to."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
PLACED = [
    "incident", "incidentreview", "incidentexport", "findingchange", "reopening", "action", "actionstep", "rootcause",
    "rootcauserelease", "riskacceptance",
]  # fmt: skip
APPEND_ONLY = [table for table in PLACED if table not in {"incident", "action"}]
PARENTS = ["incident", "action", "rootcause"]
LINKS = [
    ("incident", "deployment_id", "deployment"),
    ("incident", "model_version_id", "modelversion"),
    ("incidentreview", "incident_id", "incident"),
    ("incidentexport", "incident_id", "incident"),
    ("finding", "incident_id", "incident"),
    ("findingchange", "finding_id", "finding"),
    ("reopening", "finding_id", "finding"),
    ("reopening", "incident_id", "incident"),
    ("action", "finding_id", "finding"),
    ("actionstep", "action_id", "action"),
    ("actionstep", "evidence_id", "evidence"),
    ("rootcause", "finding_id", "finding"),
    ("rootcauserelease", "root_cause_id", "rootcause"),
    ("riskacceptance", "rating_id", "hazardrating"),
    ("keptpassage", "finding_id", "finding"),
    ("keptpassage", "incident_id", "incident"),
    ("keptpassage", "hazardrating_id", "hazardrating"),
]
MAY_CHANGE = {"incident": "harm, cause", "action": "state", "finding": "ruled, person_id, hazard"}
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
            name="Action",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                ("what", models.TextField()),
                ("due", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("to_do", "To do"),
                            ("done", "Done, effect not checked"),
                            ("effective", "Effective"),
                            ("dropped", "Given up"),
                        ],
                        default="to_do",
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["n"],
            },
        ),
        migrations.CreateModel(
            name="ActionStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("done", "Done"),
                            ("effective", "Found effective"),
                            ("not_effective", "Found not effective"),
                            ("dropped", "Given up"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True, default="")),
                ("done_on", models.DateField(null=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["n"],
            },
        ),
        migrations.CreateModel(
            name="FindingChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[("priority", "Provisional priority"), ("due", "Due date"), ("owner", "Owner")],
                        max_length=10,
                    ),
                ),
                ("before", models.CharField(blank=True, default="", max_length=120)),
                ("after", models.CharField(blank=True, default="", max_length=120)),
                ("reason", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
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
            name="IncidentExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.UUIDField(unique=True)),
                ("canonical", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("names_site", models.BooleanField(default=False)),
                ("names_product", models.BooleanField(default=False)),
                ("reason", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-pk"],
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
        migrations.CreateModel(
            name="Reopening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                ("source", models.CharField(max_length=30)),
                ("due", models.DateField(null=True)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["n"],
            },
        ),
        migrations.CreateModel(
            name="RiskAcceptance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                ("level", models.PositiveSmallIntegerField()),
                ("until", models.DateField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["n"],
            },
        ),
        migrations.CreateModel(
            name="RootCause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["n"],
            },
        ),
        migrations.CreateModel(
            name="RootCauseRelease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="finding",
            name="one_open_finding_per_check_of_a_deployment",
        ),
        migrations.RemoveConstraint(
            model_name="keptpassage",
            name="a_passage_is_kept_in_one_text",
        ),
        migrations.AddField(
            model_name="finding",
            name="hazard",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="finding",
            name="opened_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="person",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="ruled",
            field=models.CharField(blank=True, db_default="", default="", max_length=4),
        ),
        migrations.AddField(
            model_name="keptpassage",
            name="finding",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="kept", to="auditapp.finding"
            ),
        ),
        migrations.AddField(
            model_name="keptpassage",
            name="hazardrating",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="kept", to="auditapp.hazardrating"
            ),
        ),
        migrations.AlterField(
            model_name="finding",
            name="origin",
            field=models.CharField(
                choices=[
                    ("check", "An audit's answer"),
                    ("condition", "A condition of a decision"),
                    ("incident", "An incident"),
                    ("hand", "Opened by hand"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="action",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="action",
            name="finding",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="actions", to="auditapp.finding"
            ),
        ),
        migrations.AddField(
            model_name="action",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="action",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="action",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
        ),
        migrations.AddField(
            model_name="actionstep",
            name="action",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="auditapp.action"
            ),
        ),
        migrations.AddField(
            model_name="actionstep",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="actionstep",
            name="evidence",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="action_steps",
                to="auditapp.evidence",
            ),
        ),
        migrations.AddField(
            model_name="actionstep",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="actionstep",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="actionstep",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
        ),
        migrations.AddField(
            model_name="findingchange",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="findingchange",
            name="finding",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="auditapp.finding"
            ),
        ),
        migrations.AddField(
            model_name="findingchange",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="findingchange",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
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
            model_name="finding",
            name="incident",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="auditapp.incident"
            ),
        ),
        migrations.AddField(
            model_name="keptpassage",
            name="incident",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="kept", to="auditapp.incident"
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["organisation", "due"], name="open_findings_of_a_group"
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["site", "due"], name="open_findings_of_a_site"
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open"), models.Q(("check_code", ""), _negated=True)),
                fields=("deployment", "check_code"),
                name="one_open_finding_per_check_of_a_deployment",
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
                            ("hazardrating__isnull", True),
                            ("incident__isnull", True),
                            ("revision__isnull", False),
                            ("standing__isnull", True),
                        ),
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", True),
                            ("finding__isnull", True),
                            ("hazardrating__isnull", True),
                            ("incident__isnull", True),
                            ("revision__isnull", True),
                            ("standing__isnull", False),
                        ),
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", False),
                            ("finding__isnull", True),
                            ("hazardrating__isnull", True),
                            ("incident__isnull", True),
                            ("revision__isnull", True),
                            ("standing__isnull", True),
                        ),
                        models.Q(
                            ("audit__isnull", False),
                            ("evidence__isnull", True),
                            ("finding__isnull", True),
                            ("hazardrating__isnull", True),
                            ("incident__isnull", True),
                            ("revision__isnull", True),
                            ("standing__isnull", True),
                        ),
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", True),
                            ("finding__isnull", False),
                            ("hazardrating__isnull", True),
                            ("incident__isnull", True),
                            ("revision__isnull", True),
                            ("standing__isnull", True),
                        ),
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", True),
                            ("finding__isnull", True),
                            ("hazardrating__isnull", True),
                            ("incident__isnull", False),
                            ("revision__isnull", True),
                            ("standing__isnull", True),
                        ),
                        models.Q(
                            ("audit__isnull", True),
                            ("evidence__isnull", True),
                            ("finding__isnull", True),
                            ("hazardrating__isnull", False),
                            ("incident__isnull", True),
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
            model_name="incidentexport",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="incidentexport",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="exports", to="auditapp.incident"
            ),
        ),
        migrations.AddField(
            model_name="incidentexport",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="incidentexport",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
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
        migrations.AddField(
            model_name="reopening",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="reopening",
            name="finding",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reopenings", to="auditapp.finding"
            ),
        ),
        migrations.AddField(
            model_name="reopening",
            name="incident",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reopenings",
                to="auditapp.incident",
            ),
        ),
        migrations.AddField(
            model_name="reopening",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="reopening",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
        ),
        migrations.AddField(
            model_name="riskacceptance",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="riskacceptance",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="riskacceptance",
            name="rating",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="acceptances", to="auditapp.hazardrating"
            ),
        ),
        migrations.AddField(
            model_name="riskacceptance",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
        ),
        migrations.AddField(
            model_name="rootcause",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="rootcause",
            name="finding",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="root_causes", to="auditapp.finding"
            ),
        ),
        migrations.AddField(
            model_name="rootcause",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="rootcause",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
        ),
        migrations.AddField(
            model_name="rootcauserelease",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="rootcauserelease",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
            ),
        ),
        migrations.AddField(
            model_name="rootcauserelease",
            name="root_cause",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="released", to="auditapp.rootcause"
            ),
        ),
        migrations.AddField(
            model_name="rootcauserelease",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"),
        ),
        migrations.AddIndex(
            model_name="action",
            index=models.Index(
                condition=models.Q(("state", "to_do")), fields=["owner", "due"], name="open_actions_of_a_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="action",
            constraint=models.UniqueConstraint(fields=("finding", "n"), name="one_action_of_a_finding_per_number"),
        ),
        migrations.AddConstraint(
            model_name="action",
            constraint=models.CheckConstraint(
                condition=models.Q(("what", ""), _negated=True), name="an_action_says_what_is_done"
            ),
        ),
        migrations.AddConstraint(
            model_name="actionstep",
            constraint=models.UniqueConstraint(fields=("action", "n"), name="one_step_of_an_action_per_number"),
        ),
        migrations.AddConstraint(
            model_name="actionstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["effective", "not_effective"]), ("owner", models.F("by")), _negated=True
                ),
                name="an_action_is_not_judged_by_its_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="actionstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "done"), _negated=True),
                    models.Q(
                        ("done_on__isnull", False),
                        models.Q(models.Q(("note", ""), _negated=True), ("evidence__isnull", False), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="a_done_action_says_when_and_how_one_knows",
            ),
        ),
        migrations.AddConstraint(
            model_name="actionstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "done"), models.Q(("note", ""), _negated=True), _connector="OR"),
                name="an_action_is_judged_with_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="findingchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("before__lt", models.F("after")), ("what", "priority"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_priority_is_lowered_for_a_reason",
            ),
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
            model_name="incidentexport",
            constraint=models.CheckConstraint(
                condition=models.Q(("names_site", False), models.Q(("reason", ""), _negated=True), _connector="OR"),
                name="a_hospital_is_named_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentexport",
            constraint=models.CheckConstraint(
                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="an_export_has_a_digest"
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
        migrations.AddConstraint(
            model_name="reopening",
            constraint=models.UniqueConstraint(fields=("finding", "n"), name="one_reopening_per_number"),
        ),
        migrations.AddConstraint(
            model_name="reopening",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="a_finding_is_reopened_for_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="riskacceptance",
            constraint=models.UniqueConstraint(fields=("rating", "n"), name="one_acceptance_of_a_rating_per_number"),
        ),
        migrations.AddConstraint(
            model_name="riskacceptance",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__lte", 3)), name="only_low_levels_are_accepted"
            ),
        ),
        migrations.AddConstraint(
            model_name="riskacceptance",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="a_risk_is_accepted_for_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="rootcause",
            constraint=models.UniqueConstraint(fields=("finding", "n"), name="one_root_cause_per_number"),
        ),
        migrations.AddConstraint(
            model_name="rootcause",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="a_root_cause_says_why"
            ),
        ),
        migrations.RunSQL(
            "UPDATE auditapp_finding f SET ruled = priority, hazard = (SELECT max(level) FROM auditapp_hazardrating r "
            "WHERE r.finding_id = f.id AND NOT EXISTS (SELECT FROM auditapp_hazardclosure c WHERE c.rating_id = r.id) "
            "AND NOT EXISTS (SELECT FROM auditapp_hazardrating n WHERE n.replaces_id = r.id))",
            migrations.RunSQL.noop,
        ),
        *HELD,
    ]
