"""Intervals for evidence of fixed size."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from seatrial.stats import exact, expansions, gaffke, intervals

ALPHA = 0.05


def _calm(clusters: int, seed: int = 4) -> np.ndarray:
    """Return differences of clusters that are as good as normal."""
    return np.random.default_rng(seed).normal(0.02, 0.2, clusters)


def _t(x: np.ndarray, alpha: float = ALPHA) -> tuple[float, float]:
    """Return scipy's t bounds, each at alpha."""
    found = stats.ttest_1samp(x, 0).confidence_interval(1 - 2 * alpha)
    return float(found.low), float(found.high)


def test_t_agrees_with_scipy() -> None:
    """The clustered t interval is scipy's t interval of the cluster means."""
    x = np.random.default_rng(0).normal(0.1, 1, 50)
    found = intervals.clustered_t(x, 0.05)
    assert (found.low, found.high) == pytest.approx(_t(x))
    assert (found.estimate, found.se, found.df) == (pytest.approx(x.mean()), pytest.approx(stats.sem(x)), 49)
    assert found.method == "clustered-t"
    assert (intervals.clustered_t([0.0, 1.0], 0.05).low, intervals.clustered_t([0.0, 1.0], 0.05).df) == (
        pytest.approx(_t(np.array([0.0, 1.0]))[0]),
        1,
    )


def test_calm_clusters_get_the_t_interval_where_they_can_have_shown_it() -> None:
    """Where the t interval is wider than what a sample cannot have shown, it is scipy's."""
    x = _calm(40)
    found = intervals.fixed_size(x, -0.5, 0.6, ALPHA)
    assert (found.method, found.df, found.se) == ("clustered-t", 39, pytest.approx(stats.sem(x)))
    assert (found.low, found.high) == pytest.approx(_t(x))


@pytest.mark.parametrize("clusters", [5, 20, 39, 40, 60])
def test_no_bound_is_nearer_than_what_a_sample_cannot_have_shown(clusters: int) -> None:
    """However calm the numbers are, 1 − alpha^(1/n) of the clusters may have changed in full without one being seen."""
    x = 0.02 + 1e-3 * _calm(clusters)
    found = intervals.fixed_size(x, -1, 1, ALPHA)
    unseen = 1 - ALPHA ** (1 / clusters)
    assert found.high >= x.mean() + 0.99 * unseen * (1 - x.mean())
    assert found.low <= x.mean() - 0.99 * unseen * (1 + x.mean())


def test_the_width_has_no_cliff() -> None:
    """From five clusters to two hundred, one cluster more never makes the interval much narrower or wider at a step."""
    x = np.random.default_rng(5).normal(0.0, 0.2, 200).clip(-1, 1)
    x = (x - x.mean()).clip(-1, 1)
    wide = np.array(
        [found.high - found.low for n in range(5, 200) if (found := intervals.fixed_size(x[:n], -1, 1, ALPHA))]
    )
    assert (wide[1:] / wide[:-1] > 0.75).all()
    assert (wide[1:] / wide[:-1] < 1.3).all()


def test_two_clusters_are_enough_for_an_interval() -> None:
    """Two clusters have an interval, and it is nearly the whole scale."""
    found = intervals.fixed_size([0.1, 0.3], -1, 1, ALPHA)
    assert found.method == "gaffke"
    assert -1 < found.low < -0.6 and 0.75 < found.high < 1


def test_skewed_clusters_get_the_adjusted_bounds() -> None:
    """Where skewness moves a t bound's error, the bounds are those of the expansions, with the t's standard error."""
    x = np.random.default_rng(0).gamma(2.0, 0.1, 120).clip(0, 1)
    found = intervals.fixed_size(x, 0, 1, ALPHA)
    low, high = expansions.adjusted_bounds(expansions.moments(x[None, :]), ALPHA)
    unseen = 1 - ALPHA ** (1 / 120)
    assert (found.method, found.df, found.se) == ("adjusted-t", 119, pytest.approx(stats.sem(x)))
    assert found.low == pytest.approx(min(low[0], (1 - unseen) * x.mean()))
    assert found.high == pytest.approx(max(high[0], x.mean() + unseen * (1 - x.mean())))
    assert found.high > _t(x)[1]


