"""What an imperfect instrument does to a rate, and how to undo it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats.distributions import norm_isf, norm_ppf
from seatrial.stats.intervals import (
    LEAST_P,
    P_BISECTIONS,
    Interval,
    fixed_size_bounds,
    fixed_size_p_values,
    upper_below,
)

__all__ = [
    "EXACT",
    "Calibration",
    "Slope",
    "attenuated",
    "corrected_shift",
    "family_alpha",
    "rogan_gladen",
    "true_below",
    "true_bounds",
    "true_effect",
    "true_p_value",
]

Array = NDArray[np.float64]

FOR_THE_SLOPE = 0.2
"""Share of a sequential bound's alpha that is left to the slope's own error, where the slope was measured."""

FOR_ALL_SLOPES = 0.05
"""Share of a family's alpha that is left to the errors of its slopes, where harm is to be shown."""


@dataclass(frozen=True, slots=True)
class Slope:
    """The share of a true change that an instrument's readings show, as far as it is known.

    Attributes:
        value: The share: 1 by definition, TPR − FPR of flags, the mean reading of the harmful minus that of the
            harmless.
        se: Its standard error; 0 where the share is so by definition, or counts at a lower bound already.
        top: The share as it was measured, where `value` is a cautious one below it: it counts wherever a larger share
            is the cautious one. NaN where both are the same.
        top_se: Standard error of `top`.
    """

    value: float = 1.0
    se: float = 0.0
    top: float = math.nan
    top_se: float = 0.0

    @property
    def or_exact(self) -> Slope:
        """It, or `EXACT` where it is not known: readings are then taken as they are."""
        return EXACT if math.isnan(self.value) else self

    @property
    def at_most(self) -> Slope:
        """What counts where a larger share is the cautious one: to show harm, and for lower bounds above 0."""
        return self if math.isnan(self.top) else Slope(self.top, self.top_se)

    @property
    def two_sided(self) -> bool:
        """Whether what it may be at least and at most were found in different ways."""
        return not math.isnan(self.top)

    @property
    def uncertain(self) -> bool:
        """Whether it was measured, and is not so by definition."""
        return self.se > 0 or self.two_sided

    def low(self, alpha: float) -> float:
        """Return its lower bound at alpha; never below 0."""
        return max(0.0, self.value - float(norm_isf(alpha)) * self.se) if self.se else self.value

    def high(self, alpha: float) -> float:
        """Return its upper bound at alpha."""
        most = self.at_most
        return most.value + float(norm_isf(alpha)) * most.se if most.se else most.value

    def ruling_out(self, alpha: float) -> tuple[float, float]:
        """Return how alpha is split to rule harm out one look after another: the readings' level, the slope's bound."""
        spent = FOR_THE_SLOPE * alpha if self.se else 0.0
        return alpha - spent, self.low(spent) if spent else self.value

    def showing(self, alpha: float, family: int) -> float:
        """Return the largest slope that counts where harm is to be shown in one of a family of claims."""
        return self.high(FOR_ALL_SLOPES * alpha / max(1, family)) if self.uncertain else self.value


EXACT = Slope()
"""Of what is right by definition: accepted answers, labels, counted words."""


def family_alpha(alpha: float, slopes: Iterable[Slope]) -> float:
    """Return the level at which a family of claims is shown, what its slopes' errors may take set aside."""
    return alpha * (1 - FOR_ALL_SLOPES) if any(slope.uncertain for slope in slopes) else alpha


def true_bounds(
    estimate: ArrayLike, low: ArrayLike, high: ArrayLike, slope: Slope, alpha: float
) -> tuple[Array, Array]:
    """Return the bounds of true changes from those of their readings, the slope's uncertainty inside, shapes (r,).

    A true change M is within them where estimate − M · slope ∓ √(reach² + M² (z se)²) lies on the other side of 0,
    reach the distance of the reading's bound from its estimate: Fieller's interval of a ratio, with the reading's own
    bounds in place of normal ones (Fieller 1954, JRSS B 16; Zou and Donner 2008, Statistics in Medicine 27). Infinite
    where the slope may be 0.

    A slope that is at least one share and at most another gives the box of both: each bound is divided by the share
    that moves it outwards.

    Args:
        estimate: Mean readings.
        low: Their lower bounds at alpha.
        high: Their upper bounds at alpha.
        slope: What the readings show of a true change.
        alpha: Error rate of each bound.
    """
    mean, least, most = (np.asarray(part, dtype=np.float64) for part in (estimate, low, high))
    if slope.two_sided:
        return _boxed(least, most, slope.low(alpha), slope.high(alpha))
    if slope.value > 0 and slope.se == 0:
        return least / slope.value, most / slope.value
    reach = float(norm_isf(alpha)) * slope.se
    steep = slope.value**2 - reach**2
    if slope.value <= 0 or steep <= 0:
        return np.full_like(mean, -math.inf), np.full_like(mean, math.inf)

    def root(distance: Array, side: int) -> Array:
        inside = (slope.value * mean) ** 2 - steep * (mean**2 - distance**2)
        found: Array = (slope.value * mean + side * np.sqrt(np.maximum(inside, 0.0))) / steep
        return found

    return root(mean - least, -1), root(most - mean, 1)


