"""Rewards as a trainer sees them: what each signal's share of the advantage is, and what it pulls a behavior by.

A trainer such as GRPO compares the completions of one prompt with each other; what all of them share cancels out.
Rows are completions, rows of one prompt standing together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats.groups import Groups, Ratio, ratio

__all__ = ["Aggregation", "Flips", "advantage_shares", "advantages", "flips", "influence", "within_correlation"]

Array = NDArray[np.float64]
Aggregation = Literal["sum-then-normalize", "normalize-then-sum"]
MOST_LAGS = 64
"""Pairs of one prompt are all compared up to this many completions, beyond that so many partners of each."""


def _parts(rewards: ArrayLike, weights: ArrayLike, groups: Groups, how: Aggregation) -> tuple[Array, Array]:
    """Return what each signal adds to the advantage, (N, K), and their sum, (N,); 0 where a prompt has no spread."""
    centered = groups.centered(rewards)
    share = np.asarray(weights, dtype=np.float64)
    summed = centered * share
    if how == "normalize-then-sum":
        summed = _over_deviation(centered, groups) * share
        return summed, summed.sum(axis=1)
    together = summed.sum(axis=1, keepdims=True)
    deviation = _deviation(together, groups)
    parts: Array = np.where(deviation > 0, summed / np.where(deviation > 0, deviation, 1.0), 0.0)
    return parts, parts.sum(axis=1)


def _deviation(centered: Array, groups: Groups) -> Array:
    """Return each row's group's standard deviation (n − 1), (N, …), 0 where it is no more than rounding."""
    size = np.maximum(groups.sizes - 1, 1).reshape(-1, *[1] * (centered.ndim - 1))
    spread = np.sqrt(groups.total(centered**2) / size)
    scale = np.abs(centered).max(initial=0.0)
    return groups.spread(np.where(spread > 1e-12 * max(scale, 1e-300), spread, 0.0))


def _over_deviation(centered: Array, groups: Groups) -> Array:
    deviation = _deviation(centered, groups)
    scaled: Array = np.where(deviation > 0, centered / np.where(deviation > 0, deviation, 1.0), 0.0)
    return scaled


def advantages(rewards: ArrayLike, weights: ArrayLike, groups: Groups, how: Aggregation) -> Array:
    """Return each completion's advantage, shape (N,), 0 in a prompt whose completions all have one reward.

    `sum-then-normalize` is GRPO's (arXiv:2402.03300): the weighted sum, less the prompt's mean, over its standard
    deviation. `normalize-then-sum` does so with each signal first (GDPO, arXiv:2601.05242); the batch-wide scaling
    that follows there changes no share and is left out.

    Args:
        rewards: One column a signal, shape (N, K), finite.
        weights: Weight of each signal, shape (K,).
        groups: The prompts.
        how: In which order.
    """
    return _parts(rewards, weights, groups, how)[1]


def advantage_shares(
    rewards: ArrayLike, weights: ArrayLike, groups: Groups, clusters: ArrayLike, alpha: float, how: Aggregation
) -> Ratio:
    """Return each signal's share of the advantage's mean square, shape (K,); they sum to 1.

    The share of signal k is Σ A·a_k / Σ A², a_k being its part of the advantage A; one that works against the others
    has a negative share.

    Args:
        rewards: One column a signal, shape (N, K), finite.
        weights: Weight of each signal, shape (K,).
        groups: The prompts.
        clusters: Cluster of each prompt, shape (G,).
        alpha: Error rate of each bound.
        how: In which order the rewards are summed and normalized.

    Raises:
        ValueError: fewer than two clusters, or no prompt has two completions of different reward.
    """
    columns, above, below = np.asarray(rewards, dtype=np.float64), [], []
    for rows, part in groups.parts():
        parts, together = _parts(columns[rows], weights, part, how)
        above.append(part.total(parts * together[:, None]))
        below.append(part.total(together**2))
    return ratio(np.concatenate(above), np.concatenate(below), clusters, alpha)


def _products(centered: Array) -> Array:
    # BLAS would spread so narrow a product over threads, which then wait for each other on a busy machine.
    made: Array = np.einsum("nk,nl->kl", centered, centered)
    return made


def within_correlation(x: ArrayLike, groups: Groups) -> Array:
    """Return the correlations of the columns of `x`, shape (N, K), within prompts, as (K, K); NaN for a constant."""
    columns = np.asarray(x, dtype=np.float64)
    products = sum(_products(part.centered(columns[rows])) for rows, part in groups.parts())
    size = np.sqrt(np.diag(products))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations: Array = products / np.outer(size, size)
    return correlations


def influence(behaviors: ArrayLike, rewards: ArrayLike, groups: Groups, beta: float) -> Array:
    """Return each prompt's derivative of E[behavior] by the signals' weights: Cov(behavior, reward) / beta, (G, M, K).

    At the optimum π ∝ π_ref · exp(Σ w r / beta) of KL-regularized training, dE[f]/dw_k = Cov_w(f, r_k) / beta; the
    rows are draws from π_ref, so this is the derivative where training starts.

    Source: the exponential family's moments, e.g. Wainwright and Jordan 2008, section 3.5.

    Args:
        behaviors: One column a behavior, shape (N, M).
        rewards: One column a signal, shape (N, K).
        groups: The prompts.
        beta: Strength of the KL penalty.
    """
    return groups.covariance(behaviors, rewards) / beta


@dataclass(frozen=True, slots=True)
class Flips:
    """Pairs of a prompt's completions that one order ranks, and how many of them another ranks the other way.

    Attributes:
        ranked: Pairs ranked by the first order, each prompt, shape (G,).
        flipped: Those that the second turns around, shape (G,).
        best: Whether the completion that is best by the second is not among the best by the first, shape (G,).
    """

    ranked: Array
    flipped: Array
    best: NDArray[np.bool_]


def flips(first: ArrayLike, second: ArrayLike, groups: Groups, rng: np.random.Generator) -> Flips:
    """Return how often `second` turns around what `first` ranks; both of shape (N,).

    Of prompts with more than 65 completions, 64 random partners of each completion are compared.
    """
    before, after = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    longest = int(groups.sizes.max())
    owner = groups.spread(np.arange(len(groups.sizes)))
    if longest > MOST_LAGS + 1:
        order = np.lexsort((rng.random(len(before)), owner))
        before, after = before[order], after[order]
    ranked, flipped = np.zeros(len(groups.sizes)), np.zeros(len(groups.sizes))
    for lag in range(1, min(longest, MOST_LAGS + 1)):
        same = owner[lag:] == owner[:-lag]
        one = np.sign(before[lag:] - before[:-lag]) * same
        other = np.sign(after[lag:] - after[:-lag])
        ranked += np.bincount(owner[lag:], one != 0, len(ranked))
        flipped += np.bincount(owner[lag:], one * other < 0, len(ranked))
    top_before = groups.spread(np.maximum.reduceat(before, groups.starts))
    top_after = groups.spread(np.maximum.reduceat(after, groups.starts))
    kept = groups.total((before == top_before) & (after == top_after)) > 0
    return Flips(ranked, flipped, ~kept)
