"""Which shape, tone and word stands for each state: one table for the screen, the charts and the report.

A state is never shown by colour alone. `tone` names a pair of colours in `static/css/tokens.css`; `shape` a
drawing in SHAPES, on a 16 x 16 grid, in the current text colour.
"""

from functools import cache
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _


class Sign(NamedTuple):
    """How one state looks and reads. `tone` is good, attention, bad, neutral or info."""

    shape: str
    tone: str
    word: str | Promise


VERDICTS = {
    "met": Sign("full", "good", _("Met")),
    "unevidenced": Sign("ring-dot", "attention", _("Met, no evidence")),
    "partial": Sign("half", "attention", _("Partly met")),
    "not_met": Sign("ring", "bad", _("Not met")),
    "not_applicable": Sign("dash", "neutral", _("Not applicable")),
    "unanswered": Sign("question", "neutral", _("Unanswered")),
}

AUDIT_STATES = {
    "draft": Sign("pencil", "neutral", _("Draft")),
    "returned": Sign("back", "attention", _("Returned")),
    "submitted": Sign("eye", "info", _("In review")),
    "reviewed": Sign("tick", "info", _("Reviewed")),
    "decided": Sign("diamond", "info", _("Decided")),
    "signing": Sign("pen", "info", _("Signing")),
    "issued": Sign("tick-full", "good", _("Issued")),
    "withdrawn": Sign("cross", "neutral", _("Withdrawn")),
    "superseded": Sign("later", "neutral", _("Superseded")),
    "retracted": Sign("barred", "bad", _("Report withdrawn")),
    "void": Sign("barred", "neutral", _("Void")),
}

DEPLOYMENT_STATUSES = {
    "proposed": Sign("pencil", "neutral", _("Proposed")),
    "in_evaluation": Sign("ring", "info", _("In evaluation")),
    "pilot": Sign("half", "info", _("Pilot")),
    "live": Sign("full", "good", _("Live")),
    "suspended": Sign("pause", "bad", _("Suspended")),
    "retired": Sign("cross", "neutral", _("Retired")),
}

FINDING_STATES = {
    "open": Sign("ring", "attention", _("Open")),
    "closed": Sign("tick-full", "good", _("Closed")),
}

CRITICALITIES = {
    "critical": Sign("diamond", "bad", _("Critical")),
    "major": Sign("triangle", "neutral", _("Major")),
    "minor": Sign("dot", "neutral", _("Minor")),
}

PRIORITIES = {
    "P1": Sign("bars-4", "bad", _("Priority 1")),
    "P2": Sign("bars-3", "attention", _("Priority 2")),
    "P3": Sign("bars-2", "info", _("Priority 3")),
    "P4": Sign("bars-1", "neutral", _("Priority 4")),
}

# Short forms of the seed's `scoring.calculated_results`. "Calculated" always stays: it is people who decide.
RESULTS = {
    "gate_not_passed": Sign("barred", "bad", _("Calculated: critical gate not passed")),
    "thresholds_not_reached": Sign("ring", "bad", _("Calculated: thresholds not reached")),
    "reached_with_conditions": Sign("half", "attention", _("Calculated: thresholds reached, with conditions")),
    "thresholds_reached": Sign("full", "good", _("Calculated: thresholds reached")),
}

GATES = {
    "not_passed": Sign("barred", "bad", _("Critical gate not passed")),
    "passed_with_conditions": Sign("half", "attention", _("Critical gate passed with conditions")),
    "passed": Sign("full", "good", _("Critical gate passed")),
}

# The foot of a question card.
SAVINGS = {
    "saving": Sign("dots", "neutral", _("Saving")),
    "saved": Sign("tick", "good", _("Saved")),
    "failed": Sign("triangle", "bad", _("Not saved")),
}


def _disc(radius: float, x: float = 8, y: float = 8) -> str:
    """A circle as path data."""
    return f"M{x - radius} {y}a{radius} {radius} 0 1 0 {2 * radius} 0 {radius} {radius} 0 1 0-{2 * radius} 0z"


