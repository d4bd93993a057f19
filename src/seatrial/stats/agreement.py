"""How far raters agree: Krippendorff's alpha, with the observed disagreement beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import krippendorff
import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Agreement", "Level", "krippendorff_alpha"]

Level = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Krippendorff's alpha with its interval, and the share of disagreeing pairs that it is made of.

    Attributes:
        alpha: 1 is agreement, 0 what chance gives; NaN where no item has two ratings.
        low: Lower bound from resampling items.
        high: Upper bound from resampling items.
        disagreement: Share of rating pairs within items that differ: alpha is low where one class dominates.
        items: Items with two ratings or more.
    """

    alpha: float
    low: float
    high: float
    disagreement: float
    items: int


def krippendorff_alpha(
    ratings: ArrayLike, level: Level, miss: float, rng: np.random.Generator, resamples: int = 500
) -> Agreement:
    """Return Krippendorff's alpha of raters × items (by the library `krippendorff`), bootstrapped over items.

    Args:
        ratings: Shape (raters, items), NaN where a rater did not rate.
        level: `nominal`, `ordinal` or `interval`.
        miss: Chance that each bound misses.
        rng: Generator for the resampling.
        resamples: Bootstrap samples.

    Raises:
        ValueError: there are fewer than two raters.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or len(table) < 2:
        raise ValueError("agreement needs a table of two raters or more")
    usable = table[:, (~np.isnan(table)).sum(axis=0) >= 2]
    count = usable.shape[1]
    if count == 0:
        return Agreement(np.nan, np.nan, np.nan, np.nan, 0)
    drawn = [_alpha(usable[:, rng.integers(count, size=count)], level) for _ in range(resamples)]
    low, high = np.quantile(drawn, [miss, 1 - miss])
    return Agreement(_alpha(usable, level), float(low), float(high), _disagreement(usable), count)


def _alpha(table: np.ndarray, level: Level) -> float:
    seen = table[~np.isnan(table)]
    if (seen == seen[0]).all():
        return 1.0  # unanimous raters agree, though no disagreement was possible
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement=level))


def _disagreement(table: np.ndarray) -> float:
    """Return the share of pairs of ratings of one item that differ, items weighted alike."""
    shares = []
    for column in table.T:
        given = column[~np.isnan(column)]
        _, counts = np.unique(given, return_counts=True)
        pairs = len(given) * (len(given) - 1)
        shares.append(1.0 - float((counts * (counts - 1)).sum()) / pairs)
    return float(np.mean(shares))
