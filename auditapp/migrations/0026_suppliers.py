"""What a supplier's contact is asked by a link, and what they state, and evidence under non-disclosure."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
PLACED = [
    "supplierrequest", "suppliersending", "supplierquestion", "supplierreply", "supplierfile", "supplierjudgement",
]  # fmt: skip
APPEND_ONLY = ["suppliersending", "supplierquestion", "supplierreply", "supplierjudgement"]
MAY_CHANGE = {
    "supplierrequest": "expires_at, revoked_by_id, revoked_at, sent_in_at",
    "supplierfile": "removed_at, judged_in_id",
}
PARENTS = ["supplierrequest", "supplierquestion", "supplierreply", "supplierjudgement"]
LINKS = [
    ("supplierrequest", "audit_id", "audit"),
    ("suppliersending", "request_id", "supplierrequest"),
    ("supplierquestion", "request_id", "supplierrequest"),
    ("supplierquestion", "answer_id", "answer"),
    ("supplierreply", "question_id", "supplierquestion"),
    ("supplierfile", "question_id", "supplierquestion"),
    ("supplierfile", "evidence_id", "evidence"),
    ("supplierfile", "judged_in_id", "supplierjudgement"),
    ("supplierjudgement", "question_id", "supplierquestion"),
    ("supplierjudgement", "reply_id", "supplierreply"),
]

# The one thing that is asked before any scope is set: where a link leads, if it is in force. Nothing of what is there.
DOOR = """
CREATE FUNCTION auditapp_supplier_door(p_token_sha256 text, p_at timestamptz)
RETURNS TABLE (organisation_id bigint, site_id bigint, request_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.organisation_id, r.site_id, r.id
    FROM auditapp_suppliersending s
    JOIN auditapp_supplierrequest r ON r.id = s.request_id
    JOIN auditapp_audit a ON a.id = r.audit_id
    WHERE s.token_sha256 = p_token_sha256 AND r.revoked_at IS NULL AND r.expires_at > p_at AND a.state = 'draft'
$$
"""


def sql(forwards: str, backwards: str) -> migrations.RunSQL:
    return migrations.RunSQL(forwards, backwards)


HELD = [
    *[
        sql(
            f"ALTER TABLE auditapp_{table} ADD CONSTRAINT auditapp_{table}_has_one_place "
            "UNIQUE (id, organisation_id, site_id)",
            f"ALTER TABLE auditapp_{table} DROP CONSTRAINT auditapp_{table}_has_one_place",
        )
        for table in PARENTS
    ],
    *[
        sql(
            f"ALTER TABLE auditapp_{child} ADD CONSTRAINT {child}_{column.removesuffix('_id')}_is_at_the_same_place "
            f"FOREIGN KEY ({column}, organisation_id, site_id) "
            f"REFERENCES auditapp_{parent} (id, organisation_id, site_id)",
            f"ALTER TABLE auditapp_{child} DROP CONSTRAINT {child}_{column.removesuffix('_id')}_is_at_the_same_place",
        )
        for child, column, parent in LINKS
    ],
    *[
        sql(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table} "
            "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
            f"DROP TRIGGER append_only ON auditapp_{table}",
        )
        for table in APPEND_ONLY
    ],
    *[
        sql(
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
        sql(
            f"GRANT UPDATE ({columns}) ON auditapp_{table} TO {WEB}",
            f"REVOKE UPDATE ({columns}) ON auditapp_{table} FROM {WEB}",
        )
        for table, columns in MAY_CHANGE.items()
    ],
    sql(DOOR, "DROP FUNCTION auditapp_supplier_door(text, timestamptz)"),
]


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0025_the_rest_stays_fixed")]

    operations = [
        migrations.AddField(
            model_name="evidence",
            name="nondisclosure",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="SupplierQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("evidence_wanted", models.TextField(blank=True, default="")),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="put_to_suppliers",
                        to="auditapp.answer",
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
            ],
        ),
        migrations.CreateModel(
            name="SupplierJudgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("accepted", models.BooleanField()),
                ("reason", models.TextField(blank=True, default="")),
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
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auditapp.site"
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="judgements",
                        to="auditapp.supplierquestion",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="SupplierFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "evidence",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="from_supplier",
                        to="auditapp.evidence",
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
                    "judged_in",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="auditapp.supplierjudgement",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="auditapp.supplierquestion",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="SupplierReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
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
                        related_name="replies",
                        to="auditapp.supplierquestion",
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
                "ordering": ["n"],
            },
        ),
        migrations.AddField(
            model_name="supplierjudgement",
            name="reply",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="judgement",
                to="auditapp.supplierreply",
            ),
        ),
        migrations.CreateModel(
            name="SupplierRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                ("contact_name", models.CharField(max_length=120)),
                ("contact_email", models.EmailField(max_length=254)),
                ("message", models.TextField(blank=True, default="")),
                ("due", models.DateField()),
                ("expires_at", models.DateTimeField()),
                ("nondisclosure", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("sent_in_at", models.DateTimeField(null=True)),
                (
                    "audit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplier_requests",
                        to="auditapp.audit",
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
                    "revoked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "ordering": ["-n"],
            },
        ),
        migrations.AddField(
            model_name="supplierquestion",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="questions", to="auditapp.supplierrequest"
            ),
        ),
        migrations.CreateModel(
            name="SupplierSending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_sha256", models.CharField(max_length=64, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("first", "Sent by e-mail"),
                            ("reminder", "Reminder by e-mail"),
                            ("by_hand", "Link passed on by hand"),
                        ],
                        max_length=10,
                    ),
                ),
                ("days", models.SmallIntegerField(null=True)),
                ("at", models.DateTimeField()),
                (
                    "by",
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
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sendings",
                        to="auditapp.supplierrequest",
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
                "ordering": ["pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="supplierreply",
            constraint=models.UniqueConstraint(fields=("question", "n"), name="one_supplier_reply_per_number"),
        ),
        migrations.AddConstraint(
            model_name="supplierjudgement",
            constraint=models.CheckConstraint(
                condition=models.Q(("accepted", True), models.Q(("reason", ""), _negated=True), _connector="OR"),
                name="what_is_declined_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierrequest",
            constraint=models.UniqueConstraint(fields=("audit", "n"), name="one_supplier_request_per_number"),
        ),
        migrations.AddConstraint(
            model_name="supplierrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revoked_at", None), ("revoked_by", None)),
                    models.Q(("revoked_at__isnull", False), ("revoked_by__isnull", False)),
                    _connector="OR",
                ),
                name="a_supplier_request_is_revoked_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierquestion",
            constraint=models.UniqueConstraint(fields=("request", "answer"), name="a_question_is_put_once_per_request"),
        ),
        migrations.AddConstraint(
            model_name="suppliersending",
            constraint=models.UniqueConstraint(
                fields=("request", "days"), name="each_automatic_reminder_goes_out_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="suppliersending",
            constraint=models.CheckConstraint(
                condition=models.Q(("token_sha256__regex", "^[0-9a-f]{64}$")), name="a_link_is_kept_as_its_digest"
            ),
        ),
        *HELD,
    ]
