"""Intervals for evidence of fixed size."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from seatrial.stats import intervals


def test_t_agrees_with_scipy() -> None:
    """The clustered t interval is scipy's t interval of the cluster means."""
    x = np.random.default_rng(0).normal(0.1, 1, 50)
    found = intervals.clustered_t(x, 0.05)
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_many_samples_are_weighed_as_each_alone() -> None:
    """Bounds and p-values of many samples at once are those of each by itself, whatever method each gets."""
    rng = np.random.default_rng(0)
    x = np.array([rng.normal(0.1, 0.2, 60), rng.exponential(0.1, 60), np.zeros(60), (rng.random(60) < 0.02) * 1.0])
    x = np.clip(x, -1, 1)
    together = intervals.fixed_size_bounds(x, -1, 1, 0.05)
    p = intervals.fixed_size_p_values(x, 0.05, -1, 1)
    assert together.method.tolist() == ["clustered-t", "adjusted-t", "exact", "betting-fixed"]
    for row, values in enumerate(x):
        alone = intervals.fixed_size(values, -1, 1, 0.05)
        assert (together.low[row], together.high[row]) == pytest.approx((alone.low, alone.high))
        assert p[row] == pytest.approx(intervals.fixed_size_p_values(values[None, :], 0.05, -1, 1)[0])


@pytest.mark.parametrize("clusters", [20, 80])
def test_a_p_value_is_the_least_level_that_shows(clusters: int) -> None:
    """A lower bound lies above the threshold just where its level is above the p-value."""
    x = np.clip(np.random.default_rng(2).exponential(0.3, (8, clusters)), 0, 1)
    for values, p in zip(x, intervals.fixed_size_p_values(x, 0.2, 0, 1), strict=True):
        if p < 0.5:
            assert intervals.fixed_size(values, 0, 1, p * 1.001).low >= 0.2
            assert intervals.fixed_size(values, 0, 1, p * 0.97).low <= 0.2
    assert intervals.fixed_size_p_values(np.zeros((1, 0)), 0.2, 0, 1).tolist() == [1.0]


def test_numbers_outside_the_bounds_are_refused() -> None:
    """Whatever the method, a number outside the scale, or none at all, gives no interval."""
    for count in (10, 100):
        for bad in (1.5, math.nan):
            with pytest.raises(ValueError, match="must lie in"):
                intervals.fixed_size([*np.linspace(-1, 1, count), bad], -1, 1, 0.05)


def test_unpaired_agrees_with_scipy() -> None:
    """The unpaired interval is Welch's."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, 30), rng.normal(0.5, 3, 50)
    found = intervals.unpaired(a, b, 0.025)
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_unpaired_without_spread_has_no_bounds() -> None:
    """Two samples without spread give no interval rather than a sure one."""
    assert math.isnan(intervals.unpaired([1.0, 1.0], [1.0, 1.0], 0.05).low)


@pytest.mark.parametrize(("name", "method"), [("wilson", "wilson"), ("clopper_pearson", "beta")])
def test_proportions_agree_with_statsmodels(name: str, method: str) -> None:
    """Proportion intervals agree with a second implementation."""
    found = getattr(intervals, name)(3, 40, 0.05)
    assert (found.low, found.high) == pytest.approx(proportion_confint(3, 40, 0.1, method), abs=1e-9)


def test_known_paired_example(shared_data: Path) -> None:
    """On the real GPQA scores pairing by item gives 5.9 points [0.4, 11.3]; ignoring it gives [−2.1, 13.8]."""
    scores = pl.read_csv(shared_data / "gpqa-scores" / "gpqa_diamond_scores.csv")
    means = scores.group_by("item_id", "model_id").agg(pl.col("score").mean()).sort("item_id")
    first, second = sorted(means["model_id"].unique().to_list())
    a, b = (means.filter(pl.col("model_id") == name)["score"].to_numpy() for name in (first, second))
    paired = intervals.fixed_size(a - b, -1, 1, 0.025)
    unpaired = intervals.unpaired(a, b, 0.025)
    assert [round(100 * value, 1) for value in (paired.estimate, paired.low, paired.high)] == [5.9, 0.4, 11.3]
    assert [round(100 * value, 1) for value in (unpaired.low, unpaired.high)] == [-2.1, 13.8]


@pytest.mark.parametrize("clusters", [5, 20, 60, 200])
@pytest.mark.parametrize("rate", [0.01, 0.3])
def test_fixed_size_misses_rarely(clusters: int, rate: float) -> None:
    """Each bound misses the truth in about alpha of the samples at most, for few clusters and rare events alike."""
    rng = np.random.default_rng(5)
    runs, alpha, missed = 300, 0.05, np.zeros(2)
    for _ in range(runs):
        before = rng.random(clusters) < rate
        after = np.where(rng.random(clusters) < 0.8, before, rng.random(clusters) < rate)
        found = intervals.fixed_size(after.astype(float) - before, -1, 1, alpha)
        missed += (found.low > 0, found.high < 0)
    assert (missed / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)).all()


def test_no_spread_is_not_certainty() -> None:
    """Many equal differences still leave an interval, which shrinks with their number."""
    few, many = (intervals.fixed_size(np.zeros(n), -1, 1, 0.05) for n in (50, 500))
    assert few.method == "exact"
    assert 0 < many.high < few.high


def test_bounds_are_kept() -> None:
    """A t interval is cut at the scale's ends."""
    x = np.concatenate([np.ones(50), np.zeros(50)])
    found = intervals.fixed_size(x, 0, 0.55 * 2, 0.0001)
    assert found.high <= 1.1


@pytest.mark.parametrize(
    "call", [lambda: intervals.clustered_t([1.0], 0.05), lambda: intervals.unpaired([1], [1], 0.1)]
)
def test_too_few(call: object) -> None:
    """One number gives no interval."""
    with pytest.raises(ValueError, match="two"):
        call()  # type: ignore[operator]


def test_a_proportion_needs_a_trial() -> None:
    """No trials, no proportion."""
    with pytest.raises(ValueError, match="trial"):
        intervals.wilson(0, 0, 0.05)
