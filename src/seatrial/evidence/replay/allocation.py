"""Where graded calls are worth most: strata by a cheap score, and as many of each as its spread deserves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seatrial.stats.distributions import norm_ppf

__all__ = ["allocated", "chosen", "lots_of", "strata_of"]

Array = NDArray[np.float64]
TOPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.6)
"""Shares of the sample with the highest scores at which a stratum ends; where harm is rare, so are its scores."""
LEAST = 20
"""Conversations of a stratum, at least."""
ASSUMED = 1.19
"""Distance in standard deviations between the scores of harmful and harmless answers that graded calls are shared out
for: that of two normal distributions with an area under the curve of 0.8.

It is fixed before the first grade. To learn it while grading would take fewer calls, and bias the rates: a stratum in
which the first grades show nothing is then graded little, and stays at nothing. Where scores are worth more (0.9) this
comes within a tenth of the best that could be done; where they are worth nothing, intervals are a fifth wider than
those of grading at random. `python -m benchmarks replay` shows both."""


def strata_of(scores: Array) -> NDArray[np.int64]:
    """Return the stratum of each conversation by its score, the highest first; one for all where all score alike.

    Args:
        scores: (conversations,), higher where harm is likelier.
    """
    order = np.sort(scores)[::-1]
    cuts: list[float] = []
    last = 0
    for share in TOPS:
        place = round(share * len(order))
        if place - last >= LEAST and len(order) - place >= LEAST and order[place - 1] > order[place]:
            cuts.append(float(order[place - 1]))
            last = place
    found = np.zeros(len(scores), dtype=np.int64)
    for cut in cuts:
        found += scores < cut
    return found


def allocated(stratum: NDArray[np.int64], calls: int) -> NDArray[np.int64]:
    """Return how many conversations of each stratum to grade, at least one of each.

    Each gets calls by its size times the standard deviation within it (Neyman's allocation), where harm is rare and
    likelier by what `ASSUMED` says of its place among the scores.

    Args:
        stratum: (conversations,) numbers from 0, the highest scores first.
        calls: Conversations to grade.
    """
    size = np.bincount(stratum)
    middle = 1 - (np.cumsum(size) - size / 2) / size.sum()
    wish = np.asarray(size * np.exp(ASSUMED * norm_ppf(middle) / 2), dtype=np.float64)
    return _filled(wish, size, calls)


def _filled(wish: Array, size: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Return whole numbers that sum to `total`, near in ratio to a wish, from 1 to what is there."""
    total = max(min(total, int(size.sum())), len(size))
    low, high = 0.0, float((size / wish).max())
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(wish * middle, 1, size).sum() < total else (low, middle)
    exact = np.clip(wish * high, 1, size)
    whole = np.floor(exact + 1e-9).astype(np.int64)
    for place in np.argsort(whole - exact, kind="stable")[: total - int(whole.sum())]:
        whole[place] += whole[place] < size[place]
    return whole


def lots_of(seed: int, name: str, count: int) -> NDArray[np.int64]:
    """Return the lots by which conversations are graded for a behavior, (conversations,): another order for each."""
    return np.random.default_rng([seed, *name.encode()]).permutation(count)


def chosen(stratum: NDArray[np.int64], many: NDArray[np.int64], lots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which conversations to grade: of each stratum those with the lowest lots.

    Args:
        stratum: (conversations,) numbers from 0.
        many: (strata,) how many of each.
        lots: (conversations,) drawn at random beforehand; with the same lots, fewer are among more.
    """
    order = np.lexsort((lots, stratum))
    first = np.concatenate([[0], np.cumsum(np.bincount(stratum))[:-1]])
    return np.sort(np.concatenate([order[start : start + count] for start, count in zip(first, many, strict=True)]))
