"""Where the pictures of the reward mix put things."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import pytest

from seatrial.evidence.rewards.forecast_check import Reached
from seatrial.evidence.rewards.pictures import reached_picture, shares_picture
from seatrial.report.axes import Scale
from seatrial.stats.intervals import Estimate


def test_a_forecast_on_the_diagonal_is_drawn_on_the_diagonal() -> None:
    """What was reached exactly as forecast lies on the line that says so, whatever its units."""
    same = [
        Reached("m", "b", Estimate(v, v - w, v + w), Estimate(v, v - w, v + w)) for v, w in ((3.0, 1.0), (-90, 2.0))
    ]
    picture = reached_picture(same)
    for mark in picture.marks:
        across = (mark.x - picture.x.start) / (picture.x.end - picture.x.start)
        up = (mark.y - picture.y.start) / (picture.y.end - picture.y.start)
        assert across == pytest.approx(up, abs=0.002)


def test_bars_of_shares_end_where_the_shares_sum_to_one() -> None:
    """Positive parts stand right of 0 and negative ones left of it, each as wide as its share."""
    values = {"a": 0.75, "b": -0.25, "c": 0.0, "d": 0.5}
    mix = {name: Estimate(value, value - 0.1, value + 0.1) for name, value in values.items()}
    picture = shares_picture("sum-then-normalize", {"before": mix, "after": mix})
    first, against, second = picture.bars[0].segments
    zero, one = picture.x.at(0.0), picture.x.at(1.0)
    assert first.x == zero
    assert first.width == pytest.approx(0.75 * (one - zero), abs=0.2)
    assert second.x == pytest.approx(first.x + first.width, abs=0.2)
    assert second.width == pytest.approx(0.5 * (one - zero), abs=0.2)
    assert against.x + against.width == pytest.approx(zero, abs=0.2)
    assert against.width == pytest.approx(0.25 * (one - zero), abs=0.2)


def test_labels_of_misses_that_lie_together_stay_apart() -> None:
    """Three misses of nearly the same size keep their numbers readable."""
    near = [(-10.0, -4.0), (-9.9, -4.6), (-10.2, -4.5)]
    picture = reached_picture(
        [Reached("m", "b", Estimate(f, f - 1, f + 1), Estimate(r, r - 1, r + 1)) for f, r in near]
    )
    labels = [(mark.label_x, mark.label_y) for mark in picture.marks]
    assert min(math.dist(a, b) for a, b in combinations(labels, 2)) >= 9


@pytest.mark.parametrize(
    "scale", [Scale(-0.3, 1.1, 52, 330), Scale(0, 3.4, 52, 330, True), Scale(-40, 40, 260, 10, True)]
)
def test_numbers_on_an_axis_have_room(scale: Scale) -> None:
    """Labels lie where their number does, no two nearer than a label is wide, and there are some."""
    ticks = scale.ticks
    assert len(ticks) >= 3
    places = sorted(one.place for one in ticks)
    assert min(b - a for a, b in pairwise(places)) >= 27
    for one in ticks:
        assert scale.at(float(one.label.replace("−", "-"))) == pytest.approx(one.place, abs=0.1)
