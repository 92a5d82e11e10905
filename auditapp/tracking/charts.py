"""The geometry of the charts: where each point, band and label stands. Pure; templates turn it into SVG.

Coordinates are SVG user units, written as text with one decimal, so that no locale can put a comma into them.
Labels never overlap: one that finds no room is left out, and the table or list behind the chart has it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple, NotRequired, TypedDict

CHARACTER = 7.4  # the widest that a 13-unit character of the interface's fonts is on average
LINE = 18.0
WIDE, NARROW = 760.0, 320.0


class Point(TypedDict):
    """One issued audit on the trend; `value` is the score as shown, 0 to 100, e.g. "93.5"."""

    label: str
    date: date
    value: str
    href: NotRequired[str]
    result: NotRequired[str]


# A band on the timeline (`from`, and `to`, which is None while it lasts), or a mark (`at`).
Span = TypedDict(
    "Span", {"kind": str, "label": str, "href": str, "at": date, "from": date, "to": date | None}, total=False
)


class Box(NamedTuple):
    """A rectangle that is taken: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: "Box") -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True)
class Text:
    """A label; `anchor` is SVG's text-anchor and `y` the baseline."""

    x: str
    y: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Spot:
    """A point or mark: its centre, and what it stands for."""

    x: str
    y: str
    code: str


@dataclass(frozen=True)
class Rule:
    """A straight line from edge to edge, at `at`."""

    at: str
    text: str


@dataclass(frozen=True)
class Leader:
    """A thin line from a mark down to its label."""

    x: str
    top: str
    bottom: str


@dataclass(frozen=True)
class Band:
    x: str
    y: str
    width: str
    height: str
    kind: str
    open: bool


@dataclass
class Drawing:
    """What every chart has: its size, its labels and the rules behind it."""

    width: str
    height: str = ""
    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""
    rules: list[Rule] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)


@dataclass
class Trend(Drawing):
    line: str = ""
    limits: list[Rule] = field(default_factory=list)


@dataclass
class Timeline(Drawing):
    bands: list[Band] = field(default_factory=list)
    titles: list[Text] = field(default_factory=list)
    leaders: list[Leader] = field(default_factory=list)
    today: str = ""
    begins: date | None = None  # where what was earlier is left to the list beside it


def trend(points: Sequence[Point], *, width: float = WIDE, limits: Sequence[tuple[int, str]] = ()) -> Trend:
    """Scores over time on an axis from 0 to 100, the earliest first. Later points get their label first."""
    height, left, right, top, floor = 260.0, 44.0, width - 28, 30.0, 212.0
    ordered = sorted(points, key=lambda p: p["date"])
    xs = spread([p["date"].toordinal() for p in ordered], left + 24, right, apart=22)
    ys = [floor - float(Decimal(p["value"])) / 100 * (floor - top) for p in ordered]
    chart = Trend(n(width), n(height), n(left), n(right), n(top), n(floor))
    chart.rules = [Rule(n(floor - v / 100 * (floor - top)), str(v)) for v in (0, 50, 100)]
    chart.limits = [Rule(n(floor - v / 100 * (floor - top)), text) for v, text in limits]
    chart.line = " ".join(f"{n(x)},{n(y)}" for x, y in zip(xs, ys, strict=True))
    chart.spots = [Spot(n(x), n(y), p.get("result", "")) for x, y, p in zip(xs, ys, ordered, strict=True)]
    taken = [Box(x - 9, y - 9, 18, 18) for x, y in zip(xs, ys, strict=True)]
    for i in by_importance([Decimal(p["value"]) for p in ordered]):
        value = f"{ordered[i]['value']} %"
        places = [(xs[i], ys[i] - 15), (xs[i], ys[i] + 26)]
        place_label(chart.texts, taken, value, places, within=(left, width))
        day = ordered[i]["date"]
        place_label(chart.texts, taken, f"{day:%b %Y}", [(xs[i], floor + 24)], within=(left - 20, width))
    return chart


def by_importance(values: Sequence[Decimal]) -> list[int]:
    """Indices in the order of labelling: last, first, lowest, highest, then backwards in time."""
    if not values:
        return []
    last = len(values) - 1
    first_of_all = [last, 0, values.index(min(values)), values.index(max(values)), *range(last, -1, -1)]
    return list(dict.fromkeys(first_of_all))


