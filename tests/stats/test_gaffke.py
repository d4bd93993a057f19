"""Gaffke's bounds of bounded means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seatrial.stats import betting, gaffke

ALPHA = 0.05


def _dirichlet_mean(x: np.ndarray, high: float, draws: int = 200_000) -> np.ndarray:
    """Return draws of the mean of the sample and the scale's end under flat Dirichlet weights."""
    weights = np.random.default_rng(1).dirichlet(np.ones(len(x) + 1), draws)
    mean: np.ndarray = weights @ np.append(x, high)
    return mean


@pytest.mark.parametrize(("n", "hits"), [(5, 1), (20, 0), (20, 5), (60, 2), (300, 40)])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_of_right_and_wrong_it_is_clopper_and_pearsons(n: int, hits: int, alpha: float) -> None:
    """Numbers at the two ends get the exact bound: up to 4 % of its level, on the wrong side by 1 % at most."""
    x = np.repeat([1.0, 0.0], [hits, n - hits])[None, :]
    level = stats.beta.sf(gaffke.upper_bounds(x, 1.0, alpha)[0], hits + 1, n - hits)
    assert 0.96 * alpha <= level <= 1.01 * alpha


@pytest.mark.parametrize("n", [1, 2, 3, 8, 40])
@pytest.mark.parametrize("kind", ["even", "calm", "jump"])
def test_it_is_the_quantile_of_dirichlet_means(n: int, kind: str) -> None:
    """The saddlepoint formula gives the quantile that drawn weights give, from one number up."""
    rng = np.random.default_rng(n)
    x = rng.uniform(-1, 1, n) if kind == "even" else np.clip(rng.normal(0, 0.1, n), -1, 1)
    if kind == "jump":
        x[0] = 0.9
    (bound,) = gaffke.upper_bounds(x[None, :], 1.0, ALPHA)
    assert 0.9 * ALPHA <= (_dirichlet_mean(x, 1.0) > bound).mean() <= 1.03 * ALPHA


@settings(max_examples=40)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30), st.floats(-0.9, 0.9))
def test_a_p_value_is_the_level_at_which_the_bound_is_the_threshold(x: list[float], threshold: float) -> None:
    """Bound and p-value invert each other: the bound at the level of the p-value is the threshold."""
    values = np.array(x)[None, :]
    (p,) = gaffke.lower_p_values(values, -1.0, threshold)
    if 1e-8 < p < 0.45:
        assert -gaffke.upper_bounds(-values, 1.0, p)[0] == pytest.approx(threshold, abs=2e-3)


@pytest.mark.parametrize("alpha", [1e-9, 1e-4, 0.01, 0.05, 0.2])
@pytest.mark.parametrize("n", [1, 2, 7, 60, 500])
def test_bounds_and_p_values_are_found_in_two_ways_and_agree(n: int, alpha: float) -> None:
    """The level of a bound is the one that was asked for, to a millionth: even, calm and sparse numbers, and jumps."""
    rng = np.random.default_rng(n)
    x = np.vstack([
        rng.uniform(-1, 1, (20, n)),
        np.clip(rng.normal(0, 0.01, (20, n)), -1, 1),
        (rng.random((20, n)) < 0.1) * 1.0,
        np.where(rng.random((20, n)) < 0.02, 0.9, rng.normal(0, 0.001, (20, n))),
        np.full((1, n), -1.0),
    ])  # fmt: skip
    x = x[x.min(axis=1) < 1]
    bounds = gaffke.upper_bounds(x, 1.0, alpha)
    assert gaffke.lower_p_values(-x, -1.0, -bounds) == pytest.approx(np.full(len(x), alpha), rel=1e-6)
    assert gaffke.upper_bounds(np.ones((1, n)), 1.0, alpha)[0] == pytest.approx(1.0, abs=1e-15)


def test_a_saddlepoint_near_nothing_is_found() -> None:
    """The level of a bound is the one that was asked for up to nearly one half: two numbers, anywhere on the scale."""
    x = np.random.default_rng(1).uniform(-1, 1, (300, 2))
    bounds = gaffke.upper_bounds(x, 1.0, 0.4)
    assert gaffke.lower_p_values(-x, -1.0, -bounds) == pytest.approx(np.full(len(x), 0.4), rel=1e-6)


def test_bounds_do_not_depend_on_order_or_on_the_unit() -> None:
    """Turned, shuffled and rescaled numbers have the same bounds; a bound lies between the mean and the end."""
    x = np.clip(np.random.default_rng(3).exponential(0.2, (5, 30)), 0, 1).astype(np.float64)
    bounds = gaffke.upper_bounds(x, 1.0, ALPHA)
    assert gaffke.upper_bounds(x[:, ::-1], 1.0, ALPHA) == pytest.approx(bounds)
    moved: gaffke.Array = np.asarray(10 * x - 3, dtype=np.float64)
    assert gaffke.upper_bounds(moved, 7.0, ALPHA) == pytest.approx(10 * bounds - 3, abs=1e-5)
    assert (bounds > x.mean(axis=1)).all() and (bounds < 1).all()
    for level in (1e-9, 1e-4, 0.2):
        for unit in (1e-9, 1e9):
            whole, part = (gaffke.upper_bounds(scale * x[:, :2], scale, level) / scale for scale in (1.0, unit))
            assert part == pytest.approx(whole, abs=1e-6)


def test_it_passes_more_than_a_bet_at_the_end() -> None:
    """Of unchanged models, more pass a margin of a tenth than by bets on the same numbers."""
    rng = np.random.default_rng(0)
    x: gaffke.Array = np.subtract(rng.random((400, 100)) < 0.1, rng.random((400, 100)) < 0.1, dtype=np.float64)
    ours, bets = gaffke.upper_bounds(x, 1.0, ALPHA) < 0.1, betting.upper_bounds(x, -1, 1, ALPHA, anytime=False) < 0.1
    assert ours.mean() > bets.mean() + 0.1


@pytest.mark.parametrize("clusters", [2, 10, 40, 100])
@pytest.mark.parametrize("jumps", [0.01, 0.03, 0.06])
def test_rare_jumps_do_not_pass(clusters: int, jumps: float) -> None:
    """Noise with rare jumps whose mean is the margin passes at most at alpha; a plain t bound passes up to half."""
    rng = np.random.default_rng(clusters)
    runs = 2_000
    x = np.where(rng.random((runs, clusters)) < jumps, 0.9, rng.normal(0.05 - 0.9 * jumps, 0.03, (runs, clusters)))
    truth = 0.9 * jumps + (1 - jumps) * (0.05 - 0.9 * jumps)
    passed = int((gaffke.upper_bounds(x.clip(-1, 1), 1.0, ALPHA) < truth).sum())
    assert stats.binom.sf(passed - 1, runs, ALPHA) > 1e-3


def test_a_level_is_a_chance() -> None:
    """Means on the wrong side of the threshold, or just on it, say nothing: no level is above 1."""
    x = np.array([[0.2, 0.4, 0.6], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    found = gaffke.lower_p_values(x, 0.0, 0.5)
    assert found[:2].tolist() == [1.0, 1.0]
    assert 0.0 < found[2] < 0.5
    assert gaffke.lower_p_values(np.full((1, 4), 0.1), 0.0, 0.05)[0] <= 1.0
    below = gaffke.lower_p_values(x, 0.0, -0.1)
    assert (below.tolist(), below.dtype) == ([0.0, 0.0, 0.0], np.float64)
