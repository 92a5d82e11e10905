"""Inventories that are brought along and what nobody stated in them; readiness bundles and who releases them;
webhooks with what they are told; model cards."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

WEB = "auditapp_web"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"

PROBLEMS = [
    ("answer", "It did not answer with 2xx"),
    ("redirect", "It pointed elsewhere; that is not followed"),
    ("address", "Its name leads into a private network"),
    ("name", "Its name is not known"),
    ("time", "It did not answer in time"),
    ("tls", "Its certificate is not trusted"),
    ("connection", "The connection failed"),
]
STATES = [
    ("queued", "Being made"),
    ("made", "Made"),
    ("waiting", "Waits for its release"),
    ("released", "Released"),
    ("refused", "Not released"),
    ("failed", "Could not be made"),
]


def to(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, **({"related_name": "+"} | options), to=model)


def key() -> tuple[str, models.BigAutoField]:
    return "id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def opened(table: str, grants: str, policy: str = OURS) -> migrations.RunSQL:
    """What the web role may do with a table, of whose rows it sees those of the policy."""
    name = f"auditapp_{table}"
    return migrations.RunSQL(
        f"CREATE POLICY in_scope ON {name} USING ({policy}); ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; "
        f"GRANT {grants} ON {name} TO {WEB}; GRANT USAGE ON SEQUENCE {name}_id_seq TO {WEB}",
        f"REVOKE ALL ON SEQUENCE {name}_id_seq FROM {WEB}; REVOKE ALL ON {name} FROM {WEB}; "
        f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY; DROP POLICY in_scope ON {name}",
    )


def at_the_place_of(table: str, parent: str) -> migrations.RunSQL:
    """The row is at the hospital of the row that it belongs to."""
    return migrations.RunSQL(
        f"ALTER TABLE auditapp_{table} ADD CONSTRAINT {table}_{parent}_is_at_the_same_place "
        f"FOREIGN KEY ({parent}_id, organisation_id, site_id) "
        f"REFERENCES auditapp_{parent} (id, organisation_id, site_id)",
        f"ALTER TABLE auditapp_{table} DROP CONSTRAINT {table}_{parent}_is_at_the_same_place",
    )


def only_added_to(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table} "
        "FOR EACH ROW EXECUTE FUNCTION auditapp_append_only()",
        f"DROP TRIGGER append_only ON auditapp_{table}",
    )


# What has to be told is written down in the transaction of the act, for each webhook that wants it. The function that
# appends to the trail is the owner's, so this runs as the owner too.
NEWS = """
CREATE FUNCTION auditapp_write_news_down() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    news text := CASE NEW.verb
        WHEN 'deployment.status' THEN 'deployment.status_changed'
        WHEN 'incident.reported' THEN 'incident.reported'
        WHEN 'report.issued' THEN 'report.issued'
    END;
BEGIN
    INSERT INTO auditapp_delivery (organisation_id, webhook_id, public_id, kind, key, event_id, state, next_at, at)
        SELECT w.organisation_id, w.id, gen_random_uuid(), news, news || ':' || NEW.id, NEW.id, 'waiting', NEW.at, NEW.at
        FROM auditapp_webhook w
        WHERE w.organisation_id = NEW.organisation_id AND w.state <> 'removed' AND news = ANY (w.kinds)
        ON CONFLICT (webhook_id, key) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER news_is_written_down AFTER INSERT ON auditapp_event FOR EACH ROW
WHEN (NEW.verb IN ('deployment.status', 'incident.reported', 'report.issued'))
EXECUTE FUNCTION auditapp_write_news_down();
"""
NO_NEWS = """
DROP TRIGGER news_is_written_down ON auditapp_event;
DROP FUNCTION auditapp_write_news_down();
"""

# What a supplier said stays with the deployment that was registered from it.
KEPT = """
CREATE FUNCTION auditapp_cards_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.deployment_id IS NOT NULL THEN
        RAISE EXCEPTION 'model card %: it stays with its deployment', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER cards_stay BEFORE UPDATE OR DELETE ON auditapp_modelcard
