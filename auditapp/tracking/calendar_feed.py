"""What is due for a person, as a calendar (RFC 5545): what, where and by when, and nothing that somebody wrote."""

import hashlib
from datetime import date, timedelta
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vDuration

from auditapp import clock
from auditapp.accounts.feeds import CalendarFeed
from auditapp.accounts.letters import absolute
from auditapp.accounts.models import Site, User
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Finding
from auditapp.tracking import schedule

MOST = 1000  # entries: more than anybody looks at, and what a calendar still takes in at once
REFRESH = timedelta(hours=6)
FORM = 1  # of what is written of an entry: raised when that changes, so that calendars fetch it anew


class Entry(NamedTuple):
    """A whole day on which something is due. `key` names the thing, and stays the same when its day moves."""

    key: str
    day: date
    title: str
    place: str
    href: str


def entries(user: User, *, only_mine: bool) -> list[Entry]:
    """What is due for this person, the earliest first; the same number of queries however much it is."""
    found = [*_audits(user, only_mine), *_findings(user, only_mine)]
    return sorted(found, key=lambda entry: (entry.day, entry.title, entry.key))[:MOST]


def _audits(user: User, only_mine: bool) -> list[Entry]:
    rows = Deployment.objects.visible_to(user)
    if only_mine:
        rows = rows.filter(owner=user)
    return [
        Entry(
            f"{row.ref}/{row.due.reason}",
            row.due.on,
            _("%(audit)s: %(name)s") % {"audit": row.due.label, "name": row.name},
            row.site.name,
            reverse("tracking:deployment", args=[row.ref]),
        )
        for row in schedule.coming(rows, Site.objects.in_reach_of(user))
    ]


def _findings(user: User, only_mine: bool) -> list[Entry]:
    rows = Finding.objects.visible_to(user).open().exclude(deployment__status=Deployment.Status.RETIRED)
    if only_mine:
        rows = rows.given_to(user)
    dated = rows.filter(due__isnull=False).order_by("due", "ref")[:MOST]
    return [
        Entry(
            ref,
            due,
            _("Finding %(ref)s: %(name)s") % {"ref": ref, "name": name},
            place,
            reverse("findings:finding", args=[ref]),
        )
        for ref, due, name, place in dated.values_list("ref", "due", "deployment__name", "site__name")
        if due
    ]


def digest(feed: CalendarFeed, found: list[Entry]) -> str:
    """The same as long as the calendar says the same."""
    return hashlib.sha256(repr((FORM, settings.PUBLIC_URL, name_of(feed), found)).encode()).hexdigest()


def name_of(feed: CalendarFeed) -> str:
    return _("auditapp: what of yours is due") if feed.only_mine else _("auditapp: what is due")


def written(feed: CalendarFeed, found: list[Entry]) -> bytes:
    """The calendar as it is sent. Days are those of the hospitals, so they stand without a time and without a zone."""
    calendar = Calendar()
    calendar.add("prodid", "-//auditapp//what is due//EN")
    calendar.add("version", "2.0")
    for name in ("name", "x-wr-calname"):  # RFC 7986, and what calendars knew before it
        calendar.add(name, name_of(feed))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for entry in found:
        calendar.add_component(_event(entry))
    return calendar.to_ical()


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", str(uuid5(NAMESPACE_URL, f"{settings.PUBLIC_URL}/due/{entry.key}")))
    event.add("dtstamp", clock.now().replace(microsecond=0))
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + timedelta(days=1))
    event.add("summary", entry.title)
    event.add("location", entry.place)
    event.add("url", absolute(entry.href))
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # nobody is busy because something is due
    return event
