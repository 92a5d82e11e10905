"""{% load audit_marks %}: the answers of a category as a row of shapes; a day of frozen facts as it is read."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from auditapp.templatetags.moments import short_date
from auditapp.templatetags.signs import SHAPES, VERDICTS, sign_for

register = template.Library()

STEP = 18  # from one shape to the next, on their 16 x 16 grid
MOST = 12  # a longer row says less than its count


@register.simple_tag
@cache
def verdict_sprite() -> SafeString:
    """{% verdict_sprite %}: the shapes of the verdicts, once, before the first {% shape_bar %}."""
    symbols = (
        (code, format_html_join("", '<path class="{}" d="{}"/>', SHAPES[sign.shape].items()))
        for code, sign in VERDICTS.items()
    )
    drawn = format_html_join("", '<symbol id="is-{}" viewBox="0 0 16 16"><g class="shape">{}</g></symbol>', symbols)
    return format_html('<svg class="sprite" aria-hidden="true">{}</svg>', drawn)


@register.filter
def iso_date(text: str) -> str:
    """{{ answer.due|iso_date }}: a day of frozen facts, "2026-11-22", as 22 Nov 2026."""
    return short_date(date.fromisoformat(text))


@register.filter
def instant(text: str) -> datetime:
    """{% local_time answer.at|instant audit.site.zone %}: an instant of frozen facts."""
    return datetime.fromisoformat(text)


@register.simple_tag
def shape_bar(states: Sequence[str]) -> SafeString | str:
    """{% shape_bar row.states %}: one shape per answer; the count that stands beside it says it in words."""
    if len(states) > MOST:
        return ""
    marks = format_html_join(
        "",
        '<use href="#is-{}" class="tone-{}" x="{}" width="16" height="16"/>',
        ((state, sign_for(VERDICTS, state).tone, STEP * n) for n, state in enumerate(states)),
    )
    return format_html(
        '<svg class="shape-bar" viewBox="0 0 {} 16" width="{}" height="14" aria-hidden="true">{}</svg>',
        STEP * len(states) - 2,
        round((STEP * len(states) - 2) * 14 / 16),
        marks,
    )


@register.filter
def at(there: Mapping[str, Any] | None, code: str) -> Any:
    """{{ there|at:code }}: what a mapping holds for a question; nothing where no mapping is at hand."""
    return (there or {}).get(code, "")


@register.filter
def here_in_words(names: Sequence[str]) -> str:
    """{{ answer.here_now|here_in_words }}: Ben Okafor is here now."""
    if not names:
        return ""
    if len(names) == 1:
        return _("%(name)s is here now") % {"name": names[0]}
    return _("%(names)s and %(name)s are here now") % {"names": ", ".join(names[:-1]), "name": names[-1]}