def _boxed(least: Array, most: Array, flat: float, steep: float) -> tuple[Array, Array]:
    """Return the bounds of readings, divided by whichever of two shares of a change moves them outwards."""
    if flat <= 0:
        return np.full_like(least, -math.inf), np.full_like(most, math.inf)
    return least / np.where(least > 0, steep, flat), most / np.where(most > 0, flat, steep)


def true_below(
    x: ArrayLike, threshold: float, low: float, high: float, slope: Slope, alpha: float
) -> NDArray[np.bool_]:
    """Return whether the upper bound of each true mean lies below the threshold, shape (r, C) → (r,).

    As comparing `true_bounds` does. Whether a lower bound lies above it is asked with all numbers negated.

    Args:
        x: Cluster means of readings, shape (r, C).
        threshold: What the true mean should lie below.
        low: Smallest possible reading.
        high: Largest possible reading.
        slope: What the readings show of a true change.
        alpha: Error rate of each bound.
    """
    values = np.asarray(x, dtype=np.float64)
    if slope.two_sided:
        share = slope.low(alpha) if threshold > 0 else slope.high(alpha)
        wanted = np.full(len(values), threshold * share if share > 0 else -math.inf)
        return upper_below(values, wanted, low, high, alpha)
    reach = float(norm_isf(alpha)) * slope.se if slope.se else 0.0
    if slope.value <= 0 or reach >= slope.value:
        return np.zeros(len(values), dtype=bool)
    mean = values.mean(axis=1)
    room = threshold * slope.value - mean
    left = room**2 - (threshold * reach) ** 2
    wanted = np.where((room > 0) & (left > 0), mean + np.sqrt(np.maximum(left, 0.0)), -math.inf)
    return upper_below(values, wanted, low, high, alpha)


def true_p_value(x: ArrayLike, threshold: float, low: float, high: float, slope: Slope) -> float:
    """Return the p-value of readings against "the true mean is at most the threshold".

    It is the least level at which the lower bound of the truth, the slope's uncertainty inside, exceeds the threshold.
    A mean that does not exceed it counts as 1.

    Args:
        x: Cluster means of readings, shape (C,).
        threshold: What the true mean is at most, under the hypothesis.
        low: Smallest possible reading.
        high: Largest possible reading.
        slope: What the readings show of a true change.
    """
    values = np.asarray(x, dtype=np.float64)
    share = slope.at_most.value if threshold > 0 else slope.value
    if slope.value <= 0 or len(values) == 0 or not values.mean() > threshold * share:
        return 1.0
    if not slope.uncertain:
        return float(fixed_size_p_values(values[None, :], threshold * slope.value, low, high)[0])

    def shown(level: float) -> bool:
        found = fixed_size_bounds(values[None, :], low, high, level)
        bound, _ = true_bounds(values.mean(), found.low[0], found.high[0], slope, level)
        return bool(bound > threshold)

    least, most = math.log(LEAST_P), math.log(0.5)
    if not shown(0.5):
        return 1.0
    for _ in range(P_BISECTIONS):
        middle = (least + most) / 2
        least, most = (least, middle) if shown(math.exp(middle)) else (middle, most)
    return math.exp(most)


def attenuated(effect: float, tpr: float, fpr: float) -> float:
    """Return the change that an instrument shows of a true change of a rate: (TPR − FPR) of it."""
    return (tpr - fpr) * effect


def true_effect(shown: float, tpr: float, fpr: float) -> float:
    """Return the true change behind one that the instrument shows; infinite where it cannot show any.

    An MDE in the instrument's units becomes an MDE in true harm.
    """
    return shown / (tpr - fpr) if tpr > fpr else math.inf


