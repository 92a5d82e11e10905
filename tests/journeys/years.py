"""An installation whose calendar a journey turns: two years of a deployment in the time of a test."""

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from tests.journeys.compressed import FILE
from tests.journeys.ward import Ward

DAYS = 780  # how far back it begins: certificates made on the way must be of days that have been


class Years(Ward):
    """A ward without a worker of its own: the journey turns the calendar, and has that day's work done."""

    database = "auditapp_years"
    wsgi = "tests.journeys.compressed:application"
    acts = "from tests.journeys.two_years import serve; serve()"
    has_worker = False

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.mail = self.folder / "clock", self.folder / "mail"
        self.environment |= {FILE: str(self.clock), "EMAIL_URL": f"file://{self.mail}"}
        long_ago = datetime.now(UTC).date() - timedelta(days=DAYS)
        self.begin = long_ago - timedelta(days=long_ago.weekday())  # a Monday
        self.turn_to(0)

    def date(self, day: int) -> date:
        """The calendar day that lies so many days after the beginning."""
        return self.begin + timedelta(days=day)

    def month_after(self, day: int) -> int:
        """The next day that begins a month: when the worker makes the board's report of the month before."""
        then = self.date(day).replace(day=28) + timedelta(days=4)
        return (then.replace(day=1) - self.begin).days

    def turn_to(self, day: int, hour: int = 9) -> None:
        """Go on from an hour (UTC) of a day; time never goes back."""
        new = self.clock.with_suffix(".new")
        new.write_text(datetime.combine(self.date(day), time(hour), UTC).isoformat())
        os.replace(new, self.clock)

    def live_through(self, day: int) -> None:
        """Turn the calendar, and do what the worker does on such a day: once early, and again when all is done."""
        self.turn_to(day)
        self.work()

    def work(self) -> None:
        """Whatever the worker does by itself in a day, and every job that waits."""
        self.play("work")

    def letters(self, person: str) -> list[str]:
        """Every letter that a person has got, as sent."""
        texts = [file.read_text() for file in sorted(Path(self.mail).glob("*"))] if self.mail.exists() else []
        return [text for text in texts if f"To: {person}@" in text]


def shown(day: date) -> str:
    """A day as the pages write it in English: 3 Feb 2027."""
    return f"{day.day} {day:%b %Y}"
