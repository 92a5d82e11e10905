"""Steps that two people take, and what is needed to tell later what was valid on a day."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"


def to(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=PROTECT, **({"related_name": "+"} | options), to=model)


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def placed(table: str, column: str, parent: str) -> migrations.RunSQL:
    """At the place of its parent, seen there."""
    name = f"{table}_{column.removesuffix('_id')}_is_at_the_same_place"
    return migrations.RunSQL(
        f"ALTER TABLE auditapp_{table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, organisation_id, site_id) "
        f"REFERENCES auditapp_{parent} (id, organisation_id, site_id); "
        f"CREATE POLICY in_scope ON auditapp_{table} USING ({OURS} AND {HERE}); "
        f"ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY; "
        f"GRANT SELECT, INSERT ON auditapp_{table} TO {WEB}; "
        f"GRANT USAGE ON SEQUENCE auditapp_{table}_id_seq TO {WEB}",
        f"REVOKE ALL ON SEQUENCE auditapp_{table}_id_seq FROM {WEB}; REVOKE ALL ON auditapp_{table} FROM {WEB}; "
        f"ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON auditapp_{table}; "
        f"ALTER TABLE auditapp_{table} DROP CONSTRAINT {name}",
    )


def append_only(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table} "
        "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
        f"DROP TRIGGER append_only ON auditapp_{table}",
    )


# Until now a version's end was said when it was entered, or by entering the version that begins on that day.
ENDS_SO_FAR = """
INSERT INTO auditapp_versionend (organisation_id, site_id, version_id, ends, by_id, at)
SELECT v.organisation_id, v.site_id, v.id, v.ends, coalesce(n.by_id, v.by_id), coalesce(n.at, v.at)
FROM auditapp_modelversion v
LEFT JOIN auditapp_modelversion n ON n.deployment_id = v.deployment_id AND n.starts = v.ends AND n.at >= v.at
WHERE v.ends IS NOT NULL ORDER BY v.id
"""
# Which audit's decision a condition came with: by its words and date, which were copied when the report was issued.
SOURCES_SO_FAR = """
UPDATE auditapp_finding f SET source = a.ref
FROM auditapp_condition c
JOIN auditapp_decision d ON d.id = c.decision_id
JOIN auditapp_submission s ON s.id = d.submission_id
JOIN auditapp_audit a ON a.id = s.audit_id
WHERE f.origin = 'condition' AND f.deployment_id = a.deployment_id AND f.opened_at = a.issued_at
  AND f.title = c.text AND f.first_due = c.due
"""

# Ended once, by being signed off or dropped; what was proposed stays as it is.
ONCE = """
CREATE FUNCTION auditapp_steps_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.signed_at IS NOT NULL OR OLD.dropped_at IS NOT NULL
       OR (OLD.deployment_id, OLD."to", OLD.reason, OLD.by_id, OLD.at)
          IS DISTINCT FROM (NEW.deployment_id, NEW."to", NEW.reason, NEW.by_id, NEW.at) THEN
        RAISE EXCEPTION 'step %: it cannot be changed or undone', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER steps_end_once BEFORE UPDATE OR DELETE ON auditapp_statusproposal
