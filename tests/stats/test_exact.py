"""Exact bounds of a mean."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from seatrial.stats import exact, intervals


def test_ends_of_a_scale_are_a_proportion() -> None:
    """Numbers at the two ends of a scale get Clopper and Pearson's bounds, stretched to the scale."""
    x = np.repeat([[-1.0, 3.0]], [37, 3], axis=1)
    assert exact.has_exact(x, -1, 3).tolist() == [True]
    expected = intervals.exact_share(3 / 40, 40, 0.05)
    low, high = exact.bounds(x, -1, 3, 0.05)
    assert [low[0], high[0]] == pytest.approx([-1 + 4 * expected.low, -1 + 4 * expected.high])


def test_a_p_value_is_the_binomial_tail() -> None:
    """The p-value of a proportion is that of scipy's exact test, and inverts the bounds."""
    x = np.repeat([[0.0, 1.0]], [33, 7], axis=1)
    p = exact.p_values(x, 0.08, 0, 1)[0]
    assert p == pytest.approx(stats.binomtest(7, 40, 0.08, alternative="greater").pvalue)
    assert exact.bounds(x, 0, 1, p)[0][0] == pytest.approx(0.08)


def test_none_and_all_reach_the_ends_of_the_scale() -> None:
    """Without a number at the upper end the lower bound is the scale's; with all of them there the upper one is."""
    none, every = np.zeros((1, 20)), np.ones((1, 20))
    assert [side[0] for side in exact.bounds(none, 0, 1, 0.05)] == pytest.approx([0.0, 1 - 0.05 ** (1 / 20)])
    assert [side[0] for side in exact.bounds(every, 0, 1, 0.05)] == pytest.approx([0.05 ** (1 / 20), 1.0])


@pytest.mark.parametrize(
    ("threshold", "p"), [(0.6, 1.0), (0.5, 1.0), (-1.0, 0.0), (-1.5, 0.0), (0.2, (1.2 / 1.5) ** 8)]
)
def test_p_values_of_equal_numbers(threshold: float, p: float) -> None:
    """Nothing speaks against a mean at or above the number itself, everything against one at the scale's lower end."""
    assert exact.p_values(np.full((1, 8), 0.5), threshold, -1, 1)[0] == pytest.approx(p)


@pytest.mark.parametrize("value", [-1.0, -0.2, 0.0, 1.0])
def test_equal_numbers(value: float) -> None:
    """Equal numbers have bounds that the least favorable mean misses with chance alpha exactly, and no certainty."""
    x = np.full((1, 30), value)
    assert exact.has_exact(x, -1, 1)[0]
    low, high = exact.bounds(x, -1, 1, 0.05)
    if value < 1:
        # The least favorable numbers with this mean are `value` as often as it allows, and 1 otherwise.
        assert ((1 - high[0]) / (1 - value)) ** 30 == pytest.approx(0.05)
    if value > -1:
        assert exact.p_values(x, float(low[0]), -1, 1)[0] == pytest.approx(0.05)
        assert low[0] < value


def test_other_samples_have_none() -> None:
    """Numbers between the ends that differ, and no numbers at all, have no exact bounds."""
    assert exact.has_exact(np.array([[0.0, 0.5, 1.0], [0.5, 0.5, 0.5]]), 0, 1).tolist() == [False, True]
    assert exact.has_exact(np.zeros((2, 0)), 0, 1).tolist() == [False, False]


@pytest.mark.slow
def test_sparse_differences_keep_alpha() -> None:
    """Where most differences are 0, exact bounds for samples without any and bets for others miss rarely together."""
    rng, runs = np.random.default_rng(0), 6000
    most = 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5
    for rise, fall in ((0.06, 0.0), (0.07, 0.012), (0.03, 0.03)):
        u = rng.random((runs, 39))
        x = np.where(u < rise, 1.0, np.where(u < rise + fall, -1.0, 0.0))
        found = intervals.fixed_size_bounds(x, -1, 1, 0.05)
        assert (found.high < rise - fall).mean() <= most
        assert (found.low > rise - fall).mean() <= most
