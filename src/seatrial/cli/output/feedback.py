"""What `seatrial feedback` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seatrial.cli.output.tables import table, wrapped
from seatrial.evidence.feedback.found import Cell, Feedback
from seatrial.evidence.feedback.signals import Signal
from seatrial.evidence.feedback.wording import (
    change_points,
    daily,
    fading,
    headline,
    points,
    reason,
    share,
    silent,
    widening,
)
from seatrial.stats.intervals import Interval

__all__ = ["feedback_json", "feedback_summary"]

CASES = 12
"""Use cases on the terminal; the page has more."""


def feedback_summary(found: Feedback) -> str:
    """Return what a log says, for the terminal."""
    lines = [headline(found).upper(), wrapped(reason(found))]
    signals = (("approval", found.approval), ("benefit", found.benefit), ("gap", found.gap))
    rows = [
        (name, share(one.baseline.value), share(one.candidate.value), points(one.change))
        for name, one in signals
        if one is not None
    ]
    checks = ["", *(wrapped(f"{one.standing}: {one.sentence}", "  ") for one in found.checks)]
    lines += [] if found.trusted else checks
    if rows:
        head = ("", found.baseline, found.candidate, f"change, points [{100 - 100 * found.alpha:g} %, by user]")
        lines += ["", table(head, rows)]
    lines += checks if found.trusted else []
    if found.approval is not None:
        lines += ["", wrapped(f"Silent: {silent(found)}", "  "), wrapped(f"Daily: {daily(found)}", "  ")]
        lines += [wrapped(f"Novelty: {fading(found)}", "  ")]
    if found.cases:
        cells = [
            (one.name, *(change_points(part) for part in (one.approval, one.benefit, one.gap)), widening(one))
            for one in found.cases[:CASES]
        ]
        lines += ["", table(("use case", "approval", "benefit", "gap", "found"), cells)]
        if len(found.cases) > CASES:
            lines.append(f"… and {len(found.cases) - CASES} more.")
    parts = [(one.name, f"{one.votes:,}", change_points(one.approval)) for one in _parts(found)]
    if parts:
        lines += ["", table(("votes cast", "number", "change in approval"), parts)]
    if found.hearts:
        ids = ", ".join(one.id or f"row {one.row}" for one in _first_hearts(found))
        lines += ["", wrapped(f"Liked, and of little benefit: {ids}", "  ")]
    return "\n".join([*lines, "", *(wrapped(one, "  ") for one in found.told)]).rstrip("\n")


def _parts(found: Feedback) -> Sequence[Cell]:
    return (*found.ages, *found.hours)


def _first_hearts(found: Feedback) -> Sequence[Any]:
    first = found.cases[0].hearts if found.cases else ()
    return first or found.hearts[:5]


def feedback_json(found: Feedback) -> dict[str, Any]:
    """Return what a log says, for programs; shares and changes from −1 to 1."""
    silence = found.silence
    return {
        "log": found.name,
        "headline": headline(found),
        "trusted": found.trusted,
        "baseline": found.baseline,
        "candidate": found.candidate,
        "rows": found.rows,
        "users": list(found.users),
        "votes": list(found.votes),
        "graded": list(found.labels),
        "alpha": found.alpha,
        "checks": [{"name": one.name, "standing": one.standing, "sentence": one.sentence} for one in found.checks],
        "approval": _signal(found.approval),
        "benefit": _signal(found.benefit),
        "gap": _signal(found.gap),
        "daily": [
            {"day": one.day, "voters": one.voters, "estimate": one.estimate, "low": one.low, "high": one.high}
            for one in found.looks
        ],
        "silent": None
        if silence is None
        else {
            "baseline_voted": silence.baseline,
            "candidate_voted": silence.candidate,
            "assuming_nothing": _interval(silence.anything),
            "turns_at": silence.needed,
            "no_change_at": silence.reversed,
        },
        "by_day": [_cell(one) for one in found.ages],
        "later_less_first_day": _interval(found.fade),
        "by_time_of_day": [_cell(one) for one in found.hours],
        "use_cases": [
            {
                "name": one.name,
                "votes": one.votes,
                "approval": _signal(one.approval),
                "benefit": _signal(one.benefit),
                "gap": _signal(one.gap),
                "approval_outruns_benefit": one.widens,
                "approval_up_benefit_down": one.opposed,
            }
            for one in found.cases
        ],
        "liked_of_little_benefit": [
            {"use_case": one.use_case, "conversation": one.id, "row": one.row, "benefit": one.benefit}
            for one in found.hearts
        ],
        "told": list(found.told),
    }


def _interval(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else {"estimate": found.estimate, "low": found.low, "high": found.high}


def _signal(one: Signal | None) -> dict[str, Any] | None:
    if one is None:
        return None
    levels = {"baseline": one.baseline.value, "candidate": one.candidate.value}
    return {**levels, "change": _interval(one.change), "p_not_rising": one.rises, "verdict": one.word}


def _cell(one: Cell) -> dict[str, Any]:
    return {"name": one.name, "votes": one.votes, "approval": _signal(one.approval)}
