"""Rates and paired changes from conversations of which some are graded: stratified by a cheap score, design-based.

Phase one is a sample of the traffic, of whose answers all have a cheap score; phase two are those of them that were
graded, drawn within strata of that score. What is estimated is the traffic's rate, so both phases are in the variance.
Harm is rare, so the intervals are those of weighted sums of Poisson counts: the gamma interval of Fay and Feuer
(Statistics in Medicine 16:791, 1997) in its mid-p form (Fay and Kim, Biometrical Journal 59:549, 2017). A change is the
difference of what rose and what fell among pairs, its interval that of two such sums (Zou and Donner, Statistics in
Medicine 27:1693, 2008). `python -m benchmarks replay` measures how often they hold the truth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

__all__ = [
    "Change",
    "Design",
    "KnownChange",
    "Rate",
    "Share",
    "change",
    "change_of",
    "change_of_known",
    "design_of",
    "numbered",
    "rate",
    "rate_of_known",
    "ratio",
    "share_of",
    "smallest_seen",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """Which conversations were graded, and what each of them stands for.

    Attributes:
        stratum: Of each conversation of the sample, a number from 0.
        cluster: Of each, a number: conversations of one user share it.
        graded: Whether each was graded.
        stands_for: Share of the traffic that a graded one stands for; 0 for the others.
    """

    stratum: NDArray[np.int64]
    cluster: NDArray[np.int64]
    graded: NDArray[np.bool_]
    stands_for: Array


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate, or a change of one, with its interval.

    Attributes:
        value: The estimate.
        low: Its lower end.
        high: Its upper end.
        found: Graded conversations that showed it; of a change those in which the models differ.
        graded: Graded conversations.
    """

    value: float
    low: float
    high: float
    found: int
    graded: int


def design_of(stratum: NDArray[np.int64], cluster: NDArray[np.int64], graded: NDArray[np.bool_]) -> Design:
    """Return the design in which the graded ones of each stratum stand for all of it.

    Raises:
        ValueError: nothing of a stratum was graded.
    """
    of = np.bincount(stratum)
    done = np.bincount(stratum[graded], minlength=len(of))
    if ((of > 0) & (done == 0)).any():
        raise ValueError("a stratum of which nothing is graded stands for nothing")
    share = np.divide(of, done, out=np.zeros(len(of)), where=done > 0) / len(stratum)
    return Design(stratum, cluster, graded, np.where(graded, share[stratum], 0.0))


def numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each name, from 0, the same for the same."""
    return np.unique(np.array(names, dtype=object), return_inverse=True)[1].reshape(-1)


def _parts(design: Design, values: Array, mean: float) -> Array:
    """Return what each conversation adds to the error of a weighted mean, (conversations,).

    Within a stratum of n graded ones it is taken as larger by √(n / (n − 1)), for their own mean lies nearer to them.
    """
    done = design.graded
    sums = np.bincount(design.stratum[done], values[done], minlength=int(design.stratum.max()) + 1)
    many = np.maximum(np.bincount(design.stratum[done], minlength=len(sums)), 1)
    means, wider = (sums / many)[design.stratum], np.sqrt(many / np.maximum(many - 1, 1))[design.stratum]
    parts: Array = (means - mean) / len(values)
    parts[done] += (design.stands_for * wider)[done] * (values[done] - means[done])
    return parts


def _summed(design: Design, one: Array, other: Array) -> float:
    """Return the covariance of two weighted means by clusters, from what each conversation adds to their errors."""
    users = len(np.unique(design.cluster))
    sums = [np.bincount(design.cluster, parts) for parts in (one, other)]
    return float(sums[0] @ sums[1]) * users / max(users - 1, 1)


@dataclass(frozen=True, slots=True)
class Share:
    """The traffic's rate of something, of which an interval can be taken at any level.

    Attributes:
        value: The estimate.
        variance: Its variance, by clusters.
        weight: What one more case would weigh.
        found: Graded conversations that showed it.
        graded: Graded conversations.
    """

    value: float
    variance: float
    weight: float
    found: int
    graded: int

    def at(self, level: float) -> Rate:
        """Return the rate with an interval that is to hold the truth so often."""
        low, high = _gamma(self.value, self.variance, self.weight, (1 - level) / 2)
        return Rate(self.value, low, min(high, 1.0), self.found, self.graded)


def share_of(design: Design, values: Array) -> Share:
    """Return the traffic's rate of something.

    Args:
        design: Which conversations were graded.
        values: (conversations,) from 0 to 1; what is not graded is not looked at.
    """
    done = design.graded
    value = float((design.stands_for[done] * values[done]).sum())
    parts = _parts(design, values, value)
    by_cluster, alone = _summed(design, parts, parts), float(parts @ parts)
    weight = float((design.stands_for**2).sum()) * max(by_cluster / alone if alone > 0 else 1.0, 1.0)
    return Share(value, by_cluster, weight, int((values[done] > 0).sum()), int(done.sum()))


def rate(design: Design, values: Array, level: float = 0.9) -> Rate:
    """Return the traffic's rate of something, in an interval that is to hold the truth so often."""
    return share_of(design, values).at(level)


