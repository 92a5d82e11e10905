"""What the printed board report says: the frozen figures, with words, shapes and bars; nothing added."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.reports.document import clipped, day

Facts = dict[str, Any]

RESULTS = {  # worst first, each with its shape, so that no result is told by colour alone
    "gate_not_passed": ("○", gettext_lazy("Calculated: critical gate not passed")),
    "thresholds_not_reached": ("○", gettext_lazy("Calculated: thresholds not reached")),
    "reached_with_conditions": ("◐", gettext_lazy("Calculated: thresholds reached, with conditions")),
    "thresholds_reached": ("●", gettext_lazy("Calculated: thresholds reached")),
}
SHADES = ("#17212b", "#74818d", "#d6dce1", "#ffffff")  # of the bars, in the order of RESULTS; told apart in grey
PRIORITIES = {
    "P1": gettext_lazy("Priority 1"),
    "P2": gettext_lazy("Priority 2"),
    "P3": gettext_lazy("Priority 3"),
    "P4": gettext_lazy("Priority 4"),
    "condition": gettext_lazy("Conditions of decisions"),
}
AGES = {
    "new": gettext_lazy("Under 30 days"),
    "month": gettext_lazy("30 to 89"),
    "quarter": gettext_lazy("90 to 179"),
    "half": gettext_lazy("180 and more"),
}
STATUSES = {
    "proposed": gettext_lazy("proposed"),
    "in_evaluation": gettext_lazy("in evaluation"),
    "pilot": gettext_lazy("pilot"),
    "live": gettext_lazy("live"),
    "suspended": gettext_lazy("suspended"),
    "retired": gettext_lazy("retired"),
}
LOW, FULL = 50, 70  # limits of a part's score (content, scoring.limits); local defaults
# What the page holds, from plenty to little: hospitals, lines of each list, characters of a name. What is cut there is
# counted, and whole in the attached facts.
ROOMS = [
    (12, 7, 160), (12, 6, 110), (10, 5, 90), (9, 4, 80), (8, 4, 60), (7, 3, 60), (6, 3, 50), (6, 2, 45), (5, 2, 40),
    (4, 1, 40), (3, 1, 30), (1, 0, 30),
]  # fmt: skip


def document(facts: Facts, digest: str, room: int = 0) -> Facts:
    """The template context of board facts (layer "board", schema 1) and of the SHA-256 of their bytes."""
    if (facts.get("layer"), facts.get("schema")) != ("board", 1):
        raise ValueError(f"These are not board facts of schema 1: {facts.get('layer')!r} {facts.get('schema')!r}")
    hospitals, lines, width = ROOMS[room]
    clip = _clipper(width)
    board, totals = facts["board"], facts["totals"]
    worst = sorted(facts["hospitals"], key=lambda h: (-h["without"], -h["overdue"], h["name"]))
    return {
        "facts": facts,
        "board": board | {"from_label": day(board["from"]), "to_label": day(board["to"])},
        "month": month_label(board["month"]),
        "subject": (facts["site"] or facts["organisation"])["name"],
        "title": title(facts),
        "digest": digest,
        "digest_short": " ".join(digest[i : i + 4] for i in range(0, 16, 4)),
        "totals": totals,
        "hospitals": [clip(_hospital(h, facts["domains"])) for h in worst[:hospitals]],
        "hospitals_more": len(worst) - len(worst[:hospitals]),
        "domains": facts["domains"],
        "trend": _trend(facts["trend"]),
        "results": _named(facts["trend"][-1]["results"], RESULTS),
        "decisions": [(facts["labels"]["decisions"][code], n) for code, n in facts["trend"][-1]["decisions"].items()],
        "findings": [_findings(row) for row in facts["findings"]],
        "ages": list(AGES.values()),
        "without": _first(facts["without_audit"], lines, lambda row: clip(_running(row))),
        "issued": _first(facts["issued"], lines, lambda row: clip(_issued(row, facts))),
        "changes": _first(facts["changes"], lines, lambda row: clip(_change(row))),
        "notices": _first(facts["notices"], lines, lambda row: clip(row | {"on_label": day(row["issued_on"])})),
        "statuses": [(STATUSES[status], n) for status, n in totals["statuses"].items() if n],
    }


def title(facts: Facts) -> str:
    """The document's title, as a reader's window shows it."""
    subject, month = (facts["site"] or facts["organisation"])["name"], month_label(facts["board"]["month"])
    return _("Board report on clinical AI, %(subject)s, %(month)s") % {"subject": subject, "month": month}


def month_label(month: str) -> str:
    """2026-11 as November 2026."""
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}"


def _clipper(width: int) -> Callable[[Facts], Facts]:
    """Cuts names between words, with dots where they were cut."""
    names = ("name", "hospital", "title", "product")
    return lambda row: row | {key: clipped(row[key], width) for key in names if key in row}


def _first(rows: Facts, most: int, shown: Any) -> Facts:
    """The first lines of a list, and how many are not among them; `rows` are {"first": [...], "count": int}."""
    lines = [shown(row) for row in rows["first"][:most]]
    return {"lines": lines, "more": rows["count"] - len(lines), "count": rows["count"]}


def _named(counts: Facts, signs: Any) -> list[Facts]:
    rows = enumerate(signs.items())
    return [{"shape": shape, "word": word, "n": counts[code], "shade": SHADES[n]} for n, (code, (shape, word)) in rows]


def _hospital(hospital: Facts, domains: list[Facts]) -> Facts:
    scores = {row["code"]: row for row in hospital["domains"]}
    used = hospital["in_use"]
    return hospital | {
        "valid_width": 100 * hospital["valid"] // used if used else 0,
        "scores": [_score(scores.get(domain["code"])) for domain in domains],
    }


def _score(row: Facts | None) -> Facts:
    if row is None:
        return {"shape": "", "shown": "–"}
    score = row["score"]
    points, of = 100 * score["numerator"], score["denominator"]
    shape = "●" if points >= FULL * of else "◐" if points >= LOW * of else "○"
    return {"shape": shape, "shown": score["shown"]}


def _trend(months: list[Facts]) -> Facts:
    """Bars of the twelve months: heights in hundredths of the tallest, the worst result at the foot."""
    most = max((sum(month["results"].values()) for month in months), default=0) or 1
    bars = []
    for n, month in enumerate(months):
        foot, pieces = 0, []
        for series, code in enumerate(RESULTS):
            if count := month["results"][code]:
                height = 36 * count // most or 1
                pieces.append({"y": 42 - foot - height, "height": height, "shade": SHADES[series]})
                foot += height
        when = date.fromisoformat(f"{month['month']}-01")
        total = sum(month["results"].values())
        middle, top = 14 * n + 5, 41 - foot
        bars.append(
            {"x": 14 * n, "middle": middle, "pieces": pieces, "total": total, "top": top, "label": f"{when:%b}"}
        )
    return {"bars": bars, "months": [row | {"label": month_label(row["month"])} for row in months]}


def _findings(row: Facts) -> Facts:
    return {"word": PRIORITIES[row["priority"]], "cells": [row["ages"][age] for age in AGES], "total": row["total"]}


def _running(row: Facts) -> Facts:
    return row | {"since_label": day(row["since"])}


def _issued(row: Facts, facts: Facts) -> Facts:
    shape, word = RESULTS[row["calculated_result"]]
    decided = facts["labels"]["decisions"][row["decision"]]
    return row | {"shape": shape, "word": word, "decided": decided, "on_label": day(row["on"])}


def _change(row: Facts) -> Facts:
    return row | {
        "on_label": day(row["on"]),
        "before_word": STATUSES[row["before"]],
        "after_word": STATUSES[row["after"]],
    }
