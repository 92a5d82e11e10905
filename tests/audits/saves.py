"""Two tabs that save one answer through a network that loses, delays, reorders and repeats: a model of js/autosave.js.

The tabs, the network and what the marks say are modelled here; the save endpoint, the database and its rules are real.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from auditapp.accounts.models import User
from auditapp.audits.models import Answer, AnswerRevision
from auditapp.text import clean
from tests.audits.pages import sign_in
from tests.conftest import ScopedClient
from tests.factories import Make

TEXTS = st.text(min_size=1, max_size=12).map(clean)
PLACES = st.integers(0, 7)
keys = itertools.count()


@dataclass(frozen=True)
class Save:
    """One request: sent again it is the same."""

    text: str
    key: str
    base: int


@dataclass
class Tab:
    """What a page knows of the answer, and what it says beside it."""

    person: User
    client: Client
    text: str = ""  # in the field
    sent: str = ""  # what the server is known to have
    base: int = 0
    pending: Save | None = None
    attempt: int = 0
    running: bool = False
    mark: str = "nothing"
    theirs: tuple[int, str] | None = None  # while both texts are shown
    kept: tuple[Save, str] | None = None  # on the device: the request in doubt, and what stands in the field

    @property
    def unsaved(self) -> bool:
        return self.pending is not None or self.text != self.sent


@dataclass(frozen=True)
class Request:
    tab: Tab
    attempt: int
    save: Save


@dataclass(frozen=True)
class Reply:
    request: Request
    status: int
    said: dict[str, Any] = field(hash=False)


class Saves(RuleBasedStateMachine):
    """Each example begins with an answer that nobody has given yet."""

    steps = 0

    def __init__(self, begin: Callable[[], tuple[Answer, list[tuple[User, Client]]]]) -> None:
        super().__init__()
        self.answer, people = begin()
        self.address = f"/audits/{self.answer.audit.ref}/answers/{self.answer.code}/"
        self.tabs = [Tab(person, client) for person, client in people]
        self.requests: list[Request] = []
        self.replies: list[Reply] = []
        self.acknowledged: list[tuple[int, str]] = []
        self.refused: list[Save] = []
        self.arrived: set[tuple[int, str, int]] = set()

    # What people do

    @rule(which=st.booleans(), text=TEXTS)
    def types(self, which: bool, text: str) -> None:
        tab = self.tabs[which]
        tab.text = text
        if tab.theirs is None and tab.unsaved and tab.mark != "failed":
            tab.mark = "saving"

    @precondition(lambda self: any(tab.theirs for tab in self.tabs))
    @rule(way=st.sampled_from(["mine", "theirs", "both"]))
    def chooses(self, way: str) -> None:
        tab = next(tab for tab in self.tabs if tab.theirs)
        assert tab.theirs
        n, theirs = tab.theirs
        if way == "theirs":
            if tab.text not in {save.text for save in self.refused}:
                return  # the page keeps it first (`leaveBehind`), which is a save of its own
            tab.text = tab.sent = theirs
        else:
            tab.text = f"{tab.text} {theirs}".strip() if way == "both" else tab.text
            tab.sent = "\0"  # whatever stands there is to be saved
        tab.base, tab.theirs, tab.mark = n, None, "saved" if way == "theirs" else "saving"

    @rule(which=st.booleans())
    def closes_the_browser_and_comes_back(self, which: bool) -> None:
        """What waited on the device is adopted by the page of then; what was never sent nor kept is not claimed."""
        tab = self.tabs[which]
        now = Answer.objects.select_related("current").get(pk=self.answer.pk)
        standing = now.current.note if now.current else ""
        kept = (tab.pending, tab.text) if tab.pending else None
        fresh = Tab(tab.person, tab.client, standing, standing, now.n, attempt=tab.attempt + 1)
        fresh.mark = "saved" if now.n else "nothing"
        if kept:
            fresh.pending, fresh.text = kept
            fresh.base, fresh.mark = kept[0].base, "failed"
        self.tabs[which] = fresh

    # What the page does by itself

    @rule(which=st.booleans())
    def sends(self, which: bool) -> None:
        tab = self.tabs[which]
        if tab.running or tab.theirs or not tab.unsaved:
            return
        if tab.pending is None:
            tab.pending = Save(tab.text, f"key-{next(keys)}", tab.base)
        tab.attempt += 1
        tab.running = True
        self.requests.append(Request(tab, tab.attempt, tab.pending))

    @rule(which=st.booleans())
    def gives_up_waiting(self, which: bool) -> None:
        """The request may still be on its way, and its reply, too: neither is listened to any more."""
        tab = self.tabs[which]
        if tab.running:
            tab.running, tab.mark = False, "failed"

    # What the network does

    @precondition(lambda self: self.requests)
    @rule(place=PLACES, once=st.sampled_from([True, True, True, False]))
    def a_request_arrives(self, place: int, once: bool) -> None:
        """In any order; not `once`: it comes again later."""
        request = self.requests[place % len(self.requests)]
        if once:
            self.requests.remove(request)
        save = request.save
        sent = {"base": save.base, "key": save.key, "note": save.text, "person": request.tab.person.pk}
        came = request.tab.client.post(self.address, sent, headers={"accept": "application/json"})
        assert came.status_code in {200, 409}, came.content
        said = came.json()
        if came.status_code == 200:
            self.acknowledged.append((said["n"], save.text))
        else:
            self.refused.append(save)
        self.arrived.add((request.tab.person.pk, save.key, save.base))
        self.replies.append(Reply(request, came.status_code, said))

    @precondition(lambda self: self.requests)
    @rule(place=PLACES)
    def a_request_is_lost(self, place: int) -> None:
        self.requests.pop(place % len(self.requests))

    @precondition(lambda self: self.replies)
    @rule(place=PLACES)
    def a_reply_is_lost(self, place: int) -> None:
        self.replies.pop(place % len(self.replies))

    @precondition(lambda self: self.replies)
    @rule(place=PLACES)
    def a_reply_arrives(self, place: int) -> None:
        reply = self.replies.pop(place % len(self.replies))
        tab, request = reply.request.tab, reply.request
        if not any(tab is open_tab for open_tab in self.tabs) or not tab.running or request.attempt != tab.attempt:
            return  # nobody listens any more
        tab.running, tab.pending = False, None
        if reply.status == 409:
            tab.theirs, tab.mark = (reply.said["n"], reply.said["theirs"]["note"]), "stale"
            return
        tab.sent, tab.base = request.save.text, reply.said["n"]
        tab.mark = "saved" if tab.text == tab.sent else "saving"

    # What must never break

    @invariant()
    def every_promise_is_kept(self) -> None:
        Saves.steps += 1
        rows = list(AnswerRevision.objects.filter(answer=self.answer).order_by("pk"))
        taken = {row.n: row.note for row in rows if row.n}
        assert sorted(taken) == list(range(1, len(taken) + 1)), "a number is missing or twice"
        for n, text in self.acknowledged:
            assert taken.get(n) == text, f"the acknowledged save {n} is not in the history"
        notes = {row.note for row in rows}
        for save in self.refused:
            assert save.text in notes, "a save that came too late was not kept"
        assert len(rows) == len(self.arrived), "a repeated request was saved twice, or one was not kept"
        for tab in self.tabs:
            if tab.mark == "saved":
                assert not tab.unsaved
                assert taken.get(tab.base) == tab.text, "shown as saved without being saved"


def search(make: Make, *, examples: int, steps: int, derandomize: bool) -> int:
    """Plays so many examples of so many steps at most; returns how many steps were made in all."""
    asha, dora = make.people["asha"], make.people["dora"]
    people: list[tuple[User, Client]] = [(who, sign_in(ScopedClient(), who)) for who in (asha, dora)]
    unused = _answers(make)
    Saves.steps = 0
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Saves(lambda: (next(unused), people)),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=derandomize,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Saves.steps


def _answers(make: Make) -> Iterator[Answer]:
    """Answers that nobody has given, one after the other, all of which Dora may give as well."""
    asha, dora = make.people["asha"], make.people["dora"]
    while True:
        deployment = make.deployment(kind="patient chatbot")
        audit = make.audit(deployment=deployment, questionnaire="predeploy-llm", reason="pre_deployment")
        for code in sorted(set(audit.answers.values_list("category_code", flat=True))):
            audit.assign(code, dora, by=asha)
        yield from audit.answers.select_related("audit").order_by("position")
