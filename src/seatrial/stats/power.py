"""What evidence could have shown: the minimum detectable effect (MDE).

The MDE at power q is the smallest margin that evidence like this would rule out with chance q if nothing had
changed: the margin below which a gate was blind. For a t interval it is the textbook (t₁₋α + t_q) standard errors.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats.betting import quantile_of_upper_bounds
from seatrial.stats.distributions import norm_ppf, t_ppf
from seatrial.stats.instruments import attenuated, true_effect
from seatrial.stats.intervals import fixed_size, fixed_size_bounds, out_of_sight

__all__ = ["mde_betting", "mde_fixed", "mde_t", "required_clusters"]

RESAMPLES = 200


def mde_t(sd: float, clusters: int, alpha: float, power: float, tpr: float = 1.0, fpr: float = 0.0) -> float:
    """Return the MDE of a one-sided t test of a mean.

    Args:
        sd: Standard deviation of the cluster means, as the instrument reads them.
        clusters: Number of clusters.
        alpha: One-sided error rate.
        power: Chance to see it.
        tpr: True positive rate of the instrument.
        fpr: False positive rate; the MDE is a change of true harm, of which it shows TPR − FPR, and infinite where that
            is nothing.

    Raises:
        ValueError: fewer than two clusters.
    """
    if clusters < 2:
        raise ValueError("an MDE needs at least two clusters")
    df = clusters - 1
    shown = float(t_ppf(1 - alpha, df) + t_ppf(power, df)) * sd / math.sqrt(clusters)
    return true_effect(shown, tpr, fpr)


def required_clusters(sd: float, effect: float, alpha: float, power: float, tpr: float = 1.0, fpr: float = 0.0) -> int:
    """Return the clusters that a one-sided t test needs to see a true change of `effect`, at least 2.

    The arguments are those of `mde_t`.

    Raises:
        ValueError: the effect is not positive, or the instrument shows nothing of it.
    """
    effect = attenuated(effect, tpr, fpr)
    if effect <= 0:
        raise ValueError("the effect must be above 0, and the instrument must show some of it")
    guess = (norm_ppf(1 - alpha) + norm_ppf(power)) ** 2 * (sd / effect) ** 2
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
    aim: float | None = None,
) -> float:
    """Return the MDE of a betting bound after n numbers like those seen.

    The numbers are moved to mean 0 and drawn again with replacement; the MDE is the quantile at `power` of
    the upper bounds that result, from looks after every eight numbers. A sample without spread gives the bound of
    that many zeros.

    Args:
        x: Cluster means seen, shape (C,).
        low: Smallest possible value, below 0.
        high: Largest possible value.
        alpha: One-sided error rate.
        power: Chance to see it.
        rng: Generator for the resampling.
        n: Clusters planned; as many as seen by default.
        aim: What the bets were aimed at, as for `betting.log_wealth_against`: for a gate its margin, in readings.

    Raises:
        ValueError: no numbers.
    """
    values = np.asarray(x, dtype=np.float64)
    if len(values) == 0:
        raise ValueError("an MDE needs at least one cluster")
    size = n or len(values)
    centered, level = _unchanged(values, low, high)
    drawn = rng.choice(centered, size=(RESAMPLES, size))
    return quantile_of_upper_bounds(drawn, low, high, alpha, power, aim=aim) - level


def mde_fixed(x: ArrayLike, low: float, high: float, alpha: float, power: float, rng: np.random.Generator) -> float:
    """Return the MDE of the fixed-size method that these cluster means, shape (C,), would get.

    Where that is the plain t interval, and wider than what so few clusters cannot have shown, its MDE; otherwise as
    `mde_betting`, with the bounds of `fixed_size_bounds`.

    Raises:
        ValueError: fewer than two clusters.
    """
    values = np.asarray(x, dtype=np.float64)
    found = fixed_size(values, low, high, alpha)
    unseen = float(out_of_sight(len(values), alpha)) * (high - found.estimate)
    if found.method == "clustered-t" and unseen < found.high - found.estimate:
        return mde_t(float(values.std(ddof=1)), len(values), alpha, power)
    centered, level = _unchanged(values, low, high)
    drawn = rng.choice(centered, size=(RESAMPLES, len(values)))
    return float(np.quantile(fixed_size_bounds(drawn, low, high, alpha).high, power)) - level


def _unchanged(values: NDArray[np.float64], low: float, high: float) -> tuple[NDArray[np.float64], float]:
    """Return numbers like those seen had nothing changed, and what "nothing" is.

    On a scale whose least value is its zero (a limit's), "no change" is the level that was seen.
    """
    level = float(values.mean())
    if low >= 0 or high <= 0:
        return values, level
    return np.clip(values - level, low, high), 0.0