def test_what_is_far_from_normal_gets_gaffkes_bounds() -> None:
    """Many clusters of which hardly any changed get bounds that assume only the range, for a t interval would miss."""
    x = np.zeros(60)
    x[0], x[1] = 1.0, -0.5
    found = intervals.fixed_size(x, -1, 1, ALPHA)
    expected = -gaffke.upper_bounds(-x[None, :], 1.0, ALPHA)[0], gaffke.upper_bounds(x[None, :], 1.0, ALPHA)[0]
    assert (found.method, found.low, found.high) == ("gaffke", *map(pytest.approx, expected))
    assert math.isnan(found.se) and math.isnan(found.df)


@pytest.mark.parametrize("x", [np.zeros(50), np.repeat([-1.0, 1.0], [30, 20]), np.full(5, 0.25), np.ones(1)])
def test_what_has_exact_bounds_gets_them(x: np.ndarray) -> None:
    """Equal numbers, and numbers at the two ends of the scale, have exact bounds, however few they are."""
    found = intervals.fixed_size(x, -1, 1, ALPHA)
    low, high = exact.bounds(x[None, :], -1, 1, ALPHA)
    assert (found.method, found.low, found.high) == ("exact", low[0], high[0])


def test_without_clusters_nothing_is_ruled_out() -> None:
    """No number at all leaves the whole scale, no estimate and no evidence."""
    found = intervals.fixed_size([], -1, 1, ALPHA)
    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (-1.0, 1.0)
    assert intervals.fixed_size_p_values(np.zeros((1, 0)), 0.2, 0, 1).tolist() == [1.0]


@settings(max_examples=40)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.floats(0.01, 0.3))
def test_bounds_stand_around_the_mean_on_the_scale(x: list[float], alpha: float) -> None:
    """Whatever the method, the mean lies between the bounds and both on the scale; upside down they change places."""
    found = intervals.fixed_size(x, -1, 1, alpha)
    assert -1 - 1e-9 <= found.low <= found.estimate + 1e-6
    assert found.estimate - 1e-6 <= found.high <= 1 + 1e-9
    turned = intervals.fixed_size([-value for value in x], -1, 1, alpha)
    assert (turned.low, turned.high) == (pytest.approx(-found.high, abs=1e-6), pytest.approx(-found.low, abs=1e-6))


def test_many_samples_are_weighed_as_each_alone() -> None:
    """Bounds and p-values of many samples at once are those of each by itself, whatever method each gets."""
    rng = np.random.default_rng(0)
    x = np.array([rng.normal(0.1, 0.2, 60), rng.exponential(0.1, 60), np.zeros(60), (rng.random(60) < 0.02) * 1.0])
    x = np.clip(x, -1, 1)
    together = intervals.fixed_size_bounds(x, -1, 1, 0.05)
    p = intervals.fixed_size_p_values(x, 0.05, -1, 1)
    assert together.method.tolist() == ["clustered-t", "adjusted-t", "exact", "gaffke"]
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


def test_the_p_value_of_calm_clusters_is_that_of_the_t_test() -> None:
    """At levels where a t bound is trusted, it is scipy's one-sided t test, up to the last halving."""
    x = _calm(100)
    for threshold in (-0.1, -0.05, -0.03):
        expected = stats.ttest_1samp(x, threshold, alternative="greater").pvalue
        (p,) = intervals.fixed_size_p_values(x[None, :], threshold, -0.5, 0.6)
        unseen = ((threshold + 0.5) / (x.mean() + 0.5)) ** 100
        if intervals.fixed_size(x, -0.5, 0.6, max(expected, unseen)).method == "clustered-t":
            assert max(expected, unseen) * 0.999 <= p <= max(expected, unseen) * 1.03


