"""The measures, and the table they make."""

import http.client
import itertools
import os
import platform
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from auditapp.accounts import scope
from auditapp.audits.models import Answer
from auditapp.embedded.postgres import Server
from auditapp.reports.models import Report
from tests.bench import bare
from tests.bench.filling import FillBench
from tests.bench.large import SIZES, Large
from tests.bench.memory import forget_peaks_of_children, peak_of_children
from tests.bench.reports import Printing
from tests.bench.together import PEOPLE, Together
from tests.bench.world import World
from tests.campaign.browser import Browser, Page
from tests.campaign.processes import Web

WARM_REQUESTS = 10
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Compared:
    """Seconds that something took, beside the seconds that the least took, in turns."""

    ours: list[float]
    least: list[float]

    def __str__(self) -> str:
        pairs = [(median(times), p95(times)) for times in (self.ours, self.least)]
        shown = "".join(f"{middle * 1000:9.1f} {slow * 1000:9.1f}  " for middle, slow in pairs)
        (ours, ours_slow), (least, least_slow) = pairs
        return f"{shown}{ours / least:6.2f} {ours_slow / least_slow:6.2f}"


median = statistics.median


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def in_turns(count: int, ours: Callable[[], float], least: Callable[[], float]) -> Compared:
    pairs = [(ours(), least()) for _ in range(count)]
    return Compared([a for a, _ in pairs], [b for _, b in pairs])


def timed_bare(port: int) -> Callable[[], float]:
    """The least: a request of the bare view, over a connection that is kept."""
    kept = http.client.HTTPConnection("127.0.0.1", port)
    keys = itertools.cycle(range(1, bare.ROWS, 7919))

    def once() -> float:
        began = time.perf_counter()
        kept.request("GET", f"/{next(keys)}/")
        response = kept.getresponse()
        response.read()
        assert response.status == 200
        return time.perf_counter() - began

    return once


