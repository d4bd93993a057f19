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
