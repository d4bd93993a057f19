"""A behavior over releases as a small picture; all share one axis, in margins, to be compared at a glance."""

from __future__ import annotations

from dataclasses import dataclass

from seatrial.report.axes import Scale
from seatrial.team.lines import Point, Trend

__all__ = ["Drawn", "Mark", "drawn"]

WIDTH, HEIGHT = 300.0, 132.0
LEFT, RIGHT, TOP, BOTTOM = 30.0, 292.0, 10.0, 112.0
AXIS = (-2.0, 3.0)
"""Ends of the axis, in margins, as in the report's picture of gates."""
PLACES = 4
"""Releases that the axis has room for at least, so that two do not stand at its ends."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A release in the picture, all in places.

    Attributes:
        x: Its place.
        y: Place of its estimate; of nothing measured, that of no change.
        low: Lower end of its interval.
        high: Upper end.
        kind: What it is drawn as.
        harmed: Whether an incident was found.
        back: Whether it was taken back.
        title: What it is, in words.
    """

    x: float
    y: float
    low: float
    high: float
    kind: str
    harmed: bool
    back: bool
    title: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A trend as it is drawn.

    Attributes:
        trend: The trend.
        marks: The oldest first.
        line: Its estimates as a polyline.
        zero: Height of no change.
        margin: Height of the most that is tolerated.
        said: The whole picture in a sentence, for who cannot see it.
        look: What the last release is drawn as.
    """

    trend: Trend
    marks: tuple[Mark, ...]
    line: str
    zero: float
    margin: float
    said: str
    look: str


def drawn(trend: Trend) -> Drawn:
    """Return a trend as a picture: each release with its interval, the margin, and incidents."""
    scale = Scale(*AXIS, BOTTOM, TOP)
    step = (RIGHT - LEFT) / max(len(trend.points), PLACES)
    first = RIGHT - step * (len(trend.points) - 0.5)
    marks = tuple(_mark(point, round(first + step * place, 1), scale) for place, point in enumerate(trend.points))
    line = " ".join(
        f"{mark.x},{mark.y}" for mark, point in zip(marks, trend.points, strict=True) if point.estimate is not None
    )
    return Drawn(trend, marks, line, scale.at(0.0), scale.at(1.0), _said(trend), trend.points[-1].verdict)


def _mark(point: Point, x: float, scale: Scale) -> Mark:
    here = scale.at(point.estimate if point.estimate is not None else 0.0)
    known = point.estimate is not None and point.low is not None and point.high is not None
    low, high = (scale.at(point.low or 0.0), scale.at(point.high or 0.0)) if known else (here, here)
    kind = point.verdict if known else "noise"
    return Mark(x, here, low, high, kind, bool(point.incidents), point.taken_back, _words(point))


def _words(point: Point) -> str:
    found = "not measured" if point.estimate is None else f"{point.estimate:+.2g} margins".replace("-", "−")
    harm = "".join(f"; incident: {one}" for one in point.incidents)
    return f"{point.release}: {found}{harm}{'; taken back' if point.taken_back else ''}"


def _said(trend: Trend) -> str:
    return f"{trend.title} over {len(trend.points)} releases. {'. '.join(map(_words, trend.points))}."
