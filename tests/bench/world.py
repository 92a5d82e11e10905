"""A hospital group with ten issued audits made through the product's verbs, and as many copies as wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from auditapp.accounts import scope
from auditapp.audits.models import Audit
from auditapp.reports import jobs
from auditapp.reports.models import Decision, Report
from tests.factories import Make

FULL = {"kind": "patient chatbot", "questionnaire": "predeploy-llm", "reason": "pre_deployment"}  # 148 questions
QUARTERLY = {"kind": "ambient scribe", "questionnaire": "quarterly-monitoring", "reason": "quarterly"}
CONTAINMENT = {"kind": "ambient scribe", "questionnaire": "containment-72h", "reason": "containment"}
ORIGINALS = [FULL, FULL, FULL, FULL, QUARTERLY, QUARTERLY, QUARTERLY, CONTAINMENT, CONTAINMENT, CONTAINMENT]
DECIDES = {"governance_chair": "grace", "clinical_safety_officer": "ben"}
SIGNS = DECIDES | {"auditor": "asha", "executive": "eve"}

# Table -> the column that leads to its parent, and the parent; a row is copied when its parent is.
COPIED = {
    "profile": ("deployment_id", "deployment"),
    "profileconfirmation": ("profile_id", "profile"),
    "modelversion": ("deployment_id", "deployment"),
    "statuschange": ("deployment_id", "deployment"),
    "finding": ("deployment_id", "deployment"),
    "audit": ("deployment_id", "deployment"),
    "answer": ("audit_id", "audit"),
    "answerrevision": ("answer_id", "answer"),
    "submission": ("audit_id", "audit"),
    "categoryscore": ("submission_id", "submission"),
    "auditfinding": ("submission_id", "submission"),
    "review": ("submission_id", "submission"),
    "decision": ("submission_id", "submission"),
    "condition": ("decision_id", "decision"),
    "report": ("audit_id", "audit"),
    "reportfile": ("report_id", "report"),
    "signature": ("report_id", "report"),
}
# What else points at a copied row.
ALSO = {
    "audit": {"model_version_id": "modelversion"},
    "auditfinding": {"answer_id": "answer", "finding_id": "finding"},
    "report": {"decision_id": "decision"},
}
# What must differ between copies (n is the number of the copy), and what is left out of them.
DIFFERENT = {
    "deployment": {"ref": "t.ref || '-' || m.n", "name": "t.name || ', copy ' || m.n"},
    "finding": {"ref": "t.ref || '-' || m.n"},
    "audit": {"ref": "t.ref || '-' || m.n", "public_id": "gen_random_uuid()"},
    "answer": {"current_id": "NULL", "n": "t.n"},
    "reportfile": {"content": "''::bytea"},
}


class World:
    """Everything in it is committed, as by people over the years."""

    def __init__(self, originals: list[dict[str, Any]] = ORIGINALS) -> None:
        self.make = Make()
        self.organisation = int(self.make.organisation_in_scope)
        self.issued = [self._issue(**about) for about in originals]
        self.draft = self._draft()

    @contextmanager
    def _scope(self) -> Iterator[None]:
        with scope.entered(self.organisation):
            yield

    def _opened(self, *, kind: str, answered: bool, **about: Any) -> Audit:
        live = about["reason"] != "pre_deployment"
        return self.make.audit(deployment=self.make.deployment(kind=kind, live=live), answered=answered, **about)

    def _draft(self) -> Audit:
        """Half filled: the one in which answers are saved and pages opened."""
        with self._scope():
            audit = self._opened(answered=False, **FULL)
            for answer in list(audit.answers.select_related("audit"))[::2]:
                fields = {"verdict": "met", "evidence_note": "Seen on the ward.", "note": "As agreed last month."}
                answer.save_revision(by=self.make.people["asha"], base=0, key=answer.code, **fields)
        return audit

    def _issue(self, **about: Any) -> Report:
        """From opening to the last signature in the PDF, with two gaps where there are enough questions."""
        people = self.make.people
        with self._scope():
            audit = self._opened(answered=True, **about)
            minor = audit.answers.exclude(criticality="critical")[:2]
            for answer in minor if about is FULL or audit.asked > 10 else []:
                answer.save_revision(by=people["asha"], base=1, key="gap", **self.make.gap())
            audit.refresh_from_db()
            audit.submit(by=people["asha"])
            audit.refresh_from_db()
            audit.accept(by=people["ben"], note="Read in full.")
            code = Decision.calculate(audit)["result"]["permitted_decisions"][0]
            condition = {"text": "Retest within a month.", "owner": "Digital health", "due": "2030-02-01"}
            decider = people[DECIDES[audit.version.decision_role]]
            conditions = [condition] if "with" in code else []
            report = Decision.record(audit, by=decider, code=code, reasons="Complete.", conditions=conditions).report
        self._print_and_sign(report)
        return report

    def _print_and_sign(self, report: Report) -> None:
        place = {"organisation": report.organisation_id, "site": report.site_id}
        jobs.render(report=report.pk, **place)
        for turn in report.signatories:
            with self._scope():
                now = Report.objects.get(pk=report.pk)
                signer = self.make.people[SIGNS[turn["role"]]]
                assert now.newest_file
                now.sign(by=signer, meaning=turn["meaning"], shown_sha256=now.newest_file.sha256)
            jobs.sign(report=report.pk, order=turn["order"], **place)

    def multiply(self, total: int) -> None:
        """Copy the audits with the full questionnaire, each with a deployment of its own, until `total` are issued."""
        full = [r.audit.deployment_id for r, about in zip(self.issued, ORIGINALS, strict=True) if about is FULL]
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute(_GUARDS.format(act="DISABLE"))  # which let nobody answer what is issued
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_MAP_DEPLOYMENTS, [full, total - len(ORIGINALS)])
            copied(cursor, "deployment", {}, DIFFERENT["deployment"])
            for table, (column, parent) in COPIED.items():
                cursor.execute(_MAP_CHILDREN.format(table=table, column=column, parent=parent))
                copied(cursor, table, {column: parent} | ALSO.get(table, {}), DIFFERENT.get(table, {}))
            cursor.execute(_POINT_AT_CURRENT)
        with connection.cursor() as cursor:
            cursor.execute(_GUARDS.format(act="ENABLE"))
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("SET ROLE auditapp_web")


# map_<table>: which row (old) became which (new) in which copy (n).
_MAP_DEPLOYMENTS = """
    CREATE TEMP TABLE map_deployment AS
    SELECT old, n, nextval(pg_get_serial_sequence('auditapp_deployment', 'id')) AS new
    FROM (SELECT unnest(%s::bigint[]) AS old) o CROSS JOIN generate_series(1, 1000000) n LIMIT %s
