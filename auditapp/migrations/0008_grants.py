"""What the web role may do: read and insert; change only the columns that move; delete next to nothing."""

from django.db import migrations

WEB = "auditapp_web"
READ_ONLY = [
    "event", "head",  # written by auditapp_trail_append alone
    "framework", "clause", "domain", "category", "check",  # loaded by the owner
    "questionnaire", "questionnaireversion", "frozencontent", "question",
]  # fmt: skip
MAY_CHANGE = {
    "answer": "current_id, n, open_in_round",
    "answerevidence": "removed_by_id, removed_at",
    "audit": "state, round, answered, critical_left",
    "deployment": "status",
    "finding": "priority, due, gap, owner, state",
    "modelversion": "ends",
    "organisation": "name, jurisdiction, marking",
    "report": "issued_at",
    "site": "name, zone",
    "user": "password, last_login, is_active, name, title",
}
MAY_DELETE = ["membership"]
OTHERS = "'axes\\_%', 'django\\_session', 'procrastinate\\_%'"

GRANTS = [
    f"GRANT USAGE ON SCHEMA public TO {WEB}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {WEB}",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {WEB}",
    f"""
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'auditapp\\_%' LOOP
            EXECUTE format('GRANT INSERT ON %I TO {WEB}', name);
        END LOOP;
        FOR name IN SELECT tablename FROM pg_tables
                    WHERE schemaname = 'public' AND tablename LIKE ANY (ARRAY[{OTHERS}]) LOOP
            EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO {WEB}', name);
        END LOOP;
    END $$
    """,
    *[f"REVOKE INSERT ON auditapp_{table} FROM {WEB}" for table in READ_ONLY],
    *[
        f"GRANT UPDATE {f'({columns})' if columns else ''} ON auditapp_{table} TO {WEB}"
        for table, columns in MAY_CHANGE.items()
    ],
    *[f"GRANT DELETE ON auditapp_{table} TO {WEB}" for table in MAY_DELETE],
]
REVOKE = f"""
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {WEB};
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {WEB};
"""


class Migration(migrations.Migration):
    dependencies = [
        ("auditapp", "0007_row_security"),
        ("axes", "0010_accessattemptexpiration"),
        ("sessions", "0001_initial"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]
    operations = [migrations.RunSQL(GRANTS, REVOKE)]
