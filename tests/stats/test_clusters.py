"""Clustered, stratified and weighted means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.api import WLS
from statsmodels.stats.weightstats import DescrStatsW

from seatrial.stats import clusters


def _clustered(icc: float, count: int = 400, size: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    names = np.repeat(np.arange(count), size)
    shared = rng.normal(0, math.sqrt(icc), count)[names]
    return shared + rng.normal(0, math.sqrt(1 - icc), len(names)), names


@pytest.mark.parametrize("icc", [0.0, 0.3, 0.8])
def test_intraclass_correlation_is_recovered(icc: float) -> None:
    """Simulated clusters give back their correlation, and the design effect that goes with it."""
    x, names = _clustered(icc)
    assert clusters.intraclass_correlation(x, names) == pytest.approx(icc, abs=0.05)
    assert clusters.design_effect(x, names) == pytest.approx(1 + 4 * icc, abs=0.2)


def test_intraclass_correlation_is_that_of_the_anova() -> None:
    """With equal sizes it is (F − 1) / (F + m − 1) of the one-way analysis of variance."""
    x, names = _clustered(0.3, 30, 4)
    f = stats.f_oneway(*[x[names == name] for name in range(30)]).statistic
    assert clusters.intraclass_correlation(x, names) == pytest.approx((f - 1) / (f + 3))


def test_intraclass_correlation_of_unequal_clusters() -> None:
    """With unequal sizes it is (F − 1) / (F + n₀ − 1), n₀ the typical size of Donner 1986; never below 0."""
    sizes = np.array([1, 2, 5, 9, 3])
    names = np.repeat(np.arange(5), sizes)
    x = np.random.default_rng(6).normal(size=20) + 2.0 * names
    f = stats.f_oneway(*[x[names == name] for name in range(5)]).statistic
    typical = (20 - (sizes**2).sum() / 20) / 4
    assert clusters.intraclass_correlation(x, names) == pytest.approx((f - 1) / (f + typical - 1))
    assert clusters.design_effect(x, names) == pytest.approx(
        1 + ((sizes**2).sum() / 20 - 1) * clusters.intraclass_correlation(x, names)
    )
    assert clusters.intraclass_correlation([0.0, 1.0, 0.0, 1.0], [0, 0, 1, 1]) == 0.0


def test_without_repeats_there_is_no_correlation_to_know() -> None:
    """One number a cluster, one cluster, or no spread: not a number, never a zero."""
    assert math.isnan(clusters.intraclass_correlation([1, 2, 3], [1, 2, 3]))
    assert math.isnan(clusters.intraclass_correlation([1, 2], [1, 1]))
    assert math.isnan(clusters.intraclass_correlation([1, 1, 1, 1], [1, 1, 2, 2]))


def test_cluster_means_need_matching_shapes() -> None:
    """Each number needs its cluster."""
    assert clusters.cluster_means([1, 3, 5], ["b", "b", "a"]).tolist() == [5, 2]
    with pytest.raises(ValueError, match="cluster"):
        clusters.cluster_means([1, 2], [1])


def test_weighted_mean() -> None:
    """The mean is that of a second implementation; equal weights give the t interval; coverage is as promised."""
    rng = np.random.default_rng(1)
    x, w = rng.normal(0, 1, 60), rng.uniform(0.5, 2, 60)
    found = clusters.weighted_mean(x, w, 0.05)
    fitted = WLS(x, np.ones(60), weights=w).fit(cov_type="HC1", use_t=True)
    assert found.estimate == pytest.approx(DescrStatsW(x, w).mean)
    assert (found.low, found.high) == pytest.approx(tuple(fitted.conf_int(0.1)[0]))
    even = clusters.weighted_mean(x, np.ones(60), 0.05)
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    assert (even.low, even.high) == pytest.approx((expected.low, expected.high))
    for values, weights in ((x, 0 * w), ([1.0], [1.0]), ([1.0, 2.0], [1.0, math.nan])):
        with pytest.raises(ValueError, match="weights above 0"):
            clusters.weighted_mean(values, weights, 0.05)


def test_weighted_mean_covers() -> None:
    """Where numbers come in with unequal chances, weights of one over the chance cover the mean of all as promised."""
    rng = np.random.default_rng(3)
    population = rng.gamma(4.0, 0.25, 20_000)
    chance = (1 + population) / (1 + population).sum()
    runs = 1000
    missed = np.zeros(2)
    for _ in range(runs):
        drawn = rng.choice(len(population), 80, p=chance)
        found = clusters.weighted_mean(population[drawn], 1 / chance[drawn], 0.05)
        missed += (found.low > population.mean(), found.high < population.mean())
    assert (missed / runs <= 0.07).all()
    assert missed.sum() / runs >= 0.06


def test_two_equal_strata_are_welchs_test() -> None:
    """Half of a population each, the mean is half of the sum, with the interval and degrees of freedom of Welch's."""
    rng = np.random.default_rng(4)
    a, b = rng.normal(1, 1, 12), rng.normal(0, 3, 30)
    found = clusters.stratified_mean(np.concatenate([a, b]), ["a"] * 12 + ["b"] * 30, {"a": 0.5, "b": 0.5}, 0.05)
    welch = stats.ttest_ind(a, -b, equal_var=False)
    expected = welch.confidence_interval(0.9)
    assert (2 * found.low, 2 * found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert found.df == pytest.approx(welch.df)


def test_stratified_mean_covers() -> None:
    """With strata sampled out of proportion the interval covers the population's mean as promised."""
    rng = np.random.default_rng(2)
    shares, missed, runs = {"a": 0.9, "b": 0.1}, 0, 500
    for _ in range(runs):
        x = np.concatenate([rng.normal(0, 1, 20), rng.normal(3, 2, 40)])
        found = clusters.stratified_mean(x, ["a"] * 20 + ["b"] * 40, shares, 0.05)
        missed += not found.low <= 0.3 <= found.high
    assert 0.06 <= missed / runs <= 0.15


def test_stratified_mean_refuses_gaps() -> None:
    """Shares must sum to 1 and every stratum be sampled; no spread gives no sure interval."""
    with pytest.raises(ValueError, match="sum to 1"):
        clusters.stratified_mean([1, 2], ["a", "a"], {"a": 0.5}, 0.05)
    with pytest.raises(ValueError, match="'b'"):
        clusters.stratified_mean([1, 2], ["a", "a"], {"a": 0.5, "b": 0.5}, 0.05)
    assert math.isnan(clusters.stratified_mean([1, 1], ["a", "a"], {"a": 1.0}, 0.05).low)
