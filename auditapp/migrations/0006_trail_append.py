"""The one door to the trail: a function that appends an event and moves its stream's head in one statement."""

from django.db import migrations

# The hash is SHA-256 over the previous hash, the number as 8 big-endian bytes, and the canonical body
# (auditapp.trail.models.chained computes the same). SECURITY DEFINER, because the web role may not write the trail
# itself; an event of an organisation is appended only in that organisation's scope.
APPEND = """
CREATE FUNCTION auditapp_trail_append(
    p_stream text, p_organisation bigint, p_actor bigint, p_verb text, p_at timestamptz, p_body bytea
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head auditapp_head%ROWTYPE;
    place bigint;
    digest bytea;
BEGIN
    IF p_organisation IS NOT NULL AND p_organisation IS DISTINCT FROM auditapp_scope_organisation() THEN
        RAISE EXCEPTION 'an event belongs to the organisation in scope' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO auditapp_head (stream, organisation_id, seq, hash)
        VALUES (p_stream, p_organisation, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT (stream) DO NOTHING;
    SELECT * INTO head FROM auditapp_head WHERE stream = p_stream FOR UPDATE;
    IF head.organisation_id IS DISTINCT FROM p_organisation THEN
        RAISE EXCEPTION 'a stream belongs to one organisation' USING ERRCODE = 'insufficient_privilege';
    END IF;
    place := head.seq + 1;
    digest := sha256(head.hash || int8send(place) || p_body);
    INSERT INTO auditapp_event (stream, seq, organisation_id, actor_id, verb, at, body, prev, hash)
        VALUES (p_stream, place, p_organisation, p_actor, p_verb, p_at, p_body, head.hash, digest);
    UPDATE auditapp_head SET seq = place, hash = digest WHERE stream = p_stream;
    RETURN place;
END $$
"""

SCOPE = """
CREATE FUNCTION auditapp_scope_organisation() RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('auditapp.organisation', true), '')::bigint $$;
CREATE FUNCTION auditapp_scope_everywhere() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('auditapp.sites', true), '') = '*' $$;
CREATE FUNCTION auditapp_scope_sites() RETURNS bigint[] LANGUAGE sql STABLE AS
$$ SELECT CASE WHEN coalesce(current_setting('auditapp.sites', true), '') IN ('', '*') THEN '{}'::bigint[]
          ELSE current_setting('auditapp.sites', true)::bigint[] END $$
"""


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0005_questionnaires_fixed")]
    operations = [
        migrations.RunSQL(
            SCOPE,
            "DROP FUNCTION auditapp_scope_sites(); DROP FUNCTION auditapp_scope_everywhere(); "
            "DROP FUNCTION auditapp_scope_organisation()",
        ),
        migrations.RunSQL(
            APPEND, "DROP FUNCTION auditapp_trail_append(text, bigint, bigint, text, timestamptz, bytea)"
        ),
    ]
