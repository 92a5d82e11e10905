"""Answers taken over from a signed audit, and drafts moved to another version of their questionnaire."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
MODEL = "versionmove"
TABLE = f"auditapp_{MODEL}"

# Only drafts that were never submitted can be moved, so only there is it asked which wording was answered.
WORDING_ANSWERED = """
ALTER TABLE auditapp_answerrevision DISABLE TRIGGER append_only;
UPDATE auditapp_answerrevision r SET question_id = a.question_id
FROM auditapp_answer a JOIN auditapp_audit x ON x.id = a.audit_id
WHERE a.id = r.answer_id AND x.state = 'draft' AND x.round = 1;
ALTER TABLE auditapp_answerrevision ENABLE TRIGGER append_only;
"""

# What was handed over once keeps its version, its profile and its questions, whoever asks.
FIXED = """
CREATE FUNCTION auditapp_submitted_audit_keeps_its_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' OR OLD.round <> 1 THEN
        RAISE EXCEPTION 'audit %: its questionnaire version is fixed since it was submitted', OLD.ref
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_submitted_audit_keeps_its_version BEFORE UPDATE OF version_id, profile, asked ON auditapp_audit
FOR EACH ROW WHEN (OLD.version_id IS DISTINCT FROM NEW.version_id OR OLD.profile IS DISTINCT FROM NEW.profile
                   OR OLD.asked IS DISTINCT FROM NEW.asked)
EXECUTE FUNCTION auditapp_submitted_audit_keeps_its_version();

CREATE FUNCTION auditapp_submitted_answer_keeps_its_question() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM auditapp_audit x WHERE x.id = OLD.audit_id AND x.state = 'draft' AND x.round = 1) THEN
        RAISE EXCEPTION 'answer %: its question is fixed since the audit was submitted', OLD.id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_submitted_answer_keeps_its_question
BEFORE UPDATE OF question_id, category_code, criticality, position, asked ON auditapp_answer
FOR EACH ROW WHEN (OLD.question_id IS DISTINCT FROM NEW.question_id OR OLD.asked IS DISTINCT FROM NEW.asked
                   OR OLD.criticality IS DISTINCT FROM NEW.criticality
                   OR OLD.category_code IS DISTINCT FROM NEW.category_code
                   OR OLD.position IS DISTINCT FROM NEW.position)
EXECUTE FUNCTION auditapp_submitted_answer_keeps_its_question();
"""
NOT_FIXED = """
DROP TRIGGER a_submitted_answer_keeps_its_question ON auditapp_answer;
DROP FUNCTION auditapp_submitted_answer_keeps_its_question();
DROP TRIGGER a_submitted_audit_keeps_its_version ON auditapp_audit;
DROP FUNCTION auditapp_submitted_audit_keeps_its_version();
"""
GRANTS = f"""
GRANT SELECT, INSERT ON {TABLE} TO {WEB};
GRANT USAGE ON SEQUENCE {TABLE}_id_seq TO {WEB};
GRANT UPDATE (version_id, profile, asked) ON auditapp_audit TO {WEB};
GRANT UPDATE (question_id, category_code, criticality, position, asked) ON auditapp_answer TO {WEB};
"""
REVOKE = f"""
REVOKE UPDATE (question_id, category_code, criticality, position, asked) ON auditapp_answer FROM {WEB};
REVOKE UPDATE (version_id, profile, asked) ON auditapp_audit FROM {WEB};
REVOKE ALL ON SEQUENCE {TABLE}_id_seq FROM {WEB};
REVOKE ALL ON {TABLE} FROM {WEB};
"""


def kept(to: str, related_name: str = "+", *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(null=null, on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=to)


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0015_answered_once")]
    operations = [
        migrations.AddField("answer", "asked", models.BooleanField(db_default=True, default=True)),
        migrations.AddField(
            "answerrevision",
            "carried_from",
            models.CharField(blank=True, db_default="", default="", max_length=30),
        ),
        migrations.AddField(
            "answerrevision",
            "question",
            kept("auditapp.question", null=True),
        ),
        migrations.CreateModel(
            "VersionMove",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("after", kept("auditapp.questionnaireversion")),
                ("audit", kept("auditapp.audit", "moves")),
                ("before", kept("auditapp.questionnaireversion")),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("organisation", kept("auditapp.organisation")),
                ("site", kept("auditapp.site")),
            ],
            {
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(before=models.F("after")), name="a_move_leads_to_another_version"
                    )
                ],
            },
        ),
        migrations.RunSQL(WORDING_ANSWERED, migrations.RunSQL.noop),
        migrations.RunSQL(FIXED, NOT_FIXED),
        migrations.RunSQL(
            f"ALTER TABLE {TABLE} ADD CONSTRAINT versionmove_audit_is_at_the_same_place "
            "FOREIGN KEY (audit_id, organisation_id, site_id) REFERENCES auditapp_audit (id, organisation_id, site_id)",
            f"ALTER TABLE {TABLE} DROP CONSTRAINT versionmove_audit_is_at_the_same_place",
        ),
        migrations.RunSQL(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {TABLE} "
            "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
            f"DROP TRIGGER append_only ON {TABLE}",
        ),
        migrations.RunSQL(
            f"CREATE POLICY in_scope ON {TABLE} USING ({OURS} AND {HERE}); "
            f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON {TABLE}",
        ),
        migrations.RunSQL(GRANTS, REVOKE),
    ]
