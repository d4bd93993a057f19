"""The pictures of the reward mix, as places in an SVG; their colors and words are the templates'."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seatrial.evidence.rewards.forecast import Forecast
from seatrial.evidence.rewards.forecast_check import Reached
from seatrial.evidence.rewards.frontier import FrontierPoint
from seatrial.report.axes import BOTTOM, LEFT, RIGHT, ROOM, TOP, Mark, Picture, Scale, Tick, polyline, span, upright
from seatrial.report.wording import percent, ranged
from seatrial.stats.advantages import Aggregation
from seatrial.stats.intervals import Estimate

__all__ = [
    "COLORS",
    "Bar",
    "ForecastPicture",
    "Line",
    "Segment",
    "SharesPicture",
    "forecast_pictures",
    "frontier_picture",
    "judged",
    "reached_picture",
    "shares_picture",
]

COLORS = 6
"""Colors that series and signals take in turn."""

MOST_USED = 3.0
"""Mixes that use more than this many times their nearest gate's margin are drawn at the top."""

DODGE = 5.0


# Shares of the advantage: one bar a mix, what works against the others left of 0.
@dataclass(frozen=True, slots=True)
class Segment:
    """One signal's part of a bar."""

    x: float
    width: float
    color: int
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One mix."""

    name: str
    y: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class SharesPicture:
    """The present and the wanted mix under one way to aggregate rewards."""

    how: Aggregation
    x: Scale
    bars: tuple[Bar, ...]


def shares_picture(how: Aggregation, mixes: Mapping[str, Mapping[str, Estimate]]) -> SharesPicture:
    """Return the bars of mix → signal → share."""
    finite = [[made.value for made in mix.values() if math.isfinite(made.value)] for mix in mixes.values()]
    low = min(0.0, *(sum(value for value in mix if value < 0) for mix in finite))
    high = max(1.0, *(sum(value for value in mix if value > 0) for mix in finite))
    x = Scale(low, high, LEFT + 8, RIGHT - 14)
    bars = []
    for place, (name, mix) in enumerate(mixes.items()):
        ends = {True: 0.0, False: 0.0}
        segments = []
        for color, (signal, made) in enumerate(mix.items()):
            if not math.isfinite(made.value) or made.value == 0:
                continue
            start = ends[made.value > 0]
            ends[made.value > 0] = start + made.value
            left, right = sorted((x.at(start), x.at(start + made.value)))
            told = percent(made.value)
            wide = right - left >= ROOM
            title = f"{signal}, {name}: {told}"
            segments.append(Segment(left, round(right - left, 1), color % COLORS + 1, told if wide else "", title))
        bars.append(Bar(name, 10.0 + 34.0 * place, tuple(segments)))
    return SharesPicture(how, x, tuple(bars))


# The forecast: each behavior's shift against the KL divergence.
@dataclass(frozen=True, slots=True)
class Line:
    """One mix: its line and band as points of a polygon, its marks, and where the samples' bearing ends.

    Attributes:
        mix: Its name.
        color: Which of the colors.
        line: Points of its line.
        band: Points of the band of its interval.
        end: Place of the last point that the samples bear; None where they bear none.
        wanted: The mix as written; None where that is refused.
        best_of: Best-of-n.
    """

    mix: str
    color: int
    line: str
    band: str
    end: tuple[float, float] | None
    wanted: Mark | None
    best_of: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class ForecastPicture:
    """One behavior: `beyond` is from where on no mix's samples bear a forecast, `ns` the places of best-of-n."""

    behavior: str
    x: Scale
    y: Scale
    lines: tuple[Line, ...]
    beyond: float
    ns: tuple[Tick, ...]
    margin: float
    margin_at: float


def forecast_pictures(forecasts: Sequence[Forecast], margins: Mapping[str, float]) -> tuple[ForecastPicture, ...]:
    """Return a picture for each behavior that has a forecast; all share one KL axis."""
    borne = max((step.kl for one in forecasts for step in one.path), default=0.0)
    farthest = max([borne, *(best.most_kl for one in forecasts for best in one.best_of)], default=0.0)
    refused = any(one.refusal for one in forecasts)
    x = Scale(0.0, max(1.05 * farthest, 1.3 * borne if refused else 0.0) or 1.0, LEFT, RIGHT, root=True)
    ns = {best.n: best.most_kl for one in forecasts for best in one.best_of}
    places = tuple(Tick(x.at(kl), str(n)) for n, kl in sorted(ns.items()))
    names = forecasts[0].wanted.shifts if forecasts else {}
    return tuple(
        _behavior(name, forecasts, x, x.at(borne), places, margins.get(name, math.nan))
        for name in names
        if any(math.isfinite(step.shifts[name].value) for one in forecasts for step in (one.wanted, *one.path))
    )


