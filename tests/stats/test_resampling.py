"""Numbers like those seen, of another mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.stats.resampling import centered, shifted

CHANGES = np.repeat([-1.0, 0.0, 1.0], [20, 60, 20])
"""Differences of 0/1 answers that fill their scale."""


def test_numbers_are_moved_where_the_scale_has_the_room() -> None:
    """Each draw is one of the residuals, moved by the change: their spread and shape stay."""
    residuals = np.array([-0.2, -0.1, 0.0, 0.3])
    drawn = shifted(residuals, 0.25, -1, 1, (50, 40), np.random.default_rng(1))
    assert drawn.shape == (50, 40)
    assert set(np.round(drawn - 0.25, 9).ravel()) == set(residuals)


@pytest.mark.parametrize("change", [-0.3, 0.05, 0.1, 0.4])
def test_where_it_has_none_harm_comes_up_more_often(change: float) -> None:
    """Draws stay values of the scale, and their mean is what was asked for: cut numbers would have a smaller one."""
    drawn = shifted(CHANGES, change, -1, 1, (400, 500), np.random.default_rng(2))
    assert set(drawn.ravel()) <= {-1.0, 0.0, 1.0}
    assert drawn.mean() == pytest.approx(change, abs=0.006)


def test_a_change_beyond_all_that_was_seen_is_cut_at_the_scale() -> None:
    """No weights give such a mean; nothing lies outside the scale all the same."""
    drawn = shifted(np.array([-0.1, 0.1]), 0.95, -1, 1, (10, 10), np.random.default_rng(3))
    assert set(drawn.ravel().round(9)) == {0.85, 1.0}


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_centered_numbers_stay_on_the_scale(seen: list[float]) -> None:
    """Whatever was seen, numbers like it of mean 0 lie within the scale, and have that mean where it can hold them."""
    values = np.array(seen)
    found = centered(values, -1, 1)
    assert ((found >= -1) & (found <= 1)).all()
    moved = values - values.mean()
    if np.abs(moved).max() <= 1:
        np.testing.assert_allclose(found, moved)


def test_numbers_that_cannot_be_moved_are_weighed_to_mean_zero() -> None:
    """Answers at both ends of the scale keep their values; only how often they come changes."""
    found = centered(np.repeat([-1.0, 0.0, 1.0], [5, 60, 35]), -1, 1)
    assert set(found) == {-1.0, 0.0, 1.0}
    assert found.mean() == pytest.approx(0.0, abs=0.003)
    assert centered(np.array([0.5, 1.0]), -1, 1).tolist() == [-0.25, 0.25]
