"""How far a t statistic of real scores is from t's distribution, and bounds of a mean that allow for it.

A one-sided t bound misses with chance alpha only where numbers are normal. Three things move that chance, each known
to the order that matters at 40 clusters and more: skewness (first order), the way in which an estimated skewness goes
with an estimated mean (second order), and scores that come in steps, so that a mean moves by whole steps only. The
expansions are Hall's (1992, *The Bootstrap and Edgeworth Expansion*); nothing here is fitted to simulations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats.distributions import norm_isf, norm_pdf, t_isf

__all__ = ["FEWEST", "Moments", "adjusted_bounds", "is_near_normal", "lattice_step", "moments", "moved_by", "t_bounds"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST = 4
"""Numbers below which there is no kurtosis."""
COCHRAN = 25.0
"""A mean is near enough to normal where n exceeds 25 times its squared skewness (Cochran 1977, p. 42)."""
FINEST_STEP = 2e-3
"""Steps below this share of the numbers' range are not told from a continuum."""
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Moments:
    """What the bounds need to know of r samples of n numbers each; arrays of shape (r,).

    Attributes:
        count: Numbers in each sample, n.
        mean: Means.
        sd: Standard deviations, n − 1 below.
        skewness: Bias-corrected skewness; 0 without spread.
        kurtosis: Bias-corrected excess kurtosis; 0 without spread.
        step: Largest number that all differences are multiples of; 0 where there is none to speak of.
    """

    count: int
    mean: Array
    sd: Array
    skewness: Array
    kurtosis: Array
    step: Array

    @property
    def se(self) -> Array:
        """Standard errors of the means."""
        errors: Array = self.sd / math.sqrt(self.count)
        return errors


def moments(x: ArrayLike) -> Moments:
    """Return the moments of each row of x, shape (r, n).

    Raises:
        ValueError: rows of fewer than four numbers.
    """
    values = np.asarray(x, dtype=np.float64)
    n = values.shape[1]
    if n < FEWEST:
        raise ValueError(f"a kurtosis needs four numbers or more, not {n}")
    mean = values.mean(axis=1)
    off = values - mean[:, None]
    squared = off * off
    m2, m3, m4 = squared.mean(axis=1), (squared * off).mean(axis=1), (squared * squared).mean(axis=1)
    flat = np.ptp(values, axis=1) < 1e-12
    m2 = np.where(flat, 1.0, m2)
    skewness = np.where(flat, 0.0, m3 / m2**1.5 * math.sqrt(n * (n - 1)) / (n - 2))
    kurtosis = np.where(flat, 0.0, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * m4 / m2**2 - 3 * (n - 1)))
    sd = np.where(flat, 0.0, np.sqrt(m2 * n / (n - 1)))
    return Moments(n, mean, sd, skewness, kurtosis, lattice_step(values))


def lattice_step(x: ArrayLike) -> Array:
    """Return for each row of x, shape (r, n), the step of the lattice that its numbers lie on, by Euclid's algorithm.

    0 where a row has no spread, or no step above `FINEST_STEP` of its range.
    """
    values = np.asarray(x, dtype=np.float64)
    off = values - values.min(axis=1, keepdims=True)
    reach = off.max(axis=1)
    step: Array = reach.copy()
    open_rows = np.flatnonzero(reach > 0)
    while len(open_rows):
        inside, size = off[open_rows], step[open_rows, None]
        rest = np.abs(inside - size * np.rint(inside / size))
        least = np.where(rest > _SAME * reach[open_rows, None], rest, np.inf).min(axis=1)
        split = np.isfinite(least)
        step[open_rows[split]] = least[split]
        fine = split & (least < FINEST_STEP * reach[open_rows])
        step[open_rows[fine]] = 0.0
        open_rows = open_rows[split & ~fine]
    return step


def is_near_normal(found: Moments, alpha: float | Array) -> Mask:
    """Return where bounds that build on the normal distribution are trusted at this level, shape (r,).

    Cochran's rule must allow it, and an expansion is believed while its terms are small beside what they correct: the
    first may move the chance to miss by half of alpha, the second, which nothing further follows, by alpha. The farther
    out in the tail, the more numbers that takes.
    """
    first, second = _terms(found, alpha)
    rule = found.count > COCHRAN * found.skewness**2
    near: Mask = (found.sd > 0) & rule & (np.maximum(2 * first, second) <= alpha)
    return near