def rate_of_known(design: Design, values: Array, level: float = 0.9) -> Rate:
    """Return a rate as `rate` does, its interval wide enough for whatever the graded ones that are NaN may be worth."""
    least, most = (rate(design, np.nan_to_num(values, nan=fill), level) for fill in (0.0, 1.0))
    return Rate((least.value + most.value) / 2, least.low, most.high, least.found, least.graded)


def _gamma(value: float, variance: float, weight: float, tail: float) -> tuple[float, float]:
    """Return the mid-p gamma interval of a weighted sum of counts, of which one more would weigh `weight`."""
    more, spread = value + weight, variance + weight**2
    upper = (more**2 / spread, spread / more)
    if value <= 0 or variance <= 0:
        # Half the mixture is nothing at all, so the upper end leaves twice the tail of the other half.
        return max(value, 0.0) if variance <= 0 < value else 0.0, _quantile(upper, 1 - 2 * tail)
    lower = (value**2 / variance, variance / value)

    def below(at: float) -> float:
        return 0.5 * float(special.gammainc(lower[0], at / lower[1]) + special.gammainc(upper[0], at / upper[1]))

    def end(share: float) -> float:
        near, far = sorted((_quantile(lower, share), _quantile(upper, share)))
        return far if far - near < 1e-15 else float(optimize.brentq(lambda at: below(at) - share, near, far))

    return end(tail), end(1 - tail)


def _quantile(gamma: tuple[float, float], share: float) -> float:
    return float(special.gammaincinv(gamma[0], share)) * gamma[1]


@dataclass(frozen=True, slots=True)
class Change:
    """How much more often something is after than before, of which an interval can be taken at any level.

    Attributes:
        rose: The share of conversations that show it after alone.
        fell: The share of those that show it before alone.
        alike: Correlation of both estimates.
    """

    rose: Share
    fell: Share
    alike: float

    @property
    def value(self) -> float:
        """The estimate."""
        return self.rose.value - self.fell.value

    def at(self, level: float) -> Rate:
        """Return the change with an interval that is to hold the truth so often."""
        rose, fell = self.rose.at(level), self.fell.at(level)

        def reach(one: float, other: float) -> float:
            return math.sqrt(max(one**2 + other**2 - 2 * self.alike * one * other, 0.0))

        low = self.value - reach(rose.value - rose.low, fell.high - fell.value)
        high = self.value + reach(rose.high - rose.value, fell.value - fell.low)
        return Rate(self.value, max(low, -1.0), min(high, 1.0), rose.found + fell.found, rose.graded)