FOR EACH ROW EXECUTE FUNCTION auditapp_steps_end_once();
GRANT UPDATE (signed_by_id, signed_at, dropped_by_id, dropped_at) ON auditapp_statusproposal TO auditapp_web;
"""
NOT_ONCE = """
REVOKE UPDATE ON auditapp_statusproposal FROM auditapp_web;
DROP TRIGGER steps_end_once ON auditapp_statusproposal;
DROP FUNCTION auditapp_steps_end_once();
"""
# NOT VALID: steps that were taken before this rule stay as they are. What came in as it was took none.
TWO_PEOPLE = """
ALTER TABLE auditapp_statuschange ADD CONSTRAINT a_step_into_use_or_out_of_it_is_taken_by_two_people CHECK (
    imported OR after NOT IN ('pilot', 'live', 'retired') OR (signed_by_id IS NOT NULL AND signed_by_id <> by_id)
) NOT VALID;
ALTER TABLE auditapp_statuschange ADD CONSTRAINT a_step_into_use_went_through_the_gate CHECK (
    imported OR after NOT IN ('pilot', 'live') OR gate IN ('passed', 'exempt', 'off')
) NOT VALID;
"""
NOT_TWO = """
ALTER TABLE auditapp_statuschange DROP CONSTRAINT a_step_into_use_went_through_the_gate;
ALTER TABLE auditapp_statuschange DROP CONSTRAINT a_step_into_use_or_out_of_it_is_taken_by_two_people;
"""

# Decided once, by one of two tabs; what was proposed stays as it was written.
DECIDED_ONCE = """
CREATE FUNCTION auditapp_proposals_are_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.ref, OLD.site_id, OLD.name, OLD.vendor, OLD.purpose, OLD.users, OLD.patients,
                            OLD.why_now, OLD.contact, OLD.by_id, OLD.at)
       IS DISTINCT FROM (NEW.ref, NEW.site_id, NEW.name, NEW.vendor, NEW.purpose, NEW.users, NEW.patients,
                         NEW.why_now, NEW.contact, NEW.by_id, NEW.at)
       OR (OLD.state <> 'waiting' AND (OLD.state, OLD.deployment_id, OLD.reason, OLD.decided_by_id, OLD.decided_at)
           IS DISTINCT FROM (NEW.state, NEW.deployment_id, NEW.reason, NEW.decided_by_id, NEW.decided_at)) THEN
        RAISE EXCEPTION 'proposal %: it cannot be changed or undone', OLD.ref USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proposals_are_decided_once BEFORE UPDATE OR DELETE ON auditapp_intake
FOR EACH ROW EXECUTE FUNCTION auditapp_proposals_are_decided_once();
GRANT UPDATE (state, deployment_id, reason, decided_by_id, decided_at, noted_at) ON auditapp_intake TO auditapp_web;
"""
NOT_DECIDED_ONCE = """
REVOKE UPDATE ON auditapp_intake FROM auditapp_web;
DROP TRIGGER proposals_are_decided_once ON auditapp_intake;
DROP FUNCTION auditapp_proposals_are_decided_once();
"""
AT_A_SITE = """
ALTER TABLE auditapp_intake ADD CONSTRAINT intake_is_at_a_site_of_its_organisation
FOREIGN KEY (site_id, organisation_id) REFERENCES auditapp_site (id, organisation_id)
"""

# What lists need to know of each version, read once a row. FOR_USE and FULL_REASONS of deployments/models/approval.py.
FOR_USE = "('approve', 'approve_with_contingencies', 'continue', 'continue_with_conditions', 'restrict')"
APPROVAL = f"""
CREATE VIEW auditapp_approval WITH (security_invoker = true) AS
SELECT v.id AS version_id, a.ref, a.issued_at, a.reason, a.code AS decided, was.facts AS facts_then,
       now.facts AS facts_now, used.at AS first_use, coalesce(whole.issued_at, early.issued_at) AS full_at
