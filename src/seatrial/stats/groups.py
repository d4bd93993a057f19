"""Numbers that come in groups (the completions of one prompt): sums, means, ratios and their intervals by group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats.distributions import t_ppf

__all__ = ["Groups", "Ratio", "ratio"]

Array = NDArray[np.float64]
ROWS = 1 << 15
"""Rows that are worked on at once where intermediate tables would be large."""


@dataclass(frozen=True)
class Groups:
    """Where each group of rows begins, rows of one group standing together.

    Attributes:
        starts: First row of each group, shape (G,).
        sizes: Rows of each group, shape (G,).
    """

    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @staticmethod
    def of(names: ArrayLike) -> Groups:
        """Return the groups of names that stand together, shape (N,).

        Raises:
            ValueError: a name comes again after another one, or there are none.
        """
        given = np.asarray(names)
        if not len(given):
            raise ValueError("no rows, so no groups")
        begins = np.flatnonzero(np.r_[True, given[1:] != given[:-1]])
        if len(np.unique(given[begins])) < len(begins):
            raise ValueError("the rows of one group must stand together; sort them first")
        return Groups(begins, np.diff(np.r_[begins, len(given)]))

    @property
    def rows(self) -> int:
        """Number of rows, N."""
        return int(self.sizes.sum())

    def parts(self, most: int = ROWS) -> Iterator[tuple[slice, Groups]]:
        """Yield some whole groups at a time, of at most `most` rows where none is larger: their rows, and they."""
        ends = np.append(self.starts[1:], self.rows)
        first = 0
        while first < len(self.starts):
            begin = int(self.starts[first])
            last = max(first + 1, int(np.searchsorted(ends, begin + most, side="right")))
            yield slice(begin, int(ends[last - 1])), Groups(self.starts[first:last] - begin, self.sizes[first:last])
            first = last

    def total(self, x: ArrayLike) -> Array:
        """Return each group's sum of `x`, shape (N, …), as (G, …)."""
        summed: Array = np.add.reduceat(np.asarray(x, dtype=np.float64), self.starts, axis=0)
        return summed

    def mean(self, x: ArrayLike) -> Array:
        """Return each group's mean of `x`, shape (N, …), as (G, …)."""
        summed = self.total(x)
        return summed / self.sizes.reshape(-1, *[1] * (summed.ndim - 1))

    def spread(self, x: ArrayLike) -> Array:
        """Return what each group says of its rows, shape (G, …), once a row, as (N, …)."""
        return np.repeat(np.asarray(x), self.sizes, axis=0)

    def centered(self, x: ArrayLike) -> Array:
        """Return `x`, shape (N, …), less its group's mean."""
        values = np.asarray(x, dtype=np.float64)
        middle: Array = values - self.spread(self.mean(values))
        return middle

    def covariance(self, f: ArrayLike, r: ArrayLike) -> Array:
        """Return each group's unbiased covariances of `f`, shape (N, M), and `r`, shape (N, K), as (G, M, K).

        Groups of one row have none: NaN.
        """
        left, right = np.asarray(f, dtype=np.float64), np.asarray(r, dtype=np.float64)
        summed = np.concatenate([groups._products(left[rows], right[rows]) for rows, groups in self.parts()])
        with np.errstate(invalid="ignore", divide="ignore"):
            covariances: Array = summed / np.where(self.sizes > 1, self.sizes - 1.0, np.nan)[:, None, None]
        return covariances

    def _products(self, f: Array, r: Array) -> Array:
        left, right = self.centered(f), self.centered(r)
        return np.stack([self.total(left[:, [column]] * right) for column in range(left.shape[1])], axis=1)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of sums over clusters, with one-sided bounds; all of one shape.

    Attributes:
        estimate: The ratio.
        low: Lower bound at 1 − alpha.
        high: Upper bound at 1 − alpha.
        clusters: Number of clusters.
    """

    estimate: Array
    low: Array
    high: Array
    clusters: int


def ratio(above: ArrayLike, below: ArrayLike, clusters: ArrayLike, alpha: float) -> Ratio:
    """Return Σ above / Σ below with the t interval over clusters, C − 1 degrees of freedom.

    Source: linearized ratio, Cochran 1977, *Sampling Techniques*, 6.3; Miller 2024, arXiv:2411.00640, for clusters.

    Args:
        above: Each group's part of the numerator, shape (G, …).
        below: Each group's part of the denominator, shape (G,).
        clusters: Cluster of each group, shape (G,).
        alpha: Error rate of each bound.

    Raises:
        ValueError: fewer than two clusters, or the denominators sum to 0.
    """
    numerators, denominators = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    _, place = np.unique(np.asarray(clusters), return_inverse=True)
    count = int(place.max()) + 1
    if count < 2:
        raise ValueError("an interval over clusters needs two of them or more")
    shape = (count, *numerators.shape[1:])
    flat = numerators.reshape(len(numerators), -1)
    tops = np.stack([np.bincount(place, flat[:, column], count) for column in range(flat.shape[1])], 1).reshape(shape)
    bottoms = np.bincount(place, denominators, count)
    if not bottoms.sum():
        raise ValueError("the denominators sum to 0")
    estimate = tops.sum(axis=0) / bottoms.sum()
    left = tops - estimate * bottoms.reshape(-1, *[1] * (tops.ndim - 1))
    se = np.sqrt(count / (count - 1) * (left**2).sum(axis=0)) / abs(bottoms.sum())
    reach = float(t_ppf(1 - alpha, count - 1)) * se
    return Ratio(estimate, estimate - reach, estimate + reach, count)
