"""A hospital's own rules over time, its first plan, what it was reminded of, and calendars of single persons."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"


def held(table: str, seen: str, changes: str = "") -> migrations.RunSQL:
    """Seen and added to where `seen` holds; of a row only the named columns change, and none is removed."""
    table = f"auditapp_{table}"
    update = f", UPDATE ({changes})" if changes else ""
    return migrations.RunSQL(
        f"CREATE POLICY in_scope ON {table} USING ({seen}); "
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; "
        f"GRANT SELECT, INSERT{update} ON {table} TO {WEB}; "
        f"GRANT USAGE ON SEQUENCE {table}_id_seq TO {WEB}",
        f"REVOKE ALL ON SEQUENCE {table}_id_seq FROM {WEB}; REVOKE ALL ON {table} FROM {WEB}; "
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON {table}",
    )


def append_only(table: str) -> migrations.RunSQL:
    """For whoever else writes: the web role has no grant to change or remove these rows at all."""
    return migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table} "
        "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
        f"DROP TRIGGER append_only ON auditapp_{table}",
    )


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def to(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=PROTECT, **({"related_name": "+"} | options), to=model)


def held_here(table: str, *links: tuple[str, str], changes: str = "") -> list[migrations.RunSQL]:
    """A table of rows at hospitals, each at the place of the rows that it names."""
    name = f"auditapp_{table}"
    constraints = [
        migrations.RunSQL(
            f"ALTER TABLE {name} ADD CONSTRAINT {table}_{column}_is_at_the_same_place "
            f"FOREIGN KEY ({column}_id, organisation_id, site_id) "
            f"REFERENCES auditapp_{parent} (id, organisation_id, site_id)",
            f"ALTER TABLE {name} DROP CONSTRAINT {table}_{column}_is_at_the_same_place",
        )
        for column, parent in links
    ]
    site = migrations.RunSQL(
        f"ALTER TABLE {name} ADD CONSTRAINT {table}_site_is_of_the_organisation "
        "FOREIGN KEY (site_id, organisation_id) REFERENCES auditapp_site (id, organisation_id)",
        f"ALTER TABLE {name} DROP CONSTRAINT {table}_site_is_of_the_organisation",
    )
    return [site, *constraints, held(table, f"{OURS} AND {HERE}", changes)]


def place() -> list[tuple[str, models.Field]]:
    return [("organisation", to("auditapp.organisation")), ("site", to("auditapp.site"))]


# The tables at hospitals that this migration makes.
PLAN, PLANNED, REMINDER, DONE, LETTER = "firstplan", "plannedaudit", "reminder", "remindersdone", "dueletter"

# What the executive signed stays as it was, and a plan begins unsigned.
SIGNED_ONCE = """
CREATE FUNCTION auditapp_first_plans_stay_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.signed_at IS NOT NULL THEN
            RAISE EXCEPTION 'a first plan is prepared before it is signed' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.signed_at IS NOT NULL THEN
        RAISE EXCEPTION 'first plan %: it is signed and stays as it is', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER first_plans_stay_signed BEFORE INSERT OR UPDATE OR DELETE ON auditapp_firstplan
