"""The geometry of stacked bars. Pure; templates turn it into SVG. Units and text as in charts.py."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from auditapp.tracking.charts import CHARACTER, NARROW, WIDE, Drawing, Rule, Text, n


class Bar(NamedTuple):
    """One bar: its label, and how many of each series, in their order."""

    label: str
    counts: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


class Piece(NamedTuple):
    """A part of a bar; `series` says which pattern fills it."""

    x: str
    y: str
    width: str
    height: str
    series: int


@dataclass
class Bars(Drawing):
    """A drawing of bars."""

    pieces: list[Piece] = field(default_factory=list)


ROW, THICK = 40.0, 22.0


def columns(bars: Sequence[Bar], width: float = WIDE) -> Bars:
    """Bars side by side, as for months; they begin at zero, and each has its total on top."""
    left, right, top, floor = 36.0, width - 4, 26.0, 206.0
    drawing = Bars(n(width), n(floor + 30), left=n(left), right=n(right), top=n(top), bottom=n(floor))
    most = max((bar.total for bar in bars), default=0) or 1
    step = steps(most)
    highest = -(-most // step) * step
    for value in range(0, highest + 1, step):
        drawing.rules.append(Rule(n(floor - value / highest * (floor - top)), str(value)))
    room = (right - left) / max(len(bars), 1)
    every = next(k for k in (1, 2, 3, 4, 6, 12) if k * room >= 8.5 * CHARACTER or k == 12)
    for i, bar in enumerate(bars):
        x, y = left + (i + 0.15) * room, floor
        for series, count in enumerate(bar.counts):
            if count:
                height = count / highest * (floor - top)
                y -= height
                drawing.pieces.append(Piece(n(x), n(y), n(0.7 * room), n(height), series))
        middle = left + (i + 0.5) * room
        if bar.total:
            drawing.texts.append(Text(n(middle), n(y - 5), str(bar.total)))
        if (len(bars) - 1 - i) % every == 0:
            half = len(bar.label) * CHARACTER / 2
            drawing.texts.append(Text(n(min(max(middle, half), width - half)), n(floor + 19), bar.label))
    return drawing


def rows(bars: Sequence[Bar], width: float = WIDE) -> Bars:
    """Bars below each other, as for hospitals: the label above each, its total behind it."""
    longest = max((bar.total for bar in bars), default=0) or 1
    room = width - 4 - (len(str(longest)) + 1) * CHARACTER
    drawing = Bars(n(width), n(len(bars) * (ROW + 8) + 4), left="0", right=n(room))
    for i, bar in enumerate(bars):
        y, x = i * (ROW + 8) + 14, 0.0
        drawing.texts.append(Text("0", n(y), clipped(bar.label, width), "start"))
        for series, count in enumerate(bar.counts):
            if count:
                piece = count / longest * room
                drawing.pieces.append(Piece(n(x), n(y + 6), n(piece), n(THICK), series))
                x += piece
        drawing.texts.append(Text(n(x + 6), n(y + 22), str(bar.total), "start"))
    return drawing


def clipped(text: str, width: float) -> str:
    """As much of a label as fits; the table beside the chart has the whole."""
    most = int(width / CHARACTER)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def steps(most: int) -> int:
    """The distance of the rules: at most five of them, at 1, 2 or 5 times a power of ten."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size * 5 >= most:
                return factor * size
        size *= 10


SIZES = (("wide", WIDE), ("narrow", NARROW))
