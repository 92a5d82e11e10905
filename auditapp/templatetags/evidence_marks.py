"""{% load evidence_marks %}: items of evidence, from a row or from frozen facts."""

from datetime import date
from typing import Any

from django import template

from auditapp import clock
from auditapp.evidence import kinds
from auditapp.evidence.models import Evidence
from auditapp.templatetags.moments import short_date

register = template.Library()


def _day(value: date | str | None) -> date | None:
    """A row holds a date, frozen facts its text."""
    return date.fromisoformat(value) if isinstance(value, str) and value else value or None


@register.filter
def as_day(value: date | str | None) -> str:
    """{{ item.effective_date|as_day }}: 22 Nov 2026."""
    day = _day(value)
    return short_date(day) if day else ""


@register.simple_tag
def expired_on(value: date | str | None, zone: str) -> str:
    """{% expired_on item.valid_until audit.site.zone as day %}: the last day on which it held, once that is past."""
    day = _day(value)
    return short_date(day) if day and day < clock.today(zone) else ""


@register.filter
def preview_of(item: Any) -> str:
    """{{ item|preview_of }}: image, pdf, text or "" for what no page shows."""
    name = item["filename"] if isinstance(item, dict) else item.filename
    return kinds.preview_of(name)


@register.filter
def document_label(code: str) -> str:
    """{{ item.document|document_label }}: what it is, in words."""
    return str(Evidence.Document(code).label) if code in Evidence.Document.values else ""


@register.filter
def source_label(code: str) -> str:
    """{{ item.source|source_label }}: whose it is, in words."""
    return str(Evidence.Source(code).label) if code in Evidence.Source.values else ""
