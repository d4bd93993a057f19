"""Intervals from few releases: shares of several gates, and ranks of several signals, partially pooled.

Each unit (a gate, a signal) has a parameter of its own, and these are normal around a mean that is not known, with a
spread that is not known: units that have seen little lie near the others, units that have seen much where their own
releases put them. All of it is summed over fixed grids, so nothing is drawn and nothing has to converge. The prior is
chosen so that a unit that stands alone has about a uniform one: any share, and any chance to rank a pair right, is as
likely as any other.

Source of partial pooling: Gelman et al. 2013, *Bayesian Data Analysis*, 3rd ed., chapter 5. The likelihood of ranks is
that of Hoeffding 1951, "Optimum" nonparametric tests, Proc. 2nd Berkeley Symposium.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats.distributions import norm_cdf, norm_pdf
from seatrial.stats.intervals import Estimate

__all__ = ["LEVEL", "areas", "difference", "estimate", "rank_likelihood", "share", "shares"]

LEVEL = 0.9
"""Chance that an interval holds what it is about, averaged over worlds as likely as the prior has them."""
LOGITS = np.linspace(-9.0, 9.0, 361)
"""Grid of a share's log odds."""
SHARES = 1.0 / (1.0 + np.exp(-LOGITS))
MEAN_OF_LOGITS = 1.5
"""Standard deviation of the mean of several shares' log odds; with the spread it makes one share about uniform."""
GAPS = np.linspace(-6.0, 6.0, 61)
"""Grid of how far incident releases lie from clean ones, in standard deviations of either."""
AREAS = norm_cdf(GAPS / np.sqrt(2.0))
MEAN_OF_GAPS = 1.0
"""Standard deviation of the mean of several signals' gaps; with the spread it makes one area about uniform."""
SPREAD = 1.0
"""Scale of the half-normal prior of how far units lie apart, in log odds or in gaps."""
POINTS = np.linspace(-8.0, 8.0, 401)
"""Grid of the changes that ranks are of, in standard deviations."""

Array = NDArray[np.float64]


@cache
def _priors(mean: float, on: str) -> tuple[Array, Array]:
    """Return the prior of a unit's parameter for each mean and spread, shape (H, G), and their weights, shape (H,)."""
    grid = LOGITS if on == "shares" else GAPS
    means = np.linspace(-3.0 * mean, 3.0 * mean, 31)
    spreads = SPREAD * np.linspace(0.1, 2.9, 15)
    centers, widths = (one.ravel() for one in np.meshgrid(means, spreads, indexing="ij"))
    rows = norm_pdf((grid - centers[:, None]) / widths[:, None])
    weights = norm_pdf(centers / mean) * norm_pdf(widths / SPREAD)
    return rows / rows.sum(axis=1, keepdims=True), weights / weights.sum()


def _pooled(likelihoods: Array, mean: float, on: str) -> Array:
    """Return each unit's posterior over the grid, shape (S, G), of likelihoods of the same shape."""
    prior, weights = _priors(mean, on)
    scaled = likelihoods / likelihoods.max(axis=1, keepdims=True)
    evidence = scaled @ prior.T  # units × hyperparameters
    logs = np.log(np.maximum(evidence, 1e-300))
    together = np.log(weights) + logs.sum(axis=0)
    posterior = np.exp(together - together.max())
    posterior /= posterior.sum()
    made: Array = scaled * ((posterior / np.maximum(evidence, 1e-300)) @ prior)
    made /= made.sum(axis=1, keepdims=True)
    return made


def shares(counts: Sequence[tuple[int, int]]) -> Array:
    """Return the posterior of each share over the grid `SHARES`, shape (S, G).

    Args:
        counts: Of each unit: how many of how many. A unit of which nothing is known has (0, 0).
    """
    hits, trials = (np.array(column, dtype=np.float64)[:, None] for column in zip(*counts, strict=True))
    logs = hits * np.log(SHARES) + (trials - hits) * np.log1p(-SHARES)
    return _pooled(np.exp(logs - logs.max(axis=1, keepdims=True)), MEAN_OF_LOGITS, "shares")


def estimate(posterior: Array, on: Array = SHARES) -> Estimate:
    """Return the median of one posterior over a grid with its central interval."""
    below = np.cumsum(posterior) - posterior / 2
    low, middle, high = np.interp([(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], below, on)
    return Estimate(float(middle), float(low), float(high))


def share(posterior: Array, hits: int, trials: int) -> Estimate:
    """Return a share with its interval, which reaches 0 where there was no hit, and 1 where there was nothing else.

    Central intervals never hold a share of nearly 0 or 1, however often nothing else is seen; this is how Brown, Cai
    and DasGupta 2001, *Statistical Science* 16(2), mend it.
    """
    made = estimate(posterior)
    return Estimate(made.value, made.low if hits else 0.0, made.high if hits < trials else 1.0)


def difference(one: Array, other: Array) -> Estimate:
    """Return one share less another that is independent of it, with its central interval."""
    apart, order = _apart()
    return estimate(np.outer(one, other).ravel()[order], apart)


@cache
def _apart() -> tuple[Array, NDArray[np.intp]]:
    """Return all differences of two shares of the grid, rising, and their places in a table of pairs."""
    apart = (SHARES[:, None] - SHARES).ravel()
    order = np.argsort(apart, kind="stable")
    return apart[order], order


def rank_likelihood(higher: ArrayLike, lower: ArrayLike) -> Array:
    """Return the likelihood of how two groups rank, over the grid of gaps `GAPS`, shape (G,).

    Only ranks count, so no change far out counts for more than being first: it is the chance that numbers drawn from
    two normal groups of equal spread, so far apart, come in this order. That chance is an integral over rising values,
    taken one value after another. Tied values share their places' densities.

    Args:
        higher: Of the releases that should lie higher, shape (n,).
        lower: Of the others, shape (m,).
    """
    values = np.concatenate([np.asarray(higher, dtype=np.float64), np.asarray(lower, dtype=np.float64)])
    from_higher = np.arange(len(values)) < np.size(higher)
    _, places = np.unique(values, return_inverse=True)
    part = np.bincount(places, from_higher) / np.bincount(places) if len(values) else np.empty(0)
    above, below = (norm_pdf(POINTS + side * GAPS[:, None] / 2) for side in (-1, 1))
    chance, logs = np.ones_like(above), np.zeros(len(GAPS))
    for weight in part[np.sort(places)]:
        chance = _integral((weight * above + (1 - weight) * below) * chance)
        whole = np.maximum(chance[:, -1], 1e-300)
        chance /= whole[:, None]
        logs += np.log(whole)
    found: Array = np.exp(logs - logs.max())
    return found


def _integral(values: Array) -> Array:
    """Return the integral of functions over `POINTS` up to each of these, shape (G, P)."""
    steps = (values[:, 1:] + values[:, :-1]) * ((POINTS[1] - POINTS[0]) / 2)
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(steps, axis=1)], axis=1)


def areas(likelihoods: Sequence[Array]) -> Array:
    """Return the posterior of each signal's area under the curve over the grid `AREAS`, shape (S, G).

    The area is the chance that an incident release shows more change than a clean one.

    Args:
        likelihoods: Of each signal, as `rank_likelihood` returns it; of one that ranks nothing, ones.
    """
    return _pooled(np.array(likelihoods), MEAN_OF_GAPS, "areas")
