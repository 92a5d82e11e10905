"""What suppliers tell of a product, and what each owner did about it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import PROTECT

WEB = "auditapp_web"
OURS = "organisation_id = (SELECT auditapp_scope_organisation())"
HERE = "((SELECT auditapp_scope_everywhere()) OR site_id = ANY ((SELECT auditapp_scope_sites())::bigint[]))"


def kept(to: str, related_name: str = "+", *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(null=null, on_delete=PROTECT, related_name=related_name, to=to)


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def guarded(table: str, rule: str) -> migrations.RunSQL:
    """Seen and added to in its scope alone; changed and deleted by nobody."""
    return migrations.RunSQL(
        f"""
        CREATE POLICY in_scope ON auditapp_{table} USING ({rule});
        ALTER TABLE auditapp_{table} ENABLE ROW LEVEL SECURITY;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auditapp_{table}
            FOR EACH ROW EXECUTE FUNCTION auditapp_append_only();
        GRANT SELECT, INSERT ON auditapp_{table} TO {WEB};
        GRANT USAGE ON SEQUENCE auditapp_{table}_id_seq TO {WEB};
        """,
        f"""
        REVOKE ALL ON SEQUENCE auditapp_{table}_id_seq FROM {WEB};
        REVOKE ALL ON auditapp_{table} FROM {WEB};
        DROP TRIGGER append_only ON auditapp_{table};
        ALTER TABLE auditapp_{table} DISABLE ROW LEVEL SECURITY;
        DROP POLICY in_scope ON auditapp_{table};
        """,
    )


# A notice is about a product of its own organisation; what was done stands at the deployment's hospital.
IN_PLACE = migrations.RunSQL(
    """
    ALTER TABLE auditapp_product ADD CONSTRAINT product_and_its_organisation UNIQUE (id, organisation_id);
    ALTER TABLE auditapp_suppliernotice ADD CONSTRAINT suppliernotice_product_is_of_the_same_organisation
        FOREIGN KEY (product_id, organisation_id) REFERENCES auditapp_product (id, organisation_id);
    ALTER TABLE auditapp_suppliernotice ADD CONSTRAINT suppliernotice_and_its_organisation
        UNIQUE (id, organisation_id);
    ALTER TABLE auditapp_noticeacknowledgement ADD CONSTRAINT noticeacknowledgement_notice_is_of_the_same_organisation
        FOREIGN KEY (notice_id, organisation_id) REFERENCES auditapp_suppliernotice (id, organisation_id);
    ALTER TABLE auditapp_noticeacknowledgement ADD CONSTRAINT noticeacknowledgement_deployment_is_at_the_same_place
        FOREIGN KEY (deployment_id, organisation_id, site_id)
        REFERENCES auditapp_deployment (id, organisation_id, site_id);
    """,
    """
    ALTER TABLE auditapp_noticeacknowledgement DROP CONSTRAINT noticeacknowledgement_deployment_is_at_the_same_place;
    ALTER TABLE auditapp_noticeacknowledgement DROP CONSTRAINT noticeacknowledgement_notice_is_of_the_same_organisation;
    ALTER TABLE auditapp_suppliernotice DROP CONSTRAINT suppliernotice_and_its_organisation;
    ALTER TABLE auditapp_suppliernotice DROP CONSTRAINT suppliernotice_product_is_of_the_same_organisation;
    ALTER TABLE auditapp_product DROP CONSTRAINT product_and_its_organisation;
    """,
)


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0032_findings_actions_incidents")]

    operations = [
        migrations.CreateModel(
            "SupplierNotice",
            [
                ("id", key()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("new_version", "New version"),
                            ("recall", "Recall"),
                            ("vulnerability", "Vulnerability"),
                            ("other", "Other notice"),
                        ],
                        max_length=20,
                    ),
                ),
                ("issued_on", models.DateField()),
                ("versions", ArrayField(models.CharField(max_length=60), blank=True, default=list)),
                ("questions", models.BooleanField(default=False)),
                ("title", models.CharField(max_length=160)),
                ("text", models.TextField()),
                ("source", models.CharField(blank=True, default="", max_length=300)),
                ("at", models.DateTimeField()),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("organisation", kept("auditapp.organisation")),
                ("product", kept("auditapp.product", "notices")),
            ],
            {
                "ordering": ["-issued_on", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(title="") & ~models.Q(text=""), name="a_notice_says_something"
                    )
                ],
                "indexes": [models.Index(fields=["product", "issued_on"], name="notices_of_a_product")],
            },
        ),
        guarded("suppliernotice", OURS),
        migrations.CreateModel(
            "NoticeAcknowledgement",
            [
                ("id", key()),
                ("done", models.TextField()),
                ("at", models.DateTimeField()),
                ("by", kept(settings.AUTH_USER_MODEL)),
                ("deployment", kept("auditapp.deployment", "acknowledgements")),
                ("notice", kept("auditapp.suppliernotice", "acknowledgements")),
                ("organisation", kept("auditapp.organisation")),
                ("site", kept("auditapp.site")),
            ],
            {
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(condition=~models.Q(done=""), name="an_acknowledgement_says_what_was_done")
                ],
            },
        ),
        guarded("noticeacknowledgement", f"{OURS} AND {HERE}"),
        IN_PLACE,
        migrations.AddField(
            "check",
            "also_replaced_by",
            ArrayField(models.CharField(max_length=20), blank=True, db_default=[], default=list),
        ),
        migrations.RunSQL(
            f"GRANT UPDATE (also_replaced_by) ON auditapp_check TO {WEB}",
            f"REVOKE UPDATE (also_replaced_by) ON auditapp_check FROM {WEB}",
        ),
    ]
