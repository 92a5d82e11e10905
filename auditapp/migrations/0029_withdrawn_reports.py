"""Reports that were issued in error are withdrawn by two people, and whoever holds a copy is told so."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
TABLE = "auditapp_" + "reportwithdrawal"
ENDINGS = "confirmed_by_id, confirmed_role, confirmed_at, dropped_by_id, dropped_at"

ONCE = f"""
CREATE FUNCTION auditapp_withdrawals_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.confirmed_at IS NOT NULL OR NEW.dropped_at IS NOT NULL THEN
            RAISE EXCEPTION 'a withdrawal is proposed before it is confirmed' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.confirmed_at IS NOT NULL OR OLD.dropped_at IS NOT NULL
       OR (OLD.report_id, OLD.reason, OLD.role, OLD.by_id, OLD.at)
          IS DISTINCT FROM (NEW.report_id, NEW.reason, NEW.role, NEW.by_id, NEW.at) THEN
        RAISE EXCEPTION 'withdrawal %: it cannot be changed or undone', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER withdrawals_end_once BEFORE INSERT OR UPDATE OR DELETE ON {TABLE}
FOR EACH ROW EXECUTE FUNCTION auditapp_withdrawals_end_once();
"""
NOT_ONCE = f"""
DROP TRIGGER withdrawals_end_once ON {TABLE};
DROP FUNCTION auditapp_withdrawals_end_once();
"""

COLUMNS = """
    ref text, organisation text, site text, zone text, public_id uuid, facts_sha256 text, file_sha256 text,
    step integer, issued_at timestamptz, void boolean, superseded_by text, superseded_at timestamptz"""
SELECTED = """
    SELECT a.ref::text, o.name::text, s.name::text, s.zone::text, a.public_id, r.sha256::text, f.sha256::text,
           f.step::integer, r.issued_at, EXISTS (SELECT 1 FROM auditapp_signingrefusal x WHERE x.report_id = r.id),
           n.ref::text, nr.issued_at"""
FROM = """
    FROM auditapp_reportfile f
    JOIN auditapp_report r ON r.id = f.report_id
    JOIN auditapp_audit a ON a.id = r.audit_id
    JOIN auditapp_organisation o ON o.id = a.organisation_id
    JOIN auditapp_site s ON s.id = a.site_id
    LEFT JOIN auditapp_audit n ON n.supersedes_id = a.id AND n.state {state}
    LEFT JOIN auditapp_report nr ON nr.audit_id = n.id AND nr.issued_at IS NOT NULL
    WHERE (p_sha256 IS NOT NULL AND f.sha256 = p_sha256) OR (p_public_id IS NOT NULL AND a.public_id = p_public_id)
    ORDER BY r.issued_at DESC NULLS LAST, f.step DESC
"""


# Who sends files to be verified, for ten minutes, as a digest. It may be lost: unlogged. Reached only through its door.
TURNS = f"""
CREATE UNLOGGED TABLE auditapp_verificationturn (who text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX verification_turns_of_one ON auditapp_verificationturn (who, at);
CREATE FUNCTION auditapp_may_verify(p_who text, p_most integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM auditapp_verificationturn WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM auditapp_verificationturn WHERE at < clock_timestamp() - interval '10 minutes' FOR UPDATE SKIP LOCKED
    ));
    IF (SELECT count(*) FROM auditapp_verificationturn
        WHERE who = p_who AND at >= clock_timestamp() - interval '10 minutes') >= p_most THEN
        RETURN false;
    END IF;
    INSERT INTO auditapp_verificationturn (who) VALUES (p_who);
    RETURN true;
END $$;
ALTER TABLE auditapp_verificationturn ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON auditapp_verificationturn FROM {WEB};
"""
NO_TURNS = """
DROP FUNCTION auditapp_may_verify(text, integer);
DROP TABLE auditapp_verificationturn;
"""


def public_reports(columns: str, selected: str, superseding: str) -> str:
    return f"""
