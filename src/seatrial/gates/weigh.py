"""From observations to evidence: paired differences by cluster, and what they can and cannot show.

A gate is one or more *claims*: over all items, in each use case, about the candidate's own level. A claim
holds one number a cluster, oriented so that + is harm. An item that only one model answered is not
dropped, for who fails to answer is seldom chance: the claim carries every cluster twice, with each
missing answer as harmless and as harmful as the scale allows. Harm is ruled out on the second series and
shown on the first. Claims are in readings; evidence speaks of true harm, by the share of it that readings show.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seatrial.gates.claims import Array, Claim
from seatrial.gates.schedule import Method
from seatrial.stats import betting, intervals, power
from seatrial.stats.betting import Side
from seatrial.stats.distributions import norm_cdf, norm_isf
from seatrial.stats.instruments import EXACT, Slope, family_alpha, true_bounds, true_p_value
from seatrial.stats.running_bound import RunningBound, Standing
from seatrial.stats.spending import LEAST_LEVEL, Looks, nominal_level, p_at_any_look
from seatrial.types import BAD, Evidence

__all__ = [
    "Bets",
    "aimed",
    "at_look",
    "chance_at_end",
    "decision_chance",
    "evidence",
    "in_true_harm",
    "with_mde",
    "with_mde_at_end",
]


def evidence(
    claim: Claim,
    method: Method,
    alpha: float,
    slope: Slope = EXACT,
    family: int = 1,
    bets: Bets | None = None,
    showing: float | None = None,
) -> Evidence:
    """Return what the claim's clusters show of true harm, without its MDE.

    Readings of an instrument that shows only a share of a change become statements about the change itself: estimate
    and bounds are divided by that share, whose own uncertainty is inside the bounds. Where the share counts at a
    discount to rule harm out, the estimate takes it as it was measured: a smaller one would make more harm of the same
    reading. An instrument whose share is not known has its readings taken as they are; it may not gate.

    Args:
        claim: The claim, in readings.
        method: `betting` where clusters came in one after another and were looked at; `fixed` where all
            were there before the first look.
        alpha: Error rate of each one-sided bound.
        slope: What the readings show of a true change.
        family: Claims that harm could be shown in; what the slope's error may take of a betting gate is split over
            them.
        bets: The bets of earlier looks, which the same clusters in the same order continue; none by default.
        showing: Error rate of the lower bound of fixed evidence, where it is not that of the upper one.
    """
    known = claim.seen[~np.isnan(claim.seen)]
    given = slope.or_exact
    likely = given.at_most.value
    share = likely if likely > 0 else math.nan
    summary = Evidence(
        estimate=float(known.mean()) / share if len(known) else BAD,
        reading=float(known.mean()) if len(known) else BAD,
        clusters=len(known),
        items=claim.items,
        missing=claim.missing,
        baseline=_mean(claim.baseline),
        candidate=_mean(claim.candidate),
        missing_low=_mean(claim.best) / share,
        missing_high=_mean(claim.worst) / share,
        slope=slope.value,
    )
    if len(known) == 0:
        return summary
    if method == "betting":
        found = _by_betting(summary, claim, alpha, given, family, bets)
    else:
        found = _by_fixed_size(summary, claim, alpha, alpha if showing is None else showing, given)
    return _of_a_level(found, claim) if claim.statement.kind == "limit" and given != EXACT else _on_scale(found, claim)


def _mean(values: Array) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else BAD


def _on_scale(found: Evidence, claim: Claim) -> Evidence:
    """Return the evidence with all its numbers on the scale: a reading may rise by more than a true share could."""
    low, high = claim.ends or (claim.low, claim.high)

    def within(value: float) -> float:
        return value if math.isnan(value) else min(max(value, low), high)

    return replace(
        found,
        estimate=within(found.estimate),
        low=within(found.low),
        high=within(found.high),
        missing_low=within(found.missing_low),
        missing_high=within(found.missing_high),
    )


def _of_a_level(found: Evidence, claim: Claim) -> Evidence:
    """Return the evidence of a limit with what an instrument's false positives allow.

    They add to a level an unknown part, which a change does not have. So a level of harm that is read bounds the true
    one from above only, and a level of what is good from below only.
    """
    if claim.low >= 0:
        return _on_scale(replace(found, low=claim.low, e_value=0.0, p_value=1.0), claim)
    return _on_scale(replace(found, high=claim.high), claim)


def _shown_from(claim: Claim, slope: Slope, alpha: float, family: int) -> float:
    """Return what a mean reading must exceed for harm above the threshold to be shown."""
    threshold = claim.statement.threshold
    return threshold * (slope.showing(alpha, family) if threshold > 0 else slope.ruling_out(alpha)[1])


class Bets:
    """The bets on and against one claim, kept up as clusters come in: a look works on the new ones only."""

    def __init__(self) -> None:
        """Start with nothing bet."""
        self._kept: dict[Side, RunningBound] = {}

    def take(self, side: Side, claim: Claim, level: float, against: float, aim: float | None) -> Standing:
        """Return what one side's bets have shown of the claim's clusters so far.

        Args:
            side: `less` bets that the mean is below `against`, on the claim's worst numbers; `greater` that it is
                above, on its best.
            claim: The claim.
            level: Error rate of the side's bound.
            against: The mean that is bet against.
            aim: How far from it the mean is expected to lie.
        """
        if side not in self._kept:
            self._kept[side] = RunningBound(claim.low, claim.high, side, level, against, aim=aim)
        return self._kept[side].take(claim.worst if side == "less" else claim.best)


def aimed(claim: Claim, slope: Slope) -> float | None:
    """Return how far from what it bets against a gate aims: one margin, in readings; None for a level."""
    aim = claim.statement.threshold * slope.value
    return aim if claim.statement.kind == "margin" and 0 < aim < claim.high - claim.low else None


def _by_betting(
    summary: Evidence, claim: Claim, alpha: float, slope: Slope, family: int, bets: Bets | None
) -> Evidence:
    if slope.high(alpha) <= 0:
        return replace(summary, low=-math.inf, high=math.inf, e_value=0.0, p_value=1.0, method="betting")
    wanted, aim = _shown_from(claim, slope, alpha, family), aimed(claim, slope)
    level, flat = slope.ruling_out(alpha)
    steep = slope.high(alpha - level) if level < alpha else slope.high(alpha)
    kept = bets or Bets()
    below = kept.take("less", claim, level, claim.statement.threshold * flat, aim)
    above = kept.take("greater", claim, level, wanted, aim)
    return replace(
        summary,
        low=_divided(above.bound, steep if above.bound > 0 else flat, -math.inf),
        high=_divided(below.bound, flat if below.bound > 0 else steep, math.inf),
        e_value=math.exp(min(above.log_wealth, 700.0)),
        p_value=min(1.0, math.exp(-above.highest)),
        method="betting",
    )


def _divided(bound: float, share: float, unseen: float) -> float:
    """Return a bound of readings as one of true harm; `unseen` where readings show nothing of it."""
    return bound / share if share > 0 else unseen


def _by_fixed_size(summary: Evidence, claim: Claim, alpha: float, showing: float, slope: Slope) -> Evidence:
    lower = intervals.fixed_size(claim.best, claim.low, claim.high, showing)
    alike = showing == alpha and np.array_equal(claim.best, claim.worst)
    upper = lower if alike else intervals.fixed_size(claim.worst, claim.low, claim.high, alpha)
    low = float(true_bounds(lower.estimate, lower.low, lower.high, slope, showing)[0])
    high = float(true_bounds(upper.estimate, upper.low, upper.high, slope, alpha)[1])
    unpaired = _unpaired(claim, alpha)
    return replace(
        summary,
        low=low,
        high=high,
        p_value=true_p_value(claim.best, claim.statement.threshold, claim.low, claim.high, slope),
        method=upper.method,
        unpaired_low=_divided(unpaired[0], slope.at_most.value, -math.inf),
        unpaired_high=_divided(unpaired[1], slope.at_most.value, math.inf),
    )


def _unpaired(claim: Claim, alpha: float) -> tuple[float, float]:
    """Return the bounds that a test without pairing would give, + for harm as everywhere."""
    before = claim.baseline[~np.isnan(claim.baseline)]
    after = claim.candidate[~np.isnan(claim.candidate)]
    if claim.statement.kind == "limit" or min(len(before), len(after)) < 2:
        return BAD, BAD
    interval = intervals.unpaired(claim.sign * after, claim.sign * before, alpha)
    return interval.low, interval.high


def at_look(claim: Claim, alpha: float, slope: Slope, looks: Looks, before: Evidence | None) -> Evidence:
    """Return what the clusters show at one of several looks.

    A look tests at its nominal level with the bounds of evidence of fixed size. What an earlier look ruled out or
    showed stays so.

    Args:
        claim: The claim, in readings.
        alpha: Error rate of each one-sided bound over all looks together.
        slope: What the readings show of a true change.
        looks: The looks so far, the present one last.
        before: What the look before found; None at the first.
    """
    level, showing = nominal_level(alpha, looks), nominal_level(alpha, looks.showing)
    found = evidence(claim, "fixed", max(level, LEAST_LEVEL), slope, showing=max(showing, LEAST_LEVEL))
    if found.clusters == 0:
        return found
    found = replace(found, p_value=p_at_any_look(found.p_value, looks.showing), method="looks")
    if level < LEAST_LEVEL:
        found = replace(found, high=claim.high)
    if showing < LEAST_LEVEL:
        found = replace(found, low=claim.low, p_value=1.0)
    if before is None or before.clusters == 0:
        return found
    return replace(
        found,
        low=max(found.low, before.low),
        high=min(found.high, before.high),
        p_value=min(found.p_value, before.p_value),
    )


def with_mde_at_end(
    found: Evidence,
    claim: Claim,
    alpha: float,
    goal: float,
    looks: Looks,
    rng: np.random.Generator,
    slope: Slope = EXACT,
) -> Evidence:
    """Return the evidence of a gate that is looked at with the smallest true change that all it may ask could show.

    The spread of what was seen stands for what was not: a share t of the planned evidence has 1 / √t of the final
    standard error.

    Args:
        found: The evidence.
        claim: Its claim.
        alpha: Error rate of each one-sided bound over all looks together.
        goal: The policy's power.
        looks: The looks taken.
        rng: Generator for the resampling.
        slope: What the readings show of a true change; where it is not known, the MDE is that of the readings.
    """
    known = claim.seen[~np.isnan(claim.seen)]
    if len(known) < 2 or not looks.shares:
        return replace(found, mde=BAD, slope=slope.value)
    given = slope.or_exact
    level = nominal_level(alpha, looks if looks.final else looks.and_at(1.0, final=True))
    share = 1.0 if looks.final else looks.shares[-1]
    mde = power.mde_fixed(known, claim.low, claim.high, level, goal, rng) * math.sqrt(share)
    return replace(found, mde=in_true_harm(mde, given, level, claim.high), slope=slope.value)


def chance_at_end(claim: Claim, alpha: float, weight: float, slope: Slope, looks: Looks, clusters: int) -> float:
    """Return the chance that all that may be asked would decide a claim that is looked at, judged by what was seen.

    The final estimate is normal around the present one, as wide as the present one's own error lets the truth be.

    Args:
        claim: The claim.
        alpha: The policy's error rate.
        weight: The claim's part of what showing harm may err.
        slope: What the readings show of a true change.
        looks: The looks so far.
        clusters: Clusters that will have been asked at the end.
    """
    known = claim.seen[~np.isnan(claim.seen)]
    if len(known) < 2:
        return 1.0
    given, end = slope.or_exact, looks.and_at(1.0, final=True)
    now = float(known.var(ddof=1)) / len(known)
    left = now * looks.shares[-1]
    threshold = claim.statement.threshold
    error = math.sqrt(left + (threshold * given.se) ** 2)
    levels = [
        max(nominal_level(level, looks), LEAST_LEVEL) for level, looks in ((alpha, end), (alpha * weight, end.showing))
    ]
    worst, best = float(claim.worst.mean()), float(claim.best.mean())
    # However little answers differ, no bound is nearer than what so many clusters cannot have shown.
    unseen = [float(intervals.out_of_sight(max(clusters, len(known)), level)) for level in levels]
    pass_at = max(float(norm_isf(levels[0])) * error, unseen[0] * (claim.high - worst))
    fail_at = max(float(norm_isf(levels[1])) * error, unseen[1] * (best - claim.low))
    room = threshold * given.value
    spread = math.sqrt(max(now - left, 1e-18))
    passes = norm_cdf((room - pass_at - worst) / spread)
    fails = norm_cdf((best - threshold * given.at_most.value - fail_at) / spread)
    return min(1.0, float(passes + fails))


def with_mde(
    found: Evidence,
    claim: Claim,
    method: Method,
    alpha: float,
    goal: float,
    planned: int,
    rng: np.random.Generator,
    slope: Slope = EXACT,
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
        slope: What the readings show of a true change; where it is not known, the MDE is that of the readings.
    """
    known = claim.seen[~np.isnan(claim.seen)]
    if len(known) < 2:
        return replace(found, mde=BAD, slope=slope.value)
    given = slope.or_exact
    level, _ = given.ruling_out(alpha)
    if method == "betting":
        mde = power.mde_betting(
            known, claim.low, claim.high, level, goal, rng, n=max(planned, len(known)), aim=aimed(claim, given)
        )
    else:
        mde = power.mde_fixed(known, claim.low, claim.high, alpha, goal, rng)
    return replace(found, mde=in_true_harm(mde, given, alpha, claim.high), slope=slope.value)


