"""Dates and times in words: today 14:02, 22 Nov 2026, in 3 days, 2 days late."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

DAYS_IN_WORDS = 60  # beyond this "in 74 days" says less than the date


def zone_of(zone: str | tzinfo | None) -> tzinfo:
    """The zone by name, as it is, or the server's when none is named."""
    if zone is None or zone == "":
        return timezone.get_current_timezone()
    return ZoneInfo(zone) if isinstance(zone, str) else zone


def short_date(day: date) -> str:
    """22 Nov 2026."""
    return date_format(day, "j M Y")


def zone_name(local: datetime) -> str:
    """GMT, CET; zones that have no abbreviation read UTC+04."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" else name


def time_in_words(instant: datetime, zone: str | tzinfo | None, *, now: datetime) -> str:
    """The instant as people at the site read it: today and yesterday by name, every other day by its date."""
    local = instant.astimezone(zone_of(zone))
    days = (now.astimezone(local.tzinfo).date() - local.date()).days
    clock = f"{local:%H:%M} {zone_name(local)}"
    if days == 0:
        return _("today %(clock)s") % {"clock": clock}
    if days == 1:
        return _("yesterday %(clock)s") % {"clock": clock}
    return f"{short_date(local)}, {clock}"


def full_time(instant: datetime, zone: str | tzinfo | None) -> str:
    """The same without today and yesterday, for titles and paper."""
    local = instant.astimezone(zone_of(zone))
    return f"{short_date(local)}, {local:%H:%M} {zone_name(local)}"


def due_in_words(day: date, *, today: date) -> str:
    """How long a person still has, or how late they are."""
    days = (day - today).days
    if days == 0:
        return _("due today")
    if days == 1:
        return _("due tomorrow")
    if days < 0:
        return ngettext("%(days)s day late", "%(days)s days late", -days) % {"days": -days}
    if days <= DAYS_IN_WORDS:
        return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}
    return _("by %(date)s") % {"date": short_date(day)}


def due_tone(day: date, *, today: date) -> str:
    """Late is bad, the last week is attention, everything else is plain."""
    days = (day - today).days
    return "bad" if days < 0 else "attention" if days <= 7 else "plain"


def utc_attribute(instant: datetime) -> str:
    """The value of a <time> element: UTC, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
