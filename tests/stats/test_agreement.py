"""How far raters agree, and what they say together."""

from __future__ import annotations

import math

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as reference_kappa

from seatrial.stats import agreement

NAN = math.nan
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]
"""The example of Krippendorff 2011, "Computing Krippendorff's alpha-reliability"."""

FLEISS = np.array([
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
])  # fmt: skip
"""Fourteen raters of ten items in five categories: the worked example that goes with Fleiss' paper."""


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorff_known_values(level: agreement.Level, alpha: float) -> None:
    """The alphas of Krippendorff's own example, at each level of measurement; an item rated once does not count."""
    found = agreement.krippendorff_alpha(KRIPPENDORFF, level, 0.05, np.random.default_rng(0), resamples=50)
    assert found.alpha == pytest.approx(alpha, abs=5e-4)
    assert found.low < found.alpha < found.high
    assert found.items == 11


def test_fleiss_kappa_of_the_worked_example() -> None:
    """Kappa is .210, as published."""
    ratings = np.array([np.repeat(np.arange(5), row) for row in FLEISS])
    assert agreement.fleiss_kappa(ratings.T) == pytest.approx(0.210, abs=0.0005)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 20), st.integers(2, 4))
def test_fleiss_kappa_is_the_librarys_where_all_rate_all(seed: int, raters: int, items: int, categories: int) -> None:
    """With equally many ratings of each item it is what statsmodels says."""
    ratings = np.random.default_rng(seed).integers(categories, size=(raters, items))
    ratings[0, :2] = 0, 1
    counts, _ = aggregate_raters(ratings.T)
    assert agreement.fleiss_kappa(ratings) == pytest.approx(reference_kappa(counts), abs=1e-12)


def test_fleiss_kappa_weighs_items_alike_whatever_the_number_of_their_ratings() -> None:
    """Items of 2, 3 and 2 ratings agree by 1, 1/3 and 0, chance by 29/49, so kappa is −13/36; one rating is none."""
    n = NAN
    assert agreement.fleiss_kappa(np.array([[0, 0, 0, n], [0, 0, 1, 1], [n, 1, n, n]])) == pytest.approx(-13 / 36)
    assert math.isnan(agreement.fleiss_kappa([[0, n], [n, 1]]))
    assert agreement.fleiss_kappa([[1, 1], [1, 1]]) == 1.0


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_is_the_librarys_of_the_ratings_themselves(level: agreement.Level) -> None:
    """Counting how often each item got each value changes nothing against handing over who rated what."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        ratings = rng.integers(4, size=(5, 12)).astype(float)
        ratings[rng.random(ratings.shape) < 0.4] = math.nan
        found = agreement.krippendorff_alpha(ratings, level, 0.05, rng, resamples=20)
        expected = krippendorff.alpha(reliability_data=ratings, level_of_measurement=level)
        assert found.alpha == pytest.approx(expected, abs=1e-12)
        assert found.low <= found.high
        assert found.items == int(((~np.isnan(ratings)).sum(axis=0) >= 2).sum())


def test_disagreement_is_the_share_of_pairs_that_differ() -> None:
    """Of two items, one where a third of the pairs are alike and one unanimous, a third of them differ on average."""
    table = [[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]]
    found = agreement.krippendorff_alpha(table, "nominal", 0.05, np.random.default_rng(0), resamples=5)
    assert found.disagreement == pytest.approx((2 / 3 + 0) / 2)


@pytest.mark.slow
def test_krippendorff_interval_covers() -> None:
    """Resampling items gives bounds that hold the alpha of very many items about as often as promised."""
    rng = np.random.default_rng(5)

    def rated(items: int) -> np.ndarray:
        truth = rng.random(items) < 0.4
        return np.array([np.where(rng.random(items) < 0.85, truth, ~truth).astype(float) for _ in range(3)])

    true = agreement.krippendorff_alpha(rated(40_000), "nominal", 0.05, rng, resamples=1).alpha
    runs, missed = 80, 0
    for _ in range(runs):
        found = agreement.krippendorff_alpha(rated(80), "nominal", 0.05, rng, resamples=150)
        missed += not found.low <= true <= found.high
    assert missed / runs <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / runs)


def test_unanimous_raters_agree() -> None:
    """All ratings the same is agreement; nothing rated twice is no knowledge; one rater cannot agree."""
    rng = np.random.default_rng(0)
    found = agreement.krippendorff_alpha(np.ones((3, 5)), "nominal", 0.05, rng)
    assert (found.alpha, found.disagreement) == (1.0, 0.0)
    empty = agreement.krippendorff_alpha([[1, np.nan], [np.nan, 2]], "nominal", 0.05, rng)
    assert math.isnan(empty.alpha)
    with pytest.raises(ValueError, match="two raters"):
        agreement.krippendorff_alpha([[1, 2]], "nominal", 0.05, rng)


def test_dawid_and_skene_find_the_good_raters() -> None:
    """From flags alone: three good raters and one that guesses are told apart, and the rate comes out right."""
    rng = np.random.default_rng(4)
    truth = rng.random(3000) < 0.2
    rates = ((0.9, 0.05), (0.8, 0.1), (0.75, 0.15), (0.5, 0.5))
    flags = np.column_stack([(rng.random(3000) < np.where(truth, *pair)).astype(float) for pair in rates])
    flags[rng.random(flags.shape) < 0.1] = np.nan
    flags = flags[~np.isnan(flags).all(axis=1)]
    found = agreement.dawid_skene(flags)
    assert found.rate == pytest.approx(0.2, abs=0.03)
    assert found.sensitivity == pytest.approx([0.9, 0.8, 0.75, 0.5], abs=0.07)
    assert found.specificity == pytest.approx([0.95, 0.9, 0.85, 0.5], abs=0.05)
    with pytest.raises(ValueError, match="two raters"):
        agreement.dawid_skene(np.ones((3, 1)))
    with pytest.raises(ValueError, match="needs a rater"):
        agreement.dawid_skene(np.array([[np.nan, np.nan], [1.0, 0.0]]))


def test_a_rater_has_the_say_that_its_record_earns() -> None:
    """Weights follow TPR − FPR; a rater no better than chance has none; an item that nobody scored stays unknown."""
    found = agreement.reliability_weighted(
        [[1.0, 0.0, 1.0], [np.nan, 0.5, 1.0], [np.nan, np.nan, 1.0]], [0.6, 0.2, -0.1]
    )
    assert found[:2] == pytest.approx([0.75, 0.5])
    assert math.isnan(found[2])


def test_dawid_and_skene_ignore_what_was_not_rated() -> None:
    """A rating that is missing is no vote: an item with one flag of a good rater is likelier harmful than not."""
    rng = np.random.default_rng(6)
    truth = rng.random(400) < 0.5
    flags = np.column_stack([np.where(rng.random(400) < 0.95, truth, ~truth).astype(float) for _ in range(3)])
    lone = np.array([[1.0, NAN, NAN], [0.0, NAN, NAN]])
    found = agreement.dawid_skene(np.vstack([flags, lone]))
    assert found.harmful[-2] > 0.9
    assert found.harmful[-1] < 0.1
