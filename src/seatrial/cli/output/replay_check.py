"""What `seatrial replay check` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seatrial.cli.output.tables import table, wrapped
from seatrial.evidence.replay.check import Check, Checked, Standing
from seatrial.evidence.replay.check_wording import (
    agreed,
    direction_words,
    shift_words,
    standing_words,
    suites_words,
    validity_words,
)
from seatrial.evidence.replay.wording import rate_words, times

__all__ = ["check_json", "check_summary"]


def check_summary(made: Check, standing: Standing, page: Path) -> str:
    """Return how a forecast came out, for the terminal."""
    rows = [
        (
            "yes" if one.covered else "NO",
            rate_words(one.told.today),
            rate_words(one.told.candidate),
            rate_words(one.truth),
            times(one.error),
            times(one.naive),
            suites_words(one),
            direction_words(one),
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
    return "\n".join(
        [
            agreed(made).upper(),
            wrapped(validity_words(made)),
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
            "",
            f"Page: {page}",
        ]
    )


def check_json(made: Check, standing: Standing) -> dict[str, Any]:
    """Return how a forecast came out, for programs."""
    return {
        "forecast": {"entry": made.forecast.entry, "at": made.forecast.at, "candidate": made.forecast.candidate},
        "conversations": made.conversations,
        "earlier": made.early,
        "unanswered": made.unanswered,
        "valid": not made.shift.moved and all(one.covered for one in made.found),
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
