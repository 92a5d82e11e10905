-- A published version never changes. These triggers hold that for every role, the owner included; they run with the
-- owner's rights so that row-level security cannot hide the version a question belongs to.

CREATE FUNCTION auditapp_version_is_draft(version_id bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- The share lock makes a publication wait for whoever is still writing into the draft, and the other way round.
    SELECT coalesce((SELECT state = 'draft' FROM auditapp_questionnaireversion WHERE id = version_id FOR SHARE), false)
$$;
REVOKE ALL ON FUNCTION auditapp_version_is_draft(bigint) FROM PUBLIC;

-- Questions and canonical bytes: neither added to, changed, removed, nor moved from or to a version that is not a draft.
CREATE FUNCTION auditapp_refuse_change_under_published_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND NOT auditapp_version_is_draft(OLD.version_id) THEN
        RAISE EXCEPTION 'A published questionnaire version never changes: write a new version.'
            USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF TG_OP <> 'DELETE' AND NOT auditapp_version_is_draft(NEW.version_id) THEN
        RAISE EXCEPTION 'A published questionnaire version never changes: write a new version.'
            USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER question_of_a_published_version_never_changes
    BEFORE INSERT OR UPDATE OR DELETE ON auditapp_question
    FOR EACH ROW EXECUTE FUNCTION auditapp_refuse_change_under_published_version();

CREATE TRIGGER bytes_of_a_published_version_never_change
    BEFORE INSERT OR UPDATE OR DELETE ON auditapp_frozencontent
    FOR EACH ROW EXECUTE FUNCTION auditapp_refuse_change_under_published_version();

-- The version itself: born a draft, published once with the digest of its bytes, then only ever retired.
CREATE FUNCTION auditapp_guard_questionnaire_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'A questionnaire version begins as a draft.' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION 'A published questionnaire version is never removed.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.state = 'draft' THEN
        IF NEW.state = 'published' AND NOT EXISTS (
            SELECT 1 FROM auditapp_frozencontent
            WHERE version_id = NEW.id AND encode(sha256(canonical), 'hex') = NEW.sha256
        ) THEN
            RAISE EXCEPTION 'The digest is not that of the canonical bytes.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.state NOT IN ('draft', 'published') THEN
            RAISE EXCEPTION 'A draft is published before it is retired.' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'published' AND NEW.state = 'retired'
        AND (NEW.id, NEW.questionnaire_id, NEW.number, NEW.published_at, NEW.sha256)
            = (OLD.id, OLD.questionnaire_id, OLD.number, OLD.published_at, OLD.sha256) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A published questionnaire version can only be retired.' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER published_version_can_only_be_retired
    BEFORE INSERT OR UPDATE OR DELETE ON auditapp_questionnaireversion
    FOR EACH ROW EXECUTE FUNCTION auditapp_guard_questionnaire_version();

-- Codes by which audits of different years are compared: given once, kept for ever, and so is whose they are.
CREATE FUNCTION auditapp_refuse_change_of_code() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The code of a % never changes.', replace(TG_TABLE_NAME, 'auditapp_', '')
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER code_of_a_check_never_changes
    BEFORE UPDATE ON auditapp_check FOR EACH ROW
    WHEN (NEW.code <> OLD.code OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id)
    EXECUTE FUNCTION auditapp_refuse_change_of_code();

CREATE TRIGGER code_of_a_questionnaire_never_changes
    BEFORE UPDATE ON auditapp_questionnaire FOR EACH ROW
    WHEN (NEW.code <> OLD.code OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id)
    EXECUTE FUNCTION auditapp_refuse_change_of_code();
