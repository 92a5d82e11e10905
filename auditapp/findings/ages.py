"""How long findings have been open, in the steps in which boards read it."""

from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Case, CharField, Q, Value, When
from django.utils.translation import gettext_lazy

from auditapp import clock

LABELS = {  # the newest first
    "new": gettext_lazy("Under 30 days"),
    "month": gettext_lazy("30 to 89 days"),
    "quarter": gettext_lazy("90 to 179 days"),
    "half": gettext_lazy("180 days and more"),
}
DAYS = (0, 30, 90, 180)  # from so many whole days on


def _spans() -> dict[str, tuple[datetime | None, datetime | None]]:
    """Code -> opened after this instant, and not after that one."""
    now = clock.now()
    ends = [None, *(now - timedelta(days=days) for days in DAYS[1:]), None]
    return {code: (after, until) for code, (until, after) in zip(LABELS, pairwise(ends), strict=True)}


def of_age(code: str) -> Q:
    """Findings that were opened so long ago."""
    after, until = _spans()[code]
    later = Q() if after is None else Q(opened_at__gt=after)
    return later if until is None else later & Q(opened_at__lte=until)


def age() -> Case:
    """The code of a finding's age, for the database."""
    return Case(*(When(of_age(code), then=Value(code)) for code in LABELS), output_field=CharField())
