"""The charts, after {% load auditapp_charts %}: trend_chart, timeline_chart, and heat, a heatmap's cell."""

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from auditapp import clock
from auditapp.templatetags import moments, signs
from auditapp.templatetags.signs import Sign, drawing
from auditapp.tracking import charts
from auditapp.tracking.charts import NARROW, WIDE, Point, Span

register = template.Library()

KINDS = {
    "version": Sign("dash", "info", gettext_lazy("Versions")),
    "validity": Sign("dash", "good", gettext_lazy("Covered by")),
    "audit": Sign("tick-full", "info", gettext_lazy("Audits")),
    "incident": Sign("triangle", "bad", gettext_lazy("Incidents")),
    "status": Sign("diamond", "neutral", gettext_lazy("Status")),
}


@register.filter
def drawn(code: str) -> SafeString:
    """The shape of a calculated result or of a kind of event, as it stands in a chart."""
    return drawing(sign_of(code).shape)


@register.filter
def tone(code: str) -> str:
    return sign_of(code).tone


@register.filter
def kind_word(kind: str) -> str:
    """The name of a lane of the timeline."""
    return str(KINDS[kind].word) if kind in KINDS else kind.replace("_", " ").capitalize()


def sign_of(code: str) -> Sign:
    return signs.RESULTS.get(code) or KINDS.get(code) or Sign("full", "neutral", code)


@register.inclusion_tag("_components/trend.html")
def trend_chart(
    points: Sequence[Point], title: str = "", id: str = "trend", limits: Sequence[tuple[int, str]] = ()
) -> dict[str, Any]:
    """{% trend_chart points %}: charts.Point each; `limits` are lines at a score, as (score, label)."""
    ordered = sorted(points, key=lambda p: p["date"])
    sizes = (("wide", WIDE), ("narrow", NARROW))
    return {
        "id": id,
        "title": title or _("Calculated score over time"),
        "description": describe(ordered),
        "points": ordered,
        "drawings": [(name, charts.trend(ordered, width=width, limits=limits)) for name, width in sizes],
    }


def describe(points: Sequence[Point]) -> str:
    """What the line shows, in a sentence, for those who do not see it."""
    if not points:
        return ""
    values = sorted((p["value"] for p in points), key=float)
    return _(
        "From %(first)s %% on %(first_day)s to %(last)s %% on %(last_day)s; "
        "lowest %(lowest)s %%, highest %(highest)s %%."
    ) % {
        "first": points[0]["value"],
        "first_day": moments.short_date(points[0]["date"]),
        "last": points[-1]["value"],
        "last_day": moments.short_date(points[-1]["date"]),
        "lowest": values[0],
        "highest": values[-1],
    }


@register.inclusion_tag("_components/timeline.html")
def timeline_chart(
    spans: Sequence[Span], title: str = "", id: str = "timeline", zone: str | tzinfo | None = None
) -> dict[str, Any]:
    """{% timeline_chart spans %}: charts.Span each, bands with `from` and `to`, marks with `at`."""
    today: date = clock.now().astimezone(moments.zone_of(zone)).date()
    sizes = (("wide", WIDE), ("narrow", NARROW))
    rows = [
        {
            **span,
            "start": charts.began(span),
            "end": span.get("to"),
            "lasts": "from" in span and not span.get("to"),
        }
        for span in sorted(spans, key=charts.began, reverse=True)
    ]
    return {
        "id": id,
        "title": title or _("Versions, audits and events"),
        "spans": rows,
        "drawings": [
            (name, charts.timeline(spans, today=today, lane_title=kind_word, width=width)) for name, width in sizes
        ],
    }


@register.simple_tag
def heat(score: Mapping[str, Any] | None, low: int = 50, full: int = 70) -> SafeString:
    """{% heat cell.score %}: a <td> of the heatmap; `low` and `full` are the limits for a part's score."""
    if not score:
        return format_html('<td class="tone-neutral">{}</td>', _("no score"))
    sign = _sign_of(score, low, full)
    return format_html('<td class="tone-{}">{} {}&nbsp;%</td>', sign.tone, drawing(sign.shape), score["shown"])


@register.simple_tag
def heat_link(score: Mapping[str, Any], href: str, deployments: int, low: int = 50, full: int = 70) -> SafeString:
    """{% heat_link cell.score cell.href cell.n %}: the same, with a link to the deployments that it sums up."""
    sign = _sign_of(score, low, full)
    words = ngettext("of %(n)s deployment", "of %(n)s deployments", deployments) % {"n": deployments}
    return format_html(
        '<td class="tone-{}"><a href="{}">{} {}&nbsp;% <span class="of">{}</span></a></td>',
        sign.tone,
        href,
        drawing(sign.shape),
        score["shown"],
        words,
    )


def _sign_of(score: Mapping[str, Any], low: int, full: int) -> Sign:
    points, of = 100 * score["numerator"], score["denominator"]
    return signs.VERDICTS["met" if points >= full * of else "partial" if points >= low * of else "not_met"]
