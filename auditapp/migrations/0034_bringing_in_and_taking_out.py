"""Inventories that are brought along and what nobody stated in them; readiness bundles and who releases them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WEB = "auditapp_web"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"

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


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0032_findings_actions_incidents")]

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
    ]
