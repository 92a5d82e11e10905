"""Kill web process or worker while people submit, decide, sign and wait for a report, and see what is left."""

import http.client
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Max
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from auditapp.accounts import scope
from auditapp.audits.models import Answer, AnswerRevision, Audit
from auditapp.reports.models import Report
from auditapp.reports.verification import verification_of
from tests.campaign.browser import Browser, Page
from tests.campaign.consistency import contradictions
from tests.campaign.processes import Process, Web, Worker
from tests.factories import PASSWORD, Make

BROKEN = (OSError, http.client.HTTPException)
SETTLED_SECONDS = 120
CONDITION = {"text": "Retest within a month.", "owner": "Digital health team", "due": "2030-02-01"}
BETWEEN = {1: "signed, not sealed", 2: "sealed, not stamped"}
WHO_SIGNS = {"auditor": "asha", "clinical_safety_officer": "ben"}  # the containment check needs these two


@dataclass
class Kill:
    """One line of the table."""

    act: str
    ref: str
    killed: str
    after: float  # seconds since the act began
    length: float  # seconds the act takes when nobody is killed
    told: str  # what the person saw
    left: str  # what the database then held: before or after the act

    def __str__(self) -> str:
        at, of = f"{self.after * 1000:.0f} ms", f"{self.length * 1000:.0f} ms"
        return f"{self.act:<10} {self.ref:<12} {self.killed:<7} {at:>8} of {of:>8}   {self.told:<22} {self.left}"