FOR EACH ROW EXECUTE FUNCTION auditapp_first_plans_stay_signed();
"""
SIGNED_MORE = """
DROP TRIGGER first_plans_stay_signed ON auditapp_firstplan;
DROP FUNCTION auditapp_first_plans_stay_signed();
"""

# The one thing that is asked before any scope is set: whose calendar an address leads to. Nothing of what is in it.
DOOR = """
CREATE FUNCTION auditapp_calendar_door(p_token_sha256 text) RETURNS TABLE (organisation_id bigint, user_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.organisation_id, f.user_id FROM auditapp_calendarfeed f JOIN auditapp_user u ON u.id = f.user_id
    WHERE f.token_sha256 = p_token_sha256 AND f.revoked_at IS NULL AND u.is_active
$$;
"""
# Kinds of letters are data: what was chosen before is kept. The two columns stay for the version that still runs while
# this does; a later release drops them.
CHOSEN = f"""
UPDATE auditapp_mailchoice SET chosen = jsonb_build_object('digest', digest, 'at_once', at_once);
ALTER TABLE auditapp_mailchoice ALTER digest SET DEFAULT true, ALTER at_once SET DEFAULT true,
                                ALTER chosen SET DEFAULT '{{}}';
GRANT UPDATE (chosen) ON auditapp_mailchoice TO {WEB};
"""
CHOSEN_BEFORE = """
UPDATE auditapp_mailchoice SET digest = coalesce((chosen->>'digest')::boolean, true),
                               at_once = coalesce((chosen->>'at_once')::boolean, true);
ALTER TABLE auditapp_mailchoice ALTER digest DROP DEFAULT, ALTER at_once DROP DEFAULT;
"""
KINDS = [("reminder", "Reminder"), ("overdue", "Overdue"), ("escalation", "Escalation")]
HARMS = [
    ("none", "No harm"),
    ("low", "Low harm"),
    ("moderate", "Moderate harm"),
    ("severe", "Severe harm"),
    ("death", "Death"),
]


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0030_act_of_signing")]

    operations = [
        migrations.CreateModel(
            name="Policy",
            fields=[
                ("id", key()),
                ("n", models.PositiveIntegerField(default=0)),
                ("gate_from", models.DateField(null=True)),
                ("harm_threshold", models.CharField(choices=HARMS, default="moderate", max_length=10)),
                ("tiers", models.JSONField(default=list)),
                ("intervals", models.JSONField(default=dict)),
                ("remind_days", models.JSONField(default=list)),
                ("escalate_days", models.PositiveSmallIntegerField(default=14)),
                ("at", models.DateTimeField()),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("organisation", to("auditapp.organisation")),
                ("site", to("auditapp.site", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "site", "n"), name="one_policy_per_number", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(harm_threshold__in=[code for code, _label in HARMS]),
                        name="a_harm_is_one_of_the_known",
                    ),
                    models.CheckConstraint(condition=models.Q(n__gte=1), name="a_policy_that_is_kept_has_a_number"),
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE auditapp_policy ADD CONSTRAINT policy_site_is_of_the_organisation "
            "FOREIGN KEY (site_id, organisation_id) REFERENCES auditapp_site (id, organisation_id)",
            "ALTER TABLE auditapp_policy DROP CONSTRAINT policy_site_is_of_the_organisation",
        ),
        append_only("policy"),
        held("policy", f"{OURS} AND (site_id IS NULL OR {HERE})"),
        migrations.CreateModel(
            name="FirstPlan",
            fields=[
                ("id", key()),
                ("n", models.PositiveIntegerField()),
                ("starts", models.DateField()),
                ("per_week", models.PositiveSmallIntegerField()),
                ("lines", models.JSONField()),
                ("at", models.DateTimeField()),
                ("canonical", models.BinaryField(null=True)),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                ("signed_at", models.DateTimeField(null=True)),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("signed_by", to(settings.AUTH_USER_MODEL, null=True)),
                *place(),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "n"), name="one_first_plan_per_number"),
                    models.UniqueConstraint(
                        condition=models.Q(signed_at=None), fields=("site",), name="one_first_plan_is_being_prepared"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(signed_at=None, signed_by=None, canonical=None, sha256="")
                        | models.Q(
                            signed_at__isnull=False,
                            signed_by__isnull=False,
                            canonical__isnull=False,
                            sha256__regex="^[0-9a-f]{64}$",
                        ),
                        name="a_signed_first_plan_is_frozen",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            f"ALTER TABLE auditapp_{PLAN} ADD CONSTRAINT {PLAN}_has_one_place UNIQUE (id, organisation_id, site_id)",
            f"ALTER TABLE auditapp_{PLAN} DROP CONSTRAINT {PLAN}_has_one_place",
        ),
        migrations.RunSQL(SIGNED_ONCE, SIGNED_MORE),
        *held_here(PLAN, changes="starts, per_week, lines, by_id, at, canonical, sha256, signed_by_id, signed_at"),
        migrations.CreateModel(
            name="PlannedAudit",
            fields=[
                ("id", key()),
                ("on", models.DateField()),
                ("deployment", to("auditapp.deployment", related_name="planned_audits")),
                ("plan", to("auditapp.firstplan", related_name="planned")),
                *place(),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "deployment"), name="a_plan_names_a_deployment_once")
                ],
            },
        ),
        append_only(PLANNED),
        *held_here(PLANNED, ("plan", PLAN), ("deployment", "deployment")),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", key()),
                ("kind", models.CharField(choices=KINDS, max_length=12)),
                ("reason", models.CharField(max_length=20)),
                ("due", models.DateField()),
                ("days", models.IntegerField()),
                ("day", models.DateField()),
                ("at", models.DateTimeField()),
                ("deployment", to("auditapp.deployment")),
                ("finding", to("auditapp.finding", null=True)),
                *place(),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deployment", "kind", "reason", "due", "days", "finding"),
                        name="each_distance_is_reminded_of_once",
                        nulls_distinct=False,
                    )
                ],
                "indexes": [models.Index(fields=["site", "day", "kind"], name="reminders_of_a_day")],
            },
        ),
        append_only(REMINDER),
        *held_here(REMINDER, ("deployment", "deployment"), ("finding", "finding")),
        migrations.CreateModel(
            name="RemindersDone",
            fields=[("id", key()), ("day", models.DateField()), ("at", models.DateTimeField()), *place()],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "day"), name="reminders_are_worked_out_once_a_day")
                ],
            },
        ),
        append_only(DONE),
        *held_here(DONE),
        migrations.CreateModel(
            name="DueLetter",
            fields=[
                ("id", key()),
                ("kind", models.CharField(choices=KINDS, max_length=12)),
                ("day", models.DateField()),
                ("done_at", models.DateTimeField(null=True)),
                ("user", to(settings.AUTH_USER_MODEL)),
                *place(),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "site", "kind", "day"), name="one_letter_on_what_is_due_a_day"
                    )
                ],
            },
        ),
        *held_here(LETTER, changes="done_at"),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", key()),
                ("token_sha256", models.CharField(max_length=64, unique=True)),
                ("at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("organisation", to("auditapp.organisation")),
                ("user", to(settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(revoked_at=None), fields=("user",), name="one_calendar_address_in_force"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(token_sha256__regex="^[0-9a-f]{64}$"),
                        name="a_calendar_address_is_kept_as_its_digest",
                    ),
                ],
            },
        ),
        held("calendarfeed", f"{OURS} AND user_id = (SELECT auditapp_scope_person())", "revoked_at"),
        migrations.RunSQL(DOOR, "DROP FUNCTION auditapp_calendar_door(text)"),
        migrations.AddField("mailchoice", "chosen", models.JSONField(default=dict)),
        migrations.RunSQL(CHOSEN, CHOSEN_BEFORE),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("mailchoice", "digest"),
                migrations.RemoveField("mailchoice", "at_once"),
            ]
        ),
    ]
