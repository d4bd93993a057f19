"""Numbers like those seen, of another mean."""

from __future__ import annotations

import numpy as np
import pytest

from seatrial.stats.resampling import centered, shifted

ENDS = np.repeat([1.0, 0.0, -1.0], [20, 160, 20])


def test_a_shift_has_the_mean_that_was_asked_for() -> None:
    """Numbers at the ends of their scale are not cut there: the mean of what comes is the change."""
    rng = np.random.default_rng(0)
    for change in (-0.2, 0.0, 0.05, 0.4):
        drawn = shifted(ENDS, change, -1.0, 1.0, (400, 500), rng)
        assert drawn.shape == (400, 500)
        assert drawn.mean() == pytest.approx(change, abs=0.005)
        assert set(np.unique(drawn)) <= {-1.0, 0.0, 1.0}


def test_numbers_are_moved_where_the_scale_has_the_room() -> None:
    """Numbers away from the ends keep their spread: each is one that was seen, moved by the change."""
    rng = np.random.default_rng(0)
    moved = shifted(0.5 * ENDS, 0.3, -1.0, 1.0, (400, 500), rng)
    assert sorted(set(np.unique(moved))) == pytest.approx([-0.2, 0.3, 0.8])
    assert moved.mean() == pytest.approx(0.3, abs=0.005)


def test_a_change_beyond_what_was_seen_is_cut_at_the_scale() -> None:
    """Where no weights have the mean, numbers are moved and stay on the scale."""
    assert shifted(np.zeros(5), 3.0, -1.0, 1.0, (2, 3), np.random.default_rng(0)).tolist() == [[1.0] * 3] * 2


def test_numbers_at_the_ends_are_centered_within_the_scale() -> None:
    """Right-or-wrong answers that changed keep to the scale, with mean 0."""
    seen = np.repeat([1.0, 0.0, -1.0], [20, 90, 10])
    found = centered(seen, -1.0, 1.0)
    assert set(np.unique(found)) == {-1.0, 0.0, 1.0}
    assert found.mean() == pytest.approx(0.0, abs=2e-3)


def test_other_numbers_are_centered_by_moving() -> None:
    """Where the scale has the room the spread stays as it was; where no tilt helps, numbers are cut."""
    assert centered(np.array([0.1, 0.3]), -1.0, 1.0).tolist() == pytest.approx([-0.1, 0.1])
    assert centered(np.array([1.0, 1.0, 0.0]), -0.5, 0.5).tolist() == pytest.approx([1 / 3, 1 / 3, -0.5])
