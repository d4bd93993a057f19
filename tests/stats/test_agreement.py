"""How far raters agree, against other implementations."""

from __future__ import annotations

import math

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as theirs

from seatrial.stats.agreement import Level, fleiss_kappa, krippendorff_alpha

FLEISS = np.array([
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
])  # fmt: skip
"""Fourteen raters of ten items in five categories: the worked example that goes with Fleiss' paper."""


def test_fleiss_kappa_of_the_worked_example() -> None:
    """Kappa is .210, as published."""
    ratings = np.array([np.repeat(np.arange(5), row) for row in FLEISS])
    assert fleiss_kappa(ratings.T) == pytest.approx(0.210, abs=0.0005)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 20), st.integers(2, 4))
def test_fleiss_kappa_is_the_librarys_where_all_rate_all(seed: int, raters: int, items: int, categories: int) -> None:
    """With equally many ratings of each item it is what statsmodels says."""
    ratings = np.random.default_rng(seed).integers(categories, size=(raters, items))
    ratings[0, :2] = 0, 1
    counts, _ = aggregate_raters(ratings.T)
    assert fleiss_kappa(ratings) == pytest.approx(theirs(counts), abs=1e-12)


def test_fleiss_kappa_weighs_items_alike_whatever_the_number_of_their_ratings() -> None:
    """Items of 2, 3 and 2 ratings agree by 1, 1/3 and 0, chance by 29/49, so kappa is −13/36; one rating is none."""
    n = math.nan
    assert fleiss_kappa(np.array([[0, 0, 0, n], [0, 0, 1, 1], [n, 1, n, n]])) == pytest.approx(-13 / 36)
    assert math.isnan(fleiss_kappa([[0, n], [n, 1]]))
    assert fleiss_kappa([[1, 1], [1, 1]]) == 1.0


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_is_the_librarys_of_the_ratings_themselves(level: Level) -> None:
    """Counting how often each item got each value changes nothing against handing over who rated what."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        ratings = rng.choice([0.0, 1.0, 4.0, 9.0], size=(5, 12))
        ratings[rng.random(ratings.shape) < 0.4] = math.nan
        found = krippendorff_alpha(ratings, level, 0.05, rng, resamples=20)
        expected = krippendorff.alpha(reliability_data=ratings, level_of_measurement=level)
        assert found.alpha == pytest.approx(expected, abs=1e-12)
        assert found.low <= found.high
        assert found.items == int(((~np.isnan(ratings)).sum(axis=0) >= 2).sum())
