"""Confidence intervals for evidence of fixed size: everything was there before the first look.

Every interval has two one-sided bounds, each missing the truth with chance at most `alpha`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats import exact, expansions, gaffke
from seatrial.stats.betting import within
from seatrial.stats.distributions import beta_isf, beta_ppf, norm_isf, t_ppf

__all__ = [
    "LEAST_P",
    "P_BISECTIONS",
    "Bounds",
    "Estimate",
    "Interval",
    "clustered_t",
    "exact_share",
    "fixed_size",
    "fixed_size_bounds",
    "fixed_size_p_values",
    "out_of_sight",
    "trusted_t_bounds",
    "unpaired",
    "upper_below",
    "wilson",
]

Array = NDArray[np.float64]

HARMLESS = 0.05
"""A t interval is left as others compute it where nothing known moves its error by more than this share of alpha."""

LEAST_P = 1e-9

P_BISECTIONS = 10
"""Halvings of the logarithm of a p-value between 1e-9 and a half: down to 2 %."""


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
    reach = float(t_ppf(1 - alpha, df)) * se
    return Interval(mean, mean - reach, mean + reach, se, df, "clustered-t")


@dataclass(frozen=True, slots=True)
class Bounds:
    """One-sided bounds of the means of r samples, and which method gave each; arrays of shape (r,).

    Attributes:
        low: Lower bounds.
        high: Upper bounds.
        method: `exact`, `clustered-t`, `adjusted-t` or `gaffke`.
    """

    low: Array
    high: Array
    method: NDArray[np.str_]


def fixed_size(x: ArrayLike, low: float, high: float, alpha: float) -> Interval:
    """Return the sharpest valid interval for the mean of bounded, independent cluster means, shape (C,).

    As `fixed_size_bounds`, of one sample.

    Raises:
        ValueError: a value is outside the bounds.
    """
    values = np.asarray(x, dtype=np.float64)
    found = fixed_size_bounds(values[None, :], low, high, alpha)
    mean = float(values.mean()) if len(values) else math.nan
    method = str(found.method[0])
    if not method.endswith("-t"):
        return Interval(mean, float(found.low[0]), float(found.high[0]), method=method)
    se = float(values.std(ddof=1)) / math.sqrt(len(values))
    return Interval(mean, float(found.low[0]), float(found.high[0]), se, len(values) - 1, method)


def fixed_size_bounds(x: ArrayLike, low: float, high: float, alpha: float) -> Bounds:
    """Return the sharpest valid bounds for the means of many samples of bounded, independent cluster means.

    - *Exact* where exact exists: all numbers equal, or all of them at the two ends of the scale (`exact.bounds`).
    - A *t* interval while `expansions.is_near_normal` at this level; adjusted as `expansions.adjusted_bounds` says,
      unless neither skewness nor steps move the plain one's error by more than a twentieth of alpha. It is never nearer
      to the mean than `out_of_sight`: what a sample has not shown may still be there.
    - Otherwise *Gaffke's* bounds, which assume nothing but the range.

    There is no least number of clusters, and no number at which the width jumps: few make `out_of_sight` large.

    Args:
        x: Cluster means, shape (r, C).
        low: Smallest possible value.
        high: Largest possible value.
        alpha: Error rate of each bound.

    Raises:
        ValueError: a value is outside the bounds.
    """
    values = within(x, low, high)
    lower, upper = np.full(len(values), float(low)), np.full(len(values), float(high))
    method = np.full(len(values), "gaffke", dtype="<U11")
    if values.shape[1] == 0:
        return Bounds(lower, upper, method)
    plainly = exact.has_exact(values, low, high)
    lower[plainly], upper[plainly] = exact.bounds(values[plainly], low, high, alpha)
    method[plainly] = "exact"
    rest = ~plainly
    if values.shape[1] >= expansions.FEWEST:
        near, (below, above, name) = trusted_t_bounds(expansions.moments(values), low, high, alpha)
        near &= rest
        lower[near], upper[near] = np.maximum(below, low)[near], np.minimum(above, high)[near]
        method[near], rest = name[near], rest & ~near
    if rest.any():
        upper[rest] = gaffke.upper_bounds(values[rest], high, alpha)
        lower[rest] = -gaffke.upper_bounds(-values[rest], -low, alpha)
    return Bounds(lower, upper, method)


def fixed_size_p_values(x: ArrayLike, threshold: float, low: float, high: float) -> Array:
    """Return the p-value of each sample against "the mean is at most the threshold", shape (r, C) → (r,).

    It is the least level at which the lower bound of `fixed_size_bounds` exceeds the threshold: bounds that are valid
    at every level give a valid p-value by inversion. Levels above one half count as 1, those below 1e-9 as 1e-9;
    between them a t bound's result errs upwards by less than 2 %.

    Args:
        x: Cluster means, shape (r, C).
        threshold: What the mean is at most, under the hypothesis.
        low: Smallest possible value.
        high: Largest possible value.

    Raises:
        ValueError: a value is outside the bounds.
    """
    values = within(x, low, high)
    p = np.ones(len(values))
    if values.shape[1] == 0:
        return p
    plainly = exact.has_exact(values, low, high)
    p[plainly] = exact.p_values(values[plainly], threshold, low, high)
    rest = values[~plainly]
    if len(rest):
        by_range = gaffke.lower_p_values(rest, low, threshold)
        if values.shape[1] >= expansions.FEWEST:
            p[~plainly] = _inverted(expansions.moments(rest), threshold, low, high, by_range)
        else:
            p[~plainly] = by_range
    return np.where(p > 0.5, 1.0, np.maximum(p, LEAST_P))


def upper_below(x: ArrayLike, wanted: Array, low: float, high: float, alpha: float) -> NDArray[np.bool_]:
    """Return whether the upper bound of each sample lies below a number, shape (r, C) → (r,).

    As comparing the bounds of `fixed_size_bounds` does, without the search for those that Gaffke's method gives.

    Args:
        x: Cluster means, shape (r, C).
        wanted: What each bound is compared with, shape (r,).
        low: Smallest possible value.
        high: Largest possible value.
        alpha: Error rate of each bound.

    Raises:
        ValueError: a value is outside the bounds.
    """
    values = within(x, low, high)
    below = np.zeros(len(values), dtype=bool)
    if values.shape[1] == 0:
        return below
    # No bound lies below the mean: what would have to is not asked about.
    asked = np.flatnonzero(wanted > values.mean(axis=1))
    below[asked] = _bound_below(values[asked], wanted[asked], low, high, alpha)
    return below


def _bound_below(values: Array, wanted: Array, low: float, high: float, alpha: float) -> NDArray[np.bool_]:
    below = np.zeros(len(values), dtype=bool)
    plainly = exact.has_exact(values, low, high)
    if plainly.any():
        below[plainly] = exact.bounds(values[plainly], low, high, alpha)[1] < wanted[plainly]
    rest = ~plainly
    if values.shape[1] >= expansions.FEWEST and rest.any():
        near, (_, above, _) = trusted_t_bounds(expansions.moments(values), low, high, alpha)
        near &= rest
        below[near], rest = np.minimum(above, high)[near] < wanted[near], rest & ~near
    at = np.flatnonzero(rest)
    if len(at):
        below[at] = (wanted[at] > high) | (gaffke.lower_p_values(-values[at], -high, -wanted[at]) < alpha)
    return below


def out_of_sight(count: int, alpha: float | Array) -> float | Array:
    """Return the share of clusters that could all have changed in full without one of `count` showing it.

    With chance 1 − alpha at least one of n clusters is among a share of 1 − α^(1/n): about 3 / n at alpha .05, the
    "rule of three". A mean could be nearer to the scale's end by that share, whatever the sample's spread says.
    """
    return 1 - alpha ** (1 / count)


def trusted_t_bounds(
    found: expansions.Moments, low: float, high: float, alpha: float | Array
) -> tuple[NDArray[np.bool_], tuple[Array, Array, NDArray[np.str_]]]:
    """Return which t bounds are trusted at this level, and all of them, adjusted where that matters, shapes (r,).

    The latter as low bounds, high bounds and methods; none nearer to the mean than what the sample cannot have shown.
    """
    plain = expansions.moved_by(found, alpha) <= HARMLESS * alpha
    pairs = zip(expansions.t_bounds(found, alpha), expansions.adjusted_bounds(found, alpha), strict=True)
    lower, upper = (np.where(plain, simple, adjusted) for simple, adjusted in pairs)
    unseen = out_of_sight(found.count, alpha)
    lower = np.minimum(lower, found.mean - unseen * (found.mean - low))
    upper = np.maximum(upper, found.mean + unseen * (high - found.mean))
    return expansions.is_near_normal(found, alpha), (lower, upper, np.where(plain, "clustered-t", "adjusted-t"))


def _inverted(found: expansions.Moments, threshold: float, low: float, high: float, by_range: Array) -> Array:
    """Return the least level at which each lower bound exceeds the threshold, by bisection of its logarithm.

    At a level too far out for a t bound to be trusted it is Gaffke's that must, with the p-value `by_range`.
    """

    def exceeds(level: Array) -> NDArray[np.bool_]:
        near, (lower, _, _) = trusted_t_bounds(found, low, high, level)
        beyond: NDArray[np.bool_] = np.where(near, lower > threshold, by_range <= level)
        return beyond

    rows = len(found.mean)
    least, most = np.full(rows, math.log(LEAST_P)), np.full(rows, math.log(0.5))
    never = ~exceeds(np.exp(most))
    for _ in range(P_BISECTIONS):
        middle = (least + most) / 2
        shown = exceeds(np.exp(middle))
        least, most = np.where(shown, least, middle), np.where(shown, middle, most)
    return np.where(never, 1.0, np.exp(most))


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
    shares = parts[0] / (parts[0] + parts[1]), parts[1] / (parts[0] + parts[1])
    df = 1 / (shares[0] ** 2 / (len(first) - 1) + shares[1] ** 2 / (len(second) - 1))
    reach = float(t_ppf(1 - alpha, df)) * se
    return Interval(estimate, estimate - reach, estimate + reach, se, df, "welch")


def wilson(successes: int, trials: int, alpha: float) -> Interval:
    """Return Wilson's score interval of a proportion, each bound at alpha (Wilson 1927, JASA 22).

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError("a proportion needs at least one trial, and no more successes than trials")
    share, z = successes / trials, float(norm_isf(alpha))
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    reach = z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2) / (1 + z * z / trials)
    low = 0.0 if successes == 0 else max(middle - reach, 0.0)
    high = 1.0 if successes == trials else min(middle + reach, 1.0)
    return Interval(share, low, high, method="wilson")


def exact_share(share: float, trials: float, alpha: float) -> Interval:
    """Return the exact (Clopper–Pearson) interval of a share, each bound at alpha, of any number of trials.

    Args:
        share: The share, from 0 to 1.
        trials: Trials of equal weight that it is worth, any number above 0.
        alpha: Error rate of each bound.
    """
    hits, misses = share * trials, (1 - share) * trials
    low = float(beta_ppf(alpha, hits, misses + 1)) if hits > 0 else 0.0
    high = float(beta_isf(alpha, hits + 1, misses)) if misses > 0 else 1.0
    return Interval(share, low, high, method="exact")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval, clustered by prompt."""

    value: float
    low: float
    high: float

    @property
    def above(self) -> bool:
        """Whether the interval lies above 0."""
        return self.low > 0

    @property
    def below(self) -> bool:
        """Whether the interval lies below 0."""
        return self.high < 0
