"""Harm that hides in an average."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from seatrial.stats.concentrated import large_changes


def test_small_improvements_cannot_hide_large_harm() -> None:
    """The test looks at large changes only, and is the sign test of a second implementation."""
    x = np.concatenate([np.full(12, 0.6), np.full(3, -0.6), np.full(900, -0.01)])
    found = large_changes(x, 0.5)
    assert (found.worse, found.better) == (12, 3)
    assert found.p_value == pytest.approx(stats.binom.sf(11, 15, 0.5))


def test_false_alarms_stay_within_alpha() -> None:
    """Where large changes go both ways alike, the test alarms in at most alpha of the reviews."""
    rng = np.random.default_rng(0)
    alarms = sum(large_changes(rng.normal(0, 0.3, 200), 0.5).p_value <= 0.05 for _ in range(1000))
    assert alarms / 1000 <= 0.07


def test_nothing_large_is_no_evidence() -> None:
    """Without a large change the p-value is 1; a size of 0 is refused."""
    assert large_changes([0.1, -0.1], 0.5).p_value == 1.0
    with pytest.raises(ValueError, match="above 0"):
        large_changes([0.1], 0.0)


def test_a_change_of_just_the_size_is_large() -> None:
    """What counts as large is fixed beforehand, and includes its end, on both sides."""
    found = large_changes([0.5, 0.499, -0.5, -0.499], 0.5)
    assert (found.worse, found.better, found.size) == (1, 1, 0.5)


def test_only_harm_is_evidence_of_harm() -> None:
    """Large changes for the better alone speak against harm, not for it."""
    assert large_changes(np.full(9, -0.8), 0.5).p_value == 1.0
    assert large_changes(np.full(9, 0.8), 0.5).p_value == pytest.approx(0.5**9)
