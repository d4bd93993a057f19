"""How stakes are sized, and what capital becomes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.stats import capital

Array = np.ndarray


def _one_by_one(unit: Array, mean: float, aim: float | None) -> Array:
    """Return the log-capital of one row after each number, by the definition: one bet after another."""
    split = capital.design(aim)
    parts, made, variance = np.exp(split.log_prior), [], capital.FIRST_VARIANCE
    for number, value in enumerate(unit):
        if number in capital.PLACES:
            seen = unit[:number]
            variance = (number * seen.var() + capital.FIRST_VARIANCE) / (number + 1)
        best = np.where(np.isinf(split.distances), np.inf, 1.0)
        finite = np.isfinite(split.distances)
        best[finite] = split.distances[finite] / (variance + split.distances[finite] ** 2)
        parts = parts * (1 + np.minimum(best * mean, split.most) * (value / mean - 1))
        made.append(parts.sum())
    return np.log(made)


@pytest.mark.parametrize("aim", [None, 0.02, 0.3])
@pytest.mark.parametrize("length", [1, 7, 8, 9, 40, 300])
def test_capital_is_that_of_one_bet_after_another(aim: float | None, length: int) -> None:
    """Capital worked out in blocks is what the bets of the definition leave, after every number."""
    unit = np.random.default_rng(length).beta(0.5, 0.5, (3, length))
    staked = capital.stakes(capital.design(aim), unit)
    paths = capital.paths(unit, np.full((1, 1), 0.4), staked)
    for row in range(3):
        np.testing.assert_allclose(paths[row], _one_by_one(unit[row], 0.4, aim), atol=1e-9)
    ends = capital.last(unit, np.full((1, 1), 0.4), staked)
    np.testing.assert_allclose(ends, paths[:, -1], atol=1e-9)
    looked_at = [*range(7, length, 8), length - 1]
    np.testing.assert_allclose(
        capital.highest(unit, np.full((1, 1), 0.4), staked), paths[:, looked_at].max(axis=1), atol=1e-9
    )


def test_stakes_know_the_past_only() -> None:
    """Changing a number changes no stake on it nor on any before it."""
    unit = np.random.default_rng(1).random((1, 400))
    split, mean = capital.design(0.05), np.full((1, 1), 0.5)
    before = capital.stakes(split, unit).shares(mean)
    for changed in (0, 7, 8, 100, 255, 256, 399):
        other = unit.copy()
        other[0, changed] = 0.0
        after = capital.stakes(split, other).shares(mean)
        met = capital.places(0, 400)[: changed + 1]
        np.testing.assert_array_equal(before[..., met], after[..., met])
    assert (before[..., -1] != after[..., -1]).any() or changed == 399


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=9, max_size=60), st.floats(1e-3, 1), st.floats(0.01, 0.98), st.floats(0, 1))
def test_capital_falls_as_the_mean_rises(x: list[float], aim: float, mean: float, further: float) -> None:
    """Against a higher mean no path of capital is above that against a lower one: what is refuted is an interval."""
    unit = np.array([x])
    staked = capital.stakes(capital.design(aim), unit)
    higher = mean + further * (0.99 - mean)
    low, high = (capital.paths(unit, np.full((1, 1), one), staked) for one in (mean, higher))
    assert (high <= low + 1e-9).all()


def test_no_stake_can_lose_more_than_everything() -> None:
    """Shares lie above 0 and are at most 1, and one stake that stays below 1 has capital whatever comes."""
    unit = np.zeros((1, 2000))
    staked = capital.stakes(capital.design(2.0), unit)
    for mean in (1e-6, 0.5, 1 - 1e-6):
        shares = staked.shares(np.full((1, 1), mean))
        assert (shares > 0).all()
        assert (shares <= 1).all()
    assert (staked.most < 1).any()


def test_what_was_gained_before_is_carried_on() -> None:
    """Capital from the middle on is that from the start, given what the first part made of each stake."""
    unit, mean = np.random.default_rng(2).random((2, 100)), np.full((1, 1), 0.45)
    staked = capital.stakes(capital.design(0.1), unit)
    before = capital.gained(unit[:, :48], mean, staked)
    later = capital.paths(unit[:, 48:], mean, staked, 48, before)
    np.testing.assert_allclose(later, capital.paths(unit, mean, staked)[:, 48:], atol=1e-12)
    assert capital.paths(unit[:, :0], mean, staked).shape == (2, 0)
