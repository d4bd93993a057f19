"""Gaffke's bounds of a mean: valid for numbers between two ends, whatever else they are.

The upper bound is the 1 − alpha quantile of the mean of the sample and one number more, which stands at the scale's
end, with weights that are drawn from a flat Dirichlet distribution: as if nothing were known but the numbers' order.
It is proven for numbers at the two ends (there it is Clopper and Pearson's) and for samples of equal numbers; in
general its validity is a conjecture that nobody has refuted (Gaffke 2005, *Three test statistics for a nonparametric
one-sided hypothesis on the mean of a nonnegative variable*; Learned-Miller and Thomas 2019, arXiv:1905.06208). What it
missed here, in worlds that try to break it, stands in the measurements.

A mean under Dirichlet weights exceeds t where Σ Eᵢ (xᵢ − t) exceeds 0, the Eᵢ exponential. Its chance is computed by
the saddlepoint formula of Lugannani and Rice (1980, Advances in Applied Probability 12), whose error is relative: a
few hundredths of the chance, far into the tail too, and nearly always on the safe side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seatrial.stats.distributions import norm_cdf, norm_pdf

__all__ = ["lower_p_values", "upper_bounds"]

Array = NDArray[np.float64]

HALVINGS = 32
"""Halvings of the logarithm of a distance, between the two that follow: a bound errs by 1e-8 of its scale."""
NEAREST, FARTHEST = 1e-13, 1e4
"""Distances from the scale's end that chances from about 0 to .4999 take, as shares of the scale (the latter × √n)."""
STEPS = 40
"""Most steps of the saddlepoint's search, each of Newton's or a halving; a few suffice but for the first."""


def upper_bounds(x: Array, high: float, alpha: float | Array) -> Array:
    """Return Gaffke's upper bounds of the means of r samples, shape (r, n) → (r,).

    Each u beyond the scale's end gives a t whose saddlepoint is known: with h the harmonic mean of the distances from
    u to the numbers, t is u − h and its saddlepoint 1 / h. So u is searched for instead of t, by halving.

    Args:
        x: Independent numbers, none above `high`.
        high: The largest that a number can be.
        alpha: Chance that a bound lies below its mean, below one half; one number, or one a row.
    """
    below = np.hstack([high - x, np.zeros((len(x), 1))])
    unit = below.max(axis=1)
    unit = np.where(unit > 0, unit, 1.0)
    least, most = np.full(len(x), np.log(NEAREST)), np.full(len(x), np.log(FARTHEST * np.sqrt(below.shape[1])))
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        apart = below + (unit * np.exp(middle))[:, None]
        off = _harmonic_mean(apart)[:, None] / apart - 1
        above = _chance(-2 * np.log1p(off).sum(axis=1), (off * off).sum(axis=1)) > alpha
        least, most = np.where(above, least, middle), np.where(above, middle, most)
    beyond = unit * np.exp(least)
    bounds: Array = np.minimum(high + beyond - _harmonic_mean(below + beyond[:, None]), high)
    return bounds


def _harmonic_mean(x: Array) -> Array:
    mean: Array = x.shape[1] / (1 / x).sum(axis=1)
    return mean


def lower_p_values(x: Array, low: float, threshold: float | Array) -> Array:
    """Return the least level at which each lower bound exceeds the threshold, shape (r, n) → (r,); 1 above one half.

    Args:
        x: Independent numbers, none below `low`.
        low: The least that a number can be.
        threshold: What the mean is at most, under the hypothesis: one number, or one a row.
    """
    return _exceeds(-x, -low, -np.broadcast_to(np.asarray(threshold, dtype=np.float64), (len(x),)))


def _exceeds(x: Array, high: float, t: Array) -> Array:
    """Return the chance that the Dirichlet mean of each sample and `high` exceeds t, shape (r,); 1 above one half."""
    off = np.hstack([x - t[:, None], np.maximum(high - t, 0.0)[:, None]])
    most = off.max(axis=1)
    chance = np.where(most > 0, 1.0, 0.0)
    rows = np.flatnonzero((most > 0) & (off.sum(axis=1) < 0))
    if len(rows):
        chance[rows] = _tail(off[rows] / most[rows, None])
    return chance


def _tail(off: Array) -> Array:
    """Return P(Σ Eᵢ offᵢ > 0) for rows whose largest number is 1 and whose sum is negative."""
    s = _saddlepoint(off)
    rest = 1 - s[:, None] * off
    return _chance(2 * np.log(rest).sum(axis=1), s * s * ((off / rest) ** 2).sum(axis=1))  # K(s) = −Σ log(1 − s offᵢ)


def _chance(twice: Array, bend: Array) -> Array:
    """Return Lugannani and Rice's chance from −2 K(s) and s² K″(s) at the saddlepoint s, shapes (r,)."""
    w, u = np.sqrt(np.maximum(twice, 0.0)), np.sqrt(bend)
    near = w < 1e-4
    w, u = np.where(near, 1.0, w), np.where(near, 1.0, u)
    tail = np.where(near, 0.5, norm_cdf(-w) + norm_pdf(w) * (1 / u - 1 / w))
    result: Array = np.where(tail > 0.5, 1.0, np.clip(tail, 0.0, 1.0))
    return result


def _saddlepoint(off: Array) -> Array:
    """Return where Σ offᵢ / (1 − s offᵢ) is 0, between 0 and 1: by Newton's steps on (1 − s) times it, or halvings."""
    least, most = np.zeros(len(off)), np.ones(len(off))
    s = np.full(len(off), 0.5)
    for _ in range(STEPS):
        rest = 1 - s[:, None] * off
        part = off / rest
        slope = part.sum(axis=1)
        least, most = np.where(slope < 0, s, least), np.where(slope < 0, most, s)
        bend = (1 - s) * (part * part).sum(axis=1) - slope
        with np.errstate(divide="ignore", invalid="ignore"):
            tried = s - (1 - s) * slope / bend
        inside = (tried > least) & (tried < most)
        after = np.where(inside, tried, (least + most) / 2)
        done = np.abs(after - s) <= 1e-12 + 1e-10 * (1 - s)
        s = after
        if done.all():
            break
    return s
