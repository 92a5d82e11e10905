"""Applicability, clauses, thresholds in one cell of text each, as exact as they are and still fit to be typed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

RULES = ("at_least", "at_most")
PART = re.compile(r"(?<!\\)\|")


def condition_written(applies_when: Any) -> str:
    """ "always", or such as "all: is_llm, autonomy_level>=2; any: patient_facing, ehr_write"."""
    if applies_when == "always":
        return "always"
    return "; ".join(f"{kind}: {', '.join(applies_when[kind])}" for kind in ("all", "any") if kind in applies_when)


def condition_read(text: str) -> Any:
    """What `condition_written` wrote; None for what is no condition. Facts are not looked up."""
    if text.strip().casefold() == "always":
        return "always"
    found: dict[str, list[str]] = {}
    for part in text.split(";"):
        kind, colon, items = part.partition(":")
        kind = kind.strip().casefold()
        if not colon or kind not in ("all", "any") or kind in found:
            return None
        found[kind] = [re.sub(r"\s", "", item) for item in items.split(",") if item.strip()]
    return found


def thresholds_written(thresholds: Iterable[Mapping[str, str]]) -> str:
    """One line each: name | at_least | 95 | percent of links."""
    return "\n".join(
        " | ".join(_kept_apart(row[key]) for key in ("name", "rule", "value", "unit")) for row in thresholds
    )


def thresholds_read(text: str) -> list[dict[str, str]] | None:
    """The thresholds of a cell; None where a line is none."""
    rows = []
    for line in text.split("\n") if text else []:
        parts = [_restored(part.strip()) for part in PART.split(line)]
        if len(parts) != 4 or parts[1] not in RULES:
            return None
        rows.append(dict(zip(("name", "rule", "value", "unit"), parts, strict=True)))
    return rows


def _kept_apart(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n")


def _restored(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


def clauses_in(text: str, known: Iterable[str]) -> tuple[list[str], list[str]]:
    """The clauses that a cell names, one a line or with semicolons between; and what it names that is none of ours."""
    known = set(known)
    ours: list[str] = []
    foreign: list[str] = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        parts: Sequence[str] = [line] if line in known else [part.strip() for part in line.split(";")]
        for part in filter(None, parts):
            (ours if part in known else foreign).append(part)
    return ours, foreign
