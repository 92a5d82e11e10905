"""One thing that waits for somebody, and its place in the line."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp import clock
from auditapp.audits.models import Audit


class Kind(IntEnum):
    """In this order: what is late, then what others wait for, then what takes longest."""

    OVERDUE = 1
    SIGN = 2
    DECIDE = 3
    RETURNED = 4
    REVIEW = 5
    CONFIRM = 6
    APPROVE = 7
    PUBLISH = 8
    ANSWER = 9
    UNCOVERED = 10


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


def named(deployment: str, site: str, *audit: str) -> str:
    """On what: a deployment and its hospital, and of an audit its reference and what it asks."""
    return " · ".join([f"{deployment}, {site}", *audit])


def on_audit(audit: Audit, kind: Kind, verb: str, href: str, **when: Any) -> Task:
    """A task on an audit, whose deployment, site and questionnaire are at hand."""
    deployment = audit.deployment
    what = named(deployment.name, deployment.site.name, audit.ref, audit.version.questionnaire.title)
    return Task(kind, verb, what, href, deployment.site.zone, **when)
