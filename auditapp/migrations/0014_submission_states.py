"""What each submission says of each check, kept by Postgres itself beside the frozen bytes, so that lists never parse.

The column is generated: nobody writes it, and it cannot differ from the bytes.
"""

from django.db import migrations, models

# Only what stands in the bytes decides, so the function is immutable. It reads no table and needs no scope.
FUNCTION = """
CREATE FUNCTION auditapp_states_submitted(canonical bytea) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(
        pg_catalog.jsonb_object_agg(q.value ->> 'code', coalesce(q.value -> 'answer' ->> 'state', 'unanswered')),
        '{}'::jsonb
    )
    FROM pg_catalog.jsonb_array_elements(pg_catalog.convert_from(canonical, 'UTF8')::jsonb -> 'categories') c,
         pg_catalog.jsonb_array_elements(c.value -> 'questions') q
$$
"""


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0013_drafts")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION auditapp_states_submitted(bytea)"),
        migrations.AddField(
            "submission",
            "states",
            models.GeneratedField(
                db_persist=True,
                expression=models.Func(models.F("canonical"), function="auditapp_states_submitted"),
                output_field=models.JSONField(),
            ),
        ),
    ]
