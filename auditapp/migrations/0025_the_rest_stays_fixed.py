"""An answer changes only in the round for which it is open, and is opened again only by what sent it back."""

from django.db import migrations

# A save that came too late (without a number) is kept at any time: it counts for nothing.
FIXED = """
CREATE FUNCTION auditapp_is_open(p_answer bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM auditapp_answer a JOIN auditapp_audit x ON x.id = a.audit_id
        WHERE a.id = p_answer AND x.state = 'draft' AND a.open_in_round = x.round
    )
$$;

CREATE FUNCTION auditapp_only_open_answers_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    answer bigint := CASE TG_TABLE_NAME WHEN 'auditapp_answer' THEN (to_jsonb(NEW) ->> 'id')::bigint
                     ELSE (to_jsonb(NEW) ->> 'answer_id')::bigint END;
BEGIN
    IF NOT auditapp_is_open(answer) THEN
        RAISE EXCEPTION 'answer %: it is fixed in this round', answer USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER only_open_answers_are_revised BEFORE INSERT ON auditapp_answerrevision
FOR EACH ROW WHEN (NEW.n IS NOT NULL) EXECUTE FUNCTION auditapp_only_open_answers_change();
CREATE TRIGGER only_open_answers_change BEFORE UPDATE OF current_id, n ON auditapp_answer
FOR EACH ROW WHEN (OLD.current_id IS DISTINCT FROM NEW.current_id OR OLD.n IS DISTINCT FROM NEW.n)
EXECUTE FUNCTION auditapp_only_open_answers_change();
CREATE TRIGGER only_open_answers_gain_or_lose_evidence BEFORE INSERT OR UPDATE ON auditapp_answerevidence
FOR EACH ROW EXECUTE FUNCTION auditapp_only_open_answers_change();

CREATE FUNCTION auditapp_only_returned_answers_open_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM auditapp_audit x
        JOIN auditapp_submission s ON s.audit_id = x.id AND s.round = x.round - 1
        WHERE x.id = NEW.audit_id AND x.state = 'draft' AND NEW.open_in_round = x.round AND (
            EXISTS (SELECT 1 FROM auditapp_return r WHERE r.submission_id = s.id AND r.answer_id = NEW.id)
            OR EXISTS (
                SELECT 1 FROM auditapp_signingrefusal f
                JOIN auditapp_report p ON p.id = f.report_id
                JOIN auditapp_decision d ON d.id = p.decision_id
                WHERE d.submission_id = s.id
            )
        )
    ) THEN
        RAISE EXCEPTION 'answer %: it was not sent back', NEW.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_returned_answers_open_again BEFORE UPDATE OF open_in_round ON auditapp_answer
FOR EACH ROW WHEN (OLD.open_in_round IS DISTINCT FROM NEW.open_in_round)
EXECUTE FUNCTION auditapp_only_returned_answers_open_again();
"""
NOT_FIXED = """
DROP TRIGGER only_returned_answers_open_again ON auditapp_answer;
DROP FUNCTION auditapp_only_returned_answers_open_again();
DROP TRIGGER only_open_answers_gain_or_lose_evidence ON auditapp_answerevidence;
DROP TRIGGER only_open_answers_change ON auditapp_answer;
DROP TRIGGER only_open_answers_are_revised ON auditapp_answerrevision;
DROP FUNCTION auditapp_only_open_answers_change();
DROP FUNCTION auditapp_is_open(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0024_kept_passages")]
    operations = [migrations.RunSQL(FIXED, NOT_FIXED)]
