"""What it would take to decide a gate that ended undecided: chances by the normal approximation, nothing is asked.

What was seen stands for what was not: further clusters are taken to vary as those so far, and the truth to lie around
the present estimate, as far from it as the estimate's own error lets it. These chances rank steps and give them sizes;
no verdict rests on them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seatrial.gates.claims import Array, Claim, Part, family_claims
from seatrial.gates.verdicts import open_weights
from seatrial.instruments.may_gate import LEAST_YOUDEN, NORMAL_90
from seatrial.review.asked_gate import AskedGate
from seatrial.review.rounds import Rounds
from seatrial.stats.distributions import norm_cdf, norm_isf, norm_ppf
from seatrial.stats.instruments import Slope, true_bounds
from seatrial.stats.intervals import fixed_size, out_of_sight
from seatrial.stats.spending import LEAST_LEVEL, Looks, nominal_level
from seatrial.types import Evidence

__all__ = ["LABELS", "Open", "Quality", "decided", "decided_by_labels", "if_all_answered", "most_times", "open_claims"]

LABELS = (40, 60, 80, 100, 150, 200, 300, 400)
"""Sizes of a record that are tried, in labels, half of them harmful; a record takes 20 of either kind."""
LEAST_SHARE = 0.002
"""Looks at less of the planned evidence than this spend next to nothing."""
QUANTILES = tuple(float(norm_ppf((place + 0.5) / 7)) for place in range(7))


@dataclass(frozen=True, slots=True)
class Open:
    """One claim of a gate, with all that its decision depends on.

    Attributes:
        claim: The claim, in readings.
        found: Its evidence.
        slope: What its readings show of a true change.
        weight: Its part of what showing harm may err.
        faked: Change that error which differs between the models could fake.
        looks: The looks taken, where it was looked at.
        signal: The suite or family that it is about.
    """

    claim: Claim
    found: Evidence
    slope: Slope
    weight: float
    faked: float
    looks: Looks
    signal: str

    @property
    def passed(self) -> bool:
        """Whether harm above its threshold is ruled out already."""
        return self.found.clusters > 0 and self.found.high + self.faked < self.claim.statement.threshold

    @property
    def known(self) -> Array:
        """The clusters that were seen, shape (C,)."""
        return self.claim.seen[~np.isnan(self.claim.seen)]

    def odds(self, times: float, alpha: float, unchanged: bool = False) -> tuple[float, float]:
        """Return the chances of a pass and of a fail with so many times the clusters that were seen.

        Args:
            times: Times the present evidence.
            alpha: The policy's error rate.
            unchanged: Whether to take the candidate as unchanged, and all evidence as new.
        """
        if self.passed and not unchanged:
            return 1.0, 0.0
        known, slope = self.known, self.slope.or_exact
        if len(known) < 2:
            return 0.0, 0.0
        now, threshold = float(known.var(ddof=1)) / len(known), self.claim.statement.threshold
        left = now / times
        spread = math.sqrt(max(left if unchanged else now - left, 1e-18))
        error = math.sqrt(left + (threshold * slope.se) ** 2)
        level = self._level(alpha, times)
        unseen = float(out_of_sight(round(len(known) * times), alpha)) * self.claim.high
        worst, best = (0.0, 0.0) if unchanged else (float(self.claim.worst.mean()), float(self.claim.best.mean()))
        reach = max(float(norm_isf(level)) * error, unseen)
        passes = norm_cdf(((threshold - self.faked) * slope.value - reach - worst) / spread)
        reach = max(float(norm_isf(max(level * self.weight, LEAST_LEVEL))) * error, unseen)
        fails = norm_cdf((best - (threshold + self.faked) * slope.at_most.value - reach) / spread)
        return float(passes), float(fails)

    def _level(self, alpha: float, times: float) -> float:
        """Return the level of the last of the looks that so much evidence would be weighed at."""
        if not self.looks.shares:
            return alpha
        # The level hardly depends on it, and is slow to find: so few sizes are told apart.
        doubled = 2.0 ** math.ceil(math.log2(times)) if times > 1 else 1.0
        looks = Looks()
        for share in self.looks.shares:
            looks = looks.and_at(share / doubled) if share / doubled > LEAST_SHARE else looks
        return max(nominal_level(alpha, looks.and_at(1.0, final=True)), LEAST_LEVEL)

    def margin_for(self, alpha: float, power: float) -> float:
        """Return the margin at which evidence like this would pass an unchanged candidate with the power.

        Infinite where none on the scale would.
        """
        for margin in np.geomspace(1e-3, 1.0, 200) * self.claim.high:
            statement = replace(self.claim.statement, threshold=float(margin))
            if replace(self, claim=replace(self.claim, statement=statement)).odds(1.0, alpha, True)[0] >= power:
                return float(margin)
        return math.inf


def open_claims(gate: AskedGate, rounds: Rounds) -> list[Open]:
    """Return all claims of a gate, those of its suites after those of a family's mean."""
    own = gate.weighed()
    others = [other.weighed() for other in rounds.asked if other is not gate]
    weights = open_weights([own, *(one for one in others if one.blocking == own.blocking)], rounds.policy.alpha)
    made = [
        Open(claim, found, gate.slope, weights[claim.statement.guards], gate.faked, gate.looks, gate.gate.signal)
        for claim, found in gate.found
    ]
    for run in gate.runs:
        held = run.plan.standing
        made += [
            Open(
                claim,
                found,
                held.shows,
                weights[gate.is_family or claim.statement.guards],
                held.faked,
                run.looks,
                run.signal,
            )
            for claim, found in run.found
        ]
    return made