def rogan_gladen(
    hits: int,
    trials: int,
    true_positives: int,
    positives: int,
    true_negatives: int,
    negatives: int,
    alpha: float,
    draws: int = 20_000,
    rng: np.random.Generator | None = None,
) -> Interval:
    """Return the true rate behind an instrument's rate, with its error measured on labelled answers.

    The point estimate is Rogan and Gladen's (1978, American Journal of Epidemiology 107(1)), cut to [0, 1]. Its
    interval draws the three proportions from their Jeffreys posteriors, so that the uncertainty of sensitivity and
    specificity is inside.

    Args:
        hits: Answers that the instrument flagged.
        trials: Answers that it read.
        true_positives: Flagged among the labelled-harmful.
        positives: Labelled harmful.
        true_negatives: Not flagged among the labelled-harmless.
        negatives: Labelled harmless.
        alpha: Error rate of each bound.
        draws: Draws from the posteriors.
        rng: Generator; a fixed one by default.

    Raises:
        ValueError: counts are impossible.
    """
    counts = ((hits, trials), (true_positives, positives), (true_negatives, negatives))
    _refuse_impossible(counts)
    generator = rng or np.random.default_rng(0)
    rate, tpr, tnr = (generator.beta(part + 0.5, total - part + 0.5, size=draws) for part, total in counts)
    youden = tpr + tnr - 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where a draw says that the instrument is no better than chance, any true rate is possible.
        drawn = np.clip((rate + tnr - 1.0) / youden, 0.0, 1.0)
    blind = youden <= 0
    low = float(np.quantile(np.where(blind, 0.0, drawn), alpha))
    high = float(np.quantile(np.where(blind, 1.0, drawn), 1 - alpha))
    point_youden = true_positives / positives + true_negatives / negatives - 1.0
    if point_youden <= 0:
        return Interval(math.nan, 0.0, 1.0, method="rogan-gladen")
    point = (hits / trials + true_negatives / negatives - 1.0) / point_youden
    return Interval(min(max(point, 0.0), 1.0), low, high, method="rogan-gladen")


@dataclass(frozen=True, slots=True)
class Calibration:
    """An instrument's flags on labelled answers of one model.

    Attributes:
        true_positives: Flagged among the labelled-harmful.
        positives: Labelled harmful.
        true_negatives: Not flagged among the labelled-harmless.
        negatives: Labelled harmless.
    """

    true_positives: int
    positives: int
    true_negatives: int
    negatives: int

    def __post_init__(self) -> None:
        """Refuse impossible counts.

        Raises:
            ValueError: a part exceeds its total, or a total is 0.
        """
        _refuse_impossible(((self.true_positives, self.positives), (self.true_negatives, self.negatives)))

    @property
    def rates(self) -> tuple[float, float, float, float]:
        """Sensitivity, specificity and the variances of both.

        The rates are the shares as counted: drawing them towards one half would make TPR − FPR smaller than it is, and
        every corrected interval too wide. Only where a share is 0 or 1, whose variance would be none, half a count
        more on either side gives the variance.
        """
        sensitivity, own = _share(self.true_positives, self.positives)
        specificity, other = _share(self.true_negatives, self.negatives)
        return sensitivity, specificity, own, other


def _refuse_impossible(counts: Iterable[tuple[int, int]]) -> None:
    if any(total < 1 or not 0 <= part <= total for part, total in counts):
        raise ValueError("counts must lie between 0 and their totals, and totals be at least 1")


def _share(part: int, total: int) -> tuple[float, float]:
    """Return a share and its variance."""
    varying = part / total if 0 < part < total else (part + 0.5) / (total + 1)
    return part / total, varying * (1 - varying) / total


def corrected_shift(
    baseline: ArrayLike, candidate: ArrayLike, before: Calibration, after: Calibration, alpha: float
) -> Interval:
    """Return the true change of a rate behind paired flags, where the instrument errs differently on the two models.

    Each model's rate is corrected by its own sensitivity and specificity (Rogan and Gladen 1978, American Journal of
    Epidemiology 107(1)); the interval is the delta method's over the paired flags and the four calibrated rates, so
    what the calibration does not know is inside.

    Args:
        baseline: Flags (or degrees in [0, 1]) of the baseline's answers, shape (n,), one a cluster.
        candidate: The same for the candidate, in the same order.
        before: The instrument on labelled answers of the baseline.
        after: The same for the candidate.
        alpha: Error rate of each bound.

    Raises:
        ValueError: shapes differ or fewer than two pairs; NaN bounds where an instrument is no better than chance.
    """
    x, y = np.asarray(baseline, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
    if len(x) != len(y) or len(x) < 2:
        raise ValueError("needs the same two or more clusters of both models")
    noise = np.cov(x, y) / len(x)
    total, rates, slopes = 0.0, [], []
    for flags, calibration in ((x, before), (y, after)):
        sensitivity, specificity, own, other = calibration.rates
        youden = sensitivity + specificity - 1
        if youden <= 0:
            return Interval(math.nan, -1.0, 1.0, method="corrected")
        rate = (float(flags.mean()) + specificity - 1) / youden
        total += (rate**2 * own + (1 - rate) ** 2 * other) / youden**2
        rates.append(rate)
        slopes.append(1 / youden)
    weights = np.array([-slopes[0], slopes[1]])
    total += float(weights @ noise @ weights)
    shift, reach = rates[1] - rates[0], float(norm_ppf(1 - alpha)) * math.sqrt(total)
    return Interval(shift, max(shift - reach, -1.0), min(shift + reach, 1.0), math.sqrt(total), method="corrected")
