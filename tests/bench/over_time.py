"""What lists and dashboards take at 1,000 and at 100,000 signed audits, and how many queries each."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from auditapp.audits.models import Audit
from auditapp.embedded.postgres import Server
from tests.bench.generated import Generated
from tests.bench.measuring import Compared, in_turns, say_head, timed, timed_bare
from tests.bench.world import World
from tests.campaign.browser import Browser
from tests.campaign.processes import Web

ASIDE = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SELECT set_config")
PAGES = {
    "deployments": "/deployments/",
    "audits": "/audits/",
    "findings": "/findings/",
    "portfolio": "/portfolio/",
    "running without a valid audit": "/portfolio/?audit=none",
    "my work": "/",
    "the board’s page with the heatmap": "/board/",
    "the schedule": "/schedule/",
    "incidents": "/incidents/",
}
OVER_ANSWERS = """
    SELECT a.category_code, r.verdict, count(*) FROM auditapp_answer a
    JOIN auditapp_answerrevision r ON r.id = a.current_id GROUP BY 1, 2
"""


class OverTimeBench:
    """The same pages at both sizes, through processes of their own and beside the bare view."""

    def __init__(self, world: World, server: Server, folder: Path, *, requests: int) -> None:
        self.world, self.requests = world, requests
        environment, log = {"DATABASE_URL": server.url("auditapp_web")}, folder / "over-time.log"
        self.web = Web(environment=environment, log=log)
        self.bare = Web(environment=environment, log=log, wsgi="tests.bench.bare:application")
        self.grace = world.make.people["grace"]
        self.slowest: tuple[float, str, str] = (0.0, "", "")

    def run(self, deployments: int) -> None:
        over_answers = self._over_answers()
        for process in (self.web, self.bare):
            process.start()
        try:
            before = self._measure()
            print(f"One GROUP BY over these answers: {over_answers * 1000:.0f} ms", flush=True)
            Generated(self.world).grow(deployments)
            after = self._measure()
        finally:
            self.web.stop()
            self.bare.stop()
        changed = {what: (before[what], queries) for what, queries in after.items() if queries != before[what]}
        print("Every page takes as many queries as before." if not changed else f"Queries that grew: {changed}")
        self._explain()

    def _over_answers(self) -> float:
        """Seconds that the aim compares the portfolio with: counting verdicts over the answers of 1,000 audits."""
        took = []
        with self._acting():
            for _ in range(5):
                with CaptureQueriesContext(connection) as captured, connection.cursor() as cursor:
                    cursor.execute(OVER_ANSWERS)
                took.append(float(captured[-1]["time"]))
        return statistics.median(took)

    def _measure(self) -> dict[str, int]:
        say_head(self._count(Audit.objects.issued()))
        grace, least = Browser(self.web.port, self.grace.email).sign_in(), timed_bare(self.bare.port)
        queries = {}
        for what, path in self._pages().items():
            queries[what] = self._queries(what, path)
            once = timed(lambda path=path: grace.get(path))
            in_turns(3, once, least)
            self._say(what, queries[what], in_turns(self.requests, once, least))
        return queries

    def _pages(self) -> dict[str, str]:
        """With those of a deployment that has as many audits as any, and of two audits of one product, whole."""
        with self._acting():
            latest = Audit.objects.issued().order_by("-deployment_id").select_related("deployment")[0]
        one, other = (report.audit for report in self.world.issued[:2])
        return PAGES | {
            "a deployment and its timeline": latest.deployment.get_absolute_url(),
            "what was valid on a day": f"{latest.deployment.get_absolute_url()}on/?day=2026-01-15",
            "two audits compared": reverse("tracking:comparison", args=[one.ref, other.ref]),
            "a product at all hospitals": reverse("tracking:product", args=[latest.deployment.product_id]),
        }

    def _queries(self, what: str, path: str) -> int:
        """As a signed-in person's request asks them of the database; the slowest is kept."""
        client = Client(SERVER_NAME="localhost")
        with self._acting():
            client.force_login(self.grace, backend="auditapp.accounts.backend.EmailBackend")
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        assert answer.status_code == 200, answer.content[:500]
        asked = [query for query in captured if not query["sql"].startswith(ASIDE)]
        longest = max(asked, key=lambda query: float(query["time"]))
        self.slowest = max(self.slowest, (float(longest["time"]), what, longest["sql"]))
        return len(asked)

    def _count(self, rows: Any) -> int:
        with self._acting():
            return int(rows.count())

    @contextmanager
    def _acting(self) -> Iterator[None]:
        with self.world._scope():
            yield

    def _say(self, what: str, queries: int, compared: Compared) -> None:
        print(f"{what:<34}{queries:3} queries {compared}", flush=True)

    def _explain(self) -> None:
        """What PostgreSQL does for the slowest query of all pages."""
        seconds, what, sql = self.slowest
        print(f"\nThe slowest query, {seconds * 1000:.0f} ms, is one of: {what}\n{sql}\n")
        with self._acting(), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {sql}".replace("%", "%%"), [])
            print("\n".join(line for (line,) in cursor.fetchall()))