def _bars(full: int) -> dict[str, str]:
    """Four rising bars of which some are full."""
    bars = [f"M{2 + 4 * i} 13.5V{10.5 - 2.5 * i}" for i in range(4)]
    return {"line": "".join(bars[:full]), "faint": "".join(bars[full:])}


# Path data by layer: `fill` and `line` have the colour of the text, `cut` that of the ground (chart.css).
SHAPES: dict[str, dict[str, str]] = {
    "full": {"fill": _disc(6.5)},
    "ring": {"line": _disc(5.75)},
    "ring-dot": {"line": _disc(5.75), "fill": _disc(2.5)},
    "half": {"line": _disc(5.75), "fill": "M8 2.25a5.75 5.75 0 0 0 0 11.5z"},
    "dash": {"line": "M3 8h10"},
    "dot": {"fill": _disc(2.75)},
    "dots": {"line": "M3 8h.01M8 8h.01M13 8h.01"},
    "question": {"line": "M5 5.75a3 3 0 1 1 4.6 2.55C8.5 9 8 9.5 8 10.5", "fill": _disc(1.15, y=13.4)},
    "diamond": {"fill": "M8 1.5 14.5 8 8 14.5 1.5 8z"},
    "triangle": {"fill": "M8 2 14.5 13.5h-13z"},
    "tick": {"line": "M2.5 8.5 6.25 12.25 13.5 4.5"},
    "tick-full": {"fill": _disc(7), "cut": "M4.75 8.25 7 10.5l4.25-4.75"},
    "cross": {"line": "M3.5 3.5l9 9M12.5 3.5l-9 9"},
    "barred": {"line": _disc(5.75) + "M4 12 12 4"},
    "pause": {"line": "M5.5 3v10M10.5 3v10"},
    "pencil": {"line": "M2.75 13.25 3.5 10l7-7 2.5 2.5-7 7z"},
    "pen": {"line": "M2 13.5h12M4.5 10.5 5 8l5.5-5.5 2 2L7 10z"},
    "back": {"line": "M6.5 2.5 3 6l3.5 3.5M3.5 6h6a3.5 3.5 0 0 1 0 7H6"},
    "eye": {"line": "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z", "fill": _disc(1.9)},
    "later": {"line": "M3 3.5 7.5 8 3 12.5M8.5 3.5 13 8l-4.5 4.5"},
    "info": {"fill": _disc(7), "cut": "M8 4.6h.01M8 8v3.5"},
    "clock": {"line": _disc(6) + "M8 4.5V8l2.5 1.75"},
    "paperclip": {"line": "M11 5.5 6.6 9.9a1.4 1.4 0 0 0 2 2l4.5-4.5a3 3 0 0 0-4.3-4.3L4 8a4.5 4.5 0 0 0 .4 6"},
    "flag": {"line": "M4 14.5V2M4 2.75h8.5l-2.25 3 2.25 3H4"},
    "person": {"line": _disc(2.75, y=5) + "M2.75 14a5.25 5.25 0 0 1 10.5 0"},
    "up": {"line": "M8 13.5v-11M3.5 7 8 2.5 12.5 7"},
    "down": {"line": "M8 2.5v11M3.5 9 8 13.5 12.5 9"},
    "bars-4": _bars(4),
    "bars-3": _bars(3),
    "bars-2": _bars(2),
    "bars-1": _bars(1),
}

TONE_SHAPES = {"good": "tick", "attention": "triangle", "bad": "barred", "neutral": "dash", "info": "info"}


@cache
def drawing(name: str) -> SafeString:
    """The shape as an inline SVG that screen readers skip: the word beside it carries the meaning."""
    return format_html(
        '<svg class="shape" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{}</svg>',
        format_html_join("", '<path class="{}" d="{}"/>', SHAPES[name].items()),
    )


def sign_for(table: dict[str, Sign], code: str) -> Sign:
    """The sign of a code; one that the table does not know is shown as its own words, in the neutral tone."""
    return table.get(code) or Sign("dash", "neutral", str(code).replace("_", " ").capitalize())
