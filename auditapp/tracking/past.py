"""What has happened to a deployment, as plain facts. Pure: no database, no clock.

Everything carries the instant at which it was recorded and, where that is another, the day from which it counts.
From the same facts can be told what was known at the end of a day, and what is known of that day now.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

from auditapp import clock

USE = frozenset({"pilot", "live"})  # scoring.definitions.live of the content


@dataclass(frozen=True, slots=True)
class Version:
    """A version that runs from a day up to, not including, another. `ends` are all that was ever said of its end."""

    pk: int
    starts: date
    entered_at: datetime
    digest: str  # of its name, as suppliers' notices name it on the trail
    ends: tuple[tuple[datetime, date], ...] = ()
    name: str = field(default="", compare=False)  # the trail holds no names

    @property
    def end(self) -> date | None:
        return self.ends[-1][1] if self.ends else None

    def runs_on(self, day: date) -> bool:
        return self.starts <= day and (self.end is None or self.end > day)


@dataclass(frozen=True, slots=True)
class Step:
    """A change of status."""

    at: datetime
    after: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A profile that a second person confirmed, with its facts."""

    n: int
    at: datetime
    facts: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Audited:
    """An issued audit of one version, with its decision and the profile that it was made from."""

    pk: int
    ref: str
    version: int
    reason: str
    decision: str
    profile: int
    opened_at: datetime
    issued_at: datetime
    superseded_at: datetime | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """An incident. `judged` is what was thought of it: when, which harm, which cause; first as it was reported."""

    ref: str
    on: date
    judged: tuple[tuple[datetime, str, str], ...]

    @property
    def reported_at(self) -> datetime:
        return self.judged[0][0]


@dataclass(frozen=True, slots=True)
class Noticed:
    """A supplier's notice that puts approvals in question; of no versions named it concerns all."""

    pk: int
    kind: str
    on: date
    at: datetime
    versions: frozenset[str]  # digests of names


@dataclass(frozen=True, slots=True)
class Found:
    """A finding. `turns` says when it was opened, closed, opened again. A condition names the audit it came with.

    `dues` are all the dates by which it had to be put right, of a condition alone.
    """

    ref: str
    turns: tuple[tuple[datetime, bool], ...]
    condition_of: str = ""
    dues: tuple[tuple[datetime, date | None], ...] = ()

    def is_open_on(self, day: date, zone: str) -> bool:
        so_far = [is_open for at, is_open in self.turns if clock.day(at, zone) <= day]
        return bool(so_far and so_far[-1])

    def due_on(self, day: date, zone: str) -> date | None:
        """The date that counted at the end of a day."""
        so_far = [due for at, due in self.dues if clock.day(at, zone) <= day]
        return so_far[-1] if so_far else None


@dataclass(frozen=True, slots=True)
class Rules:
    """The hospital's rules over time, as one statement set them: its own, or those of the whole group."""

    at: datetime
    is_own: bool
    harm_threshold: str
    tiers: Any  # as Policy keeps them
    intervals: Any


Dated = TypeVar("Dated", Step, Confirmed, Noticed, Rules)


@dataclass(frozen=True)
class History:
    """All of it. Every tuple is in the order in which it was recorded."""

    zone: str
    versions: tuple[Version, ...] = ()
    steps: tuple[Step, ...] = ()
    confirmed: tuple[Confirmed, ...] = ()
    audited: tuple[Audited, ...] = ()
    incidents: tuple[Happened, ...] = ()
    notices: tuple[Noticed, ...] = ()
    findings: tuple[Found, ...] = ()
    rules: tuple[Rules, ...] = ()

    def day(self, instant: datetime) -> date:
        """The day of an instant at the hospital."""
        return clock.day(instant, self.zone)

    def recorded_by(self, day: date) -> "History":
        """What stood in the books at the end of a day at the hospital."""
        return replace(
            self,
            versions=tuple(
                replace(version, ends=self._rows_until(version.ends, day))
                for version in self.versions
                if self.day(version.entered_at) <= day
            ),
            steps=self._until(self.steps, day),
            confirmed=self._until(self.confirmed, day),
            audited=tuple(self._as_of(audit, day) for audit in self.audited if self.day(audit.issued_at) <= day),
            incidents=tuple(
                replace(incident, judged=self._rows_until(incident.judged, day))
                for incident in self.incidents
                if self.day(incident.reported_at) <= day
            ),
            notices=self._until(self.notices, day),
            findings=tuple(
                replace(finding, turns=self._rows_until(finding.turns, day), dues=self._rows_until(finding.dues, day))
                for finding in self.findings
                if self.day(finding.turns[0][0]) <= day
            ),
            rules=self._until(self.rules, day),
        )

    def _until(self, rows: tuple[Dated, ...], day: date) -> tuple[Dated, ...]:
        return tuple(row for row in rows if self.day(row.at) <= day)

    def _rows_until(self, rows: tuple[Any, ...], day: date) -> tuple[Any, ...]:
        """Of (instant, …) rows."""
        return tuple(row for row in rows if self.day(row[0]) <= day)

    def _as_of(self, audit: Audited, day: date) -> Audited:
        superseded, withdrawn = audit.superseded_at, audit.withdrawn_at
        return replace(
            audit,
            superseded_at=superseded if superseded and self.day(superseded) <= day else None,
            withdrawn_at=withdrawn if withdrawn and self.day(withdrawn) <= day else None,
        )

    def status_on(self, day: date) -> str:
        """The status at the end of a day."""
        before = self._until(self.steps, day)
        return before[-1].after if before else "proposed"

    def version_on(self, day: date) -> Version | None:
        return next((version for version in self.versions if version.runs_on(day)), None)

    def profile_on(self, day: date) -> Confirmed | None:
        """The newest that was confirmed."""
        return max(self._until(self.confirmed, day), key=lambda confirmed: confirmed.n, default=None)

    def profile(self, n: int) -> dict[str, Any] | None:
        return next((dict(confirmed.facts) for confirmed in self.confirmed if confirmed.n == n), None)

    def standing_on(self, day: date) -> list[Audited]:
        """Issued by then and neither superseded by then nor withdrawn at all; the oldest first.

        A withdrawn report was issued in error: whoever knows of the withdrawal does not rely on it for any day.
        """
        rows = [audit for audit in self.audited if self.day(audit.issued_at) <= day and audit.withdrawn_at is None]
        rows = [a for a in rows if a.superseded_at is None or self.day(a.superseded_at) > day]
        return sorted(rows, key=lambda audit: (audit.issued_at, audit.pk))

    def rules_on(self, day: date) -> Rules | None:
        """Those of the hospital itself, else of the group; None where none was set."""
        rows = self._until(self.rules, day)
        own = [rules for rules in rows if rules.is_own]
        return (own or list(rows) or [None])[-1]

    def first_use(self, day: date) -> date | None:
        """The first day with patients, if that was by then."""
        return next((self.day(step.at) for step in self._until(self.steps, day) if step.after in USE), None)

    def open_findings(self, day: date) -> list[Found]:
        return [finding for finding in self.findings if finding.is_open_on(day, self.zone)]