@dataclass
class Campaign:
    """A web process and a worker on a database of their own, the people who use them, and what happened to both."""

    make: Make
    environment: Mapping[str, str]
    folder: Path
    say: Callable[[str], None]
    chance: random.Random
    kills: list[Kill] = field(default_factory=list)
    lengths: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.organisation = int(self.make.organisation_in_scope)
        self.web = Web(environment=self.environment, log=self.folder / "web.log")
        self.worker = Worker(environment=self.environment, log=self.folder / "worker.log")
        self.people: dict[str, Browser] = {}

    def __enter__(self) -> "Campaign":
        self.web.start()
        for name in ("asha", "ben"):
            self.people[name] = Browser(self.web.port, self.make.people[name].email).sign_in()
        self.say(f"{'act':<10} {'audit':<12} {'killed':<7} {'killed after':>23}   {'the person was told':<22} left")
        return self

    def __exit__(self, *error: object) -> None:
        self.worker.stop()
        self.web.stop()
        for browser in self.people.values():
            browser.close()

    def world(self, count: int) -> list[str]:
        """Complete drafts, each of a deployment of its own, with a gap that becomes a finding; their references."""
        with scope.entered(self.organisation):
            return [self.make.audit(answered=True, mon_03=self.make.gap()).ref for _ in range(count)]

    # What people do

    def submit(self, ref: str, *, kill: bool = True) -> None:
        self._by_browser("submit", ref, kill=kill, done=lambda: self._state(ref) == "submitted",
                         act=lambda: self.people["asha"].post(f"/audits/{ref}/submission/", {}))  # fmt: skip

    def accept(self, ref: str) -> None:
        with scope.entered(self.organisation):
            Audit.objects.get(ref=ref).accept(by=self.make.people["ben"], note="Read in full.")

    def decide(self, ref: str, *, kill: bool = True) -> None:
        fields = {"code": "continue_with_conditions", "reasons": "Under the condition below."}
        fields |= {"conditions-TOTAL_FORMS": "1", "conditions-INITIAL_FORMS": "0"}
        fields |= {f"conditions-0-{name}": value for name, value in CONDITION.items()}
        self._by_browser("decide", ref, kill=kill, done=lambda: self._state(ref) != "reviewed",
                         act=lambda: self.people["ben"].post(f"/audits/{ref}/decision/", fields))  # fmt: skip

    def sign(self, ref: str, *, kill: bool = True) -> None:
        """The next signatory signs; the file must be there."""
        with scope.entered(self.organisation):
            turn = Report.objects.get(audit__ref=ref).next_signatory()
        assert turn
        person = self.people[WHO_SIGNS[turn["role"]]]
        page = person.get(f"/audits/{ref}/signature/")
        person.get(f"/audits/{ref}/report.pdf")
        fields = page.form | {"meaning": turn["meaning"], "read": "on", "address": person.email, "password": PASSWORD}
        self._by_browser("sign", ref, kill=kill, done=lambda: self._signed(ref) == turn["order"],
                         act=lambda: person.post(f"/audits/{ref}/signature/", fields))  # fmt: skip

    def _by_browser(
        self, name: str, ref: str, *, kill: bool, done: Callable[[], bool], act: Callable[[], Page]
    ) -> None:
        """One act over HTTP. A person who sees it broken off comes back and does it again, if it was not done."""
        if not kill:
            self.lengths[name] = _timed(act)
            assert done(), f"{name} of {ref} did nothing"
            return
        told, after = self._interrupted(name, act)
        left = "after" if done() else "before"
        self._note(Kill(name, ref, "web", after, self.lengths[name], told, left))
        assert not (told == "done" and left == "before"), f"{name} of {ref} was confirmed and is gone"
        if left == "before":
            assert act().status == 302
            assert done(), f"{name} of {ref} could not be repeated"

    def _interrupted(self, name: str, act: Callable[[], Page]) -> tuple[str, float]:
        """The act in a thread, and the web process killed meanwhile; what the browser made of it, and when it was."""
        told: list[str] = []
        person = threading.Thread(target=lambda: told.append(_told(act)))
        after = self.chance.uniform(0, self.lengths[name] * 1.1)
        person.start()
        time.sleep(after)
        self.web.kill()
        person.join()
        self._restart()
        return told[0], after

    def _restart(self) -> None:
        self._gone(self.web)
        self.web.start()
        for browser in self.people.values():
            browser.close()

    def answer_while_killed(self, ref: str, *, seconds: float = 1.0) -> None:
        """Asha saves one answer after the other until the web process is gone: what was confirmed must be there."""
        with scope.entered(self.organisation):
            stands = dict(Answer.objects.filter(audit__ref=ref).values_list("code", "n"))
        sent: list[dict[str, Any]] = []
        saving = threading.Thread(target=self._save_until_broken, args=(ref, stands, sent))
        after = self.chance.uniform(0.05, seconds)
        saving.start()
        time.sleep(after)
        self.web.kill()
        saving.join()
        self._restart()
        confirmed = [save for save in sent if save["n"]]
        (broken,) = [save for save in sent if not save["n"]]
        left = "after" if self._kept(ref, broken) else "before"
        self._note(Kill("answer", ref, "web", after, seconds, f"{len(confirmed)} saved, then broken", left))
        assert all(self._kept(ref, save) for save in confirmed), f"an answer to {ref} was confirmed and is gone"
        again = self._save(ref, broken)
        assert (again.status, self._kept(ref, broken)) == (200, 1), "repeating the broken save did not save it once"

    def _save_until_broken(self, ref: str, stands: dict[str, int], sent: list[dict[str, Any]]) -> None:
        for code in itertools.cycle(stands):
            key = f"{ref}-{code}-{stands[code]}-{self.web.starts}"
            save = {"code": code, "base": stands[code], "key": key, "text": f"Seen by {key}", "n": 0}
            sent.append(save)
            try:
                came = self._save(ref, save)
            except BROKEN:
                return
            assert came.status == 200, came.body
            save["n"] = stands[code] = stands[code] + 1

    def _save(self, ref: str, save: dict[str, Any]) -> Page:
        fields = {"base": save["base"], "key": save["key"], "verdict": "met", "evidence_note": save["text"]}
        return self.people["asha"].post(f"/audits/{ref}/answers/{save['code']}/", fields, Accept="application/json")

    def _kept(self, ref: str, save: dict[str, Any]) -> int:
        """How many revisions hold exactly what was sent, taken as the next one."""
        with scope.entered(self.organisation):
            rows = AnswerRevision.objects.filter(answer__audit__ref=ref, answer__code=save["code"])
            return rows.filter(n=save["base"] + 1, evidence_note=save["text"]).count()

    # What the worker does

    def work_while_killed(self) -> None:
        """Kill the worker as often as jobs wait, each time at a random moment of the job that it does."""
        for _job in _jobs("todo"):
            job, began = self._start_on_a_job()
            length = self.lengths[_name(job)]
            moment = began + self.chance.uniform(0, length * 1.1)
            _until(lambda job=job, moment=moment: time.monotonic() > moment or job not in _jobs("doing"), 60)
            self.worker.kill()
            after = time.monotonic() - began
            self._gone(self.worker)
            ref, left = self._left_by(job)
            self._note(Kill(_name(job), ref, "worker", after, length, "", left))

    def _start_on_a_job(self) -> tuple[ProcrastinateJob, float]:
        """A new worker, the first job that it takes, waiting or left by a dead one, and when it took it."""
        earlier = ProcrastinateWorker.objects.aggregate(last=Max("id"))["last"] or 0
        self.worker.start()
        taken = ProcrastinateJob.objects.filter(queue_name="reports", status="doing", worker_id__gt=earlier)
        _until(taken.exists, 60, "the worker takes no job")
        return taken[0], time.monotonic()

    def _left_by(self, job: ProcrastinateJob) -> tuple[str, str]:
        """The last signature's job also seals and stamps: a kill may fall between, and the next one goes on there."""
        with scope.entered(self.organisation):
            report = Report.objects.select_related("audit").get(pk=job.args["report"])
            step = job.args.get("order", 0)
            made = report.files.filter(step__gte=step).count()
        whole = 3 if step == len(WHO_SIGNS) else 1
        return report.audit.ref, "before" if not made else "after" if made == whole else BETWEEN[made]

    def settle(self) -> None:
        """Let the worker do all that waits, also what a killed one had begun."""
        began = time.monotonic()
        self.worker.start()
        _until(lambda: not _jobs("todo", "doing"), SETTLED_SECONDS, "jobs are left")
        assert not _jobs("failed"), [(job.task_name, job.args) for job in _jobs("failed")]
        taken = time.monotonic() - began
        self.worker.stop()
        self._must_be_consistent("after settling")
        self.say(f"settled after {taken:.0f} s: nothing waits, every audit is as it should be")

    def measure_jobs(self) -> None:
        """Do the jobs that wait, one after the other, with nobody killed; how long the first of each kind takes.

        That is a worker's first job, with all that it loads, as after each kill.
        """
        while _jobs("todo"):
            job, began = self._start_on_a_job()
            _until(lambda job=job: job not in _jobs("doing"), 60, f"{job.task_name} goes on")
            self.lengths.setdefault(_name(job), time.monotonic() - began)
            self.worker.kill()
        self._must_be_consistent("after measuring")

    # What is seen afterwards

    def _note(self, kill: Kill) -> None:
        self.kills.append(kill)
        self.say(str(kill))
        self._must_be_consistent(f"after {kill}")

    def _must_be_consistent(self, when: str) -> None:
        found = contradictions(self.organisation)
        assert not found, f"{when}:\n" + "\n".join(found)

    def _gone(self, process: Process) -> None:
        """PostgreSQL has noticed the kill: what was sent to commit is committed, all else rolled back."""
        _until(lambda: not _sessions(process.session), 30, f"sessions of {process.session} are left")

    def _state(self, ref: str) -> str:
        with scope.entered(self.organisation):
            return Audit.objects.values_list("state", flat=True).get(ref=ref)

    def _signed(self, ref: str) -> int:
        with scope.entered(self.organisation):
            return Report.objects.get(audit__ref=ref).signatures.count()

    def must_be_issued(self, ref: str) -> None:
        """Issued, and the file says so itself to anyone who holds it."""
        assert self._state(ref) == "issued"
        with scope.entered(self.organisation):
            file = Report.objects.get(audit__ref=ref).newest_file
            assert file
            said = verification_of(bytes(file.content))
            steps = list(file.report.files.order_by("step").values_list("step", "level"))
        assert said.ok, f"{ref}: {said.sentence} {said.reasons}"
        last = len(WHO_SIGNS)
        assert steps[last + 1 :] == [(last + 1, "B-T"), (last + 2, "B-LTA")], f"{ref}: {steps}"

    # The same acts without a web process, when only the worker is to be killed

    def decided_by_verbs(self, count: int) -> list[str]:
        """Reports that wait to be printed; their references."""
        with scope.entered(self.organisation):
            return [self.make.decided().audit.ref for _ in range(count)]

    def sign_by_verbs(self, ref: str) -> None:
        with scope.entered(self.organisation):
            report = Report.objects.with_names().get(audit__ref=ref)
            turn = report.next_signatory()
            assert turn
            by = self.make.people[WHO_SIGNS[turn["role"]]]
            report.sign(by=by, meaning=turn["meaning"], shown_sha256=report.newest_file.sha256)

    def summary(self) -> str:
        """What the run showed, and how the kills fell. Only a run without a contradiction gets here."""
        lines = [f"Kills: {len(self.kills)}. No audit between two states, the trail whole, no confirmed act lost."]
        for act in dict.fromkeys(kill.act for kill in self.kills):
            left = Counter(kill.left for kill in self.kills if kill.act == act)
            lines.append(f"  {act:<10} {left.total():>3}: " + ", ".join(f"{n} {where}" for where, n in left.items()))
        return "\n".join(lines)


def _timed(act: Callable[[], Page]) -> float:
    began = time.perf_counter()
    came = act()
    assert came.status == 302, f"{came.status}: {came.body[:2000]!r}"
    return time.perf_counter() - began


def _told(act: Callable[[], Page]) -> str:
    try:
        came = act()
    except BROKEN:
        return "broken off"
    return "done" if came.status == 302 else f"status {came.status}"


def _jobs(*statuses: str) -> list[ProcrastinateJob]:
    return list(ProcrastinateJob.objects.filter(queue_name="reports", status__in=statuses))


def _name(job: ProcrastinateJob) -> str:
    """The job of the last signatory goes on to the seal and the timestamp."""
    is_last = job.args.get("order") == len(WHO_SIGNS)
    return "job seal" if is_last else f"job {job.task_name.removeprefix('reports.')}"


def _sessions(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [name])
        count: int = cursor.fetchone()[0]
        return count


def _until(condition: Callable[[], Any], seconds: float, otherwise: str = "nothing happened") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{otherwise} after {seconds} s")
        time.sleep(0.01)
