"""Confidence intervals for evidence of fixed size: everything was there before the first look.

Every interval has two one-sided bounds, each missing the truth with chance at most `alpha`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from seatrial.stats.betting import confidence_bound_at_end

__all__ = ["Interval", "clopper_pearson", "clustered_t", "fixed_size", "skew_adjusted_t", "unpaired", "wilson"]

FEWEST_FOR_T = 40
"""Below about this many clusters a t interval can miss too often (Bowyer et al. 2025, arXiv:2503.01747)."""
COCHRAN = 25.0
"""A mean is near enough to normal where n exceeds 25 times its squared skewness (Cochran 1977, p. 42)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with one-sided bounds.

    Attributes:
        estimate: The mean or proportion.
        low: Lower bound.
        high: Upper bound.
        se: Standard error, NaN where the method has none.
        df: Degrees of freedom, NaN where the method has none.
        method: How it was made.
    """

    estimate: float
    low: float
    high: float
    se: float = math.nan
    df: float = math.nan
    method: str = ""


def clustered_t(x: ArrayLike, alpha: float) -> Interval:
    """Return the t interval of the mean of independent cluster means, shape (C,), with C − 1 degrees of freedom.

    Source: Miller 2024, arXiv:2411.00640, applied to cluster means.

    Raises:
        ValueError: fewer than two clusters.
    """
    values = np.asarray(x, dtype=np.float64)
    if len(values) < 2:
        raise ValueError("a t interval needs at least two clusters")
    mean, se, df = float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))), len(values) - 1
    reach = float(stats.t.ppf(1 - alpha, df)) * se
    return Interval(mean, mean - reach, mean + reach, se, df, "clustered-t")


def skew_adjusted_t(x: ArrayLike, alpha: float) -> Interval:
    """Return the t interval of the mean of cluster means, shape (C,), with each bound corrected for skewness.

    A one-sided t bound misses too often on the side of the long tail; Hall's monotone cubic transformation takes the
    first-order part of that error out. Without skewness it is the t interval.

    Source: Hall 1992, JRSS B 54(1), "On the removal of skewness by transformation".

    Raises:
        ValueError: fewer than three clusters.
    """
    values = np.asarray(x, dtype=np.float64)
    if len(values) < 3:
        raise ValueError("a skewness needs three clusters or more, not two")
    plain, count = clustered_t(values, alpha), len(values)
    skewness = float(stats.skew(values, bias=False)) if plain.se > 0 else 0.0
    spread = plain.se * math.sqrt(count)
    reach = float(stats.t.ppf(1 - alpha, count - 1)) / math.sqrt(count)

    def untransformed(value: float) -> float:
        if abs(skewness) < 1e-6:
            return value
        return 3 / skewness * (float(np.cbrt(1 + skewness * (value - skewness / (6 * count)))) - 1)

    low, high = plain.estimate - spread * untransformed(reach), plain.estimate - spread * untransformed(-reach)
    return Interval(plain.estimate, low, high, plain.se, plain.df, "adjusted-t")


def fixed_size(x: ArrayLike, low: float, high: float, alpha: float) -> Interval:
    """Return the sharpest valid interval for the mean of bounded, independent cluster means.

    A t interval where its assumptions are in reach (at least 40 clusters and a skewness that Cochran's rule allows),
    corrected for skewness unless the plain one's error is within a tenth of alpha anyway; otherwise the betting
    interval, which assumes nothing but the bounds. Numbers without any spread always get the latter: no variance in a
    sample is not certainty.

    Args:
        x: Cluster means, shape (C,).
        low: Smallest possible value.
        high: Largest possible value.
        alpha: Error rate of each bound.

    Raises:
        ValueError: a value is outside the bounds.
    """
    values = np.asarray(x, dtype=np.float64)
    if _near_normal(values):
        found = (clustered_t if _skew_is_harmless(values, alpha) else skew_adjusted_t)(values, alpha)
        return Interval(found.estimate, max(found.low, low), min(found.high, high), found.se, found.df, found.method)
    lower, upper = confidence_bound_at_end(values, low, high, alpha, anytime=False)
    mean = float(values.mean()) if len(values) else math.nan
    return Interval(mean, lower, upper, method="betting-fixed")


def _near_normal(values: NDArray[np.float64]) -> bool:
    if len(values) < FEWEST_FOR_T or float(np.ptp(values)) < 1e-12:
        return False
    skewness = float(stats.skew(values, bias=False))
    return len(values) > COCHRAN * skewness**2


def _skew_is_harmless(values: NDArray[np.float64], alpha: float) -> bool:
    """Return whether skewness moves a one-sided t test's error by less than a tenth of alpha.

    By the first term of its Edgeworth expansion: |skewness| / (6 √n) · (2 z² + 1) · φ(z) (Hall 1992, *The Bootstrap and
    Edgeworth Expansion*, 2.6).
    """
    z = float(stats.norm.ppf(1 - alpha))
    moved = abs(float(stats.skew(values, bias=False))) / (6 * math.sqrt(len(values)))
    return moved * (2 * z * z + 1) * float(stats.norm.pdf(z)) <= alpha / 10


def unpaired(a: ArrayLike, b: ArrayLike, alpha: float) -> Interval:
    """Return Welch's interval for mean(a) − mean(b), ignoring any pairing; for comparison, not for decisions.

    Raises:
        ValueError: either sample has fewer than two numbers.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if min(len(first), len(second)) < 2:
        raise ValueError("an unpaired interval needs two numbers on each side")
    estimate = float(first.mean() - second.mean())
    parts = first.var(ddof=1) / len(first), second.var(ddof=1) / len(second)
    se = math.sqrt(parts[0] + parts[1])
    if se == 0.0:
        return Interval(estimate, math.nan, math.nan, 0.0, math.nan, "welch")
    df = (parts[0] + parts[1]) ** 2 / (parts[0] ** 2 / (len(first) - 1) + parts[1] ** 2 / (len(second) - 1))
    reach = float(stats.t.ppf(1 - alpha, df)) * se
    return Interval(estimate, estimate - reach, estimate + reach, se, df, "welch")


def wilson(successes: int, trials: int, alpha: float) -> Interval:
    """Return Wilson's score interval of a proportion, each bound at alpha (scipy).

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    return _proportion(successes, trials, alpha, "wilson")


def clopper_pearson(successes: int, trials: int, alpha: float) -> Interval:
    """Return the exact (Clopper–Pearson) interval of a proportion, each bound at alpha (scipy).

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    return _proportion(successes, trials, alpha, "exact")


def _proportion(successes: int, trials: int, alpha: float, method: str) -> Interval:
    if trials < 1:
        raise ValueError("a proportion needs at least one trial")
    found = stats.binomtest(successes, trials).proportion_ci(1 - 2 * alpha, method=method)
    return Interval(successes / trials, float(found.low), float(found.high), method=method)