DROP FUNCTION auditapp_public_reports(text, uuid);
CREATE FUNCTION auditapp_public_reports(p_sha256 text, p_public_id uuid) RETURNS TABLE ({columns})
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    {selected}{FROM.format(state=superseding)}
$$;
"""


# A revision that was superseded itself goes on superseding the one before it. A file counts as issued from the last
# signature on: the seal and timestamps that come later only add proof.
NOW = public_reports(
    COLUMNS + ", withdrawn_at timestamptz, signatures integer",
    SELECTED
    + """,
           (SELECT w.confirmed_at FROM auditapp_reportwithdrawal w WHERE w.report_id = r.id AND w.confirmed_at IS NOT NULL),
           (SELECT count(*)::integer FROM auditapp_signature g WHERE g.report_id = r.id)""",
    "IN ('issued', 'superseded', 'retracted')",
)
BEFORE = public_reports(COLUMNS, SELECTED, "= 'issued'")


ROLES = [
    ("auditor", "Auditor"),
    ("category_lead", "Category lead"),
    ("clinical_safety_officer", "Clinical safety officer"),
    ("executive", "Executive"),
    ("governance_chair", "Governance chair"),
    ("deployment_owner", "Deployment owner"),
    ("viewer", "Viewer"),
    ("administrator", "Administrator"),
]


def to(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, **({"related_name": "+"} | options), to=model)


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0028_seals_and_timestamps")]

    operations = [
        migrations.RemoveConstraint(model_name="audit", name="an_issued_audit_says_when"),
        migrations.AlterField(
            model_name="audit",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("submitted", "In review"),
                    ("reviewed", "Reviewed"),
                    ("decided", "Decided"),
                    ("signing", "Being signed"),
                    ("issued", "Issued"),
                    ("withdrawn", "Withdrawn"),
                    ("superseded", "Superseded"),
                    ("retracted", "Report withdrawn"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="audit",
            constraint=models.CheckConstraint(
                condition=~models.Q(state__in=["issued", "superseded", "retracted"])
                | models.Q(issued_at__isnull=False),
                name="an_issued_audit_says_when",
            ),
        ),
        migrations.CreateModel(
            name="ReportWithdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField()),
                ("role", models.CharField(choices=ROLES, max_length=30)),
                ("at", models.DateTimeField()),
                ("confirmed_role", models.CharField(blank=True, choices=ROLES, default="", max_length=30)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                ("organisation", to("auditapp.organisation")),
                ("site", to("auditapp.site")),
                ("report", to("auditapp.report", related_name="withdrawals")),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("confirmed_by", to(settings.AUTH_USER_MODEL, null=True)),
                ("dropped_by", to(settings.AUTH_USER_MODEL, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=~models.Q(reason=""), name="a_report_is_withdrawn_for_a_reason"),
                    models.CheckConstraint(
                        condition=~models.Q(confirmed_by=models.F("by")), name="two_people_withdraw_a_report"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(confirmed_at=None) | models.Q(dropped_at=None),
                        name="a_withdrawal_is_confirmed_or_dropped",
                    ),
                    models.UniqueConstraint(
                        fields=["report"],
                        condition=models.Q(dropped_at=None),
                        name="one_withdrawal_of_a_report_stands",
                    ),
                ]
            },
        ),
        migrations.RunSQL(
            f"ALTER TABLE {TABLE} ADD CONSTRAINT reportwithdrawal_report_is_at_the_same_place "
            "FOREIGN KEY (report_id, organisation_id, site_id) "
            "REFERENCES auditapp_report (id, organisation_id, site_id)",
            f"ALTER TABLE {TABLE} DROP CONSTRAINT reportwithdrawal_report_is_at_the_same_place",
        ),
        migrations.RunSQL(ONCE, NOT_ONCE),
        migrations.RunSQL(
            f"CREATE POLICY in_scope ON {TABLE} USING ({OURS} AND {HERE}); "
            f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY; "
            f"GRANT SELECT, INSERT, UPDATE ({ENDINGS}) ON {TABLE} TO {WEB}; "
            f"GRANT USAGE ON SEQUENCE {TABLE}_id_seq TO {WEB}",
            f"REVOKE ALL ON SEQUENCE {TABLE}_id_seq FROM {WEB}; REVOKE ALL ON {TABLE} FROM {WEB}; "
            f"ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON {TABLE}",
        ),
        migrations.RunSQL(NOW, BEFORE),
        migrations.RunSQL(TURNS, NO_TURNS),
    ]
