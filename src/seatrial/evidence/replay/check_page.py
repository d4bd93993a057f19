"""The page of a checked forecast: whether it held, each rate before and after, the traffic, all forecasts so far."""

from __future__ import annotations

from dataclasses import dataclass

from seatrial.evidence.replay import check_wording, wording
from seatrial.evidence.replay.check import Check, Checked, Standing
from seatrial.evidence.replay.traffic import Counted
from seatrial.gates.traffic_rates import Rate
from seatrial.report.html import environment, package_file

__all__ = ["render_check"]

ROOM = 1.08
"""How much farther than the largest rate the picture reaches."""


@dataclass(frozen=True, slots=True)
class _Bar:
    """A rate on the picture; places are in percent of its width."""

    left: float
    width: float
    dot: float


@dataclass(frozen=True, slots=True)
class _Row:
    """A behavior: its forecast above what came; `before` is where its rate was before the launch."""

    found: Checked
    told: _Bar
    came: _Bar
    before: float

    @property
    def look(self) -> str:
        """How what came is colored."""
        return "pass" if self.found.covered else "fail"


def render_check(made: Check, standing: Standing, counted: Counted) -> str:
    """Return the page; it needs nothing else, and all text from outside is escaped.

    Args:
        made: The forecast and what came.
        standing: How all forecasts so far came out.
        counted: What came of the log's rows.
    """
    reach = _reach(made)
    tone = "launch" if made.found and all(one.covered for one in made.found) and not made.shift.moved else "hold"
    page: str = (
        environment("seatrial.evidence.replay", "pages")
        .get_template("check.html")
        .render(
            style=package_file("style.css"),
            made=made,
            says=check_wording,
            words=wording,
            tone=tone,
            reach=reach,
            rows=[_row(one, reach) for one in sorted(made.found, key=lambda one: one.covered)],
            standing=standing,
            dropped=[(why, f"{count:,}", counted.first[why]) for why, count in counted.dropped.most_common()],
        )
    )
    return page


def _reach(made: Check) -> float:
    """Return the rate at the right end of the picture."""
    ends = [rate.high for one in made.found for rate in (one.told.candidate, one.truth, one.told.today)]
    return min(max(ends, default=1.0) * ROOM, 1.0) or 1.0


def _row(one: Checked, reach: float) -> _Row:
    def place(value: float) -> float:
        return round(100 * max(0.0, min(1.0, value / reach)), 2)

    def bar(rate: Rate) -> _Bar:
        left = place(rate.low)
        return _Bar(left, max(place(rate.high) - left, 0.5), place(rate.value))

    return _Row(one, bar(one.told.candidate), bar(one.truth), place(one.told.today.value))
