"""What `seatrial replay check` prints."""

from __future__ import annotations

import math
from typing import Any

from seatrial.cli.output.tables import table, wrapped
from seatrial.evidence.replay.check import Check, Checked, Standing
from seatrial.evidence.replay.wording import rate_words, times

__all__ = ["check_json", "check_summary"]


def check_summary(made: Check, standing: Standing) -> str:
    """Return how a forecast came out, for the terminal."""
    rows = [
        (
            "yes" if one.covered else "NO",
            rate_words(one.told.today),
            rate_words(one.told.candidate),
            rate_words(one.truth),
            times(one.error),
            times(one.naive),
            "–" if math.isnan(one.by_suite) else f"{one.by_suite:.2g} ×",
            {None: "–", True: "right", False: "wrong"}[one.direction],
            one.told.title,
        )
        for one in made.found
    ]
    head = (
        "agrees",
        "before",
        "forecast",
        "truth",
        "truth/forecast",
        "truth/before",
        "truth/suites",
        "direction",
        "behavior",
    )
    agree = sum(one.covered for one in made.found)
    return "\n".join(
        [
            f"{agree} OF {len(made.found)} FORECASTS AGREE WITH WHAT CAME",
            wrapped(
                f"Registered {made.forecast.at} for {made.forecast.candidate}; {made.conversations:,} conversations "
                f"since, {made.early:,} left out as earlier, {made.unanswered:,} for they have no answer."
            ),
            wrapped(shift_words(made)),
            "",
            table(head, rows),
            *(wrapped(f"{signal} was not compared: {why}.") for signal, why in made.left_out.items()),
            "",
            "ALL FORECASTS SO FAR",
            wrapped(standing_words(standing)),
        ]
    )


def shift_words(made: Check) -> str:
    """Return whether the traffic is what it was."""
    name, distance = made.shift.differs[0]
    if made.shift.moved:
        return (
            f"The traffic is not what the forecast was made from (p = {made.shift.p_value:.2g}; {name} differs most, "
            f"by {abs(distance):.2g} standard deviations). A rate in other traffic was not foretold: errors below may "
            "be the traffic's and not the forecast's."
        )
    return f"The traffic is not known to differ from that of the forecast (p = {made.shift.p_value:.2g})."


def standing_words(held: Standing) -> str:
    """Return how all forecasts came out, in a sentence or two."""
    right, moved = held.direction
    rivals = [f"who foretold no change would have been off by {_factor(held.naive)}"]
    if not math.isnan(held.suites[0]):
        rivals.append(f"who took the rates in suites for it by {_factor(held.suites)}")
    return (
        f"Launches: {held.launches}, rates: {held.behaviors}. Off by a factor of "
        f"{_factor(held.factor)} in the median; {', '.join(rivals)}. "
        f"{100 * held.covered.estimate:.0f} % [{100 * held.covered.low:.0f}, {100 * held.covered.high:.0f}] agree "
        f"within their intervals, and {right} of {moved} moved the way that was foretold."
    )


def _factor(value: tuple[float, float, float]) -> str:
    words = ["not known" if math.isnan(one) else "∞" if math.isinf(one) else f"{one:.2f}" for one in value]
    return f"{words[0]} [{words[1]}, {words[2]}]"


def check_json(made: Check, standing: Standing) -> dict[str, Any]:
    """Return how a forecast came out, for programs."""
    return {
        "forecast": {"entry": made.forecast.entry, "at": made.forecast.at, "candidate": made.forecast.candidate},
        "conversations": made.conversations,
        "earlier": made.early,
        "unanswered": made.unanswered,
        "traffic_moved": made.shift.moved,
        "traffic_p_value": made.shift.p_value,
        "traffic_differs": [{"what": name, "standard_deviations": value} for name, value in made.shift.differs],
        "behaviors": [_one(one) for one in made.found],
        "left_out": dict(made.left_out),
        "so_far": {
            "launches": standing.launches,
            "rates": standing.behaviors,
            "factor": _three(standing.factor),
            "factor_of_no_change": _three(standing.naive),
            "factor_of_suites": _three(standing.suites),
            "agree": _three((standing.covered.estimate, standing.covered.low, standing.covered.high)),
            "direction": {"right": standing.direction[0], "of": standing.direction[1]},
        },
    }


def _one(one: Checked) -> dict[str, Any]:
    return {
        "signal": one.told.signal,
        "before": one.told.today.value,
        "forecast": _three((one.told.candidate.value, one.told.candidate.low, one.told.candidate.high)),
        "truth": _three((one.truth.value, one.truth.low, one.truth.high)),
        "truth_over_forecast": _three(one.error),
        "truth_over_before": _three(one.naive),
        "truth_over_suites": one.by_suite,
        "agrees": one.covered,
        "direction": one.direction,
        "graded": one.graded,
    }


def _three(value: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("estimate", "low", "high"), value, strict=True))
