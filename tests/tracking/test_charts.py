"""The geometry of the charts: true to scale, from zero, and no label over another."""

from datetime import date, timedelta
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from auditapp.tracking import charts
from auditapp.tracking.charts import CHARACTER, LINE, NARROW, WIDE, Box, Text

DAY = date(2026, 3, 30)
TODAY = date(2026, 11, 22)
days = st.dates(date(2019, 1, 1), date(2031, 12, 31))
widths = st.sampled_from([WIDE, NARROW])
points = st.lists(
    st.builds(
        lambda day, tenths: {"label": "A-2026-014", "date": day, "value": f"{tenths // 10}.{tenths % 10}"},
        days,
        st.integers(0, 1000),
    ),
    max_size=40,
)
labels = st.text(alphabet="abcdefghij 0123456789", min_size=1, max_size=30)
marks = st.builds(
    lambda kind, label, at: {"kind": kind, "label": label, "at": at},
    st.sampled_from(["audit", "incident", "status", "other"]),
    labels,
    days,
)
bands = st.builds(
    lambda kind, label, begin, length: {
        "kind": kind,
        "label": label,
        "from": begin,
        "to": begin + timedelta(length) if length else None,
    },
    st.sampled_from(["version", "validity"]),
    labels,
    st.dates(date(2019, 1, 1), TODAY),
    st.integers(0, 900),
)
spans = st.lists(marks | bands, max_size=40)


def point(day: date, value: str, result: str = "") -> charts.Point:
    return {"label": "A-2026-014", "date": day, "value": value, "href": "", "result": result}


def timeline(entries: list, *, width: float = WIDE) -> charts.Timeline:
    return charts.timeline(entries, today=TODAY, lane_title=str.title, width=width)


def box_of(text: Text) -> Box:
    width = len(text.text) * CHARACTER
    left = float(text.x) - {"start": 0, "middle": width / 2, "end": width}[text.anchor]
    return Box(left + 0.1, float(text.y) - 12.9, width - 0.2, LINE - 1.2)


def overlapping(texts: list[Text]) -> list[tuple[str, str]]:
    return [(a.text, b.text) for a, b in combinations(texts, 2) if box_of(a).meets(box_of(b))]


@given(points, widths)
def test_labels_of_a_trend_never_overlap_and_stay_inside(series, width):
    chart = charts.trend(series, width=width)
    assert overlapping(chart.texts) == []
    assert all(box_of(t).x >= 0 and box_of(t).x + box_of(t).width <= width for t in chart.texts)


@given(points)
def test_every_audit_has_its_spot_and_the_last_one_its_label(series):
    chart = charts.trend(series)
    assert len(chart.spots) == len(series)
    if series:
        last = sorted(series, key=lambda p: p["date"])[-1]
        assert f"{last['value']} %" in [t.text for t in chart.texts]


def test_the_axis_starts_at_zero_and_ends_at_a_hundred():
    chart = charts.trend([point(DAY, "0.0"), point(DAY + timedelta(90), "100.0"), point(DAY + timedelta(180), "50.0")])
    low, high, middle = (float(s.y) for s in chart.spots)
    assert (low, high) == (float(chart.bottom), float(chart.top))
    assert middle == (low + high) / 2
    assert [r.text for r in chart.rules] == ["0", "50", "100"]


def test_time_runs_to_scale():
    chart = charts.trend([point(DAY, "50.0"), point(DAY + timedelta(100), "50.0"), point(DAY + timedelta(300), "50.0")])
    first, second, third = (float(s.x) for s in chart.spots)
    assert abs((third - second) - 2 * (second - first)) < 0.2


def test_a_spot_carries_the_result_of_its_audit():
    chart = charts.trend(
        [point(DAY, "81.4", "reached_with_conditions"), point(DAY - timedelta(9), "60.0", "gate_not_passed")]
    )
    assert [s.code for s in chart.spots] == ["gate_not_passed", "reached_with_conditions"]


def test_limits_are_lines_at_their_score():
    chart = charts.trend([point(DAY, "70.0")], limits=[(70, "70: low")])
    assert chart.limits == [charts.Rule(chart.spots[0].y, "70: low")]


@given(st.lists(st.integers(0, 4000), min_size=2, max_size=25).map(sorted))
def test_spots_keep_their_order_and_their_distance(ordinals):
    xs = charts.spread(ordinals, 50, 700, apart=22)
    assert all(b - a >= 22 - 1e-6 for a, b in pairwise(xs))
    assert xs[0] >= 50 - 1e-6
    assert xs[-1] <= 700 + 1e-6