def test_the_p_value_of_a_right_or_wrong_scale_is_the_binomial_one() -> None:
    """Numbers at the two ends of the scale have scipy's one-sided binomial p-value; one of exactly a half stays."""
    for hits, threshold in ((30, 0.5), (9, 0.1), (40, 0.9)):
        x = np.repeat([1.0, 0.0], [hits, 40 - hits])
        expected = stats.binomtest(hits, 40, threshold, alternative="greater").pvalue
        assert intervals.fixed_size_p_values(x[None, :], threshold, 0, 1)[0] == pytest.approx(max(expected, 1e-9))
    assert intervals.fixed_size_p_values(np.ones((1, 1)), 0.5, 0, 1).tolist() == [0.5]


def test_an_interval_without_a_method_names_none() -> None:
    """What was not made by a method has an empty name, and neither standard error nor degrees of freedom."""
    plain = intervals.Interval(0.1, 0.0, 0.2)
    assert plain.method == ""
    assert math.isnan(plain.se) and math.isnan(plain.df)


def test_p_values_know_what_a_sample_cannot_have_shown() -> None:
    """However calm thirty clusters are, p is at least the chance to have missed all that would undo the mean."""
    x = 0.1 + 1e-4 * _calm(30)
    (p,) = intervals.fixed_size_p_values(x[None, :], 0.05, -1, 1)
    assert p >= 0.99 * (1.05 / (1 + x.mean())) ** 30
    assert intervals.out_of_sight(30, ALPHA) == pytest.approx(3 / 30, abs=0.01)


def test_p_values_end_at_one_and_at_a_billionth() -> None:
    """What lies below the threshold has p-value 1; no p-value is smaller than 1e-9, however strong the evidence."""
    strong = np.array([np.ones(60), np.linspace(0.89, 0.91, 60)])
    assert intervals.fixed_size_p_values(strong, -0.9, -1, 1).tolist() == [1e-9, pytest.approx(1e-9, rel=0.03)]
    assert intervals.fixed_size_p_values(-strong, -0.5, -1, 1).tolist() == [1.0, 1.0]


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
    test = stats.ttest_ind(a, b, equal_var=False)
    expected = test.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.df == pytest.approx(test.df)
    assert found.estimate == pytest.approx(a.mean() - b.mean())
    assert found.se == pytest.approx(math.sqrt(a.var(ddof=1) / 30 + b.var(ddof=1) / 50))
    assert found.method == "welch"


def test_unpaired_without_spread_has_no_bounds() -> None:
    """Two samples without spread give no interval rather than a sure one."""
    found = intervals.unpaired([1.0, 1.0], [0.5, 0.5], 0.05)
    assert (found.estimate, found.se, found.method) == (0.5, 0.0, "welch")
    assert math.isnan(found.low) and math.isnan(found.high) and math.isnan(found.df)


@pytest.mark.parametrize("method", ["wilson", "exact"])
@pytest.mark.parametrize(("successes", "trials", "alpha"), [(3, 40, 0.05), (0, 12, 0.025), (12, 12, 0.01), (1, 1, 0.1)])
def test_proportions_agree_with_statsmodels(method: str, successes: int, trials: int, alpha: float) -> None:
    """Proportion intervals agree with a second implementation, at none and at all of the trials too."""
    if method == "wilson":
        found = intervals.wilson(successes, trials, alpha)
    else:
        found = intervals.exact_share(successes / trials, trials, alpha)
    expected = proportion_confint(successes, trials, 2 * alpha, {"exact": "beta"}.get(method, method))
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)
    assert found.estimate == successes / trials
    assert found.method == method


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
    rng, runs = np.random.default_rng(5), 300
    before = rng.random((runs, clusters)) < rate
    after = np.where(rng.random((runs, clusters)) < 0.8, before, rng.random((runs, clusters)) < rate)
    found = intervals.fixed_size_bounds(after.astype(float) - before, -1, 1, ALPHA)
    most = ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)
    assert (found.low > 0).mean() <= most
    assert (found.high < 0).mean() <= most


