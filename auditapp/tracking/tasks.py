"""One thing that waits for somebody, and its place in the line."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from auditapp import clock
from auditapp.audits.models import Audit


class Kind(IntEnum):
    """In this order: what is late, then what others wait for, then what takes longest."""

    CONTAIN = 0
    OVERDUE = 1
    LATE = 2
    SIGN = 3
    DECIDE = 4
    RETURNED = 5
    REVIEW = 6
    CONFIRM = 7
    APPROVE = 8
    CHECK = 9
    SETTLE = 10
    JUDGE = 11
    MENTIONED = 12
    RENEW = 13
    PUBLISH = 14
    ANSWER = 15
    COMMENTED = 16
    UNCOVERED = 17
    ACT = 18
    TRIAGE = 19
    TOLD = 20

    @property
    def group(self) -> str:
        """Under which word it is counted."""
        return _(GROUPS[self])


GROUPS = {
    Kind.CONTAIN: gettext_noop("Within 72 hours"),
    Kind.OVERDUE: gettext_noop("Late"),
    Kind.LATE: gettext_noop("Late"),
    Kind.SIGN: gettext_noop("To sign"),
    Kind.DECIDE: gettext_noop("To decide"),
    Kind.RETURNED: gettext_noop("Returned"),
    Kind.REVIEW: gettext_noop("To review"),
    Kind.CONFIRM: gettext_noop("To confirm"),
    Kind.APPROVE: gettext_noop("To confirm"),
    Kind.CHECK: gettext_noop("To confirm"),
    Kind.SETTLE: gettext_noop("To decide"),
    Kind.JUDGE: gettext_noop("To confirm"),
    Kind.MENTIONED: gettext_noop("Mentioned"),
    Kind.RENEW: gettext_noop("To renew"),
    Kind.PUBLISH: gettext_noop("To confirm"),
    Kind.ANSWER: gettext_noop("To answer"),
    Kind.COMMENTED: gettext_noop("Comments"),
    Kind.UNCOVERED: gettext_noop("Without an audit"),
    Kind.ACT: gettext_noop("To do"),
    Kind.TRIAGE: gettext_noop("To decide"),
    Kind.TOLD: gettext_noop("Answered"),
}


@dataclass(frozen=True)
class Task:
    """One thing to do: its verb, on what, where it is done, and by when or since when."""

    kind: Kind
    verb: str
    what: str
    href: str
    zone: str
    due: date | None = None
    since: datetime | date | None = None

    @property
    def place_in_line(self) -> tuple[Any, ...]:
        """By kind; of one kind the earliest due first, then what has waited longest."""
        return (self.kind, self.due or date.max, self.begun or date.max, self.what)

    @property
    def begun(self) -> date | None:
        return clock.day(self.since, self.zone) if isinstance(self.since, datetime) else self.since

    @property
    def waiting(self) -> str:
        """Since when, in words, where there is no due date."""
        if self.begun is None:
            return ""
        days = (clock.today(self.zone) - self.begun).days
        if days < 1:
            return _("waiting since today")
        return ngettext("waiting for %(days)s day", "waiting for %(days)s days", days) % {"days": days}


def counted(tasks: Iterable[Task]) -> list[tuple[str, int]]:
    """[("Late", 2), …]: how many of each, in the order of the list."""
    return list(Counter(task.kind.group for task in tasks).items())


def named(deployment: str, site: str, *audit: str) -> str:
    """On what: a deployment and its hospital, and of an audit its reference and what it asks."""
    return " · ".join([f"{deployment}, {site}", *audit])


def on_audit(audit: Audit, kind: Kind, verb: str, href: str, **when: Any) -> Task:
    """A task on an audit, whose deployment, site and questionnaire are at hand."""
    deployment = audit.deployment
    what = named(deployment.name, deployment.site.name, audit.ref, audit.version.questionnaire.title)
    return Task(kind, verb, what, href, deployment.site.zone, **when)
