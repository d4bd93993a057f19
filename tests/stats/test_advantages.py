"""Advantages, their shares, flips and influences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.stats.advantages import advantage_shares, advantages, flips, influence, within_correlation
from seatrial.stats.groups import Groups
from seatrial.stats.reweighting import expected, tilted


def _world(seed: int, prompts: int = 30, draws: int = 8) -> tuple[np.ndarray, np.ndarray, Groups]:
    rng = np.random.default_rng(seed)
    rewards = rng.normal(size=(prompts * draws, 3)) * [1.0, 0.3, 4.0]
    behaviors = rewards @ rng.normal(size=(3, 2)) + rng.normal(size=(prompts * draws, 2))
    return rewards, behaviors, Groups.of(np.repeat(np.arange(prompts), draws))


@given(st.integers(0, 10_000), st.floats(0.05, 3.0))
def test_the_influence_is_the_derivative_of_the_reweighted_mean(seed: int, beta: float) -> None:
    """Cov(behavior, reward) / beta agrees with finite differences of the exact reweighting to four digits."""
    rewards, behaviors, groups = _world(seed)
    size = groups.sizes[0]
    exact = influence(behaviors, rewards, groups, beta).mean(axis=0) * (size - 1) / size
    step = 1e-4 * beta

    def mean_at(signal: int, weight: float) -> np.ndarray:
        weights = np.zeros(3)
        weights[signal] = weight
        moved: np.ndarray = expected(behaviors, tilted(rewards @ weights / beta, groups), groups).mean(axis=0)
        return moved

    for signal in range(3):
        difference = (mean_at(signal, step) - mean_at(signal, -step)) / (2 * step)
        np.testing.assert_allclose(difference, exact[:, signal], rtol=1e-4, atol=1e-4 * np.abs(exact).max())


def test_advantages_are_those_of_the_two_published_orders() -> None:
    """Summing before normalizing and after give what the definitions give by hand."""
    groups = Groups.of(["a", "a", "a", "b", "b"])
    rewards = np.array([[1.0, 0.0], [2.0, 4.0], [3.0, 2.0], [5.0, 1.0], [5.0, 1.0]])
    summed = rewards.sum(axis=1)[:3]
    by_sum = advantages(rewards, [1.0, 1.0], groups, "sum-then-normalize")
    np.testing.assert_allclose(by_sum[:3], (summed - summed.mean()) / summed.std(ddof=1))
    each = (rewards[:3] - rewards[:3].mean(axis=0)) / rewards[:3].std(axis=0, ddof=1)
    by_each = advantages(rewards, [1.0, 1.0], groups, "normalize-then-sum")
    np.testing.assert_allclose(by_each[:3], each.sum(axis=1))
    np.testing.assert_array_equal(by_sum[3:], 0.0)
    np.testing.assert_array_equal(by_each[3:], 0.0)


def test_shares_sum_to_one_and_follow_the_scale_only_when_summed_first() -> None:
    """A signal on a thousand times the scale takes the sum over, and changes nothing where each is normalized."""
    rewards, _, groups = _world(3)
    wild = rewards * [1000.0, 1.0, 1.0]
    clusters = np.arange(len(groups.sizes))
    for how in ("sum-then-normalize", "normalize-then-sum"):
        plain = advantage_shares(rewards, [1.0, 1.0, 1.0], groups, clusters, 0.05, how)
        scaled = advantage_shares(wild, [1.0, 1.0, 1.0], groups, clusters, 0.05, how)
        assert plain.estimate.sum() == pytest.approx(1.0)
        if how == "sum-then-normalize":
            assert scaled.estimate[0] > 0.99
        else:
            np.testing.assert_allclose(scaled.estimate, plain.estimate)


def test_a_constant_signal_has_no_share_and_no_correlation() -> None:
    """A reward that is the same for all completions of a prompt trains nothing, however prompts differ."""
    rewards, _, groups = _world(4)
    rewards[:, 1] = groups.spread(np.arange(len(groups.sizes)))
    shares = advantage_shares(rewards, [1.0, 5.0, 1.0], groups, np.arange(30), 0.05, "normalize-then-sum")
    assert shares.estimate[1] == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(within_correlation(rewards.round(12), groups)[1, 0])


def test_flips_count_pairs_as_a_loop_over_pairs_does() -> None:
    """Flipped and ranked pairs, and changed bests, are those that comparing every pair finds."""
    rng = np.random.default_rng(5)
    names = np.repeat(np.arange(12), rng.integers(2, 9, 12))
    first, second = rng.integers(0, 4, len(names)), rng.integers(0, 4, len(names))
    found = flips(first, second, Groups.of(names), rng)
    for group in range(12):
        rows = np.flatnonzero(names == group)
        pairs = [(i, j) for i in rows for j in rows if i < j and first[i] != first[j]]
        turned = [(i, j) for i, j in pairs if (first[i] - first[j]) * (second[i] - second[j]) < 0]
        assert (found.ranked[group], found.flipped[group]) == (len(pairs), len(turned))
        best_first = set(rows[first[rows] == first[rows].max()])
        best_second = set(rows[second[rows] == second[rows].max()])
        assert found.best[group] == (not best_first & best_second)


def test_flips_of_many_completions_are_estimated_from_partners() -> None:
    """With more completions than are compared in full, the share of flips is that of all pairs, nearly."""
    rng = np.random.default_rng(6)
    first, second = rng.normal(size=2000), rng.normal(size=2000)
    found = flips(first, second, Groups.of(np.repeat([0, 1], 1000)), rng)
    assert found.flipped.sum() / found.ranked.sum() == pytest.approx(0.5, abs=0.03)


def test_correlations_of_many_rows_are_worked_out_in_parts() -> None:
    """More rows than are worked on at once have the correlations of all rows, less what differs between prompts."""
    large = Groups.of(np.repeat(np.arange(9000), 8))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(large.rows, 3)) + np.repeat(rng.normal(size=(9000, 3)), 8, axis=0)
    np.testing.assert_allclose(within_correlation(x, large), np.corrcoef(large.centered(x), rowvar=False), atol=1e-9)


def test_nothing_to_share_is_refused() -> None:
    """Where no prompt has two completions of different reward there is no advantage to have a share of."""
    with pytest.raises(ValueError, match="sum to 0"):
        advantage_shares(np.ones((4, 2)), [1.0, 1.0], Groups.of([0, 0, 1, 1]), [0, 1], 0.05, "sum-then-normalize")