FOR EACH ROW EXECUTE FUNCTION auditapp_cards_stay();
"""
NOT_KEPT = """
DROP TRIGGER cards_stay ON auditapp_modelcard;
DROP FUNCTION auditapp_cards_stay();
"""


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0033_notices_and_board_reports")]

    operations = [
        migrations.AddField("profile", "assumed", models.JSONField(db_default=[], default=list)),
        migrations.AddField("statuschange", "imported", models.BooleanField(db_default=False, default=False)),
        migrations.CreateModel(
            "InventoryUpload",
            [
                key(),
                ("name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("parsed", models.JSONField()),
                ("choices", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("organisation", to("auditapp.organisation")),
            ],
            {"ordering": ["-at"]},
        ),
        opened("inventoryupload", "SELECT, INSERT, DELETE, UPDATE (choices)"),
        migrations.CreateModel(
            "ReleaseRule",
            [
                key(),
                ("at", models.DateTimeField()),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("organisation", to("auditapp.organisation")),
                ("releaser", to(settings.AUTH_USER_MODEL, null=True)),
                ("site", to("auditapp.site", null=True)),
            ],
        ),
        only_added_to("releaserule"),
        opened("releaserule", "SELECT, INSERT"),
        migrations.RunSQL(
            f"CREATE SEQUENCE auditapp_bundle_ref; GRANT USAGE ON SEQUENCE auditapp_bundle_ref TO {WEB}",
            "DROP SEQUENCE auditapp_bundle_ref",
        ),
        migrations.CreateModel(
            "Bundle",
            [
                key(),
                ("ref", models.CharField(max_length=20, unique=True)),
                ("as_of", models.DateField()),
                ("recorded_before", models.DateTimeField()),
                ("state", models.CharField(choices=STATES, default="queued", max_length=10)),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                ("manifest_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("size", models.PositiveBigIntegerField(null=True)),
                ("made_at", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("deployment", to("auditapp.deployment", related_name="bundles", null=True)),
                ("organisation", to("auditapp.organisation")),
                ("releaser", to(settings.AUTH_USER_MODEL, null=True)),
                ("site", to("auditapp.site")),
            ],
            {
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["site", "-at"], name="bundles_of_a_site")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("site", "deployment", "as_of", "by"),
                        condition=models.Q(state="queued"),
                        nulls_distinct=False,
                        name="a_bundle_is_asked_for_once_while_it_is_made",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state__in=["queued", "failed"])
                        | models.Q(sha256__regex="^[0-9a-f]{64}$", made_at__isnull=False),
                        name="a_bundle_that_was_made_has_a_digest",
                    ),
                ],
            },
        ),
        at_the_place_of("bundle", "deployment"),
        opened(
            "bundle",
            "SELECT, INSERT, UPDATE (state, sha256, manifest_sha256, size, made_at, releaser_id)",
            f"{OURS} AND {HERE}",
        ),
        migrations.RunSQL(
            "ALTER TABLE auditapp_bundle ADD CONSTRAINT bundle_is_at_a_site_of_its_organisation "
            "FOREIGN KEY (site_id, organisation_id) REFERENCES auditapp_site (id, organisation_id)",
            "ALTER TABLE auditapp_bundle DROP CONSTRAINT bundle_is_at_a_site_of_its_organisation",
        ),
        # So that verdicts can be held to the place of their bundle.
        migrations.RunSQL(
            "ALTER TABLE auditapp_bundle ADD CONSTRAINT bundle_and_its_place UNIQUE (id, organisation_id, site_id)",
            "ALTER TABLE auditapp_bundle DROP CONSTRAINT bundle_and_its_place",
        ),
        migrations.CreateModel(
            "BundleVerdict",
            [
                key(),
                ("released", models.BooleanField()),
                ("reason", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField()),
                (
                    "bundle",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="verdict", to="auditapp.bundle"
                    ),
                ),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("organisation", to("auditapp.organisation")),
                ("site", to("auditapp.site")),
            ],
            {
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(released=True) | ~models.Q(reason=""),
                        name="a_bundle_is_not_released_for_a_reason",
                    )
                ]
            },
        ),
        at_the_place_of("bundleverdict", "bundle"),
        only_added_to("bundleverdict"),
        opened("bundleverdict", "SELECT, INSERT", f"{OURS} AND {HERE}"),
        migrations.CreateModel(
            "Webhook",
            [
                key(),
                ("url", models.CharField(max_length=500)),
                ("kinds", ArrayField(models.CharField(max_length=40))),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("paused", "Paused"), ("removed", "Removed")],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("failing_since", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("organisation", to("auditapp.organisation")),
            ],
            {
                "ordering": ["url"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "url"),
                        condition=~models.Q(state="removed"),
                        name="one_webhook_per_address",
                    )
                ],
            },
        ),
        opened("webhook", "SELECT, INSERT, UPDATE (kinds, state, failing_since)"),
        migrations.CreateModel(
            "WebhookSecret",
            [
                key(),
                ("nonce", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("ends", models.DateTimeField(null=True)),
                ("organisation", to("auditapp.organisation")),
                ("webhook", to("auditapp.webhook", related_name="secrets")),
            ],
        ),
        opened("webhooksecret", "SELECT, INSERT, UPDATE (ends)"),
        migrations.CreateModel(
            "Delivery",
            [
                key(),
                ("public_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("kind", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=200)),
                ("data", models.JSONField(db_default={}, default=dict)),
                ("body", models.BinaryField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("taken", "Delivered"),
                            ("given_up", "Given up"),
                            ("known", "Known before"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("tried_before", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
                ("event", to("auditapp.event", null=True)),
                ("organisation", to("auditapp.organisation")),
                ("webhook", to("auditapp.webhook", related_name="deliveries")),
            ],
            {
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="deliveries_that_wait"),
                    models.Index(fields=["webhook", "-id"], name="deliveries_of_a_webhook"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("webhook", "key"), name="each_piece_of_news_once_per_webhook")
                ],
            },
        ),
        opened("delivery", "SELECT, INSERT, UPDATE (state, body, tried_before, next_at, claimed_until)"),
        migrations.CreateModel(
            "Attempt",
            [
                key(),
                ("n", models.PositiveSmallIntegerField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("problem", models.CharField(blank=True, choices=PROBLEMS, default="", max_length=12)),
                ("answer", models.CharField(blank=True, default="", max_length=200)),
                ("milliseconds", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("delivery", to("auditapp.delivery", related_name="attempts")),
                ("organisation", to("auditapp.organisation")),
            ],
            {
                "ordering": ["n"],
                "constraints": [models.UniqueConstraint(fields=("delivery", "n"), name="one_attempt_per_number")],
            },
        ),
        only_added_to("attempt"),
        opened("attempt", "SELECT, INSERT"),
        migrations.RunSQL(NEWS, NO_NEWS),
        migrations.CreateModel(
            "ModelCard",
            [
                key(),
                ("filename", models.CharField(max_length=200)),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("kept_at", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
                ("by", to(settings.AUTH_USER_MODEL)),
                ("deployment", to("auditapp.deployment", related_name="model_cards", null=True)),
                ("organisation", to("auditapp.organisation")),
            ],
            {
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(deployment=None, kept_at=None)
                        | models.Q(deployment__isnull=False, kept_at__isnull=False),
                        name="a_card_is_kept_with_a_deployment_at_a_time",
                    )
                ],
            },
        ),
        migrations.RunSQL(KEPT, NOT_KEPT),
        opened("modelcard", "SELECT, INSERT, DELETE, UPDATE (deployment_id, kept_at)"),
    ]