def spread(days: Sequence[int], left: float, right: float, *, apart: float) -> list[float]:
    """Days on a line between left and right, to scale but never closer than `apart`, if there is room."""
    if not days:
        return []
    if len(days) == 1:
        return [(left + right) / 2]
    step = (right - left) / (len(days) - 1)
    if step <= apart or days[0] == days[-1]:
        return [left + i * step for i in range(len(days))]
    scale = (right - left) / (days[-1] - days[0])
    xs = [left + (day - days[0]) * scale for day in days]
    for i in range(1, len(xs)):
        xs[i] = max(xs[i], xs[i - 1] + apart)
    xs[-1] = min(xs[-1], right)
    for i in range(len(xs) - 2, -1, -1):
        xs[i] = min(xs[i], xs[i + 1] - apart)
    return xs


def place_label(
    texts: list[Text],
    taken: list[Box],
    text: str,
    places: Sequence[tuple[float, float]],
    *,
    within: tuple[float, float],
) -> bool:
    """Write a centred label at the first of `places` (x, baseline) that is free, moved in at the edges."""
    width = len(text) * CHARACTER
    for x, baseline in places:
        x = min(max(x, within[0] + width / 2), within[1] - width / 2)
        box = Box(x - width / 2, baseline - 13, width, LINE - 1)
        if not any(box.meets(other) for other in taken):
            taken.append(box)
            texts.append(Text(n(x), n(baseline), text))
            return True
    return False


# The lanes of a timeline from top to bottom; a kind that is not listed comes last.
BANDS = ("version", "validity")
LANES = ("version", "validity", "audit", "finding", "incident", "notice", "status")
YEARS = 3  # that a chart shows; what was before is in the list beside it
APART = 20.0  # marks of one lane that stand closer are drawn as one


