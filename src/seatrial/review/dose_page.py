"""The page of a dose response: each gate's change by the share of an adapter that was mixed in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from seatrial.report.axes import BOTTOM, LEFT, RIGHT, ROOM, TOP, Mark, Scale, Tick, polyline, span, upright
from seatrial.report.html import environment, package_file
from seatrial.report.wording import number
from seatrial.review.dose_response import Curve, DoseResponse
from seatrial.stats.intervals import Estimate
from seatrial.types import Outcome

__all__ = ["DosePicture", "dose_picture", "render_doses"]


@dataclass(frozen=True, slots=True)
class DosePicture:
    """One gate over the doses.

    Attributes:
        curve: The gate.
        x: The doses.
        y: Change of harm.
        doses: The doses that have room on the axis.
        outcomes: Place, first letter and word of the decision at each dose that has room.
        marks: What was measured.
        line: Points through the marks.
        margin: Place of the gate's margin.
        least: Points of the smallest change that it could have seen.
        seen: Place from which on it sees, NaN where it does not.
        unmeasured: Places of doses without a measurement.
    """

    curve: Curve
    x: Scale
    y: Scale
    doses: tuple[Tick, ...]
    outcomes: tuple[tuple[float, str, str], ...]
    marks: tuple[Mark, ...]
    line: str
    margin: float
    least: str
    seen: float
    unmeasured: tuple[float, ...]


def dose_picture(curve: Curve, found: DoseResponse) -> DosePicture:
    """Return a gate's response curve."""
    doses = [dose for dose, _ in found.outcomes]
    x = Scale(0.0, max([*doses, 0.1]), LEFT + 10, RIGHT - 10)
    steps = [(step.dose, step.verdict.evidence, step.verdict.verdict) for step in curve.steps]
    ends = [end for _, made, _ in steps for end in (made.estimate, made.low, made.high, made.mde)]
    y = Scale(*span([*ends, curve.margin]), BOTTOM, TOP + 8)
    marks, least = [], []
    for dose, made, verdict in steps:
        if math.isfinite(made.mde):
            least.append((x.at(dose), y.at(made.mde)))
        if not math.isfinite(made.estimate):
            continue
        low, high = (end if math.isfinite(end) else made.estimate for end in (made.low, made.high))
        title = (
            f"dose {dose:g}: {number(made.estimate, sign=True)} [{number(made.low)}, {number(made.high)}], {verdict}"
        )
        marks.append(upright(x.at(dose), y, Estimate(made.estimate, low, high), verdict, title))
    roomy: list[tuple[float, Outcome]] = []
    for dose, outcome in found.outcomes:
        if not roomy or x.at(dose) - x.at(roomy[-1][0]) >= ROOM / 2:
            roomy.append((dose, outcome))
    return DosePicture(
        curve,
        x,
        y,
        tuple(Tick(x.at(dose), f"{dose:g}") for dose, _ in roomy),
        tuple((x.at(dose), outcome[0].upper(), outcome) for dose, outcome in roomy),
        tuple(marks),
        polyline([(mark.x, mark.y) for mark in marks]),
        y.at(curve.margin),
        polyline(least),
        x.at(curve.seen_from) if math.isfinite(curve.seen_from) else math.nan,
        tuple(x.at(dose) for dose, made, _ in steps if not math.isfinite(made.estimate)),
    )


def render_doses(found: DoseResponse) -> str:
    """Return the page of doses and responses; it needs nothing else, and names from the policy are escaped."""
    alarms = [curve for curve in found.curves if curve.alarm]
    first = next((outcome for dose, outcome in found.outcomes if dose == 0.0), None)
    blocked = [dose for dose, outcome in found.outcomes if outcome == "block"]
    if alarms:
        headline = ("block", "False alarm")
    elif not blocked:
        headline = ("hold", "Never blocked")
    elif all(outcome == "block" for dose, outcome in found.outcomes if dose > blocked[0]):
        headline = ("audit", f"Blocked from dose {blocked[0]:g}")
    else:
        headline = ("hold", "Blocked at some doses")
    page: str = (
        environment("seatrial.review")
        .get_template("doses.html")
        .render(
            style=package_file("style.css") + package_file("charts.css"),
            found=found,
            headline=headline,
            alarms=alarms,
            first=first,
            undecided=[curve for curve in found.curves if curve.blocking and _at_zero(curve) == "inconclusive"],
            pictures=[dose_picture(curve, found) for curve in found.curves],
        )
    )
    return page


def _at_zero(curve: Curve) -> str:
    return next((step.verdict.verdict for step in curve.steps if step.dose == 0.0), "")
