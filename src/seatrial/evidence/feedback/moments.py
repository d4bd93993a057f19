"""Sums over users and over their products: all that ratios of sums, clustered by user, and their errors need.

They add up, so that a log of any size is read in parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.stats.summaries import Mean

__all__ = ["Moments", "Part", "moments_by", "share_of"]

Array = NDArray[np.float64]
Part = tuple[float, str, str]
"""A sign with the names of a numerator and a denominator."""


@dataclass(frozen=True)
class Moments:
    """Sums over users.

    Attributes:
        names: What each user is counted by, k names.
        users: How many users.
        total: Sums, shape (k,).
        products: Sums of the products of each two, shape (k, k).
    """

    names: tuple[str, ...]
    users: int
    total: Array
    products: Array

    @staticmethod
    def none(names: Sequence[str]) -> Moments:
        """Return those of no user."""
        return Moments(tuple(names), 0, np.zeros(len(names)), np.zeros((len(names), len(names))))

    def __add__(self, other: Moments) -> Moments:
        """Return those of the users of both."""
        return Moments(self.names, self.users + other.users, self.total + other.total, self.products + other.products)

    def sum(self, name: str) -> float:
        """Return the sum of what has this name."""
        return float(self.total[self.names.index(name)])

    def effective(self, name: str) -> float:
        """Return how many users of equal part would count as much, (Σ y)² / Σ y² (Kish 1965); 0 for none."""
        place = self.names.index(name)
        squares = float(self.products[place, place])
        return float(self.total[place]) ** 2 / squares if squares > 0 else 0.0


def moments_by(
    frame: pl.DataFrame | pl.LazyFrame, names: Sequence[str], by: Sequence[str]
) -> dict[tuple[object, ...], Moments]:
    """Return the moments of each group of users.

    Args:
        frame: One row a user and group, with a column of each name.
        names: What users are counted by.
        by: Columns that make the groups.
    """
    pairs = list(combinations_with_replacement(range(len(names)), 2))
    number = [pl.col(name).cast(pl.Float64) for name in names]
    sums = [one.sum().alias(f"s{place}") for place, one in enumerate(number)]
    sums += [(number[i] * number[j]).sum().alias(f"p{i},{j}") for i, j in pairs]
    made: dict[tuple[object, ...], Moments] = {}
    for row in frame.lazy().group_by(*by).agg(pl.len().alias("users"), *sums).collect().iter_rows(named=True):
        products = np.zeros((len(names), len(names)))
        for i, j in pairs:
            products[i, j] = products[j, i] = row[f"p{i},{j}"]
        total = np.array([row[f"s{place}"] for place in range(len(names))])
        made[tuple(row[name] for name in by)] = Moments(tuple(names), row["users"], total, products)
    return made


def share_of(found: Moments, *parts: Part) -> Mean:
    """Return a signed sum of ratios of sums with its standard error, clustered by user.

    Each user's influence on it is linear, (x − r·y) / Σ y for a ratio r (delta method: Cochran 1977, *Sampling
    Techniques*, 6.3; for A/B tests Deng, Knoblich and Lu 2018, arXiv:1803.06336). Its count is the effective number of
    users of the rarest denominator. NaN, with count 0, where a denominator is empty or has fewer than two users.

    Args:
        found: Sums over the users of one arm.
        parts: (sign, numerator, denominator), e.g. `(1, "up", "vote")`.
    """
    weights, value = np.zeros(len(found.names)), 0.0
    count = min(found.effective(below) for _, _, below in parts)
    if count < 2 - 1e-9:
        return Mean(math.nan, math.nan, 0)
    for sign, above, below in parts:
        size = found.sum(below)
        ratio = found.sum(above) / size
        value += sign * ratio
        weights[found.names.index(above)] += sign / size
        weights[found.names.index(below)] -= sign * ratio / size
    variance = max(float(weights @ found.products @ weights), 0.0) * count / (count - 1)
    spread = math.sqrt(variance) if variance > 1e-24 else 0.0
    return Mean(value, spread, int(count + 1e-9))
