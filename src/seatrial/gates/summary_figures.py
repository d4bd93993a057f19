"""A gate on summary figures: the means of two models that nobody can compare item by item. Weaker evidence, so marked.

What pairs the two models' answers is lost, how the figures were made is not known here, and they are taken as they were
given. So they may block, and let a launch through beside other evidence, and never launch alone.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from seatrial.errors import PolicyError
from seatrial.gates.claims import Array, Claim, Statement
from seatrial.instruments import Signal
from seatrial.policy import Figures, Gate, SummarySpec
from seatrial.stats import summaries
from seatrial.types import Evidence

__all__ = ["METHOD", "check_summary", "like_figures", "summary_claims"]

METHOD = "summary"
"""Method of evidence that is no more than summary figures."""
STEPS = 200
"""Numbers that stand for all in a simulation."""


def check_summary(gate: Gate) -> None:
    """Refuse a gate that summary figures cannot hold.

    Raises:
        PolicyError: it is to hold in every use case, or joins people's labels.
    """
    if gate.per is not None or gate.labels is not None:
        raise PolicyError(
            f"gate {gate.signal}: summary figures say nothing of use cases or of single answers; leave out `per` and "
            "`labels`, or bring scores item by item"
        )


def summary_claims(
    gate: Gate, signal: Signal, summary: SummarySpec, alpha: float, power: float = math.nan
) -> list[tuple[Claim, Evidence]]:
    """Return what a gate claims, the change first, with what the figures show of it.

    Args:
        gate: The gate.
        signal: Its signal.
        summary: Both models' figures.
        alpha: Error rate of each one-sided bound.
        power: The policy's power, for the smallest change that could be seen; without it that is not told.
    """
    low, high = signal.harm_bounds
    before, after = (_harm(signal, one) for one in (summary.baseline, summary.candidate))
    span, p_value = summaries.change(before, after, low, high, alpha, gate.margin)
    mde = summaries.smallest_seen(span, power)
    claimed = Statement("margin", gate.margin)
    shown = _evidence(summary, span.estimate, span.low, span.high, p_value, math.inf if mde > high - low else mde)
    made = [(_claim(claimed, low - high, high - low, signal), _within(shown, low - high, high - low))]
    if gate.limit is not None:
        limit = Statement("limit", signal.harm(gate.limit))
        own, p_value = summaries.level(after, low, high, alpha, limit.threshold)
        shown = _evidence(summary, own.estimate, own.low, own.high, p_value)
        made.append((_claim(limit, low, high, signal), _within(shown, low, high)))
    return made


def like_figures(signal: Signal, summary: SummarySpec) -> tuple[Array, Array]:
    """Return differences with mean 0 and levels of the candidate whose means would have such standard errors.

    They are those of as many clusters as the model with fewer items has: few changes are large and the rest none, and
    some of the levels stand near the harmful end of the scale.
    """
    low, high = signal.harm_bounds
    before, after = (_harm(signal, one) for one in (summary.baseline, summary.candidate))
    variance = summary.items * (before.se**2 + after.se**2)
    moved = math.ceil(STEPS / 2 * min(1.0, variance / (high - low) ** 2))
    changes = np.zeros(STEPS)
    if moved:
        size = min(high - low, math.sqrt(variance * STEPS / (2 * moved)))
        changes[:moved], changes[STEPS - moved :] = size, -size
    own = summary.items * after.se**2
    levels = np.full(STEPS, after.value)
    if own:
        share = max(1, round(STEPS * own / (own + (high - after.value) ** 2))) / STEPS
        levels[:] = after.value - math.sqrt(own * share / (1 - share))
        levels[: round(share * STEPS)] = after.value + math.sqrt(own * (1 - share) / share)
    return changes, np.clip(levels, low, high)


def _harm(signal: Signal, one: Figures) -> summaries.Mean:
    return summaries.Mean(signal.harm(one.mean), one.se, one.n)


def _claim(statement: Statement, low: float, high: float, signal: Signal) -> Claim:
    """Return a claim without clusters: of these only the means are known."""
    none = np.empty(0)
    return Claim(statement, low, high, none, none, none, 0, 0, none, none, signal.harm(1.0))


def _evidence(
    summary: SummarySpec, estimate: float, low: float, high: float, p_value: float, mde: float = math.nan
) -> Evidence:
    return Evidence(
        estimate=estimate,
        low=low,
        high=high,
        clusters=summary.items,
        items=summary.items,
        mde=mde,
        slope=1.0,
        reading=estimate,
        p_value=p_value,
        method=METHOD,
        baseline=summary.baseline.mean,
        candidate=summary.candidate.mean,
        missing_low=estimate,
        missing_high=estimate,
        unpaired_low=low,
        unpaired_high=high,
    )


def _within(found: Evidence, low: float, high: float) -> Evidence:
    return replace(found, low=max(found.low, low), high=min(found.high, high))
