"""Prediction-powered inference: a cheap judge on many items, people on few, and a valid interval from both.

Source: Angelopoulos, Duchi and Zrnic 2023, "PPI++: Efficient prediction-powered inference", arXiv:2311.01453. The
labelled items must be a random sample of all.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats.betting import confidence_bound_at_end
from seatrial.stats.distributions import t_ppf
from seatrial.stats.intervals import Interval

__all__ = ["adjusted_mean", "ppi_mean", "ppi_mean_sequential"]


def ppi_mean(labels: ArrayLike, judged: ArrayLike, unlabelled: ArrayLike, alpha: float) -> Interval:
    """Return the mean of what people would say, with power-tuned use of the judge.

    Args:
        labels: People's numbers of n items, shape (n,).
        judged: The judge's numbers of the same items, shape (n,).
        unlabelled: The judge's numbers of N other items, shape (N,).
        alpha: Error rate of each bound.

    Raises:
        ValueError: fewer than two labels, no unlabelled numbers, or shapes that differ.
    """
    y, f, g = (np.asarray(part, dtype=np.float64) for part in (labels, judged, unlabelled))
    if len(y) < 2 or len(y) != len(f) or len(g) < 2:
        raise ValueError("needs two labels or more, the judge on each of them, and two unlabelled items or more")
    n, many = len(y), len(g)
    spread = float(np.concatenate([f, g]).var(ddof=1))
    weight = float(np.cov(y, f)[0, 1]) / ((1 + n / many) * spread) if spread > 0 else 0.0
    weight = min(max(weight, 0.0), 1.0)
    estimate = float(weight * g.mean() + (y - weight * f).mean())
    variance = weight**2 * float(g.var(ddof=1)) / many + float((y - weight * f).var(ddof=1)) / n
    reach = float(t_ppf(1 - alpha, n - 1)) * math.sqrt(variance)
    return Interval(estimate, estimate - reach, estimate + reach, math.sqrt(variance), n - 1, "ppi++")


def adjusted_mean(x: ArrayLike, known: ArrayLike, pool: ArrayLike, alpha: float, folds: int = 5) -> Interval:
    """Return the mean of n cluster differences, adjusted by what was known of the same and of other clusters before.

    Each difference is adjusted by a slope on `known` fitted on the other folds only, so that no cluster chooses
    its own correction; what the pool's mean does not tell for sure is inside the interval. With a pool as small as the
    sample nothing is gained, for then the known numbers of those asked are all that is known.

    Source: regression adjustment with cross-fitting (Chernozhukov et al. 2018, The Econometrics Journal 21(1)); the
    interval as in PPI++.

    Args:
        x: Differences of the clusters asked, shape (n,).
        known: What earlier reviews knew of each of them (a difficulty, an earlier difference), shape (n,).
        pool: The same for other clusters of the same population that were not asked, shape (N,).
        alpha: Error rate of each bound.
        folds: Parts that the slopes are fitted over.

    Raises:
        ValueError: fewer than two clusters a fold, an empty pool, or shapes that differ.
    """
    y, z, others = (np.asarray(part, dtype=np.float64) for part in (x, known, pool))
    if len(y) != len(z) or len(y) < 2 * folds or len(others) < 2:
        raise ValueError("needs two clusters a fold, what was known of each, and a pool of two or more")
    part = np.arange(len(y)) % folds
    n, many = len(y), len(others)
    slopes = np.array([_slope(y[part != fold], z[part != fold]) for fold in range(folds)]) / (1 + n / many)
    rest = y - slopes[part] * z
    slope = float(slopes[part].mean())
    estimate = float(rest.mean()) + slope * float(others.mean())
    variance = float(rest.var(ddof=1)) / n + slope**2 * float(others.var(ddof=1)) / many
    reach = float(t_ppf(1 - alpha, n - 1)) * math.sqrt(variance)
    return Interval(estimate, estimate - reach, estimate + reach, math.sqrt(variance), n - 1, "adjusted")


def _slope(y: NDArray[np.float64], z: NDArray[np.float64]) -> float:
    spread = float(z.var(ddof=1))
    return float(np.cov(y, z)[0, 1]) / spread if spread > 0 else 0.0


def ppi_mean_sequential(
    labels: ArrayLike, judged: ArrayLike, population_mean: float, low: float, high: float, alpha: float, weight: float
) -> Interval:
    """Return bounds of the same mean that hold after every label, where the judge has read all items.

    With the judge's mean over the whole population known, each label gives one bounded number,
    y − w·f + w·mean(f), whose mean is the wanted one; a betting sequence bounds it. The weight is fixed beforehand.

    Args:
        labels: People's numbers in their order of arrival, shape (n,), within [low, high].
        judged: The judge's numbers of the same items.
        population_mean: The judge's mean over all items.
        low: Smallest possible number of either.
        high: Largest possible number of either.
        alpha: Error rate of each bound.
        weight: Share of the judge, 0 to 1.

    Raises:
        ValueError: the weight is outside [0, 1], shapes differ or numbers are outside the bounds.
    """
    y, f = np.asarray(labels, dtype=np.float64), np.asarray(judged, dtype=np.float64)
    if not 0.0 <= weight <= 1.0 or len(y) != len(f):
        raise ValueError("the weight lies in [0, 1], and every label needs the judge's number")
    x = y + weight * (population_mean - f)
    reach = weight * (high - low)
    lower, upper = confidence_bound_at_end(x, low - reach, high + reach, alpha)
    estimate = float(x.mean()) if len(x) else math.nan
    return Interval(estimate, max(lower, low), min(upper, high), method="ppi-betting")
