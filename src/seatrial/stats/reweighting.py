"""What a model would do after training, from samples of it before: reweighting, and best-of-n.

Rows are completions drawn from the model as it is, rows of one prompt standing together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from seatrial.stats.groups import Groups

__all__ = [
    "best_of_kl",
    "best_of_probabilities",
    "divergence",
    "effective_size",
    "expected",
    "jackknifed",
    "tilted",
]

Array = NDArray[np.float64]


def tilted(scores: ArrayLike, groups: Groups) -> Array:
    """Return probabilities ∝ exp(score) within each prompt, shape (N,).

    With scores Σ w r / beta these weigh draws of π_ref as draws of π* ∝ π_ref · exp(Σ w r / beta), the optimum of
    KL-regularized training (Korbak et al. 2022, arXiv:2205.11275).
    """
    given = np.asarray(scores, dtype=np.float64)
    raised = np.exp(given - groups.spread(np.maximum.reduceat(given, groups.starts)))
    weights: Array = raised / groups.spread(groups.total(raised))
    return weights


def expected(f: ArrayLike, probabilities: ArrayLike, groups: Groups) -> Array:
    """Return each prompt's Σ p·f, with f of shape (N, M), as (G, M): self-normalized, biased by about 1 / draws."""
    return groups.total(np.asarray(probabilities)[:, None] * np.asarray(f, dtype=np.float64))


def jackknifed(f: ArrayLike, probabilities: ArrayLike, groups: Groups) -> Array:
    """Return each prompt's Σ p·f less its bias as the jackknife sees it, shape (G, M).

    The bias of a self-normalized mean does not average out over prompts; leaving each draw out in turn removes its
    first order (Quenouille 1956; Owen 2013, *Monte Carlo theory, methods and examples*, 9.2). A prompt of one draw
    is left as it is.
    """
    values, share = np.asarray(f, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)[:, None]
    plain = groups.total(share * values)
    size = groups.sizes[:, None].astype(np.float64)
    without = (groups.spread(plain) - share * values) / np.maximum(1.0 - share, 1e-9)
    corrected = size * plain - (size - 1) * groups.mean(without)
    return np.where(size > 1, corrected, plain)


def effective_size(probabilities: ArrayLike, groups: Groups) -> Array:
    """Return each prompt's effective number of draws, 1 / Σ p², shape (G,) (Kish 1965)."""
    size: Array = 1.0 / groups.total(np.asarray(probabilities, dtype=np.float64) ** 2)
    return size


def divergence(probabilities: ArrayLike, groups: Groups) -> Array:
    """Return each prompt's estimated KL(π* ‖ π_ref) in nats, Σ p·log(n·p), shape (G,); it cannot exceed log n."""
    share = np.asarray(probabilities, dtype=np.float64)
    ratios = share * groups.spread(groups.sizes)
    logs = np.log(np.where(ratios > 0, ratios, 1.0))
    return groups.total(share * logs)


def best_of_probabilities(scores: ArrayLike, groups: Groups, n: int) -> Array:
    """Return how likely each completion is to be the best of `n` drawn from its prompt's without replacement, (N,).

    Σ p·f is then the unbiased estimate of E[f of the best of n] for n fresh draws. Ties share their chance.

    Raises:
        ValueError: n is below 1, or a prompt has fewer than n completions.
    """
    given = np.asarray(scores, dtype=np.float64)
    if n < 1 or groups.sizes.min() < n:
        raise ValueError(f"the best of {n} needs at least {n} completions of each prompt")
    owner = groups.spread(np.arange(len(groups.sizes)))
    order = np.lexsort((given, owner))
    below = (np.arange(groups.rows) - groups.spread(groups.starts)).astype(np.float64)
    size = groups.spread(groups.sizes).astype(np.float64)
    chance = np.where(
        below >= n - 1,
        np.exp(_log_choose(np.maximum(below, n - 1), n - 1) - _log_choose(size, n)),
        0.0,
    )
    ordered = given[order]
    ties = Groups.of(np.cumsum(np.r_[True, (ordered[1:] != ordered[:-1]) | (owner[1:] != owner[:-1])]))
    made = np.empty(groups.rows)
    made[order] = ties.spread(ties.mean(chance))
    return made


def _log_choose(top: Array, bottom: int) -> Array:
    chosen: Array = gammaln(top + 1) - gammaln(bottom + 1.0) - gammaln(top - bottom + 1)
    return chosen


def best_of_kl(n: int) -> float:
    """Return the most that best-of-n can diverge from the model, in nats: log n − (n − 1) / n (arXiv:2401.01879)."""
    return float(np.log(n) - (n - 1) / n)
