"""How much of what was asked came back, where items are asked several times and answers are rated by several people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["answered_shares", "grouped"]

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


def grouped(outer: Whole, count: int, inner: NDArray[np.integer]) -> tuple[Whole, Whole]:
    """Number the pairs (outer, inner) that stand in the rows; return each pair's outer, and each row's pair.

    Args:
        outer: Number of each row's outer part, 0 to `count` − 1, each of which stands in a row.
        count: How many outer parts there are.
        inner: Each row's inner part.
    """
    values = np.unique(inner)
    if len(values) < 2:
        return np.arange(count), outer
    key = outer * len(values) + np.searchsorted(values, inner)
    if count * len(values) > 4 * len(key):
        pairs, number = np.unique(key, return_inverse=True)
        return pairs // len(values), number
    # Where most pairs that could be are there, ticking them off takes far less time than sorting.
    there = np.zeros(count * len(values), dtype=bool)
    there[key] = True
    return np.flatnonzero(there) // len(values), (np.cumsum(there) - 1)[key]


def answered_shares(
    ratings: Array,
    rating_answer: Whole,
    answer_item: Whole,
    draws: Whole,
) -> Array:
    """Return which share of the weight of all that was asked of each model came back, shape (2, items).

    What one model lacks weighs as much as it does on the other side; a draw that neither has weighs as much as the
    item's other draws on average.

    Args:
        ratings: Weight of each rating on either side, shape (2, ratings); 0 where a side lacks it. A rating is the
            number that a rater, or the only instrument, gave to one draw of one item.
        rating_answer: The draw that each rating is of.
        answer_item: The item that each draw is of.
        draws: Draws asked of each item.
    """

    def by_answer(values: Array) -> Array:
        if len(rating_answer) == len(answer_item):  # one rating each
            return values
        return np.array([np.bincount(rating_answer, side, len(answer_item)) for side in values], dtype=np.float64)

    def by_item(values: Array) -> Array:
        return np.array([np.bincount(answer_item, side, len(draws)) for side in values], dtype=np.float64)

    given = (ratings > 0).astype(float)
    alone = given * (1.0 - given[::-1])
    counts, others = by_answer(given), by_answer(alone)[::-1]
    lost = np.maximum(counts[::-1] - counts, 0.0)
    # As many ratings are lost as the other side has more; each weighs like those of raters that only it has.
    came = by_answer(ratings)
    weight = by_answer(ratings * alone)[::-1] / np.maximum(others, 1.0)
    there, wanted = by_item(came), by_item(came + lost * weight)
    held = by_item(counts.max(axis=0, keepdims=True) > 0)
    with np.errstate(invalid="ignore"):  # 0 / 0 where nothing of an item came back
        share: Array = there / wanted * (held / draws)
    return share
