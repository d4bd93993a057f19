"""Numbers that come in groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.api import WLS

from seatrial.stats.groups import Groups, ratio

SIZES = st.lists(st.integers(1, 6), min_size=1, max_size=12)


def _rows(sizes: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray, Groups]:
    """Return the group of each row, two columns of numbers, and the groups."""
    names = np.repeat(np.arange(len(sizes)), sizes)
    return names, np.random.default_rng(seed).normal(size=(len(names), 2)), Groups.of(names)


@given(SIZES)
def test_groups_are_those_of_a_loop(sizes: list[int]) -> None:
    """Sums, means and what is left of a mean are those that a loop over the groups finds."""
    names, x, groups = _rows(sizes)
    assert groups.sizes.tolist() == sizes
    assert groups.rows == len(names)
    for group in range(len(sizes)):
        own = x[names == group]
        np.testing.assert_allclose(groups.total(x)[group], own.sum(axis=0))
        np.testing.assert_allclose(groups.mean(x)[group], own.mean(axis=0))
        np.testing.assert_allclose(groups.centered(x)[names == group], own - own.mean(axis=0), atol=1e-12)
    np.testing.assert_array_equal(groups.spread(np.arange(len(sizes))), names)


def test_rows_of_a_group_must_stand_together() -> None:
    """A group torn apart is refused, for its sums would be wrong."""
    with pytest.raises(ValueError, match="stand together"):
        Groups.of(["a", "b", "a"])
    with pytest.raises(ValueError, match="no rows"):
        Groups.of([])


def test_covariances_within_groups_are_those_of_numpy() -> None:
    """Each group's covariance is what numpy gives for its rows; a group of one has none."""
    rng = np.random.default_rng(8)
    names = np.repeat([0, 1, 2], [5, 1, 7])
    f, r = rng.normal(size=(13, 2)), rng.normal(size=(13, 3))
    made = Groups.of(names).covariance(f, r)
    for group in (0, 2):
        rows = names == group
        np.testing.assert_allclose(made[group], np.cov(f[rows].T, r[rows].T)[:2, 2:])
    assert np.isnan(made[1]).all()


def test_groups_come_in_parts_that_keep_them_whole() -> None:
    """However small the parts, each group stands in one of them, and what is summed over them is the same."""
    _, x, groups = _rows([8] * 23, 4)
    for most in (1, 8, 20, 10_000):
        seen = list(groups.parts(most))
        assert sum(len(part.sizes) for _, part in seen) == 23
        assert sum(part.rows for _, part in seen) == groups.rows
        totals = np.concatenate([part.total(x[rows]) for rows, part in seen])
        np.testing.assert_array_equal(totals, groups.total(x))
        assert all(part.rows <= max(most, 8) for _, part in seen)


def test_covariances_of_many_rows_are_worked_out_in_parts() -> None:
    """More rows than are worked on at once give each group the same covariance as by itself."""
    large = Groups.of(np.repeat(np.arange(9000), 8))
    x = np.random.default_rng(0).normal(size=(large.rows, 3))
    np.testing.assert_allclose(large.covariance(x, x)[8000], np.cov(x[64_000:64_008], rowvar=False), atol=1e-12)


def test_a_ratio_is_a_weighted_regression_with_clustered_errors() -> None:
    """Estimate and standard error are those of statsmodels' weighted mean of the ratios, clustered."""
    rng = np.random.default_rng(1)
    below, clusters = rng.uniform(0.5, 2.0, 60), np.repeat(np.arange(15), 4)
    above = 0.4 * below + rng.normal(size=15)[clusters] + rng.normal(size=60)
    found = ratio(above, below, clusters, 0.025)
    fitted = WLS(above / below, np.ones(60), weights=below).fit(
        cov_type="cluster", cov_kwds={"groups": clusters, "df_correction": True}, use_t=True
    )
    low, high = fitted.conf_int(0.05)[0]
    assert (float(found.estimate), found.clusters) == (pytest.approx(fitted.params[0]), 15)
    assert (float(found.low), float(found.high)) == pytest.approx((low, high))


def test_each_column_of_a_ratio_has_its_own_interval() -> None:
    """Several numerators over one denominator give what each gives alone; clusters may stand in any order."""
    rng = np.random.default_rng(2)
    above, below, clusters = rng.normal(size=(40, 3)), rng.uniform(1, 2, 40), rng.integers(0, 9, 40)
    together = ratio(above, below, clusters, 0.05)
    order = rng.permutation(40)
    for column in range(3):
        alone = ratio(above[order, column], below[order], clusters[order], 0.05)
        assert (together.low[column], together.high[column]) == pytest.approx((float(alone.low), float(alone.high)))


def test_the_interval_of_a_ratio_covers_at_its_rate() -> None:
    """Two one-sided bounds at 2.5 % each miss a share of about 5 %, with prompts in clusters of a common shock."""
    rng, misses, runs = np.random.default_rng(7), 0, 600
    for _ in range(runs):
        clusters = np.repeat(np.arange(30), 4)
        below = rng.uniform(0.5, 1.5, 120)
        above = 0.3 * below + 0.2 * rng.normal(size=30)[clusters] + 0.2 * rng.normal(size=120)
        made = ratio(above, below, clusters, 0.025)
        misses += not made.low <= 0.3 <= made.high
    assert misses / runs < 0.085


def test_what_has_no_ratio_is_refused() -> None:
    """One cluster gives no interval, and denominators that sum to nothing no ratio."""
    with pytest.raises(ValueError, match="two of them or more"):
        ratio([1.0, 2.0], [1.0, 1.0], [0, 0], 0.05)
    with pytest.raises(ValueError, match="sum to 0"):
        ratio([1.0, 2.0], [1.0, -1.0], [0, 1], 0.05)