def _terms(found: Moments, alpha: float | Array) -> tuple[Array, Array]:
    """Return by how much skewness, and its estimation, move a one-sided bound's chance to miss, shapes (r,).

    |γ| / (6 √n) · (2 z² + 1) · φ(z) and (κ − 3/2 γ²)₊ / (6 n) · z (2 z² + 1) · φ(z), κ the excess kurtosis (Hall 1992,
    2.6 and 3.5).
    """
    z, n = norm_isf(alpha), found.count
    scale = (2 * z * z + 1) * norm_pdf(z) / 6
    return np.abs(found.skewness) / math.sqrt(n) * scale, _excess(found) * z / n * scale


def _excess(found: Moments) -> Array:
    """Return κ − 3/2 γ² where it is above 0: how strongly the skewness of a sample goes with its mean."""
    excess: Array = np.maximum(found.kurtosis - 1.5 * found.skewness**2, 0.0)
    return excess


def moved_by(found: Moments, alpha: float | Array) -> Array:
    """Return by how much skewness and steps each move a plain t bound's chance to miss: the larger, shape (r,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        stepped = np.where(found.sd > 0, _overshoot(found) / found.se, 0.0) * norm_pdf(norm_isf(alpha))
    larger: Array = np.maximum(_terms(found, alpha)[0], stepped)
    return larger


def t_bounds(found: Moments, alpha: float | Array) -> tuple[Array, Array]:
    """Return the plain t bounds, shapes (r,); alpha is one number or one a row."""
    reach = t_isf(alpha, found.count - 1) * found.se
    return found.mean - reach, found.mean + reach


def adjusted_bounds(found: Moments, alpha: float | Array) -> tuple[Array, Array]:
    """Return bounds that allow for skewness, for its estimation and for steps, shapes (r,).

    First order: Hall's monotone cubic transformation of the t statistic (Hall 1992, JRSS B 54(1), "On the removal of
    skewness by transformation"). Second order: a bound corrected by the sample's own skewness γ still misses by
    (κ − 3/2 γ²) z (1 + 2 z²) φ(z) / (6 n) too often, κ the excess kurtosis, since samples whose mean is low show less
    of a long upper tail (Hall 1992, *The Bootstrap*, 3.5); where that is above 0 the bounds are moved out as far as it
    takes.
    Steps: `_overshoot`.
    """
    n, skewness = found.count, found.skewness
    t = t_isf(alpha, n - 1)
    estimation = _excess(found) * t * (1 + 2 * t * t) / (6 * n) * found.se
    widened = estimation + _overshoot(found)
    low = found.mean - found.sd * _untransformed(t / math.sqrt(n), skewness, n) - widened
    high = found.mean - found.sd * _untransformed(-t / math.sqrt(n), skewness, n) + widened
    return low, high


def _untransformed(value: float | Array, skewness: Array, n: int) -> Array:
    """Return the inverse of Hall's transformation."""
    straight = np.abs(skewness) < 1e-6
    bent = np.where(straight, 1.0, skewness)
    back: Array = np.where(straight, value, 3 / bent * (np.cbrt(1 + bent * (value - bent / (6 * n))) - 1))
    return back


def _overshoot(found: Moments) -> Array:
    """Return the continuity correction of means whose numbers come in steps, shape (r,).

    The sum of n numbers on a lattice of step h lies on that lattice, so the chance of a bound to miss jumps, by
    h φ(z) / (σ √n) at most (Esseen 1945, Acta Mathematica 77). Were the standard error a function of the mean, as for
    0/1 numbers, half a step would have to be allowed for. Elsewhere, samples of one mean differ in their variance, each
    variance with a lattice of its own, and the jumps interfere. Taken as of independent phase, they add up to the
    root of the chance that two samples of one mean agree in their variance: sums of squares move in steps of
    2 h² with standard deviation σ² √(n (κ + 2 − γ²)). Twice their standard deviation (a uniform phase has 1/√12 of a
    step) is allowed for, never more than half a step.
    """
    free = np.maximum(found.kurtosis + 2 - found.skewness**2, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        agree = found.step**2 / (math.sqrt(math.pi) * found.sd**2 * np.sqrt(found.count * free))
    share = np.minimum(0.5, 2 / math.sqrt(12) * np.sqrt(np.where(found.step > 0, agree, 0.0)))
    allowed: Array = found.step / found.count * share
    return allowed
