"""Reading the trail back: every chain recomputed, every checkpoint held against it, every difference named."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from auditapp import clock
from auditapp.trail.models import BEGINNING, Event, Head, chained


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was written: where, and what."""

    stream: str
    seq: int
    what: str

    def __str__(self) -> str:
        return f"{self.stream}, event {self.seq}: {self.what}"


def problems_in_chains(events: Iterable[Event], heads: Iterable[Head]) -> Iterator[Problem]:
    """Recompute every chain. `events` are ordered by stream and number; both cover the same streams."""
    last: dict[str, tuple[int, bytes]] = {}
    for event in events:
        seq, prev = last.get(event.stream, (0, BEGINNING))
        yield from _gap(event, seq)
        yield from _problems_of(event, prev)
        last[event.stream] = (event.seq, bytes(event.hash))
    for head in heads:
        seq, newest = last.pop(head.stream, (0, BEGINNING))
        if seq < head.seq:
            yield Problem(head.stream, seq + 1, f"missing up to event {head.seq}: deleted at the end")
        elif (seq, newest) != (head.seq, bytes(head.hash)):
            yield Problem(head.stream, seq, "does not match the stream's head: inserted or edited at the end")
    for stream, (seq, _newest) in last.items():
        yield Problem(stream, seq, "belongs to a stream without a head: the head was deleted")


def _gap(event: Event, seq: int) -> Iterator[Problem]:
    if event.seq != seq + 1:
        missing = str(seq + 1) if event.seq == seq + 2 else f"{seq + 1} to {event.seq - 1}"
        yield Problem(event.stream, seq + 1, f"missing ({missing}): deleted")


def _problems_of(event: Event, prev: bytes) -> Iterator[Problem]:
    if bytes(event.prev) != prev:
        yield Problem(event.stream, event.seq, "does not follow the event before it: inserted, swapped or edited")
    if chained(bytes(event.prev), event.seq, bytes(event.body)) != bytes(event.hash):
        yield Problem(event.stream, event.seq, "its hash does not match its content: edited or swapped")
    if _columns(event) != _body(event):
        yield Problem(event.stream, event.seq, "its columns do not match its hashed content: edited")


def _columns(event: Event) -> dict[str, Any]:
    return {
        "stream": event.stream,
        "organisation": event.organisation_id,
        "actor": event.actor_id,
        "verb": event.verb,
        "at": clock.utc_text(event.at),
    }


def _body(event: Event) -> dict[str, Any]:
    try:
        body = json.loads(bytes(event.body))
    except ValueError:
        return {}
    return {key: value for key, value in body.items() if key != "facts"} if isinstance(body, dict) else {}


def problems_at_checkpoint(body: dict[str, Any], events: dict[tuple[str, int], bytes], name: str) -> Iterator[Problem]:
    """Hold the heads that a checkpoint signed against the events now there: a rewritten chain no longer meets them."""
    for head in body["heads"]:
        found = events.get((head["stream"], head["seq"]))
        if found is None:
            yield Problem(head["stream"], head["seq"], f"was there at {name} and is missing: deleted")
        elif found.hex() != head["hash"]:
            yield Problem(head["stream"], head["seq"], f"differs from {name}: it or one before it was rewritten")
