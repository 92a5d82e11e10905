"""Drafts of an organisation's own questionnaires, and what the web role may do to write and publish them.

Seeded rows belong to nobody and stay the owner's: the web role reads them, and writes only what is its organisation's.
What is published is held by the triggers of 0005; here drafts that have ended are held in the same way.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
DRAFTS = ["draft", "draftquestion", "draftrevision"]
SHARED = ["check", "questionnaire"]
MAY_CHANGE = {
    "check": "retired, retired_reason, replaced_by_id",
    "draft": "about, state, version_id, offered_by_id, offered_at, ended_by_id, ended_at",
    "draftquestion": "category_id, position, text, guidance, expected_evidence, criticality, stages, applies_when, "
    "scope, not_applicable_backed_by, criticality_option, clauses, reason, thresholds, dropped, n, changed_by_id, "
    "changed_at",
    "questionnaire": "title",
    "questionnaireversion": "state, published_at",
}
# Where a version, a question or frozen bytes belong is said by their questionnaire, which row-level security hides or
# shows; the sub-selects are read once per statement.
OWN_QUESTIONNAIRES = f"(SELECT id FROM auditapp_questionnaire WHERE {OURS})"
OWN_VERSIONS = f"(SELECT id FROM auditapp_questionnaireversion WHERE questionnaire_id IN {OWN_QUESTIONNAIRES})"
BELOW = {
    "questionnaireversion": (
        "questionnaire_id IN (SELECT id FROM auditapp_questionnaire)",
        f"questionnaire_id IN {OWN_QUESTIONNAIRES}",
    ),
    "question": (
        "version_id IN (SELECT id FROM auditapp_questionnaireversion)",
        f"version_id IN {OWN_VERSIONS}",
    ),
    "frozencontent": (
        "version_id IN (SELECT id FROM auditapp_questionnaireversion)",
        f"version_id IN {OWN_VERSIONS}",
    ),
}

GRANTS = [
    f"CREATE SEQUENCE auditapp_check_code; GRANT USAGE ON SEQUENCE auditapp_check_code TO {WEB}",
    *[f"GRANT SELECT, INSERT ON auditapp_{table} TO {WEB}" for table in DRAFTS],
    *[f"GRANT INSERT ON auditapp_{table} TO {WEB}" for table in (*SHARED, *BELOW)],
    *[f"GRANT UPDATE ({columns}) ON auditapp_{table} TO {WEB}" for table, columns in MAY_CHANGE.items()],
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {WEB}",
    *[
        f"ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY; "
        f"CREATE POLICY in_scope ON auditapp_{table} USING ({OURS})"
        for table in DRAFTS
    ],
    # The policy of 0007 let everybody who may write at all write rows that belong to nobody; nobody might, until now.
    *[
        f"DROP POLICY in_scope ON auditapp_{table}; "
        f"CREATE POLICY in_scope ON auditapp_{table} FOR SELECT USING (organisation_id IS NULL OR {OURS}); "
        f"CREATE POLICY added_here ON auditapp_{table} FOR INSERT WITH CHECK ({OURS}); "
        f"CREATE POLICY changed_here ON auditapp_{table} FOR UPDATE USING ({OURS}) WITH CHECK ({OURS})"
        for table in SHARED
    ],
    *[
        f"ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY; "
        f"CREATE POLICY in_scope ON auditapp_{table} FOR SELECT USING ({seen}); "
        f"CREATE POLICY added_here ON auditapp_{table} FOR INSERT WITH CHECK ({own}); "
        f"CREATE POLICY changed_here ON auditapp_{table} FOR UPDATE USING ({own}) WITH CHECK ({own})"
        for table, (seen, own) in BELOW.items()
    ],
]
UNDO = [
    *[
        f"DROP POLICY in_scope ON auditapp_{table}; DROP POLICY added_here ON auditapp_{table}; "
        f"DROP POLICY changed_here ON auditapp_{table}; ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY"
        for table in BELOW
    ],
    *[
        f"DROP POLICY in_scope ON auditapp_{table}; DROP POLICY added_here ON auditapp_{table}; "
        f"DROP POLICY changed_here ON auditapp_{table}; "
        f"CREATE POLICY in_scope ON auditapp_{table} USING (organisation_id IS NULL OR {OURS})"
        for table in SHARED
    ],
    *[f"REVOKE INSERT ON auditapp_{table} FROM {WEB}" for table in (*SHARED, *BELOW)],
    *[f"REVOKE UPDATE ON auditapp_{table} FROM {WEB}" for table in ("check", "questionnaire", "questionnaireversion")],
    "DROP SEQUENCE auditapp_check_code",
]

# What a draft was when it was published or given up is what people will be shown years later.
ENDED = """
CREATE FUNCTION auditapp_refuse_change_of_an_ended_draft() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state IN ('published', 'discarded') THEN
        RAISE EXCEPTION 'A draft that was % never changes.', OLD.state USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION auditapp_refuse_change_under_an_ended_draft() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM auditapp_draft WHERE id = NEW.draft_id AND state = 'writing' FOR SHARE) THEN
        RAISE EXCEPTION 'Only a draft that is being written changes.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ended_draft_never_changes BEFORE UPDATE ON auditapp_draft
    FOR EACH ROW EXECUTE FUNCTION auditapp_refuse_change_of_an_ended_draft();
