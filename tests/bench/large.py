"""A questionnaire of 1,500 questions: taken in, published, previewed, compared, opened in the editor, edited once."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from auditapp.questionnaires.models import Draft, QuestionnaireVersion
from tests.bench.world import World

SIZES = (150, 1500)
ACTS = 3  # of the acts that make rows; pages are asked for more often
ASIDE = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SELECT set_config")


def rows(base: QuestionnaireVersion, count: int) -> list[dict[str, Any]]:
    """As many new checks as wanted, worded like the seeded ones, in the order of their categories."""
    seeded = list(base.questions.select_related("category"))
    wanted = itertools.islice(itertools.cycle(seeded), count)
    found = [
        question.worded | {"code": "", "category": question.category.code, "thresholds": []} for question in wanted
    ]
    return sorted(found, key=lambda row: [q.category.code for q in seeded].index(row["category"]))


class Large:
    """One size: what each act takes in this process, and where its pages are."""

    def __init__(self, world: World, count: int) -> None:
        self.world, self.count = world, count
        self.ben, self.grace = world.make.people["ben"], world.make.people["grace"]
        self.base = QuestionnaireVersion.objects.get(questionnaire__code="predeploy-llm", state="published")
        self.took: dict[str, list[float]] = {}
        self.queries: dict[str, int] = {}
        with self._acting():
            self.version = self._published()
            self.draft = Draft.begin(by=self.ben, base=self.version)

    @contextmanager
    def _acting(self) -> Iterator[None]:
        with self.world._scope():
            yield

    def _published(self) -> QuestionnaireVersion:
        """Taken in, offered and published a few times over; the last one stays the one that pages are asked of."""
        asked = rows(self.base, self.count)
        for n in range(ACTS):
            title = f"Large {self.count} {n}"
            draft = Draft.begin(by=self.ben, base=self.base, title=title, empty=True)
            self._time("load", lambda draft=draft: draft.take_in(asked, by=self.ben))
            draft.offer(by=self.ben)
            version = self._time("publish", lambda draft=draft: draft.publish(by=self.grace))
        return version

    def _time(self, what: str, act: Callable[[], Any]) -> Any:
        with CaptureQueriesContext(connection) as captured:
            began = time.perf_counter()
            done = act()
            self.took.setdefault(what, []).append(time.perf_counter() - began)
        self.queries[what] = sum(not query["sql"].startswith(ASIDE) for query in captured)
        return done

    def pages(self) -> dict[str, str]:
        """What people look at, by what the table calls it."""
        draft, version = self.draft.get_absolute_url(), self.version.get_absolute_url()
        return {
            "preview": f"{version}preview/?by=facts&fact=is_llm",
            "difference": f"{draft}difference/",
            "open in the editor": draft,
        }

    def edit(self) -> tuple[str, Callable[[], dict[str, Any]]]:
        """Where one question is saved, and what is sent: new words each time."""
        with self._acting():
            question = self.draft.questions.select_related("category").latest("n")
        assert question
        saves = itertools.count(question.n)

        def fields() -> dict[str, Any]:
            n = next(saves)
            return {
                "base": n, "key": f"save {n}", "text": f"Worded for the {n + 1}. time?", "scope": question.scope,
                "criticality": question.criticality, "category": question.category.code, "stages": question.stages,
            }  # fmt: skip

        return f"{self.draft.get_absolute_url()}checks/{question.code}/", fields

    def count_queries(self) -> None:
        """Of each page, as a signed-in person's request asks them of the database."""
        client = Client(SERVER_NAME="localhost")
        with self._acting():
            client.force_login(self.ben, backend="auditapp.accounts.backend.EmailBackend")
        for what, path in self.pages().items():
            client.get(path)  # what a process reads once is read
            self._count(what, lambda path=path: client.get(path))
        path, fields = self.edit()
        self._count("save one edit", lambda: client.post(path, fields(), headers={"Accept": "application/json"}))

    def _count(self, what: str, request: Callable[[], Any]) -> None:
        with CaptureQueriesContext(connection) as captured:
            answer = request()
        assert answer.status_code == 200, answer.content[:500]
        self.queries[what] = sum(not query["sql"].startswith(ASIDE) for query in captured)
