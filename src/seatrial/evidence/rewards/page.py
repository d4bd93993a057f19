"""The pages of the reward mix: what signals pull on, what a mix would do, how the gates respond to doses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from seatrial.evidence.rewards.audit import Audit, Pull
from seatrial.evidence.rewards.forecast import Forecast
from seatrial.evidence.rewards.forecast_check import Reached
from seatrial.evidence.rewards.frontier import CriticalWeight, FrontierPoint
from seatrial.evidence.rewards.pictures import (
    COLORS,
    MOST_USED,
    forecast_pictures,
    frontier_picture,
    judged,
    reached_picture,
    shares_picture,
)
from seatrial.report.html import environment, package_file
from seatrial.report.wording import ranged
from seatrial.stats.intervals import Estimate

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_rewards"]

AGGREGATIONS = {
    "sum-then-normalize": "summed, then normalized, as GRPO does",
    "normalize-then-sum": "each normalized, then summed, as GDPO does",
}

DEEPEST = 0.4
"""How much of its color the strongest cell of a heat map takes."""

FAINT = 0.3
"""Part of that which a cell takes whose interval holds 0."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a forecast says, in sentences; `gates` are those whose margin it was held against, by what it says."""

    mix: str
    written: str
    refusal: str
    sentences: tuple[str, ...]
    gates: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A number of a heat map: which way, how strongly it is colored, and whether its interval excludes 0."""

    made: Estimate
    way: str
    depth: float
    sure: bool


def render_rewards(
    name: str,
    audit: Audit,
    forecasts: Sequence[Forecast] = (),
    critical: Sequence[CriticalWeight] = (),
    frontier: Sequence[FrontierPoint] = (),
    reached: Sequence[Reached] = (),
) -> str:
    """Return the page of a reward mix; it needs nothing else, and names from tables and plans are escaped.

    Args:
        name: What the table or the plan is called.
        audit: What the mixes train on.
        forecasts: What each mix would do, the wanted one last.
        critical: From which weights on gates would not hold; their margins are drawn into the forecasts.
        frontier: Mixes around the two.
        reached: Forecasts beside what training came to.
    """
    margins = {one.behavior: one.margin for one in critical}
    answers = [_answer(one, margins) for one in forecasts]
    ordered = sorted(reached, key=lambda one: ("wrong", "apart", "fits", "noise", "unknown").index(judged(one)))
    page: str = (
        _pages()
        .get_template("rewards.html")
        .render(
            name=name,
            audit=audit,
            headline=_headline(answers),
            answers=answers,
            pulls=sorted(audit.pulls, key=lambda pull: _direction(pull) != "rises"),
            direction=_direction,
            before=_mix(audit.before),
            after=_mix(audit.after),
            signals=list(audit.pulls[0].by_signal) if audit.pulls else [],
            heat=[
                (pull, _cells(list(pull.by_signal.values())), _cells([pull.before, pull.after])) for pull in audit.pulls
            ],
            shares=[shares_picture(how, mixes) for how, mixes in audit.shares.items()],
            forecasts=forecasts,
            margins=margins,
            pictures=forecast_pictures(forecasts, margins),
            mixes=[(one.mix, place % COLORS + 1) for place, one in enumerate(forecasts)],
            critical=critical,
            weights=audit.after,
            lead=_lead(audit),
            frontier=sorted(frontier, key=lambda one: (not one.holds, not one.best, -one.gain.value)),
            frontier_picture=frontier_picture(frontier) if frontier else None,
            most_used=MOST_USED,
            reached=[(place, one, judged(one)) for place, one in enumerate(ordered, 1)],
            reached_picture=reached_picture(ordered) if reached else None,
            counted=[one for one in reached if judged(one) in ("wrong", "apart", "fits")],
        )
    )
    return page


@cache
def _pages() -> Environment:
    pages = environment("seatrial.evidence.rewards", "pages")
    pages.globals |= {"style": package_file("style.css") + package_file("charts.css"), "aggregations": AGGREGATIONS}
    pages.filters["mixed"] = _mix
    return pages


def _mix(weights: Mapping[str, float]) -> str:
    return " + ".join(f"{weight:g}·{name}" for name, weight in weights.items() if weight) or "nothing"


def _direction(pull: Pull) -> str:
    """Return what the wanted mix does to a behavior: `rises`, `falls`, `open`, or `unknown` where nothing read it."""
    if not math.isfinite(pull.after.value):
        return "unknown"
    return "rises" if pull.after.above else "falls" if pull.after.below else "open"


def _cells(row: Sequence[Estimate]) -> list[_Cell]:
    """Return one behavior's cells, the farthest from 0 colored deepest; behaviors differ in their units."""
    most = max((abs(made.value) for made in row if math.isfinite(made.value)), default=0.0) or 1.0
    cells = []
    for made in row:
        sure = made.above or made.below
        depth = DEEPEST * abs(made.value) / most * (1.0 if sure else FAINT) if math.isfinite(made.value) else 0.0
        cells.append(_Cell(made, "up" if made.value > 0 else "down", round(depth, 3), sure))
    return cells


def _lead(audit: Audit) -> str:
    """Return the signal whose weight changes most: the one whose gain the frontier shows."""
    changed = {one: abs(weight - audit.before.get(one, 0.0)) for one, weight in audit.after.items()}
    return max(changed, key=lambda one: changed[one], default="")


# What a forecast says, in words.
def _answer(one: Forecast, margins: Mapping[str, float]) -> _Answer:
    written = f"{_mix(one.weights)} at beta {one.beta:g}"
    if one.refusal:
        return _Answer(one.mix, written, one.refusal, (), ())
    shifts = one.wanted.shifts
    ways = (
        ("Rises: ", [f"{name} {ranged(made)}" for name, made in shifts.items() if made.above]),
        ("Falls: ", [f"{name} {ranged(made)}" for name, made in shifts.items() if made.below]),
        ("Open: ", [name for name, made in shifts.items() if made.low <= 0 <= made.high]),
        ("Not known, fewer than two prompts have readings: ", [n for n, m in shifts.items() if math.isnan(m.value)]),
    )
    sentences = [start + ", ".join(names) + "." for start, names in ways if names]
    sentences.append(
        f"The model moves by {one.wanted.kl:.2f} nats (KL); "
        f"about {one.wanted.effective:.1f} completions a prompt bear this."
    )
    gates = tuple(_against(name, shifts[name], margin) for name, margin in margins.items() if name in shifts)
    return _Answer(one.mix, written, "", tuple(sentences), gates)


def _against(name: str, made: Estimate, margin: float) -> tuple[str, str]:
    """Return what a forecast says of a gate's margin: a verdict's word and a sentence."""
    told = f"{name} {ranged(made)}"
    if math.isnan(made.value):
        return "inconclusive", f"{name}: fewer than two prompts have readings, so its margin of {margin:g} is open."
    if made.low > margin:
        return "fail", f"{told} lies beyond its margin of {margin:g}."
    if made.high >= margin:
        return "inconclusive", f"{told} is not sure to stay within its margin of {margin:g}."
    return "pass", f"{told} stays within its margin of {margin:g}."


def _headline(answers: Sequence[_Answer]) -> tuple[str, str]:
    """Return the wanted mix in two words, and the report's color for them."""
    if not answers:
        return "audit", "The reward mix"
    wanted = answers[-1]
    words = [word for word, _ in wanted.gates]
    if wanted.refusal:
        return "hold", "No forecast"
    if "fail" in words:
        return "block", "Breaks a gate"
    if "inconclusive" in words:
        return "hold", "Not sure to hold"
    return ("launch", "Holds its gates") if words else ("audit", "The forecast")
