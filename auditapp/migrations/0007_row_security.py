"""Row-level security: the database itself shows a transaction only its organisation and hospitals.

The scope is what auditapp.accounts.scope set; without one, nothing that belongs to an organisation is visible. Each
policy reads the scope once per statement (the sub-selects), and the row's own columns only.
"""

from django.db import migrations

PLACED = [
    "answer", "answerevidence", "answerrevision", "assignment", "audit", "auditfinding", "categoryscore",
    "closure", "condition", "decision", "deployment", "evidence", "finding", "hazardclosure", "hazardrating",
    "modelversion", "notapplicableapproval", "profile", "profileconfirmation", "report", "reportfile",
    "return", "review", "signature", "signingrefusal", "statuschange", "submission", "withdrawal",
]  # fmt: skip
OF_AN_ORGANISATION = ["site", "user", "membership", "vendor", "product"]
OF_AN_ORGANISATION_OR_NOBODY = ["check", "questionnaire"]
TRAIL = ["event", "head", "checkpoint"]  # what belongs to nobody is read where no organisation is in scope

OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
POLICIES = {
    **dict.fromkeys(PLACED, f"{OURS} AND {HERE}"),
    **dict.fromkeys(OF_AN_ORGANISATION, OURS),
    **dict.fromkeys(OF_AN_ORGANISATION_OR_NOBODY, f"organisation_id IS NULL OR {OURS}"),
    **dict.fromkeys(TRAIL, "organisation_id IS NOT DISTINCT FROM (SELECT auditapp_scope_organisation())"),
    "organisation": "id = (SELECT auditapp_scope_organisation())",
}

# What is needed before any scope is set. Each function returns only what its page says, and has a fixed search path.
DOORS = """
CREATE FUNCTION auditapp_user_to_sign_in(p_email text) RETURNS SETOF auditapp_user
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT * FROM auditapp_user WHERE lower(email) = lower(p_email) AND is_active $$;
CREATE FUNCTION auditapp_user_of_session(p_id bigint) RETURNS SETOF auditapp_user
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT * FROM auditapp_user WHERE id = p_id AND is_active $$;
CREATE FUNCTION auditapp_email_is_known(p_email text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT EXISTS (SELECT 1 FROM auditapp_user WHERE lower(email) = lower(p_email)) $$;
CREATE FUNCTION auditapp_organisations() RETURNS TABLE (id bigint, code text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT id, code::text, name::text FROM auditapp_organisation ORDER BY id $$;
CREATE FUNCTION auditapp_public_reports(p_sha256 text, p_public_id uuid) RETURNS TABLE (
    ref text, organisation text, site text, zone text, public_id uuid, facts_sha256 text, file_sha256 text,
    step integer, issued_at timestamptz, void boolean, superseded_by text, superseded_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.ref::text, o.name::text, s.name::text, s.zone::text, a.public_id, r.sha256::text, f.sha256::text,
           f.step::integer, r.issued_at, EXISTS (SELECT 1 FROM auditapp_signingrefusal x WHERE x.report_id = r.id),
           n.ref::text, nr.issued_at
    FROM auditapp_reportfile f
    JOIN auditapp_report r ON r.id = f.report_id
    JOIN auditapp_audit a ON a.id = r.audit_id
    JOIN auditapp_organisation o ON o.id = a.organisation_id
    JOIN auditapp_site s ON s.id = a.site_id
    LEFT JOIN auditapp_audit n ON n.supersedes_id = a.id AND n.state = 'issued'
    LEFT JOIN auditapp_report nr ON nr.audit_id = n.id AND nr.issued_at IS NOT NULL
    WHERE (p_sha256 IS NOT NULL AND f.sha256 = p_sha256) OR (p_public_id IS NOT NULL AND a.public_id = p_public_id)
    ORDER BY r.issued_at DESC NULLS LAST, f.step DESC
$$;
"""
NO_DOORS = """
DROP FUNCTION auditapp_public_reports(text, uuid);
DROP FUNCTION auditapp_organisations();
DROP FUNCTION auditapp_email_is_known(text);
DROP FUNCTION auditapp_user_of_session(bigint);
DROP FUNCTION auditapp_user_to_sign_in(text);
"""


def policy(table: str, rule: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE POLICY in_scope ON auditapp_{table} USING ({rule}); "
        f"ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON auditapp_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0006_trail_append")]
    operations = [
        migrations.RunSQL(DOORS, NO_DOORS),
        *[policy(table, rule) for table, rule in POLICIES.items()],
    ]
