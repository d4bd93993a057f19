"""From observations to evidence: paired differences by cluster, and what they can and cannot show.

A gate is one or more *claims*: over all items, in each use case, about the candidate's own level. A claim
holds one number a cluster, oriented so that + is harm. An item that only one model answered is not
dropped, for who fails to answer is seldom chance: the claim carries every cluster twice, with each
missing answer as harmless and as harmful as the scale allows. Harm is ruled out on the second series and
shown on the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.observations import PairedTable
from seatrial.policy import Gate
from seatrial.signals import Signal
from seatrial.stats import betting, intervals, power
from seatrial.stats.instruments import true_effect
from seatrial.types import BAD, Evidence

__all__ = ["Claim", "Method", "claims", "decision_chance", "evidence", "in_true_harm", "use_case_claims", "with_mde"]

Array = NDArray[np.float64]
Method = Literal["betting", "fixed"]
USE_CASE = "use case: "


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement to test: "the mean of these clusters is at most `threshold`".

    Attributes:
        label: `all items`, `use case: health`, `limit`, `limit, use case: health`.
        threshold: The harm that must be ruled out.
        low: Smallest possible value of a cluster.
        high: Largest possible value of a cluster.
        seen: Mean over the answered items of each cluster, in order, shape (C,); NaN where none was.
        best: As `seen`, missing answers as harmless as they could be.
        worst: As `seen`, missing answers as harmful as they could be.
        items: Items observed on both models (or, for a limit, on the candidate).
        missing: Items that were not.
        baseline: Baseline item means in the signal's own units, for the unpaired comparison.
        candidate: Candidate item means in the signal's own units.
        sign: 1 where a high value is harm, −1 where a low one is.
    """

    label: str
    threshold: float
    low: float
    high: float
    seen: Array
    best: Array
    worst: Array
    items: int
    missing: int
    baseline: Array
    candidate: Array
    sign: float = 1.0


def claims(gate: Gate, signal: Signal, table: PairedTable, order: Sequence[str] | None) -> list[Claim]:
    """Return the claims of a gate, the one over all items first.

    Args:
        gate: The gate.
        signal: Its signal.
        table: One row an item; NaN where a model has no usable answer.
        order: Names of the clusters in the order in which they were drawn; None where all were there at once.
    """
    position = _positions(table.clusters, order)
    everything = np.ones(len(position), dtype=bool)
    selections: list[tuple[str, NDArray[np.bool_]]] = [("", everything)]
    if gate.per == "use_case":
        selections += [
            (f"{USE_CASE}{name}", (table.use_cases == name).to_numpy())
            for name in table.use_cases.unique().cast(pl.String).sort()
        ]
    made = []
    for label, rows in selections:
        made.append(_margin_claim(label or "all items", gate.margin, signal, table, position, rows))
        if gate.limit is not None:
            name = f"limit, {label}" if label else "limit"
            made.append(_limit_claim(name, gate.limit, signal, table, position, rows))
    return made


def _positions(clusters: pl.Series, order: Sequence[str] | None) -> NDArray[np.int64]:
    """Return the place of each item's cluster in the order; any numbering where there is none."""
    if order is None:
        return clusters.cast(pl.Categorical()).to_physical().cast(pl.Int64).to_numpy()
    rank = {name: position for position, name in enumerate(order)}
    return np.fromiter(map(rank.__getitem__, clusters.cast(pl.String)), np.int64, len(clusters))


def use_case_claims(
    gate: Gate, signal: Signal, table: PairedTable, order: Sequence[str] | None
) -> list[tuple[str, Claim]]:
    """Return the gate's margin claimed in each use case by itself: use case → claim."""
    found = claims(gate.model_copy(update={"per": "use_case", "limit": None}), signal, table, order)
    return [(claim.label.removeprefix(USE_CASE), claim) for claim in found if claim.label.startswith(USE_CASE)]


def _oriented(signal: Signal) -> tuple[float, float, float]:
    """Return the sign that makes + harm, and the least and greatest harm on that scale."""
    low, high = signal.bounds
    return (1.0, low, high) if signal.harmful == "high" else (-1.0, -high, -low)


def _margin_claim(
    label: str,
    margin: float,
    signal: Signal,
    table: PairedTable,
    position: NDArray[np.int64],
    rows: NDArray[np.bool_],
) -> Claim:
    sign, least, most = _oriented(signal)
    before, after = sign * table.baseline[rows], sign * table.candidate[rows]
    seen = after - before
    worst = np.where(np.isnan(after), most, after) - np.where(np.isnan(before), least, before)
    best = np.where(np.isnan(after), least, after) - np.where(np.isnan(before), most, before)
    return _claim(label, margin, least - most, most - least, (seen, best, worst), sign, table, position, rows)


def _limit_claim(
    label: str,
    limit: float,
    signal: Signal,
    table: PairedTable,
    position: NDArray[np.int64],
    rows: NDArray[np.bool_],
) -> Claim:
    sign, least, most = _oriented(signal)
    seen = sign * table.candidate[rows]
    gone = np.isnan(seen)
    series = (seen, np.where(gone, least, seen), np.where(gone, most, seen))
    return _claim(label, sign * limit, least, most, series, sign, table, position, rows)


def _claim(
    label: str,
    threshold: float,
    low: float,
    high: float,
    series: tuple[Array, Array, Array],
    sign: float,
    table: PairedTable,
    position: NDArray[np.int64],
    rows: NDArray[np.bool_],
) -> Claim:
    seen, best, worst = series
    answered = ~np.isnan(seen)
    place, cluster = np.unique(position[rows], return_inverse=True)
    counts = np.bincount(cluster, minlength=len(place))
    sums = [np.bincount(cluster, weights=values, minlength=len(place)) for values in (best, worst)]
    seen_counts = np.bincount(cluster, weights=answered.astype(float), minlength=len(place))
    seen_sums = np.bincount(cluster, weights=np.where(answered, seen, 0.0), minlength=len(place))
    with np.errstate(invalid="ignore", divide="ignore"):
        seen_means = np.where(seen_counts > 0, seen_sums / seen_counts, BAD)
    return Claim(
        label,
        threshold,
        low,
        high,
        seen_means,
        sums[0] / counts,
        sums[1] / counts,
        int(answered.sum()),
        int((~answered).sum()),
        table.baseline[rows],
        table.candidate[rows],
        sign,
    )


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
    shown = betting.log_wealth_against(claim.best, claim.threshold, claim.low, claim.high, "greater")
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
    unpaired = _unpaired(claim, alpha)
    return replace(
        summary,
        low=lower.low,
        high=upper.high,
        p_value=float(intervals.fixed_size_p_values(claim.best[None, :], claim.threshold, claim.low, claim.high)[0]),
        method=upper.method,
        unpaired_low=unpaired[0],
        unpaired_high=unpaired[1],
    )


def _unpaired(claim: Claim, alpha: float) -> tuple[float, float]:
    """Return the bounds that a test without pairing would give, + for harm as everywhere."""
    before = claim.baseline[~np.isnan(claim.baseline)]
    after = claim.candidate[~np.isnan(claim.candidate)]
    if claim.label.startswith("limit") or min(len(before), len(after)) < 2:
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
        paths = betting.log_wealth_paths(whole, claim.threshold, claim.low, claim.high, side)
        reached: NDArray[np.bool_] = paths.max(axis=1) >= wall
        return reached

    passes = reaches(claim.worst, "less", -math.log(alpha))
    fails = reaches(claim.best, "greater", math.log(family / alpha))
    return float((passes | fails).mean())
