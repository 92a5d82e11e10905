"""Ten thousand deployments with ten audits and five findings each, copied with SQL from what the product made.

What lists and dashboards read is copied whole. Answers are not, since no list may touch them; frozen bytes are left
out of most copies, since a hundred thousand of them would measure the disk.
"""

from typing import Any

from django.db import connection, transaction

from tests.bench.world import FULL, ORIGINALS, QUARTERLY, World, copied

EACH = 10  # audits of a deployment, a quarter apart
OPEN_AND_CLOSED = 2  # copies of each finding: one open, one closed
WITH_BYTES = 10  # copies of a deployment whose audits keep their frozen bytes, for comparing

_AGE = f"((m.n % {EACH}) * interval '91 days' + (m.n / {EACH} % 90) * interval '1 day')"
_BYTES = f"CASE WHEN m.n < {EACH * WITH_BYTES} THEN t.canonical ELSE {{}} END"
_STATES = "(SELECT bytes FROM states_alone WHERE states_alone.id = t.id)"  # of a submission

# Below a deployment: the rows that it has once, and those that it has several times.
ONCE = {
    "profile": ("deployment_id", "deployment"),
    "profileconfirmation": ("profile_id", "profile"),
    "modelversion": ("deployment_id", "deployment"),
    "statuschange": ("deployment_id", "deployment"),
}
OFTEN = {
    "submission": ("audit_id", "audit"),
    "categoryscore": ("submission_id", "submission"),
    "review": ("submission_id", "submission"),
    "decision": ("submission_id", "submission"),
    "condition": ("decision_id", "decision"),
    "report": ("audit_id", "audit"),
}


class Generated:
    """What stands in the database once it has grown."""

    def __init__(self, world: World) -> None:
        self.world = world
        chosen = [r for r, about in zip(world.issued, ORIGINALS, strict=True) if about in (FULL, QUARTERLY)]
        self.originals = [report.audit.deployment_id for report in (chosen[0], chosen[-1])]

    def grow(self, deployments: int) -> None:
        """Until there are so many deployments; prints nothing, takes minutes."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'")
            for (table,) in cursor.fetchall():
                cursor.execute(f"DROP TABLE {table}")
            cursor.execute("SELECT count(*) FROM auditapp_deployment")
            more = deployments - cursor.fetchone()[0]
            cursor.execute(_DEPLOYMENTS, [self.originals, more])
            copied(cursor, "deployment", {}, {"ref": "t.ref || '_' || m.n", "name": "t.name || ', site ' || m.n"})
            for table, (column, parent) in ONCE.items():
                self._map(cursor, table, column, parent)
                copied(cursor, table, {column: parent}, {})
            self._several(cursor)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("SET ROLE auditapp_web")

    def _several(self, cursor: Any) -> None:
        """Audits with all that hangs on them, older and older, and findings."""
        for parent in ("deployment", "modelversion"):
            cursor.execute(_TIMES.format(parent=parent, each=EACH))
        cursor.execute(_STATES_ALONE)
        self._map(cursor, "audit", "deployment_id", "deployment_each")
        older = {"ref": "t.ref || '_' || m.n", "public_id": "gen_random_uuid()"}
        older |= {column: f"t.{column} - {_AGE}" for column in ("opened_at", "issued_at")}
        copied(cursor, "audit", {"deployment_id": "deployment_each", "model_version_id": "modelversion_each"}, older)
        times = {"submission": ["at"], "review": ["at"], "decision": ["at"], "report": ["issued_at"]}
        for table, (column, parent) in OFTEN.items():
            self._map(cursor, table, column, parent)
            links = {column: parent} | ({"decision_id": "decision"} if table == "report" else {})
            changed = {name: f"t.{name} - {_AGE}" for name in times.get(table, [])}
            if table in {"submission", "report"}:
                changed["canonical"] = _BYTES.format(_STATES if table == "submission" else "''::bytea")
            copied(cursor, table, links, changed)
        self._findings(cursor)

    def _findings(self, cursor: Any) -> None:
        cursor.execute("ALTER TABLE map_deployment_each RENAME TO map_deployment_for_audits")
        cursor.execute(_TIMES.format(parent="deployment", each=OPEN_AND_CLOSED))
        self._map(cursor, "finding", "deployment_id", "deployment_each")
        changed = {
            "ref": "t.ref || '_' || m.n",
            "state": f"CASE m.n % {OPEN_AND_CLOSED} WHEN 0 THEN 'open' ELSE 'closed' END",
            "due": "t.due - (m.n % 400) * interval '1 day'",
            "opened_at": "t.opened_at - (m.n % 400) * interval '1 day'",
        }
        copied(cursor, "finding", {"deployment_id": "deployment_each"}, changed)

    def _map(self, cursor: Any, table: str, column: str, parent: str) -> None:
        cursor.execute(_CHILDREN.format(table=table, column=column, parent=parent))


_DEPLOYMENTS = """
    CREATE TEMP TABLE map_deployment AS
    SELECT old, n, nextval(pg_get_serial_sequence('auditapp_deployment', 'id')) AS new
    FROM (SELECT unnest(%s::bigint[]) AS old) o CROSS JOIN generate_series(0, 1000000) n LIMIT %s
"""
_CHILDREN = """
    CREATE TEMP TABLE map_{table} AS
    SELECT t.id AS old, m.n, nextval(pg_get_serial_sequence('auditapp_{table}', 'id')) AS new
    FROM auditapp_{table} t JOIN map_{parent} m ON m.old = t.{column} ORDER BY m.new, t.id;
    CREATE INDEX ON map_{table} (old, n);
    ANALYZE map_{table}
"""
# The verdicts of a submission, in the shape from which the database derives them again, and nothing else.
_STATES_ALONE = """
    CREATE TEMP TABLE states_alone AS
    SELECT s.id, convert_to(jsonb_build_object('categories', jsonb_build_array(jsonb_build_object('questions', (
        SELECT jsonb_agg(jsonb_build_object('code', key, 'answer', jsonb_build_object('state', value)))
        FROM jsonb_each_text(s.states)
    ))))::text, 'UTF8') AS bytes
    FROM auditapp_submission s JOIN auditapp_audit a ON a.id = s.audit_id
    JOIN (SELECT DISTINCT old FROM map_deployment) d ON d.old = a.deployment_id
"""
_TIMES = """
    CREATE TEMP TABLE map_{parent}_each AS
    SELECT old, n * {each} + k AS n, new FROM map_{parent} CROSS JOIN generate_series(0, {each} - 1) k;
    CREATE INDEX ON map_{parent}_each (old, n);
    ANALYZE map_{parent}_each
"""
