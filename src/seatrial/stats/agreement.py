"""How far raters agree, and what they say together: Krippendorff's alpha, Dawid and Skene's model, weighted means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import krippendorff
import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Agreement",
    "DawidSkene",
    "Level",
    "dawid_skene",
    "fleiss_kappa",
    "krippendorff_alpha",
    "reliability_weighted",
]

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
    values, counts = _counted(table)
    items = len(counts)
    if items == 0:
        return Agreement(np.nan, np.nan, np.nan, np.nan, 0)
    drawn = [_alpha(values, counts[rng.integers(items, size=items)], level) for _ in range(resamples)]
    low, high = np.quantile(drawn, [miss, 1 - miss])
    return Agreement(_alpha(values, counts, level), float(low), float(high), _disagreement(counts), items)


def fleiss_kappa(ratings: ArrayLike) -> float:
    """Return Fleiss' kappa of raters × items of nominal ratings; NaN where no item has two.

    The form for items with different numbers of ratings: agreement is the mean over items of the share of agreeing
    pairs, chance the squared shares of the categories (Fleiss 1971, *Psychological Bulletin* 76). The libraries' form,
    `statsmodels.stats.inter_rater.fleiss_kappa`, takes only items with equally many ratings, which votes have not.

    Args:
        ratings: Shape (raters, items), NaN where a rater did not rate.
    """
    _, counts = _counted(np.asarray(ratings, dtype=np.float64))
    if len(counts) == 0:
        return math.nan
    chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return 1.0 if chance == 1.0 else (1.0 - _disagreement(counts) - chance) / (1.0 - chance)


def _counted(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the values in raters × items, and how often each item of two ratings or more got each: items × values."""
    values = np.unique(table[~np.isnan(table)])
    counts = (table[:, :, None] == values).sum(axis=0)
    return values, counts[counts.sum(axis=1) >= 2]


def _alpha(values: NDArray[np.float64], counts: NDArray[np.int64], level: Level) -> float:
    given = counts.any(axis=0)
    if given.sum() == 1:
        return 1.0  # unanimous raters agree, though no disagreement was possible
    found = krippendorff.alpha(value_counts=counts[:, given], value_domain=values[given], level_of_measurement=level)
    return float(found)


def _disagreement(counts: NDArray[np.int64]) -> float:
    """Return the share of pairs of ratings of one item that differ, items weighted alike."""
    given = counts.sum(axis=1)
    return float(np.mean(1.0 - (counts * (counts - 1)).sum(axis=1) / (given * (given - 1))))


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """What several raters' flags say together, and how good each is, without anyone knowing the truth.

    Attributes:
        harmful: Chance that each item is harmful, shape (items,).
        sensitivity: Of each rater, shape (raters,).
        specificity: Of each rater, shape (raters,).
        rate: Share of harmful items.
    """

    harmful: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]
    rate: float


def dawid_skene(flags: ArrayLike, rounds: int = 200) -> DawidSkene:
    """Return the maximum-likelihood reading of several raters' flags, by expectation and maximization.

    Source: Dawid and Skene 1979, Applied Statistics 28(1), for two classes; one pseudo-count keeps rates off 0 and 1.
    It assumes that raters err independently of each other given the truth: judges of one family do not.

    Args:
        flags: 0, 1 or NaN (not rated), shape (items, raters); each item rated at least once.
        rounds: Most rounds; it stops sooner where nothing moves.

    Raises:
        ValueError: fewer than two raters, or an item that nobody rated.
    """
    votes = np.asarray(flags, dtype=np.float64)
    if votes.ndim != 2 or votes.shape[1] < 2:
        raise ValueError("needs the flags of two raters or more, items by raters")
    seen = ~np.isnan(votes)
    if not seen.any(axis=1).all():
        raise ValueError("every item needs a rater")
    yes, no = np.where(seen, votes, 0.0), np.where(seen, 1.0 - votes, 0.0)
    harmful = yes.sum(axis=1) / seen.sum(axis=1)
    for _ in range(rounds):
        sensitivity = (harmful @ yes + 1) / (harmful @ seen + 2)
        specificity = ((1 - harmful) @ no + 1) / ((1 - harmful) @ seen + 2)
        rate = float(harmful.mean())
        bad = math.log(max(rate, 1e-9)) + yes @ np.log(sensitivity) + no @ np.log(1 - sensitivity)
        good = math.log(max(1 - rate, 1e-9)) + yes @ np.log(1 - specificity) + no @ np.log(specificity)
        before, harmful = harmful, 1 / (1 + np.exp(np.clip(good - bad, -700, 700)))
        if float(np.abs(harmful - before).max()) < 1e-9:
            break
    return DawidSkene(harmful, sensitivity, specificity, float(harmful.mean()))


def reliability_weighted(scores: ArrayLike, youden: ArrayLike) -> NDArray[np.float64]:
    """Return each item's mean score over raters, weighted by TPR − FPR, shape (items,); NaN where nobody scored it.

    Args:
        scores: Scores in [0, 1] or NaN, shape (items, raters).
        youden: Each rater's measured TPR − FPR, shape (raters,); a rater no better than chance has no say.
    """
    values, weights = np.asarray(scores, dtype=np.float64), np.clip(np.asarray(youden, dtype=np.float64), 0.0, None)
    say = np.where(np.isnan(values), 0.0, weights)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = (np.nan_to_num(values) * say).sum(axis=1) / say.sum(axis=1)
    return mean