@given(st.lists(st.integers(0, 400), min_size=26, max_size=200).map(sorted))
def test_too_many_spots_stand_at_even_steps(ordinals):
    steps = [b - a for a, b in pairwise(charts.spread(ordinals, 50, 500, apart=22))]
    assert max(steps) - min(steps) < 1e-6


@given(spans, widths)
def test_labels_of_a_timeline_never_overlap_and_stay_inside(entries, width):
    chart = timeline(entries, width=width)
    assert overlapping(chart.texts + chart.titles) == []
    assert all(box_of(t).x >= 0 and box_of(t).x + box_of(t).width <= width for t in chart.texts)
    assert all(float(b.x) + float(b.width) <= width for b in chart.bands)


@given(spans)
def test_every_entry_is_drawn_once(entries):
    chart = timeline(entries)
    shown = [e for e in entries if chart.begins is None or (e.get("to") or e.get("at") or TODAY) >= chart.begins]
    lanes = {
        kind: sorted(e["at"] for e in shown if e["kind"] == kind) for kind in ("audit", "incident", "status", "other")
    }
    assert len(chart.bands) == sum("from" in e for e in shown)
    assert len(chart.spots) <= sum(map(len, lanes.values()))
    for kind, at in lanes.items():
        xs = sorted(float(s.x) for s in chart.spots if s.code == kind)
        assert bool(xs) == bool(at)
        assert all(b - a >= charts.APART - 18 for a, b in pairwise(xs))


def test_marks_that_would_cover_each_other_are_one_that_says_how_many():
    entries = [{"kind": "audit", "label": f"A-{n}", "at": DAY + timedelta(n), "href": ""} for n in range(3)]
    entries.append({"kind": "audit", "label": "A-9", "at": DAY + timedelta(300), "href": ""})
    assert [t.text for t in timeline(entries).texts if t.text.startswith("A")] == ["A-9", "A-2 +2"]
    assert len(timeline(entries).spots) == 2


def test_a_long_history_is_drawn_from_three_years_ago_on():
    entries = [
        {"kind": "version", "label": "1.0", "from": date(2015, 1, 1), "to": date(2016, 1, 1)},
        {"kind": "version", "label": "2.0", "from": date(2016, 1, 1), "to": None},
        {"kind": "audit", "label": "A-1", "at": date(2017, 1, 1), "href": ""},
        {"kind": "audit", "label": "A-2", "at": TODAY, "href": ""},
    ]
    chart = timeline(entries)
    assert chart.begins == charts.years_before(TODAY, charts.YEARS)
    assert (len(chart.bands), len(chart.spots)) == (1, 1)
    assert float(chart.bands[0].x) == float(chart.left)
    assert timeline(entries[3:]).begins is None


def test_a_version_that_still_runs_reaches_the_edge():
    chart = timeline([{"kind": "version", "label": "2.4", "from": DAY, "to": None}])
    band = chart.bands[0]
    assert band.open
    assert float(band.x) + float(band.width) > float(chart.today)


def test_versions_that_overlap_stand_in_rows_of_their_own():
    entries = [
        {"kind": "version", "label": "2.3", "from": date(2026, 1, 1), "to": date(2026, 6, 1)},
        {"kind": "version", "label": "2.4", "from": date(2026, 5, 1), "to": date(2026, 9, 1)},
        {"kind": "version", "label": "2.5", "from": date(2026, 9, 1), "to": None},
    ]
    first, second, third = timeline(entries).bands
    assert first.y == third.y != second.y


def test_lanes_stand_in_one_order_and_unknown_kinds_come_last():
    entries = [
        {"kind": "other", "label": "x", "at": DAY},
        {"kind": "incident", "label": "x", "at": DAY},
        {"kind": "version", "label": "x", "from": DAY, "to": None},
    ]
    assert [t.text for t in timeline(entries).titles] == ["Version", "Incident", "Other"]


@given(days, st.integers(10, 4000), st.integers(2, 9))
def test_the_axis_has_no_more_dates_than_there_is_room_for(begin, length, room):
    end = begin + timedelta(length)
    dates = [day for day, _ in charts.ticks(begin, end, room=room)]
    assert len(dates) <= room
    assert all(begin <= day <= end and day.day == 1 for day in dates)


def test_years_are_named_alone_and_months_with_their_year():
    assert charts.ticks(date(2020, 1, 1), date(2026, 1, 1), room=6)[0][1] == "2020"
    assert charts.ticks(date(2026, 1, 1), date(2026, 5, 1), room=6)[0][1] == "Jan 2026"


def test_coordinates_are_written_with_a_point():
    assert charts.n(12.34) == "12.3"