class Bench:
    """One size of the world, measured through processes of its own."""

    def __init__(self, world: World, server: Server, folder: Path, *, requests: int, reports: int) -> None:
        self.world, self.folder, self.requests, self.reports = world, folder, requests, reports
        environment = {"DATABASE_URL": server.url("auditapp_web")}
        log = folder / "web.log"
        self.web = Web(environment=environment, log=log)
        self.bare = Web(environment=environment, log=log, wsgi="tests.bench.bare:application")

    def run(self) -> None:
        try:
            self._say_start()
            asha = Browser(self.web.port, self.world.make.people["asha"].email).sign_in()
            eve = Browser(self.web.port, self.world.make.people["eve"].email).sign_in()
            signing_in = self._forget_peaks()
            draft = f"/audits/{self.world.draft.ref}"
            self._say("save one answer", self._saves(asha, draft))
            self._say("one of 50 at once", self._saves_together(asha, draft))
            self._say("open the fill page", self._pages(asha, self._largest_category(draft)))
            self._say("the list of audits", self._pages(asha, "/audits/"))
            self._say("the portfolio", self._pages(eve, "/portfolio/"))
            self._say_memory(signing_in)
        finally:
            self.web.stop()
            self.bare.stop()
        self._say_printing()

    def _say(self, what: str, compared: Compared) -> None:
        print(f"{what:<24}{compared}", flush=True)

    def _say_start(self) -> None:
        took = []
        for process in (self.web, self.bare):
            began = time.perf_counter()
            process.start()
            took.append(time.perf_counter() - began)
        self._say("start to first answer", Compared([took[0]] * 2, [took[1]] * 2))

    def _pages(self, person: Browser, path: str) -> Compared:
        def once() -> float:
            began = time.perf_counter()
            came = person.get(path)
            assert came.status == 200, came.status
            return time.perf_counter() - began

        return self._warm_then_measured(once)

    def _saves(self, person: Browser, draft: str) -> Compared:
        """Saves that each change an answer, as an auditor's next sentence does, going round the whole audit."""
        stands = self._stands()
        codes = itertools.cycle(stands)

        def once() -> float:
            code = next(codes)
            fields = {"base": stands[code], "key": f"{code} {stands[code]} {time.time_ns()}", "verdict": "met"}
            fields["note"] = f"Read again for the {stands[code] + 1}. time."
            began = time.perf_counter()
            came = person.post(f"{draft}/answers/{code}/", fields, Accept="application/json")
            taken = time.perf_counter() - began
            assert came.status == 200, came.body
            stands[code] += 1
            return taken

        return self._warm_then_measured(once)

    def _saves_together(self, person: Browser, draft: str) -> Compared:
        """As many saves as for the other figures, fifty at a time."""
        together = Together(person, draft, self._stands(), self.bare.port)
        return Compared(*together.rounds(max(self.requests // PEOPLE, 2)))

    def _stands(self) -> dict[str, int]:
        with self.world._scope():
            return dict(Answer.objects.filter(audit=self.world.draft).values_list("code", "n"))

    def _warm_then_measured(self, once: Callable[[], float]) -> Compared:
        least = timed_bare(self.bare.port)
        in_turns(WARM_REQUESTS, once, least)
        return in_turns(self.requests, once, least)

    def _largest_category(self, draft: str) -> str:
        with self.world._scope():
            rows = self.world.draft.answers.progress()
        return f"{draft}/categories/{max(rows, key=lambda row: row['asked'])['category_code']}/"

    def _forget_peaks(self) -> list[float]:
        """The peaks while people signed in: a password's Argon2 takes 100 MB for a moment, by intention."""
        peaks = self._peaks()
        for process in self._processes():
            forget_peaks_of_children(process)
        return peaks

    def _peaks(self) -> list[float]:
        return [peak_of_children(process) / MEGABYTE for process in self._processes()]

    def _processes(self) -> list[int]:
        return [web.process.pid for web in (self.web, self.bare) if web.process]

    def _say_memory(self, signing_in: list[float]) -> None:
        _say_megabytes("peak of a web process", *self._peaks())
        _say_megabytes("the same at sign-in", *signing_in)

    def _say_printing(self) -> None:
        facts = self.folder / "report.json"
        with scope.entered(self.world.organisation):
            facts.write_bytes(bytes(Report.objects.get(pk=self.world.issued[0].pk).canonical))
        with ExitStack() as stack:
            ours, least = (stack.enter_context(Printing(which, facts)) for which in ("ours", "bare"))
            self._say("print one report", in_turns(self.reports, ours.once, least.once))
        _say_megabytes("peak of printing it", ours.peak / MEGABYTE, least.peak / MEGABYTE)


class LargeBench:
    """Questionnaires of two sizes: seconds beside the least, and how many queries each act and page takes."""

    def __init__(self, world: World, server: Server, folder: Path, *, requests: int) -> None:
        self.world, self.requests = world, requests
        environment, log = {"DATABASE_URL": server.url("auditapp_web")}, folder / "large.log"
        self.web = Web(environment=environment, log=log)
        self.bare = Web(environment=environment, log=log, wsgi="tests.bench.bare:application")

    def run(self) -> None:
        for process in (self.web, self.bare):
            process.start()
        try:
            for size in SIZES:
                large = Large(self.world, size)
                large.count_queries()
                print(f"\nA questionnaire of {size:,} questions")
                self._measure(large)
        finally:
            self.web.stop()
            self.bare.stop()

    def _measure(self, large: Large) -> None:
        least = timed_bare(self.bare.port)
        in_turns(WARM_REQUESTS, least, least)
        for what, took in large.took.items():
            self._say(large, what, Compared(took, [least() for _ in range(self.requests)]))
        ben = Browser(self.web.port, large.ben.email).sign_in()
        for what, path in large.pages().items():
            self._say(large, what, in_turns(self.requests, timed(lambda path=path: ben.get(path)), least))
        path, fields = large.edit()
        save = timed(lambda: ben.post(path, fields(), Accept="application/json"))
        self._say(large, "save one edit", in_turns(self.requests, save, least))

    def _say(self, large: Large, what: str, compared: Compared) -> None:
        print(f"{what:<24}{compared}  {large.queries[what]:3} queries", flush=True)


def timed(request: Callable[[], Page]) -> Callable[[], float]:
    """How long a request took that must be answered well."""

    def once() -> float:
        began = time.perf_counter()
        came = request()
        taken = time.perf_counter() - began
        assert came.status == 200, came.body[:500]
        return taken

    return once


def _say_megabytes(what: str, ours: float, least: float) -> None:
    print(f"{what:<24}{ours:9.0f} MB{'':9}{least:8.0f} MB{'':10}{ours / least:5.2f}", flush=True)


def measure(
    server: Server,
    folder: Path,
    *,
    audits: int,
    requests: int,
    reports: int,
    only_filling: bool,
    only_writing: bool,
    only_over_time: bool,
    deployments: int,
) -> None:
    """Both sizes, one after the other on the same database."""
    with connection.cursor() as cursor:
        cursor.execute(bare.TABLE)
    if only_filling:
        say_head(0)
        return FillBench(World(originals=[]), server, folder, requests=max(requests // 4, 5)).run()
    if only_writing:
        say_head(0)
        return LargeBench(World(originals=[]), server, folder, requests=max(requests // 10, 5)).run()
    began = time.perf_counter()
    world = World()
    if only_over_time:
        world.multiply(audits)
        return over_time(world, server, folder, requests=requests, deployments=deployments)
    print(f"{len(world.issued)} audits are issued through the product in {time.perf_counter() - began:.0f} s.")
    for total in (len(world.issued), audits):
        if total > len(world.issued):
            world.multiply(total)
        say_head(total)
        Bench(world, server, folder, requests=requests, reports=reports).run()
    FillBench(world, server, folder, requests=max(requests // 4, 5)).run()
    LargeBench(world, server, folder, requests=max(requests // 10, 5)).run()
    over_time(world, server, folder, requests=requests, deployments=deployments)


def over_time(world: World, server: Server, folder: Path, *, requests: int, deployments: int) -> None:
    from tests.bench.over_time import OverTimeBench  # noqa: PLC0415 - which measures with what stands here

    OverTimeBench(world, server, folder, requests=max(requests // 4, 5)).run(deployments)


def say_head(total: int) -> None:
    """The head of a table: how much there is, and on what machine."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT count(*) FROM auditapp_answer")
        answers = cursor.fetchone()[0]
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        cursor.execute("SET ROLE auditapp_web")
    about = f"Python {platform.python_version()}, PostgreSQL {version}, {os.cpu_count()} cores"
    about += f", load {os.getloadavg()[0]:.1f}"
    print(f"\n{total} issued audits, {answers:,} answers ({about})")
    print(f"{'':<24}{'ours, in ms':>19}  {'the least, in ms':>19}  {'ratio':>13}")
    print(f"{'':<24}" + "   median       p95  " * 2 + "median    p95", flush=True)