"""
_MAP_CHILDREN = """
    CREATE TEMP TABLE map_{table} AS
    SELECT t.id AS old, m.n, nextval(pg_get_serial_sequence('auditapp_{table}', 'id')) AS new
    FROM auditapp_{table} t JOIN map_{parent} m ON m.old = t.{column} ORDER BY m.new, t.id;
    ANALYZE map_{table}
"""
_GUARDS = """
    ALTER TABLE auditapp_answer {act} TRIGGER only_open_answers_change;
    ALTER TABLE auditapp_answerrevision {act} TRIGGER only_open_answers_are_revised;
    ALTER TABLE auditapp_answerevidence {act} TRIGGER only_open_answers_gain_or_lose_evidence;
"""
_POINT_AT_CURRENT = """
    UPDATE auditapp_answer a SET current_id = r.id
    FROM auditapp_answerrevision r, map_answer m WHERE a.id = m.new AND r.answer_id = m.new AND r.n = a.n
"""


def copied(cursor: Any, table: str, links: dict[str, str], different: dict[str, str]) -> None:
    """Insert the copies of a mapped table, with `links` (column -> map) led to the same copy.

    `different` gives columns an SQL expression of their own, of the old row `t` and the map's row `m`.
    """
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id' "
        "AND is_generated = 'NEVER'",
        [f"auditapp_{table}"],
    )
    columns = [name for (name,) in cursor.fetchall()]
    values = {name: f't."{name}"' for name in columns} | different
    values |= {column: f"{column}_map.new" for column in links}
    joins = "".join(
        f" JOIN map_{parent} {column}_map ON {column}_map.old = t.{column} AND {column}_map.n = m.n"
        for column, parent in links.items()
    )
    names = ", ".join(f'"{name}"' for name in columns)
    chosen = ", ".join(values[name] for name in columns)
    source = f"FROM auditapp_{table} t JOIN map_{table} m ON m.old = t.id{joins} ORDER BY m.new"
    cursor.execute(f"INSERT INTO auditapp_{table} (id, {names}) SELECT m.new, {chosen} {source}")
