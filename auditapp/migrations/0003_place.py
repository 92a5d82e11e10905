"""A row is where its parent is: organisation and site equal the parent's, held by composite foreign keys.

Row-level security then needs to read a row's own two columns only, and a row moved to another hospital is refused.
"""

from django.db import migrations

LINKS = [
    ("auditapp_answer", "audit_id", "auditapp_audit"),
    ("auditapp_answer", "current_id", "auditapp_answerrevision"),
    ("auditapp_answerrevision", "answer_id", "auditapp_answer"),
    ("auditapp_notapplicableapproval", "revision_id", "auditapp_answerrevision"),
    ("auditapp_answerevidence", "answer_id", "auditapp_answer"),
    ("auditapp_answerevidence", "evidence_id", "auditapp_evidence"),
    ("auditapp_assignment", "audit_id", "auditapp_audit"),
    ("auditapp_profile", "deployment_id", "auditapp_deployment"),
    ("auditapp_profileconfirmation", "profile_id", "auditapp_profile"),
    ("auditapp_modelversion", "deployment_id", "auditapp_deployment"),
    ("auditapp_statuschange", "deployment_id", "auditapp_deployment"),
    ("auditapp_finding", "deployment_id", "auditapp_deployment"),
    ("auditapp_closure", "finding_id", "auditapp_finding"),
    ("auditapp_hazardrating", "deployment_id", "auditapp_deployment"),
    ("auditapp_hazardrating", "finding_id", "auditapp_finding"),
    ("auditapp_hazardrating", "replaces_id", "auditapp_hazardrating"),
    ("auditapp_hazardclosure", "rating_id", "auditapp_hazardrating"),
    ("auditapp_submission", "audit_id", "auditapp_audit"),
    ("auditapp_categoryscore", "submission_id", "auditapp_submission"),
    ("auditapp_return", "submission_id", "auditapp_submission"),
    ("auditapp_return", "answer_id", "auditapp_answer"),
    ("auditapp_review", "submission_id", "auditapp_submission"),
    ("auditapp_auditfinding", "submission_id", "auditapp_submission"),
    ("auditapp_auditfinding", "answer_id", "auditapp_answer"),
    ("auditapp_auditfinding", "finding_id", "auditapp_finding"),
    ("auditapp_audit", "deployment_id", "auditapp_deployment"),
    ("auditapp_audit", "model_version_id", "auditapp_modelversion"),
    ("auditapp_audit", "supersedes_id", "auditapp_audit"),
    ("auditapp_withdrawal", "audit_id", "auditapp_audit"),
    ("auditapp_decision", "submission_id", "auditapp_submission"),
    ("auditapp_condition", "decision_id", "auditapp_decision"),
    ("auditapp_report", "audit_id", "auditapp_audit"),
    ("auditapp_report", "decision_id", "auditapp_decision"),
    ("auditapp_reportfile", "report_id", "auditapp_report"),
    ("auditapp_signature", "report_id", "auditapp_report"),
    ("auditapp_signingrefusal", "report_id", "auditapp_report"),
]
ROOTS = ["auditapp_deployment", "auditapp_evidence"]  # what hangs on the site itself
PARENTS = sorted({parent for _child, _column, parent in LINKS})


def link(child: str, column: str, parent: str) -> migrations.RunSQL:
    name = f"{child.removeprefix('auditapp_')}_{column.removesuffix('_id')}_is_at_the_same_place"
    return migrations.RunSQL(
        f"ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY ({column}, organisation_id, site_id) "
        f"REFERENCES {parent} (id, organisation_id, site_id)",
        f"ALTER TABLE {child} DROP CONSTRAINT {name}",
    )


def unique(table: str, columns: str, name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({columns})",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0002_references")]
    operations = [
        unique("auditapp_site", "id, organisation_id", "a_site_is_of_one_organisation"),
        *[unique(table, "id, organisation_id, site_id", f"{table}_has_one_place") for table in PARENTS],
        *[
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_is_at_a_site_of_its_organisation "
                "FOREIGN KEY (site_id, organisation_id) REFERENCES auditapp_site (id, organisation_id)",
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_is_at_a_site_of_its_organisation",
            )
            for table in ROOTS
        ],
        *[link(*row) for row in LINKS],
    ]
