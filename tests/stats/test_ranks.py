"""What the order of numbers says, against scipy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seatrial.stats.ranks import auc, spearman

DEGREES = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30)


@given(DEGREES, DEGREES)
def test_auc_is_the_share_of_pairs_in_order(higher: list[float], lower: list[float]) -> None:
    """It is Mann and Whitney's U over the pairs, and what counting every pair gives; ties count half."""
    pairs = [(one > other) + 0.5 * (one == other) for one in higher for other in lower]
    u = stats.mannwhitneyu(higher, lower, method="asymptotic").statistic
    assert auc(higher, lower) == pytest.approx(np.mean(pairs), abs=1e-12)
    assert auc(higher, lower) == pytest.approx(u / len(pairs), abs=1e-12)


def test_auc_has_its_ends() -> None:
    """1 where all are in order, 0 where none is, one half where nothing can be told."""
    assert (auc([3, 4], [1, 2]), auc([1, 2], [3, 4]), auc([1], [1])) == (1.0, 0.0, 0.5)


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), max_size=30))
def test_spearman_is_scipys_and_0_where_there_is_none(pairs: list[tuple[int, int]]) -> None:
    """The correlation of ranks with ties; without spread or with fewer than three pairs it is 0, not NaN."""
    x, y = (np.array([pair[side] for pair in pairs], dtype=float) for side in (0, 1))
    if len(pairs) < 3 or len(set(x)) == 1 or len(set(y)) == 1:
        assert spearman(x, y) == 0.0
    else:
        assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
