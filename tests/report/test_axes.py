"""Numbers on the axes of pictures."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seatrial.report.axes import ROOM, Mark, Scale, polyline, span, upright
from seatrial.stats.intervals import Estimate

ends = st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)).filter(lambda two: two[1] - two[0] > 1e-3)


@settings(deadline=None)
@given(ends, st.booleans(), st.lists(st.floats(-2e4, 2e4), min_size=2, max_size=6))
def test_a_larger_number_never_lies_further_back(two: tuple[float, float], root: bool, values: list[float]) -> None:
    """Places follow the numbers, from start to end; what is beyond an end lies at that end."""
    scale = Scale(*two, 50.0, 300.0, root)
    places = [scale.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(50.0 <= place <= 300.0 for place in places)
    assert (scale.at(-math.inf), scale.at(math.inf)) == (50.0, 300.0)


def test_an_axis_that_runs_upward_has_its_least_number_at_the_foot() -> None:
    """In an SVG a smaller y is higher."""
    scale = Scale(0.0, 10.0, 200.0, 20.0)
    assert [scale.at(value) for value in (0.0, 5.0, 10.0)] == [200.0, 110.0, 20.0]


def test_a_root_axis_gives_small_numbers_room_on_both_sides_of_zero() -> None:
    """A hundredth of the range takes a tenth of the way, and so it does below zero."""
    scale = Scale(-1.0, 1.0, 0.0, 200.0, root=True)
    assert [scale.at(value) for value in (-1.0, -0.01, 0.0, 0.01, 1.0)] == [0.0, 90.0, 100.0, 110.0, 200.0]


@settings(deadline=None)
@given(ends, st.booleans(), st.booleans())
def test_ticks_are_round_numbers_that_stand_apart(two: tuple[float, float], root: bool, upward: bool) -> None:
    """Zero comes first where an axis holds it; no two labels overlap, and each stands where its number lies."""
    low, high = two
    assume(low <= 0.0 <= high)
    scale = Scale(low, high, *((300.0, 20.0) if upward else (20.0, 300.0)), root)
    ticks = scale.ticks
    assert ticks[0].label == "0"
    places = sorted(tick.place for tick in ticks)
    least = 28.0 if upward else ROOM
    assert all(after - before >= least - 1e-9 for before, after in pairwise(places))
    for tick in ticks:
        value = float(tick.label.replace("−", "-"))
        assert low - 1e-9 <= value <= high + 1e-9
        assert tick.place == pytest.approx(scale.at(value), abs=0.11)
        digits = f"{abs(value):e}".split("e")[0].rstrip("0").rstrip(".")
        assert not root or digits in ("0", "1", "2", "5")


def test_a_negative_tick_has_a_true_minus() -> None:
    """Labels are written as all numbers of the reports are."""
    labels = [tick.label for tick in Scale(-2.0, 2.0, 0.0, 300.0).ticks]
    assert "−1" in labels
    assert not any("-" in label for label in labels)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=6))
def test_an_axis_holds_zero_and_every_finite_number(values: list[float]) -> None:
    """NaN and infinity have no say, and an axis never has two equal ends."""
    low, high = span(values)
    assert low < high
    assert low <= 0.0 <= high
    assert all(low <= value <= high for value in values if math.isfinite(value))


def test_there_is_room_only_on_the_side_where_numbers_lie() -> None:
    """An axis of positive numbers starts at zero and goes a little beyond the largest."""
    assert span([1.0, 4.0]) == (0.0, 4.0 * 1.08)
    assert span([-4.0], room=0.5) == (-6.0, 0.0)
    assert span([]) == span([math.nan, 0.0]) == (-1.0, 1.0)


def test_an_estimate_stands_upright_at_its_place() -> None:
    """Its interval runs along the axis and has no width; ends beyond the axis lie at its ends."""
    scale = Scale(0.0, 10.0, 200.0, 0.0)
    assert upright(50.0, scale, Estimate(5.0, 2.5, 99.0), "fail", "praise") == Mark(
        50.0, 100.0, 50.0, 50.0, 150.0, 0.0, "fail", "praise"
    )


def test_points_are_written_as_svg_has_them() -> None:
    """Pairs parted by commas, points by spaces; no points are no text."""
    assert polyline([(0.0, 1.5), (20.0, 3.0)]) == "0.0,1.5 20.0,3.0"
    assert polyline([]) == ""
