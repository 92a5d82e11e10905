"""The one clock. Every act takes its instant from here; only the demo's seed and tests may set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_set_to: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present instant in UTC, to the second: what is printed is exactly what is stored."""
    return (_set_to.get() or datetime.now(UTC)).replace(microsecond=0)


def today(zone: str) -> date:
    """The calendar day at a place: effective dates and version ranges are days local to the site."""
    return day(now(), zone)


def day(instant: datetime, zone: str) -> date:
    """The calendar day that an instant falls on at a place."""
    return instant.astimezone(ZoneInfo(zone)).date()


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Let the clock stand at an instant (with zone) inside the block."""
    token = _set_to.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _set_to.reset(token)


def utc_text(instant: datetime) -> str:
    """ISO 8601 in UTC ending in Z, as the frozen facts hold it: 2026-11-22T14:02:05Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_text(instant: datetime, zone: str) -> str:
    """The same instant as people at the site read it: 22 Nov 2026, 14:02 GMT."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y, %H:%M %Z}"
