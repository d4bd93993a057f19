"""The axes of a picture: where a number lies, and which numbers stand beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seatrial.stats.intervals import Estimate

__all__ = ["LABEL_HEIGHT", "ROOM", "Mark", "Picture", "Scale", "Tick", "polyline", "span", "upright"]

ROOM = 34.0
"""Least distance of two numbers that stand beside one another."""

LABEL_HEIGHT = 28.0
"""Least distance of two numbers that stand one above another, on an axis that runs upward."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A number on an axis and its place."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers from `low` to `high` laid from `start` to `end`; where `root`, by their signed square roots."""

    low: float
    high: float
    start: float
    end: float
    root: bool = False

    def at(self, value: float) -> float:
        """Return where a number lies; one beyond an end lies at that end."""
        low, high, here = map(self._bent, (self.low, self.high, min(max(value, self.low), self.high)))
        return round(self.start + (self.end - self.start) * (here - low) / (high - low), 1)

    def _bent(self, value: float) -> float:
        return math.copysign(math.sqrt(abs(value)), value) if self.root else value

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Round numbers on the axis, 0 first, none too near another."""
        room = ROOM if self.start < self.end else LABEL_HEIGHT
        if self.root:
            sizes = [base * 10.0**power for power in range(5, -5, -1) for base in (5, 2, 1)]
        else:
            step = _round_step((self.high - self.low) * room / abs(self.end - self.start))
            sizes = [step * count for count in range(1, 1 + math.ceil(max(-self.low, self.high, 0.0) / step))]
        kept = [Tick(self.at(0.0), "0")]
        for size in sizes:
            for value in (size, -size):
                place = self.at(value)
                if self.low <= value <= self.high and all(abs(place - one.place) >= room for one in kept):
                    kept.append(Tick(place, f"{value:.6g}".replace("-", "−")))
        return tuple(kept)


def _round_step(least: float) -> float:
    scale = 10.0 ** math.floor(math.log10(least))
    return next(base * scale for base in (1.0, 2.0, 5.0, 10.0) if base * scale >= least * 0.999)


def span(values: Iterable[float], room: float = 0.08) -> tuple[float, float]:
    """Return the ends of an axis that holds 0 and all the finite values, with some room where they lie."""
    finite = [0.0, *(value for value in values if math.isfinite(value))]
    low, high = min(finite), max(finite)
    if low == high:
        return (-1.0, 1.0)
    return low - room * (high - low) * (low < 0), high + room * (high - low) * (high > 0)


WIDTH, HEIGHT = 340.0, 230.0

LEFT, RIGHT, TOP, BOTTOM = 52.0, 330.0, 24.0, 194.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with the ends of its intervals, all in places.

    Attributes:
        x: Its place.
        y: Its place.
        left: Left end of its horizontal interval.
        right: Right end.
        low: Lower end of its vertical interval.
        high: Upper end.
        kind: What it is drawn as.
        title: What it is, in words and numbers.
        label: What stands beside it, if anything.
        label_x: Middle of that.
        label_y: Foot of that.
    """

    x: float
    y: float
    left: float
    right: float
    low: float
    high: float
    kind: str
    title: str
    label: str = ""
    label_x: float = 0.0
    label_y: float = 0.0


def upright(x: float, scale: Scale, made: Estimate, kind: str, title: str) -> Mark:
    """Return a mark at `x` whose vertical interval is the estimate's."""
    return Mark(x, scale.at(made.value), x, x, scale.at(made.low), scale.at(made.high), kind, title)


@dataclass(frozen=True, slots=True)
class Picture:
    """A plane of marks: its axes, and the place of a line that matters, NaN where there is none."""

    x: Scale
    y: Scale
    marks: tuple[Mark, ...]
    line: float = math.nan


def polyline(points: Sequence[tuple[float, float]]) -> str:
    """Return points as an SVG polyline has them."""
    return " ".join(f"{x},{y}" for x, y in points)
