"""What the order of numbers says: how well one sorts harmful from harmless, and how far two columns go together.

`scipy.stats.mannwhitneyu` and `spearmanr` give the same numbers, and a p-value with them, which costs up to nine times
as much; a record's bootstrap asks for both a thousand times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["auc", "spearman", "weighted_auc"]


def auc(higher: ArrayLike, lower: ArrayLike) -> float:
    """Return the chance that one of the first numbers exceeds one of the second, ties counting half.

    It is Mann and Whitney's U over the number of pairs (1947, Annals of Mathematical Statistics 18(1)).

    Args:
        higher: Shape (n,), n at least 1.
        lower: Shape (m,), m at least 1.
    """
    return weighted_auc(higher, lower, np.ones(np.size(higher)), np.ones(np.size(lower)))


def weighted_auc(higher: ArrayLike, lower: ArrayLike, weight: ArrayLike, others: ArrayLike) -> float:
    """Return the same chance where each number stands for so many; with equal weights it is `auc`.

    Args:
        higher: Shape (n,), n at least 1.
        lower: Shape (m,), m at least 1.
        weight: Of the first, shape (n,).
        others: Of the second, shape (m,).
    """
    order = np.argsort(lower, kind="stable")
    ordered, mass = np.asarray(lower)[order], np.concatenate([[0.0], np.cumsum(np.asarray(others)[order])])
    under, upto = (mass[np.searchsorted(ordered, higher, side=side)] for side in ("left", "right"))
    return float(np.average((under + upto) / 2, weights=np.asarray(weight, dtype=np.float64)) / mass[-1])


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Return Spearman's rank correlation of two columns; 0 where fewer than three pairs or no spread allow none."""
    if np.size(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
