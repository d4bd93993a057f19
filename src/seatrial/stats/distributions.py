"""Quantiles and tails of the usual distributions, from scipy's special functions alone.

`scipy.stats` gives the same numbers. It takes longer to load than a small review takes to weigh, and checks each
argument at every call, which a look pays for hundreds of times.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["beta_isf", "beta_ppf", "binom_sf", "norm_cdf", "norm_isf", "norm_pdf", "norm_ppf", "t_isf", "t_ppf", "t_sf"]

Array = NDArray[np.float64]


def norm_pdf(z: float | Array) -> Array:
    """Return the standard normal density at z."""
    density: Array = np.exp(-np.square(z) / 2) / math.sqrt(2 * math.pi)
    return density


def norm_cdf(z: float | Array) -> Array:
    """Return the chance that a standard normal number is at most z."""
    chance: Array = special.ndtr(z)
    return chance


def norm_ppf(chance: float | Array) -> Array:
    """Return the number below which a standard normal one lies with this chance."""
    found: Array = special.ndtri(chance)
    return found


def norm_isf(chance: float | Array) -> Array:
    """Return the number above which a standard normal one lies with this chance."""
    found: Array = -special.ndtri(chance)
    return found


def t_ppf(chance: float | Array, df: float | Array) -> Array:
    """Return the number below which one of Student's t with `df` degrees of freedom lies with this chance."""
    found: Array = special.stdtrit(df, chance)
    return found


def t_isf(chance: float | Array, df: float | Array) -> Array:
    """Return the number above which one of Student's t with `df` degrees of freedom lies with this chance."""
    found: Array = -special.stdtrit(df, chance)
    return found


def t_sf(t: float | Array, df: float | Array) -> Array:
    """Return the chance that one of Student's t with `df` degrees of freedom is above t."""
    chance: Array = special.stdtr(df, -np.asarray(t, dtype=np.float64))
    return chance


def beta_ppf(chance: float | Array, a: float | Array, b: float | Array) -> Array:
    """Return the share below which one of Beta(a, b) lies with this chance; NaN where a or b is not above 0."""
    found: Array = special.betaincinv(*_beta(a, b), chance)
    return found


def beta_isf(chance: float | Array, a: float | Array, b: float | Array) -> Array:
    """Return the share above which one of Beta(a, b) lies with this chance; NaN where a or b is not above 0."""
    found: Array = special.betainccinv(*_beta(a, b), chance)
    return found


def _beta(a: float | Array, b: float | Array) -> tuple[Array, Array]:
    """Return both parameters with NaN where there is no such distribution: scipy takes its limit there."""
    return tuple(np.where(np.asarray(one) > 0, one, np.nan) for one in (a, b))  # type: ignore[return-value]  # mypy does not count them


def binom_sf(count: float | Array, trials: float | Array, rate: float | Array) -> Array:
    """Return the chance of more than `count` successes among so many trials.

    A binomial's tail is a beta distribution's (Clopper and Pearson 1934, Biometrika 26).
    """
    more, left = np.asarray(count, dtype=np.float64) + 1, np.asarray(trials, dtype=np.float64) - count
    inside = (more > 0) & (left > 0)
    tail = special.betainc(np.where(inside, more, 1.0), np.where(inside, left, 1.0), rate)
    chance: Array = np.where(more <= 0, 1.0, np.where(left <= 0, 0.0, tail))
    return chance