def _behavior(
    name: str, forecasts: Sequence[Forecast], x: Scale, beyond: float, ns: tuple[Tick, ...], margin: float
) -> ForecastPicture:
    shown = [step.shifts[name] for one in forecasts for step in one.path]
    shown += [one.wanted.shifts[name] for one in forecasts if one.wanted.supported]
    shown += [best.shifts[name] for one in forecasts for best in one.best_of]
    low, high = span([end for made in shown for end in (made.low, made.high)] + [margin])
    y = Scale(low, high, BOTTOM, TOP)
    lines = []
    for color, one in enumerate(forecasts):
        path = [(x.at(step.kl), step.shifts[name]) for step in one.path]
        start = (x.at(0.0), y.at(0.0))
        points = [start, *((place, y.at(made.value)) for place, made in path)]
        upper = [start, *((place, y.at(made.high)) for place, made in path)]
        lower = [(place, y.at(made.low)) for place, made in reversed(path)]
        wanted = None
        if one.wanted.supported:
            made = one.wanted.shifts[name]
            told = f"{one.mix} as written: {ranged(made)} at KL {one.wanted.kl:.2f}"
            wanted = upright(x.at(one.wanted.kl), y, made, "wanted", told)
        aside = DODGE * (color - (len(forecasts) - 1) / 2)
        best = [(x.at(b.most_kl) + aside, b.n, b.shifts[name]) for b in one.best_of]
        marks = [upright(place, y, made, "best", f"{one.mix}, best of {n}: {ranged(made)}") for place, n, made in best]
        end = points[-1] if one.path else None
        lines.append(
            Line(one.mix, color % COLORS + 1, polyline(points), polyline(upper + lower), end, wanted, (*marks,))
        )
    return ForecastPicture(name, x, y, tuple(lines), beyond, ns, margin, y.at(margin) if margin == margin else margin)


# The frontier: what the new signal gains against what it takes of the nearest gate's margin.
def frontier_picture(points: Sequence[FrontierPoint]) -> Picture:
    """Return the mixes; those that use more than `MOST_USED` margins lie at the top, as arrows."""
    known = [one for one in points if math.isfinite(one.worst) and math.isfinite(one.gain.value)]
    best = [one for one in known if one.best]
    x = Scale(
        *span([one.gain.value for one in known] + [e for o in best for e in (o.gain.low, o.gain.high)]), LEFT, 326
    )
    used = [min(one.worst, MOST_USED) for one in known]
    y = Scale(*span([1.0, *used]), BOTTOM, TOP)
    marks = []
    for one in sorted(known, key=lambda one: (one.best, one.holds)):
        mix = " + ".join(f"{weight:g}·{name}" for name, weight in one.weights.items() if weight)
        kind = "off" if one.worst > MOST_USED else "holds" if one.holds else "breaks"
        ends = (one.gain.low, one.gain.high) if one.best else (one.gain.value, one.gain.value)
        height = y.at(min(one.worst, MOST_USED))
        used_up = f"{percent(one.worst)} of {one.behavior}'s margin"
        title = f"{mix}: gain {ranged(one.gain)}, {used_up}{', best' if one.best else ''}"
        kind += " best" if one.best else ""
        marks.append(Mark(x.at(one.gain.value), height, x.at(ends[0]), x.at(ends[1]), height, height, kind, title))
    return Picture(x, y, tuple(marks), y.at(1.0))


# Forecast against reached.
def judged(one: Reached) -> str:
    """Return how a forecast did: `noise`, `wrong` (its sign), `apart` (the intervals do not meet) or `fits`."""
    numbers = (one.forecast.value, one.forecast.low, one.forecast.high, one.reached.value)
    if not all(math.isfinite(value) for value in numbers):
        return "unknown"
    if not one.counts:
        return "noise"
    if not one.agrees:
        return "wrong"
    return "apart" if one.forecast.low > one.reached.high or one.forecast.high < one.reached.low else "fits"


def reached_picture(reached: Sequence[Reached]) -> Picture:
    """Return each forecast against what was reached, both over half the width of the reached interval.

    So behaviors in different units share one picture, and the axes are bent alike, which keeps the diagonal one.
    `line` is where what was reached is as large as its noise.
    """
    shown = []
    for place, one in enumerate(reached, 1):
        half = (one.reached.high - one.reached.low) / 2
        if judged(one) == "unknown" or not (math.isfinite(half) and half > 0):
            continue
        numbers = (one.forecast.value, one.forecast.low, one.forecast.high)
        ends = (one.reached.value, one.reached.low, one.reached.high)
        shown.append((place, one, [value / half for value in numbers], [value / half for value in ends]))
    most = 1.1 * max([2.0, *(abs(value) for _, _, left, right in shown for value in (*left, *right))])
    x = Scale(-most, most, LEFT, RIGHT, root=True)
    y = Scale(-most, most, BOTTOM + 66, TOP - 14, root=True)
    marks = []
    for place, one, (value, low, high), (came, least, top) in reversed(shown):
        kind = judged(one)
        told = f"{one.mix}, {one.behavior}: forecast {ranged(one.forecast)}, reached {ranged(one.reached)}"
        span = (x.at(low), x.at(high), y.at(least), y.at(top))
        marks.append(Mark(x.at(value), y.at(came), *span, kind, told, str(place) if kind in ("wrong", "apart") else ""))
    return Picture(x, y, _labelled(marks), y.at(1.0))


def _labelled(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Return the marks, each label at the corner of its mark that is farthest from other marks and labels."""
    taken = [(mark.x, mark.y) for mark in marks]
    made = []
    for place, mark in enumerate(marks):
        if mark.label:
            others = taken[:place] + taken[place + 1 :]
            corners = [(mark.x + right, mark.y + down) for down in (-10.0, 10.0) for right in (10.0, -10.0)]
            room = [min((math.dist(at, it) for it in others), default=0.0) for at in corners]
            best = corners[room.index(max(room))]
            taken.append(best)
            mark = replace(mark, label_x=round(best[0], 1), label_y=round(best[1] + 4.0, 1))
        made.append(mark)
    return tuple(made)
