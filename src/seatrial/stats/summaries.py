"""Means that are known by their standard errors alone: bounds and p-values without the numbers behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from seatrial.stats.distributions import t_ppf, t_sf
from seatrial.stats.intervals import Interval, out_of_sight

__all__ = ["Mean", "change", "level", "smallest_seen"]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of independent numbers on a scale.

    Attributes:
        value: The mean.
        se: Its standard error.
        count: How many numbers.
    """

    value: float
    se: float
    count: int


def change(before: Mean, after: Mean, low: float, high: float, alpha: float, against: float) -> tuple[Interval, float]:
    """Return Welch's interval of after − before, and the p-value against "it is at most `against`".

    No bound is nearer to the estimate than what the two samples cannot have shown, as of `intervals.out_of_sight`.
    Source: Welch 1947, Biometrika 34(1–2), with Satterthwaite's degrees of freedom.

    Args:
        before: The first mean.
        after: The second, of other numbers: whatever pairs them is not known.
        low: Smallest possible number.
        high: Largest possible number.
        alpha: Error rate of each bound.
        against: The change in question.
    """
    estimate, se, df = after.value - before.value, math.hypot(before.se, after.se), _degrees(before, after)
    old, new = (float(out_of_sight(one.count, alpha)) for one in (before, after))
    falls = old * (high - before.value) + new * (after.value - low)
    rises = old * (before.value - low) + new * (high - after.value)
    return _bounded(estimate, se, df, (falls, rises), alpha), _p_value(estimate - against, se, df)


def level(mean: Mean, low: float, high: float, alpha: float, against: float) -> tuple[Interval, float]:
    """Return the t interval of one mean, and the p-value against "it is at most `against`"; as `change` otherwise."""
    unseen, df = float(out_of_sight(mean.count, alpha)), mean.count - 1
    room = unseen * (mean.value - low), unseen * (high - mean.value)
    return _bounded(mean.value, mean.se, df, room, alpha), _p_value(mean.value - against, mean.se, df)


def smallest_seen(found: Interval, power: float) -> float:
    """Return the smallest change that bounds as far apart would rule out with this power if there were none."""
    return found.high - found.estimate + float(t_ppf(power, found.df)) * found.se


def _degrees(before: Mean, after: Mean) -> float:
    """Return Satterthwaite's degrees of freedom; those of the smaller sample where neither mean has an error."""
    first, second = before.se**2, after.se**2
    if first + second == 0.0:
        return min(before.count, after.count) - 1
    share = first / (first + second)
    return 1 / (share**2 / (before.count - 1) + (1 - share) ** 2 / (after.count - 1))


def _bounded(estimate: float, se: float, df: float, least: tuple[float, float], alpha: float) -> Interval:
    reach = float(t_ppf(1 - alpha, df)) * se
    return Interval(estimate, estimate - max(reach, least[0]), estimate + max(reach, least[1]), se, df, "summary")


def _p_value(beyond: float, se: float, df: float) -> float:
    if se == 0.0:
        return 1.0
    return float(t_sf(beyond / se, df))
