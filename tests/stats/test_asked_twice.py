"""The sign test, and how large a change a sample shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seatrial.stats.asked_twice import least_noticed, one_way, one_way_needed


@given(st.integers(0, 60), st.integers(0, 60))
def test_moves_one_way_are_a_binomial_test(up: int, down: int) -> None:
    """The p-value is that of scipy's two-sided binomial test, and 1 where nothing moved."""
    expected = stats.binomtest(up, up + down).pvalue if up + down else 1.0
    assert one_way(up, down) == pytest.approx(expected)


@given(st.floats(1e-6, 0.5))
def test_so_many_moves_are_needed(level: float) -> None:
    """With that many moves one way the level is kept, with one less it is not."""
    needed = one_way_needed(level)
    assert one_way(needed, 0) <= level * (1 + 1e-9)
    assert one_way(needed - 1, 0) > level * (1 - 1e-9)


@given(st.integers(1, 200), st.data())
def test_the_least_share_is_noticed_with_the_power(asked: int, data: st.DataObject) -> None:
    """At that share so many changed ones are among those asked with the power's chance, by the binomial's tail."""
    needed = data.draw(st.integers(1, asked))
    share = least_noticed(needed, asked, 0.9)
    assert stats.binom.sf(needed - 1, asked, share) == pytest.approx(0.9)


@pytest.mark.parametrize(("needed", "asked"), [(3, 2), (1, 0), (0, 5)])
def test_too_few_show_nothing(needed: int, asked: int) -> None:
    """Where fewer are asked than would have to change, no share is large enough."""
    assert math.isnan(least_noticed(needed, asked, 0.9))


def test_an_unchanged_model_is_seldom_taken_for_changed() -> None:
    """Readings of two draws from one skewed distribution are found moved no more often than the level says."""
    rng = np.random.default_rng(5)
    draws = rng.choice([0.0, 0.1, 1.0], p=[0.2, 0.1, 0.7], size=(4000, 2, 20))
    moves = np.sign(draws[:, 1] - draws[:, 0])
    alarms = [one_way(int((row > 0).sum()), int((row < 0).sum())) <= 0.05 for row in moves]
    assert 0.01 < np.mean(alarms) < 0.05
