"""The page of a watch: quiet or changed, each signal's days, and what could be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import StoreError
from seatrial.formats.whole_files import write_whole
from seatrial.report.html import environment, package_file
from seatrial.watch import wording
from seatrial.watch.found import Seen, Watch

__all__ = ["PAGE", "Line", "line_of", "render_watch", "write_page"]

PAGE = "watch.html"
WIDTH, HEIGHT, EDGE = 320.0, 56.0, 5.0
LEAST = 0.1
"""Share of the scale that a picture shows at least, so that noise does not look like a change."""


@dataclass(frozen=True, slots=True)
class Line:
    """The days of a signal as a picture.

    Attributes:
        points: Of each day with a mean: x, y, and whether it is one of the days that differ.
        before: y of the mean of the days before; None while nothing moved.
        low: What the lower edge of the picture stands for.
        high: What the upper edge stands for.
    """

    points: tuple[tuple[float, float, bool], ...]
    before: float | None
    low: str
    high: str

    @property
    def path(self) -> str:
        """The points as those of a polyline."""
        return " ".join(f"{x:g},{y:g}" for x, y, _ in self.points)


def line_of(one: Seen) -> Line:
    """Return the picture of a signal's days."""
    low, high = one.bounds
    shares = [(value - low) / (high - low) for value in one.means]
    known = [share for share in shares if not math.isnan(share)] or [0.0]
    middle, half = (min(known) + max(known)) / 2, max(LEAST, 1.2 * (max(known) - min(known))) / 2
    bottom = min(max(middle - half, 0.0), 1.0 - 2 * half) if half < 0.5 else 0.0
    top = min(bottom + 2 * half, 1.0) if half < 0.5 else 1.0

    def height(share: float) -> float:
        return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (share - bottom) / (top - bottom), 1)

    step = (WIDTH - 2 * EDGE) / max(len(shares) - 1, 1)
    moved = one.moved
    first = moved.first if moved is not None else len(shares)
    points = tuple(
        (round(EDGE + step * day, 1), height(share), day >= first)
        for day, share in enumerate(shares)
        if not math.isnan(share)
    )
    before = height(min(max(moved.before, bottom), top)) if moved is not None else None
    return Line(points, before, wording.level(one, bottom, bare=True), wording.level(one, top))


def render_watch(found: Watch) -> str:
    """Return the page; it needs nothing else, and all text from outside is escaped."""
    page: str = (
        environment("seatrial.watch")
        .get_template("page.html")
        .render(
            style=package_file("style.css") + package_file("charts.css"),
            found=found,
            says=wording,
            lines={one.name: line_of(one) for one in found.seen},
            width=WIDTH,
            height=HEIGHT,
        )
    )
    return page


def write_page(found: Watch, folder: Path) -> Path:
    """Write the page into the watch's folder and return where it is.

    Raises:
        StoreError: it cannot be written.
    """
    write_whole(folder / PAGE, render_watch(found), StoreError)
    return folder / PAGE
