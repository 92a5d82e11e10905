"""Fifty people at once, each at an answer of their own in one audit, beside fifty requests at once of the bare view."""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.bench import bare
from tests.campaign.browser import Browser

PEOPLE = 50


class Together:
    """`stands` maps the code of each answer to the revision that it stands at, and is kept up to date."""

    def __init__(self, person: Browser, draft: str, stands: dict[str, int], bare_port: int) -> None:
        self.draft, self.stands = draft, stands
        codes = list(stands)
        self.answers = [itertools.cycle(codes[place::PEOPLE]) for place in range(PEOPLE)]
        self.rows = itertools.cycle(range(1, bare.ROWS, 7919))
        self.people = [self._same_session(person) for _ in range(PEOPLE)]
        self.others = [Browser(bare_port, "") for _ in range(PEOPLE)]
        self.start = Barrier(PEOPLE)

    def rounds(self, count: int) -> tuple[list[float], list[float]]:
        """Seconds that each save took, and each bare request, in turns; the first round of both is left out."""
        ours: list[float] = []
        least: list[float] = []
        with ThreadPoolExecutor(PEOPLE) as pool:
            for n in range(count + 1):
                saved, asked = (list(pool.map(act, range(PEOPLE))) for act in (self._save, self._ask))
                ours += saved if n else []
                least += asked if n else []
        return ours, least

    def _same_session(self, person: Browser) -> Browser:
        other = Browser(person.port, person.email)
        other.cookies = dict(person.cookies)
        return other

    def _save(self, place: int) -> float:
        code = next(self.answers[place])
        base = self.stands[code]
        fields = {"base": base, "key": f"{code} {base} {time.time_ns()}", "verdict": "met"}
        fields["note"] = f"Read by fifty for the {base + 1}. time."
        address = f"{self.draft}/answers/{code}/"
        person = self.people[place]
        taken = self._timed(person, lambda: person.post(address, fields, Accept="application/json").status)
        self.stands[code] += 1
        return taken

    def _ask(self, place: int) -> float:
        row, other = next(self.rows), self.others[place]
        return self._timed(other, lambda: other.get(f"/{row}/").status)

    def _timed(self, who: Browser, request: Callable[[], int]) -> float:
        """Over a connection of its own: one that was kept may just be closed by the server, which waits two seconds."""
        who.close()
        self.start.wait()
        began = time.perf_counter()
        assert request() == 200
        return time.perf_counter() - began