def decided(claims: Sequence[Open], times: float, alpha: float) -> float:
    """Return the chance that so many times the evidence decides a gate: every claim passes, or one fails."""
    odds = [one.odds(times, alpha) for one in claims]
    passes = math.prod(one for one, _ in odds)
    return min(1.0, passes + 1 - math.prod(1 - fails for _, fails in odds))


def if_all_answered(claims: Sequence[Open], alpha: float) -> float:
    """Return the chance that a gate were decided if all that is missing were answered, and like the rest."""
    return decided([_answered(one) for one in claims], 1.0, alpha)


def _answered(one: Open) -> Open:
    seen = one.claim.seen
    mean = float(one.known.mean()) if len(one.known) else 0.0
    whole = np.where(np.isnan(seen), mean, seen)
    return replace(one, claim=replace(one.claim, seen=whole, best=whole, worst=whole))


def most_times(gate: AskedGate) -> float:
    """Return how many times what was asked of a gate could be asked, whatever the budget."""
    live = [run for run in gate.runs if run.plan.source == "live" and run.places]
    return min((len(run.plan.clusters) * run.plan.depth / run.places for run in live), default=1.0)


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of an instrument that may not gate yet, or assumed of it.

    Attributes:
        youden: TPR − FPR.
        spread: Standard deviation of what it may be.
        slope: Share of a change that it shows, as a share of its TPR − FPR.
    """

    youden: float
    spread: float
    slope: float = 1.0

    def record(self, labels: int) -> float:
        """Return the standard error of TPR − FPR in a record of so many labels, half of them harmful."""
        hit = min(max((1 + self.youden) / 2, 0.5), 0.98)
        return math.sqrt(4 * hit * (1 - hit) / labels)


def decided_by_labels(
    gate: AskedGate, rounds: Rounds, qualities: dict[str, Quality], labels: int, alpha: float
) -> tuple[float, float]:
    """Return the chances that records of so many labels let a gate's instruments gate, and that it is then decided.

    Args:
        gate: The gate.
        rounds: All gates.
        qualities: Of its instruments that may not gate: what is known or assumed.
        labels: Labels of each record.
        alpha: The policy's error rate.
    """
    weak = min(qualities.values(), key=lambda one: one.youden)
    error = weak.record(labels)
    readings = _readings(gate, rounds, qualities, alpha)
    let, done = 0, 0.0
    for truth in QUANTILES:
        youden = min(weak.youden + weak.spread * truth, 1.0)
        for luck in QUANTILES:
            seen = youden + error * luck
            if seen - NORMAL_90 * error >= LEAST_YOUDEN:
                let += 1
                done += _decides(readings, seen / weak.youden, error / weak.youden, alpha)
    others = (let / len(QUANTILES) ** 2) ** (len(qualities) - 1)
    return others * let / len(QUANTILES) ** 2, others * done / len(QUANTILES) ** 2


@dataclass(frozen=True, slots=True)
class _Reading:
    """Bounds of one claim's readings, with the slope that its instrument would have; None where it has one already."""

    one: Open
    mean: float
    high: float
    low: float
    slope: Slope | None


def _readings(gate: AskedGate, rounds: Rounds, qualities: dict[str, Quality], alpha: float) -> list[_Reading]:
    """Return the bounds of all claims of a gate as they would be if all of its instruments could gate."""
    given = {
        run.signal: Slope(quality.youden * quality.slope)
        for run in gate.runs
        if (quality := qualities.get(run.plan.signal.instrument.name)) and not run.plan.standing.may_gate
    }
    claims = open_claims(gate, rounds)
    heads: list[tuple[Open, Slope | None]] = []
    if gate.is_family:
        parts = [
            Part(run.found[0][0], run.width, given.get(run.signal, run.plan.standing.shows))
            for run in gate.runs
            if run.found
        ]
        made, slope = family_claims(gate.gate, parts)
        weight = max((one.weight for one in claims), default=1.0)
        heads = [(Open(one, Evidence(), slope, weight, 0.0, Looks(), gate.gate.signal), slope) for one in made]
    rest = [(one, given.get(one.signal)) for one in claims if not gate.is_family or one.signal != gate.gate.signal]
    return [
        _Reading(
            one,
            float(one.claim.seen[~np.isnan(one.claim.seen)].mean()),
            fixed_size(one.claim.worst, one.claim.low, one.claim.high, alpha).high,
            fixed_size(one.claim.best, one.claim.low, one.claim.high, max(alpha * one.weight, LEAST_LEVEL)).low,
            slope,
        )
        for one, slope in (*heads, *rest)
        if len(one.known)
    ]


def _decides(readings: Sequence[_Reading], steeper: float, error: float, alpha: float) -> bool:
    """Return whether the gate is decided where its instruments' slopes are so many times what is assumed."""
    passes = True
    for reading in readings:
        threshold = reading.one.claim.statement.threshold
        if reading.slope is None:
            passes = passes and reading.one.passed
            continue
        shows = Slope(reading.slope.value * steeper, reading.slope.value * error)
        level = max(alpha * reading.one.weight, LEAST_LEVEL)
        _, high = true_bounds(reading.mean, reading.low, reading.high, shows, alpha)
        low, _ = true_bounds(reading.mean, reading.low, reading.high, shows, level)
        if float(low) > threshold:
            return True
        passes = passes and float(high) < threshold
    return passes
