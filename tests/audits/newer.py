"""A second version of every seeded questionnaire, published from edited content files.

In the containment check, mon-03 is reworded, pat-09 is dropped, and mon-01 is new.
"""

import tempfile
from pathlib import Path

from django.db import connection

from auditapp.deployments.profile import SEED
from auditapp.questionnaires.loading import load
from auditapp.questionnaires.models import QuestionnaireVersion

BEFORE = "reported outside the organization, to whom and by when?"
AFTER = "reported outside the hospital, to whom, by whom and by when?"
QUESTIONNAIRES = [
    "predeploy-llm",
    "predeploy-predictive-imaging",
    "quarterly-monitoring",
    "annual-review",
    "containment-72h",
    "incident-update-reaudit",
]


def write_newer(folder: Path) -> None:
    """The edited content files."""
    text = SEED.read_text(encoding="utf-8")
    start = text.index("- id: containment-72h\n")
    asked, ours = text[:start], text[start:]
    ours = replaced(ours, "  - pat-09\n  check_reasons", "  - mon-01\n  check_reasons")
    ours = replaced(ours, "    pat-09: Patients", "    mon-01: Patients")
    text = replaced(asked, BEFORE, AFTER) + ours
    for code in QUESTIONNAIRES:
        text = replaced(text, f"- id: {code}\n", f"- id: {code}\n  version: 2\n")
    (folder / "checks.yaml").write_text(text, encoding="utf-8")
    (folder / "frameworks.yaml").write_bytes((SEED.parent / "frameworks.yaml").read_bytes())


def publish_newer() -> QuestionnaireVersion:
    """Load the edited files, as the owner of the tables does; returns the containment check's version 2."""
    with tempfile.TemporaryDirectory() as name, connection.cursor() as cursor:
        write_newer(Path(name))
        cursor.execute("RESET ROLE")
        load(Path(name))
        cursor.execute("SET ROLE auditapp_web")
    return QuestionnaireVersion.objects.published().get(questionnaire__code="containment-72h")


def replaced(text: str, old: str, new: str) -> str:
    """The text with the one place changed that reads `old`, which must be there."""
    assert old in text, old
    return text.replace(old, new, 1)
