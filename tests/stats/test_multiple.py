"""Corrections for many claims."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from seatrial.stats.multiple import e_bh, holm


@pytest.fixture(autouse=True, scope="module")
def _nothing_to_collect() -> Iterator[None]:
    """Keep all objects from the garbage collector, which statsmodels calls at every correction by Holm."""
    gc.freeze()
    yield
    gc.unfreeze()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.3))
def test_holm_agrees_with_statsmodels(p: list[float], alpha: float) -> None:
    """Holm's accepted claims are those of a second implementation."""
    assert holm(p, alpha).tolist() == multipletests(p, alpha, "holm")[0].tolist()


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12), st.integers(3, 90))
def test_e_bh_is_bh_on_inverted_values(thousandths: list[int], share: int) -> None:
    """Inverting e-values to p-values, e-BH is the Benjamini–Hochberg procedure."""
    e, alpha = 1000 / np.array(thousandths), share * np.pi / 1000  # an irrational level has no ties to round
    assert e_bh(e, alpha).tolist() == multipletests(1 / e, alpha, "fdr_bh")[0].tolist()


def test_one_claim_needs_one_over_alpha() -> None:
    """A single claim is accepted exactly from 1 / alpha on."""
    assert e_bh([20.0], 0.05).tolist() == [True]
    assert e_bh([19.9], 0.05).tolist() == [False]


def test_holm_stops_at_the_first_miss() -> None:
    """Of four p-values at 5 %, the two smallest pass a quarter and a third of it; the next one misses a half."""
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05).tolist() == [True, False, False, True]
    assert holm([0.05], 0.05).tolist() == [True]


def test_nothing_in_nothing_out() -> None:
    """No claims, no verdicts."""
    assert e_bh([], 0.05).tolist() == []
    assert holm([], 0.05).tolist() == []


@pytest.mark.parametrize(
    ("function", "bad"), [(e_bh, [-1.0]), (e_bh, [float("nan")]), (holm, [1.5]), (holm, [float("nan")])]
)
def test_refuses_what_is_no_evidence(function: object, bad: list[float]) -> None:
    """Values that cannot be e- or p-values are refused."""
    with pytest.raises(ValueError, match="values"):
        function(bad, 0.05)  # type: ignore[operator]


def test_weighted_holm_known_value() -> None:
    """Holm's section 4 by hand: each p-value against alpha times its weight over the weights that are left."""
    # .02 / .8 goes first, against .05 · .8 / 1; then .0125 / .15 against .05 · .15 / .2; then .06 against all of .05.
    p, weights = [0.0125, 0.02, 0.06], [0.15, 0.8, 0.05]
    assert holm(p, 0.05, weights).tolist() == [True, True, False]
    assert holm([0.0376, 0.02, 0.06], 0.05, weights).tolist() == [False, True, False]
    assert holm([0.0374, 0.02, 0.051], 0.05, weights).tolist() == [True, True, False]
    assert holm([0.0074, 0.041, 0.06], 0.05, weights).tolist() == [True, True, False]
    assert holm([0.0076, 0.041, 0.06], 0.05, weights).tolist() == [False, False, False]
    assert holm([0.02, 0.06], 0.05, [0.2, 0.8]).tolist() == [False, False]
    assert holm([0.02, 0.06], 0.05).tolist() == [True, False]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.3), st.sampled_from([0.25, 1.0, 8.0]))
def test_equal_weights_are_holm_s_own(p: list[float], alpha: float, weight: float) -> None:
    """Weights that are all alike, whatever they sum to, change nothing."""
    assert holm(p, alpha, [weight] * len(p)).tolist() == holm(p, alpha).tolist()


claim = st.tuples(st.floats(0, 0.2), st.floats(0.01, 1.0))


@given(st.lists(claim, min_size=1, max_size=6), st.floats(0.01, 0.3))
def test_weighted_holm_closes_weighted_bonferroni(claims: list[tuple[float, float]], alpha: float) -> None:
    """A claim is accepted where every set with it has a member of p at most its part of alpha."""
    p, weights = (np.array(part) for part in zip(*claims, strict=True))
    sets = [np.array([bool(number >> place & 1) for place in range(len(p))]) for number in range(1, 2 ** len(p))]
    level = alpha * (1 + 1e-9)  # the same numbers are added in another order
    refuted = [bool((p[one] * weights[one].sum() <= level * weights[one]).any()) for one in sets]
    wanted = [all(out for one, out in zip(sets, refuted, strict=True) if one[place]) for place in range(len(p))]
    assert holm(p, level, weights).tolist() == wanted


@pytest.mark.slow
def test_weighted_holm_keeps_its_error_rate() -> None:
    """Of independent true claims any is accepted with a chance just under alpha, one of them by its weight."""
    rng, weights, runs = np.random.default_rng(2), np.array([0.8, 0.1, 0.1]), 20_000
    found = np.array([holm(p, 0.1, weights) for p in rng.random((runs, 3))])
    exactly = 1 - np.prod(1 - 0.1 * weights)
    assert found.any(axis=1).mean() == pytest.approx(exactly, abs=4 * np.sqrt(0.09 / runs))
    assert found[:, 0].mean() == pytest.approx(0.08, abs=0.01)


def test_weights_are_above_nothing() -> None:
    """A claim that may not err at all cannot be tested."""
    for weight in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above 0"):
            holm([0.01, 0.02], 0.05, [1.0, weight])
