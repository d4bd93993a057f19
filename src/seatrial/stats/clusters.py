"""Means of clustered, stratified and weighted numbers, and what clustering costs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats.distributions import t_ppf
from seatrial.stats.intervals import Interval

__all__ = [
    "cluster_means",
    "design_effect",
    "intraclass_correlation",
    "stratified_mean",
    "weighted_mean",
]

Array = NDArray[np.float64]


def cluster_means(x: ArrayLike, clusters: ArrayLike) -> Array:
    """Return the mean of each cluster, shape (C,), clusters in sorted order.

    Args:
        x: Numbers, shape (n,).
        clusters: The cluster of each, shape (n,).

    Raises:
        ValueError: the shapes differ.
    """
    values, names = np.asarray(x, dtype=np.float64), np.asarray(clusters)
    if values.shape != names.shape:
        raise ValueError("every number needs its cluster")
    _, index = np.unique(names, return_inverse=True)
    means: Array = np.bincount(index, weights=values) / np.bincount(index)
    return means


def intraclass_correlation(x: ArrayLike, clusters: ArrayLike) -> float:
    """Return the share of the variance that lies between clusters (one-way ANOVA estimator, at least 0).

    Source: Donner 1986, International Statistical Review 54(1), eq. 2, for clusters of unequal size. NaN where
    there are fewer than two clusters or no cluster has two numbers.

    Raises:
        ValueError: the shapes differ.
    """
    values, names = np.asarray(x, dtype=np.float64), np.asarray(clusters)
    means = cluster_means(values, names)
    _, index, sizes = np.unique(names, return_inverse=True, return_counts=True)
    count, total = len(sizes), len(values)
    if count < 2 or total <= count:
        return math.nan
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (count - 1)
    within = float(((values - means[index]) ** 2).sum()) / (total - count)
    typical = (total - float((sizes**2).sum()) / total) / (count - 1)
    spread = between + (typical - 1) * within
    return max(0.0, (between - within) / spread) if spread > 0 else math.nan


def design_effect(x: ArrayLike, clusters: ArrayLike) -> float:
    """Return by how much clustering multiplies the variance of a mean: 1 + (m − 1) · ICC (Kish 1965).

    m is the mean cluster size weighted by size. NaN where the correlation is.
    """
    _, sizes = np.unique(np.asarray(clusters), return_counts=True)
    weighted_size = float((sizes**2).sum()) / float(sizes.sum())
    return 1.0 + (weighted_size - 1.0) * intraclass_correlation(x, clusters)


def weighted_mean(x: ArrayLike, weights: ArrayLike, alpha: float) -> Interval:
    """Return the weighted mean of independent numbers with its t interval (Hájek's ratio, linearized).

    Source: Cochran 1977, *Sampling Techniques*, 6.3. For weights within a factor of a few; with a wider spread and a
    hundred numbers or fewer, one side misses up to twice as often as alpha.

    Args:
        x: Numbers, shape (n,).
        weights: Weights above 0, shape (n,).
        alpha: Error rate of each bound.

    Raises:
        ValueError: fewer than two numbers, or a weight that is not above 0.
    """
    values, share = np.asarray(x, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if len(values) < 2 or not (share > 0).all():
        raise ValueError("a weighted mean needs two numbers or more, and weights above 0")
    share = share / share.sum()
    mean = float((share * values).sum())
    count = len(values)
    se = math.sqrt(count / (count - 1) * float((share**2 * (values - mean) ** 2).sum()))
    reach = float(t_ppf(1 - alpha, count - 1)) * se
    return Interval(mean, mean - reach, mean + reach, se, count - 1, "weighted-t")


def stratified_mean(x: ArrayLike, strata: ArrayLike, shares: dict[str, float], alpha: float) -> Interval:
    """Return the mean of a population of known strata, each sampled at random, with Satterthwaite's interval.

    Source: Cochran 1977, *Sampling Techniques*, 5.3 and 5.4.

    Args:
        x: Independent numbers, shape (n,).
        strata: The stratum of each, shape (n,).
        shares: Each stratum's share of the population; they sum to 1.
        alpha: Error rate of each bound.

    Raises:
        ValueError: shares do not sum to 1, or a stratum has fewer than two numbers.
    """
    values, names = np.asarray(x, dtype=np.float64), np.asarray(strata).astype(str)
    if abs(sum(shares.values()) - 1.0) > 1e-6:
        raise ValueError("the shares of the strata must sum to 1")
    mean = variance = denominator = 0.0
    for name, share in shares.items():
        inside = values[names == name]
        if len(inside) < 2:
            raise ValueError(f"the stratum {name!r} needs two numbers or more")
        part = share**2 * float(inside.var(ddof=1)) / len(inside)
        mean, variance = mean + share * float(inside.mean()), variance + part
        denominator += part**2 / (len(inside) - 1)
    if variance == 0.0:
        return Interval(mean, math.nan, math.nan, 0.0, math.nan, "stratified-t")
    df = variance**2 / denominator
    reach = float(t_ppf(1 - alpha, df)) * math.sqrt(variance)
    return Interval(mean, mean - reach, mean + reach, math.sqrt(variance), df, "stratified-t")
