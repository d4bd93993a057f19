"""What evidence could have shown: the minimum detectable effect (MDE).

The MDE at power q is the smallest margin that evidence like this would rule out with chance q if nothing had
changed: the margin below which a gate was blind. For a t interval it is the textbook (t₁₋α + t_q) standard errors.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from seatrial.stats.betting import upper_bounds
from seatrial.stats.intervals import fixed_size

__all__ = ["mde_betting", "mde_fixed", "mde_t", "required_clusters"]

RESAMPLES = 200


def mde_t(sd: float, clusters: int, alpha: float, power: float) -> float:
    """Return the MDE of a one-sided t test of a mean.

    Args:
        sd: Standard deviation of the cluster means.
        clusters: Number of clusters.
        alpha: One-sided error rate.
        power: Chance to see it.

    Raises:
        ValueError: fewer than two clusters.
    """
    if clusters < 2:
        raise ValueError("an MDE needs at least two clusters")
    df = clusters - 1
    return float(stats.t.ppf(1 - alpha, df) + stats.t.ppf(power, df)) * sd / math.sqrt(clusters)


def required_clusters(sd: float, effect: float, alpha: float, power: float) -> int:
    """Return the clusters that a one-sided t test needs to see `effect`, at least 2.

    Raises:
        ValueError: the effect is not positive.
    """
    if effect <= 0:
        raise ValueError("the effect must be above 0")
    guess = (stats.norm.ppf(1 - alpha) + stats.norm.ppf(power)) ** 2 * (sd / effect) ** 2
    clusters = max(2, int(guess))
    while mde_t(sd, clusters, alpha, power) > effect:
        clusters += 1
    return clusters


def mde_betting(
    x: ArrayLike,
    low: float,
    high: float,
    alpha: float,
    power: float,
    rng: np.random.Generator,
    n: int | None = None,
    *,
    anytime: bool = True,
) -> float:
    """Return the MDE of a betting bound after n numbers like those seen.

    The numbers are moved to mean 0 and drawn again with replacement; the MDE is the quantile at `power` of
    the upper bounds that result. A sample without spread gives the bound of that many zeros.

    Args:
        x: Cluster means seen, shape (C,).
        low: Smallest possible value, below 0.
        high: Largest possible value.
        alpha: One-sided error rate.
        power: Chance to see it.
        rng: Generator for the resampling.
        n: Clusters planned; as many as seen by default.
        anytime: As for `betting.upper_bounds`.

    Raises:
        ValueError: no numbers.
    """
    values = np.asarray(x, dtype=np.float64)
    if len(values) == 0:
        raise ValueError("an MDE needs at least one cluster")
    size = n or len(values)
    level = float(values.mean())
    # On a scale whose least value is its zero (a limit's), "no change" is the level that was seen.
    centered = values if low >= 0 or high <= 0 else np.clip(values - level, low, high)
    base = level if centered is values else 0.0
    drawn = rng.choice(centered, size=(RESAMPLES, size))
    return float(np.quantile(upper_bounds(drawn, low, high, alpha, anytime=anytime), power)) - base


def mde_fixed(x: ArrayLike, low: float, high: float, alpha: float, power: float, rng: np.random.Generator) -> float:
    """Return the MDE of the fixed-size method that these cluster means, shape (C,), would get.

    Raises:
        ValueError: fewer than two clusters.
    """
    values = np.asarray(x, dtype=np.float64)
    if fixed_size(values, low, high, alpha).method in ("clustered-t", "adjusted-t"):
        return mde_t(float(values.std(ddof=1)), len(values), alpha, power)
    return mde_betting(values, low, high, alpha, power, rng, anytime=False)