def change_of(design: Design, before: Array, after: Array) -> Change:
    """Return how much more often something is after than before, of pairs of answers to the same conversations.

    What rises cannot fall, so both shares of one sample go against each other: the more often models differ, the more
    the difference varies, and the correlation of the two sums is inside the interval.
    """
    rose, fell = np.maximum(after - before, 0.0), np.maximum(before - after, 0.0)
    up, down = share_of(design, rose), share_of(design, fell)
    return Change(up, down, _correlation(design, rose, fell, up.value, down.value))


def change(design: Design, before: Array, after: Array, level: float = 0.9) -> Rate:
    """Return a change as `change_of` does, in an interval that is to hold the truth so often."""
    return change_of(design, before, after).at(level)


@dataclass(frozen=True, slots=True)
class KnownChange:
    """A change of which some answers or grades are missing, and may be worth anything.

    Attributes:
        best: The change if all that is missing were as harmless as it could be.
        worst: The change if it were as harmful as it could be.
        lost: Share of the sample that was not answered, and is in neither.
    """

    best: Change
    worst: Change
    lost: float

    @property
    def ends(self) -> tuple[float, float]:
        """The estimates if all that is missing were as harmless, and as harmful, as it could be."""
        best, worst = (one.value * (1 - self.lost) for one in (self.best, self.worst))
        return best - self.lost, worst + self.lost

    def at(self, level: float) -> Rate:
        """Return the change, in an interval that is to hold the truth so often whatever is missing may be worth."""
        least, most = self.best.at(level), self.worst.at(level)
        low, high = (one * (1 - self.lost) for one in (least.low, most.high))
        value = (least.value + most.value) / 2
        return Rate(value, max(low - self.lost, -1.0), min(high + self.lost, 1.0), most.found, most.graded)


def change_of_known(design: Design, before: Array, after: Array, lost: float) -> KnownChange:
    """Return a change of which some is missing.

    Args:
        design: Which conversations were graded.
        before: (conversations,) from 0 to 1; NaN where a graded one got no grade.
        after: The same.
        lost: Share of the sample that was not answered.
    """
    best, worst = (
        change_of(design, np.nan_to_num(before, nan=1.0 - fill), np.nan_to_num(after, nan=fill)) for fill in (0.0, 1.0)
    )
    return KnownChange(best, worst, lost)


def _correlation(design: Design, rose: Array, fell: Array, rising: float, falling: float) -> float:
    """Return the correlation of what rose and what fell, at most 0; 0 where one of them was not seen."""
    up, down = _parts(design, rose, rising), _parts(design, fell, falling)
    spread = math.sqrt(_summed(design, up, up) * _summed(design, down, down))
    return max(min(_summed(design, up, down) / spread, 0.0), -1.0) if spread > 0 else 0.0


def ratio(after: Rate, before: Rate) -> tuple[float, float, float]:
    """Return how many times one rate another is, with its interval; infinite or NaN where the other may be nothing.

    The interval is that of the difference of two logarithms whose own intervals are known (Zou and Donner, 2008).
    """
    if not before.value or not after.value:
        return (math.nan if not after.value and not before.value else math.inf if after.value else 0.0), 0.0, math.inf
    value = math.log(after.value / before.value)
    down = [math.log(one.value / one.low) if one.low > 0 else math.inf for one in (after, before)]
    up = [math.log(one.high / one.value) for one in (after, before)]
    low, high = value - math.hypot(down[0], up[1]), value + math.hypot(up[0], down[1])
    return math.exp(value), math.exp(low), math.exp(high) if high < 700 else math.inf


def smallest_seen(design: Design, miss: float = 0.05) -> float:
    """Return the least rate of which such a design would have graded at least one case, but for a chance of `miss`.

    It is the worst case: that every one of them is where the fewest are graded, for the cheap score sees none.
    """
    return min(-math.log(miss) * float(design.stands_for.max()), 1.0)