def test_no_spread_is_not_certainty() -> None:
    """Many equal differences still leave an interval, which shrinks with their number."""
    few, many = (intervals.fixed_size(np.zeros(n), -1, 1, 0.05) for n in (50, 500))
    assert few.method == "exact"
    assert 0 < many.high < few.high


def test_t_bounds_are_cut_at_the_ends_of_the_scale() -> None:
    """At a level so small that t reaches beyond the scale, the bounds are the scale's ends."""
    x = np.tile([0.01, 0.99], 20)
    assert _t(x, 1e-9)[1] > 1
    found = intervals.fixed_size(x, 0, 1, 1e-9)
    assert (found.method, found.low, found.high) == ("adjusted-t", 0.0, 1.0)


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


@pytest.mark.parametrize(
    ("low", "high", "above", "below"),
    [(0.1, 0.3, True, False), (0.0, 0.3, False, False), (-0.1, 0.1, False, False), (-0.3, 0.0, False, False),
     (-0.3, -0.1, False, True), (math.nan, math.nan, False, False)],
)  # fmt: skip
def test_an_estimate_is_sure_of_its_sign_where_its_interval_leaves_zero_out(
    low: float, high: float, above: bool, below: bool
) -> None:
    """An interval that touches 0, or is not known, is sure of nothing."""
    made = intervals.Estimate((low + high) / 2, low, high)
    assert (made.above, made.below) == (above, below)


@pytest.mark.parametrize("clusters", [0, 2, 3, 40])
def test_lying_below_is_what_the_upper_bounds_say(clusters: int) -> None:
    """Asking whether a bound lies below a number answers as bounds do, none below itself: exact, t and Gaffke's."""
    rng = np.random.default_rng(clusters)
    calm, ends, rare = (
        rng.normal(0, 0.1, (20, clusters)),
        rng.choice([-1.0, 1.0], (20, clusters)),
        rng.random((20, clusters)),
    )
    x = np.vstack([calm, ends, np.where(rare < 0.04, 0.9, 0.0), np.zeros((1, clusters))])
    found = intervals.fixed_size_bounds(x, -1, 1, 0.05)
    if clusters == 40:
        assert set(found.method) >= {"exact", "clustered-t", "gaffke"}
    for near in (-1e-6, 1e-6):
        wanted = np.clip(found.high, -1, 1) + near
        assert intervals.upper_below(x, wanted, -1, 1, 0.05).tolist() == [near > 0 and clusters > 0] * len(x)
    computed = found.method != "gaffke"  # the others are searched for, and meet nothing to the last digit
    assert not intervals.upper_below(x, found.high, -1, 1, 0.05)[computed].any()
    with pytest.raises(ValueError, match="must lie in"):
        intervals.upper_below(np.full((1, 4), 1.5), np.zeros(1), -1, 1, 0.05)


@pytest.mark.parametrize(("share", "trials"), [(0.0, 7), (0.25, 8), (0.5, 40), (0.9, 10), (1.0, 3)])
@pytest.mark.parametrize("alpha", [0.025, 0.05, 0.2])
def test_the_exact_interval_of_a_share_is_that_of_statsmodels(share: float, trials: int, alpha: float) -> None:
    """At whole counts a share has the interval of a count, and that of more trials lies within that of fewer."""
    found = intervals.exact_share(share, trials, alpha)
    known = proportion_confint(round(share * trials), trials, 2 * alpha, method="beta")
    assert (found.estimate, found.method) == (share, "exact")
    assert (found.low, found.high) == pytest.approx(known, abs=1e-12)
    less, between, more = (intervals.exact_share(share, trials + step, alpha) for step in (-0.5, 0.0, 0.5))
    assert less.low <= between.low <= more.low <= share <= more.high <= between.high <= less.high
