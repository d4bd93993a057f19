"""Quantiles and tails of the usual distributions, beside those of scipy.stats."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from seatrial.stats import distributions as ours

CHANCES = np.array([1e-300, 1e-12, 0.0004, 0.025, 0.3, 0.5, 0.8, 0.999])


def test_normal_ones_are_those_of_scipy() -> None:
    """From far out in a tail to the middle."""
    z = np.linspace(-30, 30, 121)
    np.testing.assert_allclose(ours.norm_ppf(CHANCES), stats.norm.ppf(CHANCES), rtol=1e-12)
    np.testing.assert_allclose(ours.norm_isf(CHANCES), stats.norm.isf(CHANCES), rtol=1e-12)
    np.testing.assert_allclose(ours.norm_cdf(z), stats.norm.cdf(z), rtol=1e-12)
    np.testing.assert_allclose(ours.norm_pdf(z), stats.norm.pdf(z), rtol=1e-12)
    assert (ours.norm_isf(0.0), ours.norm_isf(1.0), ours.norm_ppf(0.0)) == (np.inf, -np.inf, -np.inf)


@pytest.mark.parametrize("df", [1.0, 2.0, 7.5, 39.0, 10_000.0])
def test_those_of_t_are_scipys(df: float) -> None:
    """With few degrees of freedom and with many."""
    chances, t = CHANCES[1:], np.linspace(-8, 8, 33)
    np.testing.assert_allclose(ours.t_ppf(chances, df), stats.t.ppf(chances, df), rtol=1e-9)
    np.testing.assert_allclose(ours.t_isf(chances, df), stats.t.isf(chances, df), rtol=1e-9)
    np.testing.assert_allclose(ours.t_sf(t, df), stats.t.sf(t, df), rtol=1e-9)


def test_those_of_beta_are_scipys_and_unknown_outside() -> None:
    """NaN where there is no such distribution: no successes have no lower bound but the end."""
    a, b = np.array([0.5, 1.0, 3.0, 40.0, 0.0, 5.0]), np.array([0.5, 38.0, 9.0, 1.0, 4.0, 0.0])
    for chance in CHANCES[1:]:
        np.testing.assert_allclose(ours.beta_ppf(chance, a, b), stats.beta.ppf(chance, a, b), rtol=1e-9)
        np.testing.assert_allclose(ours.beta_isf(chance, a, b), stats.beta.isf(chance, a, b), rtol=1e-9)
    assert np.isnan(ours.beta_ppf(0.05, 0, 4)) and np.isnan(ours.beta_isf(0.05, 5, 0))


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.5, 1.0])
def test_a_binomials_tail_is_scipys(rate: float) -> None:
    """Below no success and from all of them on too."""
    count = np.arange(-1.0, 31.0)
    np.testing.assert_allclose(ours.binom_sf(count, 30, rate), stats.binom.sf(count, 30, rate), rtol=1e-9, atol=1e-300)


@pytest.mark.slow
def test_no_command_waits_for_what_it_does_not_need() -> None:
    """`compare` loads none of `scipy.stats`, which takes longer to load than two logs take to compare."""
    code = "import sys, seatrial.cli.compare, seatrial.review.run; print('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
