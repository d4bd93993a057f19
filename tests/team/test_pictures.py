"""A behavior over releases as a picture."""

from __future__ import annotations

from itertools import pairwise

from seatrial.team.lines import Point, Trend
from seatrial.team.pictures import BOTTOM, LEFT, RIGHT, TOP, drawn


def _trend(*points: Point) -> Trend:
    return Trend("support", "behavior/x", "Praise", True, "harm +1 of 100", list(points))


def test_the_axis_runs_upward_and_holds_the_margin() -> None:
    """More harm lies higher, beyond the axis at its end; the margin between no change and the end."""
    made = drawn(
        _trend(
            Point("a", "f", 0.0, -0.5, 0.5, "pass", [], False),
            Point("b", "f", 9.0, 8.0, 10.0, "fail", ["it flattered"], True),
        )
    )
    first, last = made.marks
    assert (first.y, last.y) == (made.zero, TOP) and TOP < made.margin < made.zero < BOTTOM
    assert first.high < first.y < first.low and LEFT <= first.x < last.x <= RIGHT
    assert (last.kind, last.harmed, last.back) == ("fail", True, True)
    assert "b: +9 margins; incident: it flattered; taken back" in made.said
    assert len(made.line.split()) == 2


def test_what_was_not_measured_has_a_place_and_no_line() -> None:
    """An empty mark where no change lies, named as not measured."""
    made = drawn(_trend(Point("a", "f", None, None, None, "inconclusive", [], False)))
    (mark,) = made.marks
    assert (mark.kind, mark.y, mark.low, mark.high, made.line) == ("noise", made.zero, made.zero, made.zero, "")
    assert mark.title == "a: not measured"


def test_many_releases_fit_between_the_ends() -> None:
    """In their order, at even steps."""
    made = drawn(_trend(*(Point(f"r{n}", "f", 0.1, 0.0, 0.2, "pass", [], False) for n in range(12))))
    places = [mark.x for mark in made.marks]
    steps = {round(after - before) for before, after in pairwise(places)}
    assert places == sorted(places) and len(steps) <= 2 and min(places) >= LEFT and max(places) <= RIGHT
