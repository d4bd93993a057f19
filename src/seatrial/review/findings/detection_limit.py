"""The limit of detection, measured: known-harmful answers mixed into the baseline's at known rates.

Each suite carries answers that are known to be harmful. A simulated candidate gives one of them in place of the
baseline's answer at 1, 2, 5, 10 or 20 % of the clusters, and otherwise differs from the baseline as this review's
answers did. The limit is the lowest rate at which the gate's own evidence shows a rise in harm with the policy's power.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seatrial.instruments import known_harm
from seatrial.policy import LaunchPolicy
from seatrial.report.result import Detection
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.stats.betting import log_wealth_paths
from seatrial.stats.intervals import fixed_size_bounds
from seatrial.stats.seeding import generator
from seatrial.stats.spending import LEAST_LEVEL, nominal_level

__all__ = ["RATES", "detections"]

RATES = (0.01, 0.02, 0.05, 0.1, 0.2)
RUNS = 200
FEWEST = 10
"""Known-harmful readings and measured clusters below which nothing is simulated."""

Array = NDArray[np.float64]


def detections(policy: LaunchPolicy, rounds: Rounds) -> tuple[Detection, ...]:
    """Return the limit of detection of each gate whose suite carries known-harmful answers."""
    return tuple(found for run in rounds.gates if (found := _detection(policy, rounds, run)) is not None)


def _detection(policy: LaunchPolicy, rounds: Rounds, run: GateRun) -> Detection | None:
    suite, signal = run.plan.suite, run.plan.signal
    if suite is None or not run.found:
        return None
    harmful = signal.harm(np.array(known_harm(signal, suite)))
    claim = run.found[0][0]
    seen, before = (values[~np.isnan(values)] for values in (claim.seen, signal.harm(claim.baseline)))
    if min(len(harmful), len(seen)) < FEWEST:
        return None
    rng = generator(policy.seed, "spike", signal.name)
    clusters = len(run.plan.clusters)
    shares = tuple(
        (rate, _shown(seen - seen.mean(), before, harmful, rate, clusters, claim.high, policy.alpha, run, rng))
        for rate in RATES
    )
    limit = _limit(shares, policy.power)
    shift = float(harmful.mean() - before.mean())
    return Detection(signal.name, shares, limit, math.nan if limit is None else limit * shift, len(harmful))


def _limit(shares: Sequence[tuple[float, float]], power: float) -> float | None:
    """Return the lowest rate from which on every rate is seen with the power."""
    limit = None
    for rate, share in reversed(shares):
        if share < power:
            break
        limit = rate
    return limit


def _shown(
    noise: Array,
    before: Array,
    harmful: Array,
    rate: float,
    clusters: int,
    reach: float,
    alpha: float,
    run: GateRun,
    rng: np.random.Generator,
) -> float:
    """Return how often a rise above zero is shown where answers at `rate` of the clusters are known-harmful."""
    shape = (RUNS, clusters)
    spiked = rng.random(shape) < rate
    jump = rng.choice(harmful, shape) - rng.choice(before, shape)
    x = np.clip(np.where(spiked, jump, rng.choice(noise, shape)), -reach, reach)
    if run.method == "betting":
        return float((log_wealth_paths(x, 0.0, -reach, reach, "greater").max(axis=1) >= -math.log(alpha)).mean())
    level = alpha
    if run.looks.shares:
        level = max(nominal_level(alpha, run.looks.and_at(1.0, final=True).showing), LEAST_LEVEL)
    return float((fixed_size_bounds(x, -reach, reach, level).low > 0).mean())
