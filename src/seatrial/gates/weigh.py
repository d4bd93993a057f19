"""From observations to evidence: paired differences by cluster, and what they can and cannot show.

A gate is one or more *claims*: over all items, in each use case, about the candidate's own level. A claim
holds one number a cluster, oriented so that + is harm. An item that only one model answered is not
dropped, for who fails to answer is seldom chance: the claim carries every cluster twice, with each
missing answer as harmless and as harmful as the scale allows. Harm is ruled out on the second series and
shown on the first.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seatrial.gates.claims import Array, Claim
from seatrial.stats import betting, intervals, power
from seatrial.stats.instruments import true_effect
from seatrial.types import BAD, Evidence

__all__ = ["Method", "decision_chance", "evidence", "in_true_harm", "with_mde"]

Method = Literal["betting", "fixed"]


def evidence(claim: Claim, method: Method, alpha: float) -> Evidence:
    """Return what the claim's clusters show, without its MDE.

    Args:
        claim: The claim.
        method: `betting` where clusters came in one after another and were looked at; `fixed` where all
            were there before the first look.
        alpha: Error rate of each one-sided bound.
    """
    known = claim.seen[~np.isnan(claim.seen)]
    summary = Evidence(
        estimate=float(known.mean()) if len(known) else BAD,
        clusters=len(known),
        items=claim.items,
        missing=claim.missing,
        baseline=_mean(claim.baseline),
        candidate=_mean(claim.candidate),
        missing_low=_mean(claim.best),
        missing_high=_mean(claim.worst),
    )
    if len(known) == 0:
        return summary
    return (_by_betting if method == "betting" else _by_fixed_size)(summary, claim, alpha)


def _mean(values: Array) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else BAD


def _by_betting(summary: Evidence, claim: Claim, alpha: float) -> Evidence:
    shown = betting.log_wealth_against(claim.best, claim.statement.threshold, claim.low, claim.high, "greater")
    low, _ = betting.confidence_bound_at_end(claim.best, claim.low, claim.high, alpha)
    _, high = betting.confidence_bound_at_end(claim.worst, claim.low, claim.high, alpha)
    return replace(
        summary,
        low=low,
        high=high,
        e_value=math.exp(min(float(shown[-1]), 700.0)),
        p_value=min(1.0, math.exp(-float(shown.max()))),
        method="betting",
    )


def _by_fixed_size(summary: Evidence, claim: Claim, alpha: float) -> Evidence:
    lower, upper = (intervals.fixed_size(values, claim.low, claim.high, alpha) for values in (claim.best, claim.worst))
    p_values = intervals.fixed_size_p_values(claim.best[None, :], claim.statement.threshold, claim.low, claim.high)
    unpaired = _unpaired(claim, alpha)
    return replace(
        summary,
        low=lower.low,
        high=upper.high,
        p_value=float(p_values[0]),
        method=upper.method,
        unpaired_low=unpaired[0],
        unpaired_high=unpaired[1],
    )


def _unpaired(claim: Claim, alpha: float) -> tuple[float, float]:
    """Return the bounds that a test without pairing would give, + for harm as everywhere."""
    before = claim.baseline[~np.isnan(claim.baseline)]
    after = claim.candidate[~np.isnan(claim.candidate)]
    if claim.statement.kind == "limit" or min(len(before), len(after)) < 2:
        return BAD, BAD
    interval = intervals.unpaired(claim.sign * after, claim.sign * before, alpha)
    return interval.low, interval.high


def with_mde(
    found: Evidence,
    claim: Claim,
    method: Method,
    alpha: float,
    goal: float,
    planned: int,
    rng: np.random.Generator,
    slope: float = 1.0,
) -> Evidence:
    """Return the evidence with the smallest true change that `planned` such clusters could have shown.

    It is infinite where no change that the scale allows is large enough.

    Args:
        found: The evidence.
        claim: Its claim.
        method: As for `evidence`.
        alpha: Error rate of each one-sided bound.
        goal: The policy's power.
        planned: Clusters that the gate would ask if nothing stopped it.
        rng: Generator for the resampling.
        slope: Share of a true change that the instrument shows (TPR − FPR); NaN where it is not known, and the MDE is
            that of the readings.
    """
    known = claim.seen[~np.isnan(claim.seen)]
    if len(known) < 2:
        return replace(found, mde=BAD, slope=slope)
    if method == "betting":
        mde = power.mde_betting(known, claim.low, claim.high, alpha, goal, rng, n=max(planned, len(known)))
    else:
        mde = power.mde_fixed(known, claim.low, claim.high, alpha, goal, rng)
    return replace(found, mde=in_true_harm(mde, 1.0 if math.isnan(slope) else slope, claim.high), slope=slope)


def in_true_harm(mde: float, slope: float, most: float) -> float:
    """Return an MDE of readings as one of true harm; infinite where the scale, up to `most`, allows no such change.

    Args:
        mde: Smallest change of the readings that could be seen.
        slope: Share of a true change that the instrument shows; the result is NaN where it is.
        most: Largest change that the scale allows.
    """
    needed = math.nan if math.isnan(slope) else true_effect(mde, slope, 0.0)
    return math.inf if needed > most else needed


RESAMPLES = 200


def decision_chance(claim: Claim, remaining: int, alpha: float, family: int, rng: np.random.Generator) -> float:
    """Return the chance that `remaining` more clusters like those seen would decide a live claim.

    Args:
        claim: The claim; its series are continued by resampling what was seen.
        remaining: Clusters that could still be asked.
        alpha: The policy's error rate.
        family: Gates that a failure is corrected over.
        rng: Generator for the resampling.
    """
    known = claim.seen[~np.isnan(claim.seen)]
    drawn = rng.choice(known, (RESAMPLES, remaining))

    def reaches(series: Array, side: Literal["greater", "less"], wall: float) -> NDArray[np.bool_]:
        whole = np.hstack([np.broadcast_to(series, (RESAMPLES, len(series))), drawn])
        paths = betting.log_wealth_paths(whole, claim.statement.threshold, claim.low, claim.high, side)
        reached: NDArray[np.bool_] = paths.max(axis=1) >= wall
        return reached

    passes = reaches(claim.worst, "less", -math.log(alpha))
    fails = reaches(claim.best, "greater", math.log(family / alpha))
    return float((passes | fails).mean())
