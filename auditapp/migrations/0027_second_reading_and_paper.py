"""Two auditors read an audit apart: their answers stand beside it, and its own stay closed until both have finished.

And answers copied from paper, each held against its scan by a second person.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
PLACED = ["secondreading", "readinganswer", "readingfinish", "settlement", "paperentry", "papercheck"]
APPEND_ONLY = ["readinganswer", "readingfinish", "settlement", "paperentry", "papercheck"]
LINKS = [
    ("secondreading", "audit_id", "audit"),
    ("readinganswer", "reading_id", "secondreading"),
    ("readinganswer", "answer_id", "answer"),
    ("readingfinish", "reading_id", "secondreading"),
    ("settlement", "reading_id", "secondreading"),
    ("settlement", "answer_id", "answer"),
    ("paperentry", "revision_id", "answerrevision"),
    ("paperentry", "scan_id", "evidence"),
    ("papercheck", "entry_id", "paperentry"),
]

# While two people read apart, no answer of the audit itself changes; a reader writes until they have finished; the
# readings are opened when both have.
APART = """
CREATE OR REPLACE FUNCTION auditapp_is_open(p_answer bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM auditapp_answer a JOIN auditapp_audit x ON x.id = a.audit_id
        WHERE a.id = p_answer AND x.state = 'draft' AND a.open_in_round = x.round AND NOT x.is_read_apart
    )
$$;

CREATE FUNCTION auditapp_only_readers_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM auditapp_secondreading s
        WHERE s.id = NEW.reading_id AND NEW.reader_id IN (s.first_id, s.second_id) AND s.opened_at IS NULL
          AND NOT EXISTS (
              SELECT 1 FROM auditapp_readingfinish f WHERE f.reading_id = s.id AND f.reader_id = NEW.reader_id
          )
    ) THEN
        RAISE EXCEPTION 'reading %: only its readers write, until they have finished', NEW.reading_id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_readers_read BEFORE INSERT ON auditapp_readinganswer
FOR EACH ROW EXECUTE FUNCTION auditapp_only_readers_read();
CREATE TRIGGER only_readers_finish BEFORE INSERT ON auditapp_readingfinish
FOR EACH ROW EXECUTE FUNCTION auditapp_only_readers_read();

CREATE FUNCTION auditapp_readings_open_when_both_have_finished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.opened_at IS NOT NULL
       OR (SELECT count(*) FROM auditapp_readingfinish f WHERE f.reading_id = NEW.id) <> 2 THEN
        RAISE EXCEPTION 'reading %: not both have finished', NEW.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER readings_open_when_both_have_finished BEFORE UPDATE ON auditapp_secondreading
FOR EACH ROW EXECUTE FUNCTION auditapp_readings_open_when_both_have_finished();
"""
TOGETHER = """
DROP TRIGGER readings_open_when_both_have_finished ON auditapp_secondreading;
DROP FUNCTION auditapp_readings_open_when_both_have_finished();
DROP TRIGGER only_readers_finish ON auditapp_readingfinish;
DROP TRIGGER only_readers_read ON auditapp_readinganswer;
DROP FUNCTION auditapp_only_readers_read();
CREATE OR REPLACE FUNCTION auditapp_is_open(p_answer bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM auditapp_answer a JOIN auditapp_audit x ON x.id = a.audit_id
        WHERE a.id = p_answer AND x.state = 'draft' AND a.open_in_round = x.round
    )
$$;
"""

HELD = [
    *[
        migrations.RunSQL(
            f"ALTER TABLE auditapp_{table} ADD CONSTRAINT auditapp_{table}_has_one_place "
            "UNIQUE (id, organisation_id, site_id)",
            f"ALTER TABLE auditapp_{table} DROP CONSTRAINT auditapp_{table}_has_one_place",
        )
        for table in ("secondreading", "paperentry")
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
    migrations.RunSQL(
        f"GRANT UPDATE (opened_at) ON auditapp_secondreading TO {WEB}; "
        f"GRANT UPDATE (is_read_apart) ON auditapp_audit TO {WEB}",
        f"REVOKE UPDATE (opened_at) ON auditapp_secondreading FROM {WEB}; "
        f"REVOKE UPDATE (is_read_apart) ON auditapp_audit FROM {WEB}",
    ),
    migrations.RunSQL(APART, TOGETHER),
]


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0026_suppliers")]

    operations = [
        migrations.AddField(
            model_name="audit",
            name="is_read_apart",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="SecondReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(null=True)),
                (
                    "audit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="second_reading", to="auditapp.audit"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "first",
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
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReadingFinish",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"
                    ),
                ),
                (
                    "reading",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="finishes",
                        to="auditapp.secondreading",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReadingAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("met", "Met"),
                            ("partial", "Partly met"),
                            ("not_met", "Not met"),
                            ("not_applicable", "Not applicable"),
                        ],
                        default="",
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True, default="")),
                ("evidence_note", models.TextField(blank=True, default="")),
                ("gap", models.TextField(blank=True, default="")),
                ("owner", models.CharField(blank=True, default="", max_length=120)),
                ("due", models.DateField(null=True)),
                ("control", models.TextField(blank=True, default="")),
                ("justification", models.TextField(blank=True, default="")),
                ("n", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="readings", to="auditapp.answer"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.organisation"
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"
                    ),
                ),
                (
                    "reading",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="auditapp.secondreading"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("choice", models.CharField(max_length=10)),
                ("reason", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField()),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="settlements", to="auditapp.answer"
                    ),
                ),
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
                    "reading",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="auditapp.secondreading",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="secondreading",
            constraint=models.CheckConstraint(
                condition=models.Q(("first", models.F("second")), _negated=True), name="two_people_read_apart"
            ),
        ),
        migrations.AddConstraint(
            model_name="readingfinish",
            constraint=models.UniqueConstraint(fields=("reading", "reader"), name="a_reader_finishes_once"),
        ),
        migrations.AddConstraint(
            model_name="readinganswer",
            constraint=models.UniqueConstraint(
                fields=("reading", "answer", "reader", "n"), name="one_reading_per_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(fields=("reading", "answer"), name="a_question_is_settled_once"),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("choice", "agreed"),
                    models.Q(("choice__in", ("first", "second", "own")), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="a_difference_is_settled_with_a_reason",
            ),
        ),
        migrations.CreateModel(
            name="PaperEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                    "revision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paper_entry",
                        to="auditapp.answerrevision",
                    ),
                ),
                (
                    "scan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.evidence"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PaperCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "outcome",
                    models.CharField(choices=[("confirmed", "Confirmed"), ("corrected", "Corrected")], max_length=10),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "entered_by",
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
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="check_made", to="auditapp.paperentry"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("by", models.F("entered_by")), _negated=True),
                        name="paper_is_checked_by_a_second_person",
                    )
                ],
            },
        ),
        *HELD,
    ]