def timeline(spans: Sequence[Span], *, today: date, lane_title: Callable[[str], str], width: float = WIDE) -> Timeline:
    """Versions and validity as bands, all else as marks, each kind in its lane, over one axis of days."""
    chart = Timeline(n(width))
    left, right = 4.0, width - 4
    first = min([*(began(s) for s in spans), today])
    earliest = years_before(today, YEARS)
    if first < earliest:
        chart.begins, first = earliest, earliest
        spans = [s for s in spans if (s.get("to") or s.get("at") or today) >= earliest]
    ends = [s.get("to") or s.get("at") or today for s in spans]
    begin, end = first, max([*ends, today])
    end += timedelta(days=max((end - begin).days // 25, 3))

    def x_of(day: date) -> float:
        return left + max((day - begin).days, 0) / (end - begin).days * (right - left)

    y = 8.0
    kinds = sorted({s["kind"] for s in spans}, key=lambda k: (LANES.index(k) if k in LANES else len(LANES), k))
    for kind in kinds:
        chart.titles.append(Text(n(left), n(y + 13), lane_title(kind), "start"))
        lane = sorted((s for s in spans if s["kind"] == kind), key=began)
        if kind in BANDS:
            y = _draw_bands(chart, lane, x_of, y + 22, right) + 14
        else:
            y = _draw_marks(chart, gathered(lane, x_of), x_of, y + 22, right) + 14
    now = Box(x_of(today) - 24, 0, 48, 1)
    for day, text in ticks(begin, end, room=int(width / 84)):
        free = not now.meets(Box(x_of(day) + 4, 0, len(text) * CHARACTER, 1))
        chart.rules.append(Rule(n(x_of(day)), text if free else ""))
    chart.left, chart.right, chart.top, chart.bottom = n(left), n(right), n(4), n(y)
    chart.today, chart.height = n(x_of(today)), n(y + 26)
    return chart


def years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years, day=min(day.day, 28))


def gathered(lane: Sequence[Span], x_of: Callable[[date], float]) -> list[Span]:
    """Marks in the order of time; those that would cover each other as one, at the last of them."""
    groups: list[list[Span]] = []
    for span in lane:
        if groups and x_of(span["at"]) - x_of(groups[-1][0]["at"]) < APART:
            groups[-1].append(span)
        else:
            groups.append([span])
    return [_as_one(group) for group in groups]


def _as_one(group: Sequence[Span]) -> Span:
    last = group[-1]
    if len(group) == 1:
        return last
    return {"kind": last["kind"], "label": f"{last['label']} +{len(group) - 1}", "at": last["at"]}


def began(span: Span) -> date:
    return span.get("from") or span["at"]


def _draw_bands(chart: Timeline, lane: Sequence[Span], x_of: Callable[[date], float], y: float, right: float) -> float:
    """Bands of one lane, in as many rows as overlaps need; returns where the lane ends."""
    rows: list[float] = []
    for span in lane:
        x, to = x_of(span["from"]), span.get("to")
        end = x_of(to) if to else right
        row = next((i for i, free_from in enumerate(rows) if free_from <= x + 0.5), len(rows))
        rows[row : row + 1] = [end]
        top, width = y + row * 30, max(end - x - 2, 3)
        chart.bands.append(Band(n(x), n(top), n(width), n(24), span["kind"], to is None))
        if len(span["label"]) * CHARACTER + 14 <= width:
            chart.texts.append(Text(n(x + 8), n(top + 17), span["label"], "start"))
    return y + max(len(rows), 1) * 30


def _draw_marks(chart: Timeline, lane: Sequence[Span], x_of: Callable[[date], float], y: float, right: float) -> float:
    """Marks of one lane, the latest labelled first, on at most three rows; returns where the lane ends."""
    taken = [Box(x_of(s["at"]) - 9, y, 18, LINE) for s in lane]
    lowest = y
    for span in reversed(lane):
        x, width = x_of(span["at"]), len(span["label"]) * CHARACTER
        chart.spots.append(Spot(n(x), n(y + 9), span["kind"]))
        for box, anchor, leader in _places_beside(x, y, width, right):
            inside = box.x >= 0 and box.x + box.width <= right + 4
            if inside and not any(box.meets(other) or leader.meets(other) for other in taken):
                taken += [box, leader]
                at = box.x if anchor == "start" else box.x + box.width
                chart.texts.append(Text(n(at), n(box.y + 13.5), span["label"], anchor))
                if leader.height:
                    chart.leaders.append(Leader(n(x), n(leader.y), n(leader.y + leader.height)))
                lowest = max(lowest, box.y)
                break
    return lowest + LINE


def _places_beside(x: float, y: float, width: float, right: float) -> Iterator[tuple[Box, str, Box]]:
    """Where a mark's label may stand: right, left, or a row or two lower at the foot of a line."""
    nothing = Box(x, y, 0, 0)
    yield Box(x + 13, y, width, LINE - 1), "start", nothing
    yield Box(x - 13 - width, y, width, LINE - 1), "end", nothing
    for row in (1, 2):
        leader = Box(x - 1, y + LINE, 2, row * LINE - 4)
        yield Box(x + 5, y + row * LINE, width, LINE - 1), "start", leader
        yield Box(x - 5 - width, y + row * LINE, width, LINE - 1), "end", leader
        under = min(max(0.0, x - width / 2), right + 4 - width)
        yield Box(under, y + row * LINE, width, LINE - 1), "start", Box(x - 1, y + LINE, 2, (row - 1) * LINE)


def ticks(begin: date, end: date, *, room: int) -> list[tuple[date, str]]:
    """First days of months, quarters, half years or years between two days, at most `room` of them."""
    months = [(begin.year + (begin.month - 1 + i) // 12, (begin.month - 1 + i) % 12 + 1) for i in range(12 * 60)]
    firsts = [date(year, month, 1) for year, month in months]
    firsts = [day for day in firsts if begin <= day <= end - (end - begin) / 12]
    for step in (1, 3, 6, 12, 24, 60, 120):
        chosen = [d for d in firsts if (d.year * 12 + d.month - 1) % step == 0]
        if len(chosen) <= room:
            return [(d, f"{d:%b %Y}" if step < 12 else f"{d:%Y}") for d in chosen]
    return []


def n(value: float) -> str:
    """One decimal, always with a point."""
    return f"{value:.1f}"
