"""What a document is and in which version; and the digest of what was sent, where less of it is kept."""

from django.db import migrations, models

DOCUMENTS = [
    ("policy", "Policy or procedure"),
    ("test_report", "Test or evaluation report"),
    ("certificate", "Certificate or declaration"),
    ("risk", "Risk assessment or hazard log"),
    ("contract", "Contract or supplier’s statement"),
    ("minutes", "Minutes or decision"),
    ("training", "Training record"),
    ("log", "Log, sample or extract"),
    ("picture", "Screenshot or photograph"),
    ("other", "Something else"),
]


def words(length: int, **more: object) -> models.CharField:
    return models.CharField(blank=True, db_default="", default="", max_length=length, **more)


class Migration(migrations.Migration):
    dependencies = [("auditapp", "0017_checklist_uploads")]
    operations = [
        migrations.AddField("evidence", "document", words(20, choices=DOCUMENTS)),
        migrations.AddField("evidence", "version", words(60)),
        migrations.AddField("evidence", "uploaded_sha256", words(64)),
        migrations.AddIndex("evidence", models.Index(fields=["site", "sha256"], name="evidence_by_its_bytes")),
        migrations.AddIndex(
            "evidence", models.Index(fields=["site", "uploaded_sha256"], name="evidence_by_what_was_sent")
        ),
    ]
