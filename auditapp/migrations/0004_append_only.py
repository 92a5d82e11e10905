"""Rows for acts are written once: UPDATE and DELETE are refused by a trigger, whoever asks.

There is no TRUNCATE trigger, since emptying a test database needs TRUNCATE; the web role has no grant for it.
"""

from django.db import migrations

TABLES = [
    "answerrevision", "auditfinding", "authority", "categoryscore", "checkpoint", "closure", "condition", "decision",
    "event", "evidence", "hazardclosure", "hazardrating", "notapplicableapproval", "profile", "profileconfirmation",
    "reportfile", "return", "review", "signature", "signingrefusal", "statuschange", "submission", "withdrawal",
]  # fmt: skip

FUNCTION = """
CREATE FUNCTION auditapp_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$
"""


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table} "
        "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
        f"DROP TRIGGER append_only ON auditapp_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0003_place")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION auditapp_append_only()"),
        *[trigger(table) for table in TABLES],
    ]
