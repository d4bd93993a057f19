"""The page of a feedback log: what it says in ten seconds, then what speaks against it, then where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

from seatrial.evidence.feedback import wording
from seatrial.evidence.feedback.found import Feedback
from seatrial.evidence.feedback.signals import Signal
from seatrial.report.html import environment, package_file

__all__ = ["METHOD", "render_feedback"]

MOST = 40
"""Use cases on the page."""
METHOD = (
    "The interval of one look: Welch's t over the users' linearized ratios (delta method, arXiv:1803.06336). The one "
    "for all daily looks: an asymptotic confidence sequence (arXiv:2103.06476), from 100 voters of each arm on. The "
    "bounds that assume nothing of the silent: Manski's. Use cases: Benjamini and Hochberg's false discovery rate."
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A signal on the picture; places are in percent of its width."""

    name: str
    about: str
    levels: str
    change: str
    look: str
    left: float
    width: float
    dot: float


def render_feedback(found: Feedback) -> str:
    """Return the page; it needs nothing else, and all text from outside is escaped."""
    rows, ends = _rows(found)
    order = {one.name: place for place, one in enumerate(found.cases)}
    chosen = sorted(found.hearts, key=lambda one: order.get(one.use_case, 0))
    page: str = (
        environment("seatrial.evidence.feedback", "pages")
        .get_template("feedback.html")
        .render(
            style=package_file("style.css"),
            found=found,
            says=wording,
            rows=rows,
            ends=ends,
            path=_path(found),
            hearts=[(name, list(some)) for name, some in groupby(chosen, key=lambda one: one.use_case)],
            most=MOST,
            method=METHOD,
        )
    )
    return page


def _rows(found: Feedback) -> tuple[list[_Row], tuple[str, str]]:
    """Return the rows of the picture, and what stands at the ends of its axis."""
    named: list[tuple[str, str, Signal | None]] = [
        ("Approval", "thumbs up among votes", found.approval),
        ("Benefit", found.benefit_name if found.benefit_name != "benefit" else "as it was graded", found.benefit),
        ("Gap", "change in approval less change in benefit", found.gap),
    ]
    known = [(name, about, one) for name, about, one in named if one is not None]
    most = max((abs(end) for _, _, one in known for end in (one.change.low, one.change.high)), default=0.0) or 1.0
    edge = f"{100 * most:.0f} points"
    return [_row(*each, most, found.trusted) for each in known], (f"−{edge}", f"+{edge}")


def _row(name: str, about: str, one: Signal, most: float, trusted: bool) -> _Row:
    def place(value: float) -> float:
        return round(50 + 50 * max(-1.0, min(1.0, value / most)), 2)

    bad, span = ("up" if name == "Gap" else "down"), one.change
    look = "inconclusive" if one.word == "open" or not trusted else "fail" if one.word == bad else "pass"
    levels = f"{wording.share(one.baseline.value)} → {wording.share(one.candidate.value)}"
    if name == "Gap":
        levels = "approval − benefit"
    left = place(span.low)
    return _Row(
        name, about, levels, wording.points(span), look, left, max(place(span.high) - left, 0.5), place(span.estimate)
    )


def _path(found: Feedback) -> dict[str, object] | None:
    """Return the looks as points of a picture 100 wide and 40 high; None where fewer than two have bounds."""
    known = [one for one in found.looks if not math.isnan(one.low)]
    if len(known) < 2:
        return None
    top = max(max(abs(one.low), abs(one.high)) for one in known[1:])

    def x(place: int) -> float:
        return round(100 * place / (len(known) - 1), 1)

    def y(value: float) -> float:
        return round(20 - 20 * max(-1.0, min(1.0, value / top)), 1)

    upper = [f"{x(place)},{y(one.high)}" for place, one in enumerate(known)]
    lower = [f"{x(place)},{y(one.low)}" for place, one in reversed(list(enumerate(known)))]
    return {
        "band": " ".join(upper + lower),
        "line": " ".join(f"{x(place)},{y(one.estimate)}" for place, one in enumerate(known)),
        "zero": y(0.0),
        "first": known[0].day,
        "last": known[-1].day,
        "height": f"±{100 * top:.0f}",
    }
