"""Means that are known by their standard errors alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seatrial.stats.intervals import out_of_sight, unpaired
from seatrial.stats.summaries import Mean, change, level, smallest_seen

RNG = np.random.default_rng(7)
BEFORE, AFTER = RNG.uniform(0.2, 0.6, 80), RNG.uniform(0.1, 0.9, 50)


def _mean(values: NDArray[np.float64]) -> Mean:
    return Mean(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)), len(values))


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_the_change_is_welchs(alpha: float) -> None:
    """From summary figures come the interval and the p-value that the numbers themselves give, by scipy."""
    found, p_value = change(_mean(BEFORE), _mean(AFTER), 0.0, 1.0, alpha, 0.05)
    whole = unpaired(AFTER, BEFORE, alpha)
    assert (found.estimate, found.low, found.high) == pytest.approx((whole.estimate, whole.low, whole.high))
    assert (found.se, found.df) == pytest.approx((whole.se, whole.df))
    assert p_value == pytest.approx(
        stats.ttest_ind(AFTER - 0.05, BEFORE, equal_var=False, alternative="greater").pvalue
    )
    tested = stats.ttest_ind(AFTER, BEFORE, equal_var=False).confidence_interval(1 - 2 * alpha)
    assert (found.low, found.high) == pytest.approx((tested.low, tested.high))
    assert found.method == "summary"


def test_a_level_is_students() -> None:
    """One mean has the t interval and p-value of its numbers."""
    found, p_value = level(_mean(AFTER), 0.0, 1.0, 0.05, 0.4)
    tested = stats.ttest_1samp(AFTER, 0.4, alternative="greater")
    assert p_value == pytest.approx(tested.pvalue)
    both = stats.ttest_1samp(AFTER, 0.4).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((both.low, both.high))
    assert (found.estimate, found.df, found.se) == pytest.approx((AFTER.mean(), 49, stats.sem(AFTER)))


def test_no_bound_is_nearer_than_what_was_not_seen() -> None:
    """Means without any spread keep the room that a rare harm of the samples' sizes could take, on either side."""
    found, p_value = change(Mean(0.0, 0.0, 100), Mean(0.0, 0.0, 50), 0.0, 1.0, 0.05, 0.01)
    old, new = out_of_sight(100, 0.05), out_of_sight(50, 0.05)
    assert (found.low, found.high) == pytest.approx((-old, new))
    assert p_value == 1.0
    found, _ = change(Mean(1.0, 0.0, 100), Mean(0.5, 0.0, 50), 0.0, 2.0, 0.05, 0.0)
    assert (found.low, found.high) == pytest.approx((-0.5 - old - 0.5 * new, -0.5 + old + 1.5 * new))
    assert found.df == 49
    own, p_value = level(Mean(0.25, 0.0, 50), 0.0, 1.0, 0.05, 0.2)
    assert (own.low, own.high) == pytest.approx((0.25 - 0.25 * new, 0.25 + 0.75 * new))
    assert (p_value, own.df) == (1.0, 49)


def test_the_bounds_miss_as_often_as_they_say() -> None:
    """Over 4,000 simulated pairs of published accuracies each bound misses in 5 % of them, within chance."""
    rng = np.random.default_rng(1)
    missed = np.zeros(2)
    for right, wrong in zip(rng.binomial(400, 0.7, 4000), rng.binomial(250, 0.6, 4000), strict=True):
        one, two = right / 400, wrong / 250
        first = Mean(one, math.sqrt(one * (1 - one) / 399), 400)
        second = Mean(two, math.sqrt(two * (1 - two) / 249), 250)
        found, _ = change(first, second, 0.0, 1.0, 0.05, 0.0)
        missed += found.low > -0.1, found.high < -0.1
    assert ((missed > 0.04 * 4000) & (missed < 0.06 * 4000)).all()


def test_the_smallest_change_that_is_seen_is_seen_so_often() -> None:
    """A change of nothing is ruled out at that margin in the wanted share of simulated samples."""
    rng = np.random.default_rng(2)
    first, second = (rng.normal(0.5, 0.2, (4000, 60)) for _ in range(2))
    flat = Mean(0.5, 0.2 / math.sqrt(60), 60)
    planned, _ = change(flat, flat, 0.0, 1.0, 0.05, 0.0)
    margin = smallest_seen(planned, 0.9)
    assert margin == pytest.approx((stats.t.ppf(0.95, 118) + stats.t.ppf(0.9, 118)) * 0.2 * math.sqrt(2 / 60))
    pairs = list(zip(first, second, strict=True))
    seen = [change(_mean(a), _mean(b), 0.0, 1.0, 0.05, 0.0)[0].high < margin for a, b in pairs]
    assert np.mean(seen) == pytest.approx(0.9, abs=0.02)
    wide, _ = change(flat, flat, -5.0, 5.0, 0.05, 0.0)
    assert smallest_seen(wide, 0.9) - wide.high == pytest.approx(margin - planned.high)
    assert wide.high == pytest.approx(10 * out_of_sight(60, 0.05))
