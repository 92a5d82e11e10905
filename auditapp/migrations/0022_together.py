"""Working together: single questions given to people, comments that name people, and who is where now.

What was said stays: the web role may resolve, reopen and withdraw a comment, and change nothing else of it. Presence
is worth nothing after a minute, so its table is not logged.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
OPEN = models.Q(resolved_at=None, withdrawn_at=None)


def kept(to: str, related_name: str = "+", *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(null=null, on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=to)


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def at_the_place_of(table: str, column: str, parent: str) -> migrations.RunSQL:
    """Held at the same hospital as what it hangs on, as in 0003_place."""
    name = f"{table}_{column}_is_at_the_same_place"
    return migrations.RunSQL(
        f"ALTER TABLE auditapp_{table} ADD CONSTRAINT {name} FOREIGN KEY ({column}_id, organisation_id, site_id) "
        f"REFERENCES auditapp_{parent} (id, organisation_id, site_id)",
        f"ALTER TABLE auditapp_{table} DROP CONSTRAINT {name}",
    )


def seen_at_the_hospital(table: str, may: str) -> migrations.RunSQL:
    """Row-level security, and what the web role may do beside reading and adding."""
    return migrations.RunSQL(
        f"""
        CREATE POLICY in_scope ON auditapp_{table} USING ({OURS} AND {HERE});
        ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY;
        GRANT SELECT, INSERT, {may} ON auditapp_{table} TO {WEB};
        GRANT USAGE ON SEQUENCE auditapp_{table}_id_seq TO {WEB};
        """,
        f"""
        REVOKE ALL ON SEQUENCE auditapp_{table}_id_seq FROM {WEB};
        REVOKE ALL ON auditapp_{table} FROM {WEB};
        ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY;
        DROP POLICY in_scope ON auditapp_{table};
        """,
    )


ASSIGNMENTS = [
    migrations.RemoveConstraint("assignment", "a_category_is_assigned_once_per_person"),
    migrations.AddField(
        "assignment", "check_code", models.CharField(blank=True, db_default="", default="", max_length=20)
    ),
    migrations.AddField("assignment", "message", models.TextField(blank=True, db_default="", default="")),
    migrations.AddIndex("assignment", models.Index(fields=["user", "audit"], name="assignments_of_a_person")),
    migrations.AddConstraint(
        "assignment",
        models.UniqueConstraint(
            fields=("audit", "category_code", "check_code", "user"), name="a_part_is_assigned_once_per_person"
        ),
    ),
    migrations.RunSQL(
        f"GRANT UPDATE (due, message) ON auditapp_assignment TO {WEB}",
        f"REVOKE UPDATE (due, message) ON auditapp_assignment FROM {WEB}",
    ),
]
COMMENTS = [
    migrations.CreateModel(
        "Comment",
        [
            ("id", key()),
            ("text", models.TextField()),
            ("at", models.DateTimeField()),
            ("resolved_at", models.DateTimeField(null=True)),
            ("withdrawn_at", models.DateTimeField(null=True)),
            ("answer", kept("auditapp.answer", "comments")),
            ("by", kept(settings.AUTH_USER_MODEL)),
            ("organisation", kept("auditapp.organisation")),
            ("resolved_by", kept(settings.AUTH_USER_MODEL, null=True)),
            ("site", kept("auditapp.site")),
        ],
        {
            "ordering": ["pk"],
            "indexes": [models.Index(condition=OPEN, fields=["answer"], name="open_comments_of_an_answer")],
            "constraints": [
                models.CheckConstraint(condition=~models.Q(text=""), name="a_comment_says_something"),
                models.CheckConstraint(
                    condition=models.Q(resolved_by=None, resolved_at=None)
                    | models.Q(resolved_by__isnull=False, resolved_at__isnull=False),
                    name="a_comment_is_resolved_by_a_person_at_a_time",
                ),
            ],
        },
    ),
    migrations.RunSQL(
        "ALTER TABLE auditapp_comment ADD CONSTRAINT auditapp_comment_has_one_place "
        "UNIQUE (id, organisation_id, site_id)",
        "ALTER TABLE auditapp_comment DROP CONSTRAINT auditapp_comment_has_one_place",
    ),
    at_the_place_of("comment", "answer", "answer"),
    seen_at_the_hospital("comment", "UPDATE (resolved_by_id, resolved_at, withdrawn_at)"),
    migrations.CreateModel(
        "Mention",
        [
            ("id", key()),
            ("read_at", models.DateTimeField(null=True)),
            ("comment", kept("auditapp.comment", "mentions")),
            ("organisation", kept("auditapp.organisation")),
            ("site", kept("auditapp.site")),
            ("user", kept(settings.AUTH_USER_MODEL)),
        ],
        {
            "indexes": [
                models.Index(condition=models.Q(read_at=None), fields=["user"], name="unread_mentions_of_a_person")
            ],
            "constraints": [
                models.UniqueConstraint(fields=("comment", "user"), name="one_mention_per_comment_and_person")
            ],
        },
    ),
    at_the_place_of("mention", "comment", "comment"),
    seen_at_the_hospital("mention", "UPDATE (read_at)"),
]
PRESENCE = [
    migrations.CreateModel(
        "Presence",
        [
            ("id", key()),
            ("at", models.DateTimeField()),
            ("answer", kept("auditapp.answer")),
            ("audit", kept("auditapp.audit", "presences")),
            ("organisation", kept("auditapp.organisation")),
            ("site", kept("auditapp.site")),
            ("user", kept(settings.AUTH_USER_MODEL)),
        ],
        {
            "constraints": [
                models.UniqueConstraint(fields=("audit", "user"), name="a_person_is_at_one_question_of_an_audit")
            ]
        },
    ),
    at_the_place_of("presence", "audit", "audit"),
    at_the_place_of("presence", "answer", "answer"),
    seen_at_the_hospital("presence", "UPDATE (answer_id, at), DELETE"),
    migrations.RunSQL("ALTER TABLE auditapp_presence SET UNLOGGED", "ALTER TABLE auditapp_presence SET LOGGED"),
]


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0021_device_keys")]
    operations = [*ASSIGNMENTS, *COMMENTS, *PRESENCE]
