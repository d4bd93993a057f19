"""Exact tests of two paired sides: how often would they differ so much, were they exchanged at random?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["exchanges", "p_value", "swapped_means", "swapped_shares"]

MOST_EXACT = 12
"""Clusters up to which all exchanges are tried; with more of them a random part is."""
RANDOM = 4999
"""Random exchanges tried beside the one that was seen."""
AT_ONCE = 256


def exchanges(clusters: ArrayLike, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which units are exchanged between the sides, shape (exchanges, n); none is in the first row.

    All units of a cluster are exchanged together. Source: Fisher 1935, *The Design of Experiments*, 21; for random
    exchanges Phipson and Smyth 2010, SAGMB 9(1), by which the one that was seen counts among them.

    Args:
        clusters: The cluster of each unit, shape (n,).
        rng: Draws the exchanges where there are too many to try all.
    """
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    count = len(names)
    if count <= MOST_EXACT:
        drawn = (np.arange(2**count)[:, None] >> np.arange(count)) & 1 == 1
    else:
        drawn = np.vstack([np.zeros((1, count), dtype=bool), rng.random((RANDOM, count)) < 0.5])
    exchanged: NDArray[np.bool_] = drawn[:, index]
    return exchanged


def p_value(seen: ArrayLike) -> float:
    """Return the two-sided p-value of the first of several differences, the others being those under exchange."""
    sizes = np.abs(np.asarray(seen, dtype=np.float64))
    return float((sizes >= sizes[0] - 1e-9).mean())


def swapped_means(differences: ArrayLike, exchanged: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean of paired differences under each exchange, which turns their sign.

    Args:
        differences: Second − first of each unit, shape (n,), or of several measures, shape (n, measures).
        exchanged: As from `exchanges`, shape (exchanges, n).

    Returns:
        Shape (exchanges,), or (exchanges, measures).
    """
    paired = np.asarray(differences, dtype=np.float64)
    parts = [exchanged[start : start + AT_ONCE] @ paired for start in range(0, len(exchanged), AT_ONCE)]
    means: NDArray[np.float64] = (paired.sum(axis=0) - 2.0 * np.concatenate(parts)) / max(len(paired), 1)
    return means


def swapped_shares(first: ArrayLike, second: ArrayLike, exchanged: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the difference (second − first) of the shares of units whose group holds others of their side.

    Args:
        first: Group of each unit on the first side, shape (n,); below 0 for a unit that is in no group.
        second: The same on the second side, shape (n,).
        exchanged: As from `exchanges`, shape (exchanges, n).

    Returns:
        Shape (exchanges,).
    """
    one, two = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    groups = int(max(one.max(initial=-1), two.max(initial=-1))) + 2
    found = []
    for start in range(0, len(exchanged), AT_ONCE):
        part = exchanged[start : start + AT_ONCE]
        found.append(_repeated(np.where(part, one, two), groups) - _repeated(np.where(part, two, one), groups))
    shares: NDArray[np.float64] = np.concatenate(found) / max(len(one), 1)
    return shares


def _repeated(held: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Return how many units of each row share their group with another, shape (rows,); group 0 is none."""
    rows = len(held)
    places = (held + 1) + groups * np.arange(rows)[:, None]
    counts = np.bincount(places.ravel(), minlength=rows * groups).reshape(rows, groups)[:, 1:]
    repeated: NDArray[np.int64] = np.where(counts > 1, counts, 0).sum(axis=1)
    return repeated