CREATE TRIGGER question_of_an_ended_draft_never_changes BEFORE INSERT OR UPDATE ON auditapp_draftquestion
    FOR EACH ROW EXECUTE FUNCTION auditapp_refuse_change_under_an_ended_draft();
"""
NOT_ENDED = """
DROP TRIGGER question_of_an_ended_draft_never_changes ON auditapp_draftquestion;
DROP TRIGGER ended_draft_never_changes ON auditapp_draft;
DROP FUNCTION auditapp_refuse_change_under_an_ended_draft();
DROP FUNCTION auditapp_refuse_change_of_an_ended_draft();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("auditapp", "0012_issued_audits_say_when"),
    ]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("about", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("writing", "Being written"),
                            ("offered", "Waits for a second person"),
                            ("published", "Published"),
                            ("discarded", "Discarded"),
                        ],
                        default="writing",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("offered_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "base",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts_from",
                        to="auditapp.questionnaireversion",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "offered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
                    ),
                ),
                (
                    "questionnaire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="auditapp.questionnaire"
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft",
                        to="auditapp.questionnaireversion",
                    ),
                ),
            ],
            options={
                "ordering": ["questionnaire", "pk"],
            },
        ),
        migrations.CreateModel(
            name="DraftQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20)),
                ("text", models.TextField()),
                ("guidance", models.TextField()),
                ("expected_evidence", models.TextField()),
                (
                    "criticality",
                    models.CharField(
                        choices=[("critical", "Critical"), ("major", "Major"), ("minor", "Minor")], max_length=10
                    ),
                ),
                ("stages", models.JSONField()),
                ("applies_when", models.JSONField()),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("deployment", "Answered for each deployment"),
                            ("organisation", "Answered once for the hospital"),
                        ],
                        max_length=20,
                    ),
                ),
                ("not_applicable_backed_by", models.TextField(blank=True, default="")),
                ("criticality_option", models.JSONField(blank=True, default=dict)),
                ("clauses", models.JSONField()),
                ("reason", models.TextField(blank=True, default="")),
                ("position", models.IntegerField()),
                ("thresholds", models.JSONField(blank=True, default=list)),
                ("dropped", models.BooleanField(default=False)),
                ("n", models.PositiveIntegerField(default=0)),
                ("changed_at", models.DateTimeField()),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.category"
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="questions", to="auditapp.draft"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
                    ),
                ),
                (
                    "safety_check",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.check"
                    ),
                ),
            ],
            options={
                "ordering": ["draft", "position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="DraftRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveIntegerField(null=True)),
                ("based_on", models.PositiveIntegerField()),
                ("request_key", models.CharField(max_length=64)),
                ("edited", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="auditapp.draftquestion",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["writing", "offered"])),
                fields=("questionnaire",),
                name="one_draft_per_questionnaire",
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "published"), _negated=True),
                    models.Q(("ended_by", models.F("offered_by")), _negated=True),
                    _connector="OR",
                ),
                name="a_questionnaire_is_published_by_a_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "published"), ("version__isnull", False)),
                    models.Q(models.Q(("state", "published"), _negated=True), ("version", None)),
                    _connector="OR",
                ),
                name="a_published_draft_names_its_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="draftquestion",
            constraint=models.UniqueConstraint(fields=("draft", "safety_check"), name="a_draft_asks_a_check_once"),
        ),
        migrations.AddConstraint(
            model_name="draftquestion",
            constraint=models.UniqueConstraint(fields=("draft", "code"), name="one_question_per_draft_and_code"),
        ),
        migrations.AddConstraint(
            model_name="draftrevision",
            constraint=models.UniqueConstraint(fields=("question", "n"), name="one_draft_revision_per_number"),
        ),
        migrations.AddConstraint(
            model_name="draftrevision",
            constraint=models.UniqueConstraint(
                fields=("question", "request_key"), name="one_draft_revision_per_request"
            ),
        ),
        migrations.RunSQL(ENDED, NOT_ENDED),
        migrations.RunSQL(GRANTS, UNDO),
    ]
