"""Exact bounds of a mean, for samples that have them: numbers at the two ends of their scale, or all equal.

Source: Clopper and Pearson 1934, Biometrika 26. It is for 0/1 numbers; the bounds hold whatever the numbers could have
been, for with mean μ no number is at the lower end with a chance above (high − μ) / (high − low).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seatrial.stats.distributions import beta_isf, beta_ppf, binom_sf

__all__ = ["bounds", "has_exact", "p_values"]

Array = NDArray[np.float64]


def has_exact(x: Array, low: float, high: float) -> NDArray[np.bool_]:
    """Return which samples have exact bounds, shape (r, C) → (r,): none where there are no numbers."""
    if x.shape[1] == 0:
        return np.zeros(len(x), dtype=bool)
    found: NDArray[np.bool_] = _at_ends(x, low, high) | (x == x[:, :1]).all(axis=1)
    return found


def _at_ends(x: Array, low: float, high: float) -> NDArray[np.bool_]:
    ends: NDArray[np.bool_] = ((x == low) | (x == high)).all(axis=1)
    return ends


def bounds(x: Array, low: float, high: float, alpha: float) -> tuple[Array, Array]:
    """Return the lower and upper bounds of samples that have exact ones, shape (r, C) → two of (r,).

    n equal numbers c leave α^(1/n) of the way to either end, for a mean of μ lets a number be c with chance
    (high − μ) / (high − c) at most: no spread in a sample is not certainty.
    """
    n, first = x.shape[1], x[:, 0]
    hits = (x == high).sum(axis=1)
    share = alpha ** (1 / n)
    with np.errstate(invalid="ignore"):
        rates = np.nan_to_num(beta_ppf(alpha, hits, n - hits + 1), nan=0.0)
        most = np.nan_to_num(beta_isf(alpha, hits + 1, n - hits), nan=1.0)
    ends = _at_ends(x, low, high)
    lower: Array = np.where(ends, low + (high - low) * rates, low + share * (first - low))
    upper: Array = np.where(ends, low + (high - low) * most, high - share * (high - first))
    return lower, upper


def p_values(x: Array, threshold: float, low: float, high: float) -> Array:
    """Return the least level at which each lower bound exceeds the threshold, shape (r, C) → (r,)."""
    n, first = x.shape[1], x[:, 0]
    rate = min(max((threshold - low) / (high - low), 0.0), 1.0)
    at_ends = binom_sf((x == high).sum(axis=1) - 1, n, rate)
    below = np.clip(threshold - low, 0.0, None)
    with np.errstate(divide="ignore", invalid="ignore"):
        equal = np.where(first > threshold, (below / (first - low)) ** n, 1.0)
    p: Array = np.where(_at_ends(x, low, high), at_ends, equal)
    return p