FROM auditapp_modelversion v
LEFT JOIN LATERAL (
    SELECT x.ref, x.issued_at, x.reason, (x.profile ->> 'n')::integer AS n, d.code FROM auditapp_audit x
    LEFT JOIN auditapp_report r ON r.audit_id = x.id AND r.issued_at IS NOT NULL
    LEFT JOIN auditapp_decision d ON d.id = r.decision_id
    WHERE x.model_version_id = v.id AND x.state = 'issued' ORDER BY x.issued_at DESC, x.id DESC LIMIT 1
) a ON true
LEFT JOIN auditapp_profile was ON was.deployment_id = v.deployment_id AND was.n = a.n
LEFT JOIN LATERAL (
    SELECT p.facts FROM auditapp_profile p JOIN auditapp_profileconfirmation c ON c.profile_id = p.id
    WHERE p.deployment_id = v.deployment_id ORDER BY p.n DESC LIMIT 1
) now ON true
LEFT JOIN LATERAL (
    SELECT s.at FROM auditapp_statuschange s
    WHERE s.deployment_id = v.deployment_id AND s.after IN ('pilot', 'live') ORDER BY s.at LIMIT 1
) used ON true
LEFT JOIN LATERAL (
    SELECT x.issued_at FROM auditapp_audit x
    JOIN auditapp_report r ON r.audit_id = x.id AND r.issued_at IS NOT NULL
    JOIN auditapp_decision d ON d.id = r.decision_id AND d.code IN {FOR_USE}
    WHERE x.deployment_id = v.deployment_id AND x.state = 'issued' AND x.reason IN ('pre_deployment', 'yearly')
    ORDER BY x.issued_at DESC LIMIT 1
) whole ON true
LEFT JOIN LATERAL (
    SELECT x.issued_at FROM auditapp_audit x
    JOIN auditapp_report r ON r.audit_id = x.id AND r.issued_at IS NOT NULL
    JOIN auditapp_decision d ON d.id = r.decision_id AND d.code IN {FOR_USE}
    WHERE x.deployment_id = v.deployment_id AND x.state = 'issued' ORDER BY x.issued_at LIMIT 1
) early ON true;
GRANT SELECT ON auditapp_approval TO {WEB};
"""


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0034_bringing_in_and_taking_out")]

    operations = [
        migrations.CreateModel(
            "VersionEnd",
            [
                ("id", key()),
                ("ends", models.DateField()),
                ("at", models.DateTimeField()),
                ("organisation", to("auditapp.organisation")),
                ("site", to("auditapp.site")),
                ("version", to("auditapp.modelversion", related_name="said_ends")),
                ("by", to(settings.AUTH_USER_MODEL)),
            ],
            {"ordering": ["pk"]},
        ),
        migrations.RunSQL(ENDS_SO_FAR, migrations.RunSQL.noop),
        placed("versionend", "version_id", "modelversion"),
        append_only("versionend"),
        migrations.AddField(
            "finding", "source", models.CharField(blank=True, db_default="", default="", max_length=30)
        ),
        migrations.RunSQL(SOURCES_SO_FAR, migrations.RunSQL.noop),
        migrations.AddIndex(
            "finding",
            models.Index(
                fields=["deployment", "source"],
                condition=models.Q(origin="condition", state="open"),
                name="open_conditions_of_a_decision",
            ),
        ),
        migrations.AddField("statuschange", "signed_by", to(settings.AUTH_USER_MODEL, null=True)),
        migrations.AddField(
            "statuschange",
            "gate",
            models.CharField(
                blank=True,
                choices=[
                    ("passed", "a valid decision covers what runs"),
                    ("exempt", "by the hospital’s rules it is only registered"),
                    ("off", "the gate was not on"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "statuschange", "rests_on", models.CharField(blank=True, db_default="", default="", max_length=30)
        ),
        migrations.RunSQL(TWO_PEOPLE, NOT_TWO),
        migrations.CreateModel(
            "StatusProposal",
            [
                ("id", key()),
                ("to", models.CharField(max_length=20)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                ("signed_at", models.DateTimeField(null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                ("organisation", to("auditapp.organisation")),
                ("site", to("auditapp.site")),
                ("deployment", to("auditapp.deployment", related_name="status_proposals")),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("signed_by", to(settings.AUTH_USER_MODEL, null=True)),
                ("dropped_by", to(settings.AUTH_USER_MODEL, null=True)),
            ],
            {
                "ordering": ["at"],
                "constraints": [
                    models.CheckConstraint(condition=~models.Q(reason=""), name="a_step_is_proposed_with_a_reason"),
                    models.CheckConstraint(
                        condition=~models.Q(signed_by=models.F("by")), name="two_people_take_a_step"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(signed_at=None) | models.Q(dropped_at=None),
                        name="a_proposed_step_is_signed_off_or_dropped",
                    ),
                    models.UniqueConstraint(
                        fields=["deployment"],
                        condition=models.Q(signed_at=None, dropped_at=None),
                        name="one_step_of_a_deployment_is_proposed_at_a_time",
                    ),
                ],
            },
        ),
        placed("statusproposal", "deployment_id", "deployment"),
        migrations.RunSQL(ONCE, NOT_ONCE),
        migrations.RunSQL(
            f"CREATE SEQUENCE auditapp_intake_ref; GRANT USAGE ON SEQUENCE auditapp_intake_ref TO {WEB}",
            "DROP SEQUENCE auditapp_intake_ref",
        ),
        migrations.CreateModel(
            "Intake",
            [
                ("id", key()),
                ("ref", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=160)),
                ("vendor", models.CharField(blank=True, default="", max_length=120)),
                ("purpose", models.TextField()),
                ("users", models.CharField(max_length=300)),
                ("patients", models.CharField(max_length=300)),
                ("why_now", models.TextField(blank=True, default="")),
                ("contact", models.CharField(max_length=160)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for triage"),
                            ("registered", "Registered"),
                            ("declined", "Declined"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.TextField(blank=True, default="")),
                ("decided_at", models.DateTimeField(null=True)),
                ("noted_at", models.DateTimeField(null=True)),
                ("organisation", to("auditapp.organisation")),
                ("site", to("auditapp.site")),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("decided_by", to(settings.AUTH_USER_MODEL, null=True)),
                (
                    "deployment",
                    models.OneToOneField("auditapp.deployment", PROTECT, null=True, related_name="intake"),
                ),
            ],
            {
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["site", "state", "-at"], name="proposals_of_a_site")],
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(name="")
                        & ~models.Q(purpose="")
                        & ~models.Q(users="")
                        & ~models.Q(patients=""),
                        name="a_proposal_says_what_for_and_for_whom",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state="registered") | models.Q(deployment__isnull=False),
                        name="a_registered_proposal_has_become_one",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state="declined") | ~models.Q(reason=""),
                        name="a_proposal_is_declined_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            AT_A_SITE, "ALTER TABLE auditapp_intake DROP CONSTRAINT intake_is_at_a_site_of_its_organisation"
        ),
        placed("intake", "deployment_id", "deployment"),
        migrations.RunSQL(DECIDED_ONCE, NOT_DECIDED_ONCE),
        migrations.CreateModel(
            "StaleLetter",
            [
                ("id", key()),
                ("audit", models.CharField(blank=True, default="", max_length=30)),
                ("lapse", models.CharField(max_length=30)),
                ("at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("organisation", to("auditapp.organisation")),
                ("site", to("auditapp.site")),
                ("user", to(settings.AUTH_USER_MODEL)),
                ("version", to("auditapp.modelversion")),
            ],
            {
                "constraints": [
                    models.UniqueConstraint(
                        fields=["user", "version", "audit", "lapse"], name="a_lapse_is_told_to_each_once"
                    )
                ]
            },
        ),
        placed("staleletter", "version_id", "modelversion"),
        migrations.RunSQL(
            f"GRANT UPDATE (done_at) ON auditapp_staleletter TO {WEB}",
            f"REVOKE UPDATE ON auditapp_staleletter FROM {WEB}",
        ),
        migrations.RunSQL(APPROVAL, "DROP VIEW auditapp_approval"),
        migrations.CreateModel(
            "Approval",
            [
                (
                    "version",
                    models.OneToOneField("auditapp.modelversion", PROTECT, primary_key=True, related_name="approval"),
                ),
                ("ref", models.CharField(max_length=30, null=True)),
                ("issued_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(max_length=20, null=True)),
                ("decided", models.CharField(max_length=40, null=True)),
                ("facts_then", models.JSONField(null=True)),
                ("facts_now", models.JSONField(null=True)),
                ("first_use", models.DateTimeField(null=True)),
                ("full_at", models.DateTimeField(null=True)),
            ],
            {"managed": False, "db_table": "auditapp_approval"},
        ),
    ]
