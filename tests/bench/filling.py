"""The fill page at 200 and at 1,500 questions: server time, weight, and when the first answer can be given."""

import gzip
import itertools
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from auditapp.audits.models import Audit
from auditapp.embedded.postgres import Server
from auditapp.questionnaires.models import Draft, QuestionnaireVersion
from tests.bench.large import ASIDE, rows
from tests.bench.world import World
from tests.campaign.browser import Browser
from tests.campaign.processes import Web
from tests.factories import PASSWORD

SIZES = (200, 1500)
SLOWER = 4  # times: an old laptop
VISITS = 5
READY = "() => document.querySelector('form[data-autosave] [data-save]')?.hidden === true"
LOADED = "() => performance.getEntriesByType('resource').map((entry) => entry.name)"
PRESS_ONE = """async () => {
    const card = document.querySelector("[data-card]");
    card.focus();
    const began = performance.now();
    card.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    return performance.now() - began;
}"""


class Filled:
    """An audit of so many questions, every second one answered; all in one category when `alone`."""

    def __init__(self, world: World, count: int, *, alone: bool) -> None:
        self.world, self.count = world, count
        people = world.make.people
        with world._scope():
            base = QuestionnaireVersion.objects.get(questionnaire__code="predeploy-llm", state="published")
            asked = [row | {"applies_when": "always"} for row in rows(base, count)]
            if alone:
                asked = [row | {"category": asked[0]["category"]} for row in asked]
            title = f"Filled {count} {'alone' if alone else ''}"
            draft = Draft.begin(by=people["ben"], base=base, title=title, empty=True)
            draft.take_in(asked, by=people["ben"])
            draft.offer(by=people["ben"])
            version = draft.publish(by=people["grace"])
            deployment = world.make.deployment(kind="patient chatbot", live=True)
            about = {"version": version, "model_version": deployment.versions.get(), "reason": "quarterly"}
            self.audit = Audit.open(deployment, by=people["asha"], **about)
            for answer in list(self.audit.answers.select_related("audit"))[::2]:
                fields = {"verdict": "met", "evidence_note": "Seen on the ward.", "note": "As agreed last month."}
                answer.save_revision(by=people["asha"], base=0, key=answer.code, **fields)
            self.largest = max(self.audit.answers.progress(), key=lambda row: row["asked"])

    def pages(self) -> dict[str, str]:
        """What people open, by what the table calls it."""
        audit = f"/audits/{self.audit.ref}/"
        return {
            "open the fill page": f"{audit}categories/{self.largest['category_code']}/",
            "all critical ones": f"{audit}questions/?show=critical",
        }

    def queries(self, path: str) -> int:
        client = Client(SERVER_NAME="localhost")
        with self.world._scope():
            client.force_login(self.world.make.people["asha"], backend="auditapp.accounts.backend.EmailBackend")
        client.get(path)  # what a process reads once is read, and the visit is noted
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return sum(not query["sql"].startswith(ASIDE) for query in captured)


class FillBench:
    """Each figure stands beside the bare view and beside a bare form of 180 questions, in turns."""

    def __init__(self, world: World, server: Server, folder: Path, *, requests: int) -> None:
        self.world, self.requests = world, requests
        environment, log = {"DATABASE_URL": server.url("auditapp_web")}, folder / "filling.log"
        self.web = Web(environment=environment, log=log)
        self.bare = Web(environment=environment, log=log, wsgi="tests.bench.bare:application")

    def run(self) -> None:
        for process in (self.web, self.bare):
            process.start()
        try:
            asha = Browser(self.web.port, self.world.make.people["asha"].email).sign_in()
            plain = Browser(self.bare.port, "")
            for count, alone in itertools.product(SIZES, (False, True)):
                filled = Filled(self.world, count, alone=alone)
                place = "one category" if alone else f"categories of up to {filled.largest['asked']}"
                print(f"\nAn audit of {count:,} questions, {place}")
                print(f"{'':<22}{'ms':>8}{'of bare view':>14}{'of bare form':>14}{'KB, zipped':>12}{'queries':>9}")
                for what, path in filled.pages().items():
                    self._say(what, asha, plain, path, filled.queries(path))
                self._say_chromium(asha, next(iter(filled.pages().values())))
        finally:
            self.web.stop()
            self.bare.stop()

    def _say(self, what: str, asha: Browser, plain: Browser, path: str, queries: int) -> None:
        from tests.bench.measuring import timed  # noqa: PLC0415 - measuring runs this module

        acts = [timed(lambda: asha.get(path)), timed(lambda: plain.get("/1/")), timed(lambda: plain.get("/form/"))]
        for act in acts * 5:
            act()
        took = [[act() for act in acts] for _ in range(self.requests)]
        ours, view, form = (statistics.median(times) for times in zip(*took, strict=True))
        size = len(gzip.compress(asha.get(path).body)) / 1024
        print(f"{what:<22}{ours * 1000:8.1f}{ours / view:14.1f}{ours / form:14.2f}{size:12.1f}{queries:9}", flush=True)

    def _say_chromium(self, asha: Browser, path: str) -> None:
        """Of a first visit with nothing kept by the browser, as it is and on a machine that is so much slower."""
        with _chromium() as browser:
            if browser is None:
                return
            for slower in (1, SLOWER):
                visits = [self._visit(browser, asha, path, slower) for _ in range(VISITS)]
                first, bare_form, key, weight = (statistics.median(column) for column in zip(*visits, strict=True))
                about = f"Chromium{f', {slower} times slower' if slower > 1 else ''}"
                print(
                    f"{about:<26}first answer after {first:5.0f} ms ({first / bare_form:.2f} of the bare form), "
                    f"a key drawn after {key:3.0f} ms, {weight:.1f} KB zipped with all it loads",
                    flush=True,
                )

    def _visit(self, browser: Any, asha: Browser, path: str, slower: int) -> tuple[float, float, float, float]:
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        try:
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{self.web.port}/sign-in/")
            page.get_by_label("E-mail").fill(self.world.make.people["asha"].email)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_load_state()
            tools = context.new_cdp_session(page)
            tools.send("Network.clearBrowserCache")
            tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
            page.goto(f"http://127.0.0.1:{self.web.port}{path}", wait_until="commit")
            page.wait_for_function(READY)
            first = page.evaluate("performance.now()")
            page.wait_for_load_state()
            loaded = {path, *(urlsplit(address).path for address in page.evaluate(LOADED))}
            weight = sum(len(gzip.compress(asha.get(name).body)) for name in loaded) / 1024
            key = page.evaluate(PRESS_ONE)
            page.goto(f"http://127.0.0.1:{self.bare.port}/form/", wait_until="commit")
            page.wait_for_function("() => document.readyState === 'complete'")
            return first, page.evaluate("performance.now()"), key, weight
        finally:
            context.close()


@contextmanager
def _chromium() -> Iterator[Any]:
    """A browser, or None and a sentence where there is none."""
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - only who measures needs it

    from tests.journeys.conftest import ARGUMENTS, CHROMIUM, QUIET  # noqa: PLC0415 - it imports the browser's package

    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS + QUIET)
        except Error as missing:
            print(f"Not measured in Chromium: {missing.message.splitlines()[0]}")
            yield None
            return
        yield running
        running.close()
