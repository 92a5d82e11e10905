"""An audit is scored by the rules of the version it asks, whatever later versions make of them."""

from pathlib import Path

from django.db import connection

from auditapp import clock
from auditapp.audits.models import Audit
from auditapp.questionnaires.loading import load
from tests.audits.newer import replaced, write_newer
from tests.factories import Make

WEIGHTS = "    critical: 3\n    major: 2\n    minor: 1\n"
LIGHTER = "    critical: 1\n    major: 1\n    minor: 1\n"


def points(audit: Audit) -> dict[str, str]:
    """What the audit scores now, overall."""
    answers = list(audit.answers.for_reading())
    overall: dict[str, str] = audit.score(answers, live=True, on=clock.today("Europe/London"))["result"]["overall"]
    return overall


def load_lighter(folder: Path) -> None:
    """A second version of everything, in which all checks weigh the same; loaded by the owner of the tables."""
    write_newer(folder)
    file = folder / "checks.yaml"
    file.write_text(replaced(file.read_text(encoding="utf-8"), WEIGHTS, LIGHTER), encoding="utf-8")
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        load(folder)
        cursor.execute("SET ROLE auditapp_web")


def test_a_version_frozen_under_old_scoring_rules_keeps_scoring_by_them(make: Make, tmp_path: Path) -> None:
    deployment = make.deployment(live=True)
    about = {"questionnaire": "quarterly-monitoring", "reason": "quarterly"}
    old = make.submitted(deployment=deployment, mon_05=make.gap("not_met"), **about)
    before = points(old)
    load_lighter(tmp_path)
    old = Audit.objects.select_related("version", "site").get(pk=old.pk)
    assert points(old) == before
    assert old.version.rules["scoring"]["weights"] == {"critical": 3, "major": 2, "minor": 1}
    new = make.audit(deployment=make.deployment(live=True), answered=True, mon_05=make.gap("not_met"), **about)
    assert new.version.number == 2
    assert points(new) != before