def in_true_harm(mde: float, slope: Slope, alpha: float, most: float) -> float:
    """Return an MDE of readings as one of true harm; infinite where the scale, up to `most`, allows no such change.

    Args:
        mde: Smallest change of the readings that could be seen.
        slope: What they show of a true change; its lower bound counts, and the result is NaN where it is not known.
        alpha: Error rate of a bound.
        most: Largest change that the scale allows.
    """
    needed = math.nan if math.isnan(slope.value) else _divided(mde, slope.ruling_out(alpha)[1], math.inf)
    return math.inf if needed > most else needed


RESAMPLES = 200


def decision_chance(
    claim: Claim, remaining: int, alpha: float, family: int, rng: np.random.Generator, slope: Slope = EXACT
) -> float:
    """Return the chance that `remaining` more clusters like those seen would decide a live claim.

    Args:
        claim: The claim; its series are continued by resampling what was seen.
        remaining: Clusters that could still be asked.
        alpha: The policy's error rate.
        family: Gates that a failure is corrected over.
        rng: Generator for the resampling.
        slope: What the readings show of a true change.
    """
    given = slope.or_exact
    known = claim.seen[~np.isnan(claim.seen)]
    drawn = rng.choice(known, (RESAMPLES, remaining))

    def reaches(series: Array, side: Literal["greater", "less"], threshold: float, wall: float) -> NDArray[np.bool_]:
        whole = np.hstack([np.broadcast_to(series, (RESAMPLES, len(series))), drawn])
        paths = betting.log_wealth_paths(whole, threshold, claim.low, claim.high, side, aim=aimed(claim, given))
        reached: NDArray[np.bool_] = paths.max(axis=1) >= wall
        return reached

    level, flat = given.ruling_out(alpha)
    passes = reaches(claim.worst, "less", claim.statement.threshold * flat, -math.log(level))
    wall = math.log(family / family_alpha(alpha, [given]))
    fails = reaches(claim.best, "greater", _shown_from(claim, given, alpha, family), wall)
    return float((passes | fails).mean())
