"""What evidence could have shown."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from seatrial.stats import betting, power


def test_mde_t_agrees_with_statsmodels() -> None:
    """The MDE of a t test has the power it claims, by the noncentral t of a second implementation."""
    effect = power.mde_t(1.0, 80, 0.05, 0.9)
    assert TTestPower().power(effect, 80, 0.05, alternative="larger") == pytest.approx(0.9, abs=0.005)


@pytest.mark.parametrize(("clusters", "alpha", "power_", "mde"), [(25, 0.05, 0.8, 0.5136), (100, 0.025, 0.9, 0.3274)])
def test_mde_known_values(clusters: int, alpha: float, power_: float, mde: float) -> None:
    """It is (t₁₋α + t_q) / √C of a standard deviation: from the tables, 1.7109 + 0.8569 at 24 degrees of freedom."""
    assert power.mde_t(1.0, clusters, alpha, power_) == pytest.approx(mde, abs=1e-4)
    assert power.mde_t(2.0, clusters, alpha, power_) == pytest.approx(2 * mde, abs=2e-4)


def test_required_clusters_inverts_the_mde() -> None:
    """The clusters required for an effect see it, and one fewer do not."""
    clusters = power.required_clusters(0.3, 0.05, 0.05, 0.8)
    assert power.mde_t(0.3, clusters, 0.05, 0.8) <= 0.05 < power.mde_t(0.3, clusters - 1, 0.05, 0.8)


def test_what_an_instrument_hides_is_inside() -> None:
    """With TPR .7 and FPR .1 a true change must be 1 / .6 times larger, and takes 1 / .36 times the clusters to see."""
    assert power.mde_t(0.3, 80, 0.05, 0.9, 0.7, 0.1) == pytest.approx(power.mde_t(0.3, 80, 0.05, 0.9) / 0.6)
    needed = power.required_clusters(0.3, 0.05, 0.05, 0.8, 0.7, 0.1)
    assert needed == power.required_clusters(0.3, 0.03, 0.05, 0.8)
    assert power.mde_t(0.3, 80, 0.05, 0.9, 0.4, 0.4) == math.inf
    with pytest.raises(ValueError, match="show some"):
        power.required_clusters(0.3, 0.05, 0.05, 0.8, 0.4, 0.4)


@pytest.mark.parametrize(("tpr", "fpr"), [(1.0, 0.0), (0.9, 0.2), (0.6, 0.3)])
def test_an_instrument_that_shows_a_share_needs_a_larger_change(tpr: float, fpr: float) -> None:
    """The MDE in true harm, as the instrument shows it, is the MDE of its readings, whatever the instrument."""
    shown = power.mde_t(0.25, 60, 0.05, 0.8)
    true = power.mde_t(0.25, 60, 0.05, 0.8, tpr, fpr)
    assert (tpr - fpr) * true == pytest.approx(shown)
    needed = power.required_clusters(0.25, true, 0.05, 0.8, tpr, fpr)
    assert needed in (60, 61)


def test_mde_betting_is_ruled_out_with_its_power() -> None:
    """Where nothing changed, a margin of the MDE is ruled out in about the claimed share of fresh samples."""
    rng = np.random.default_rng(7)
    mde = power.mde_betting(rng.normal(0, 0.1, 100), -1, 1, 0.05, 0.9, rng)
    fresh = betting.upper_bounds(np.clip(rng.normal(0, 0.1, (400, 100)), -1, 1), -1, 1, 0.05)
    assert 0.8 <= float((fresh <= mde).mean()) <= 0.97


def test_mde_does_not_depend_on_the_change_seen() -> None:
    """A sample that moved as a whole has the MDE of one that did not."""
    x = np.random.default_rng(1).normal(0, 0.05, 90)
    still = power.mde_betting(x - x.mean(), -1, 1, 0.05, 0.9, np.random.default_rng(2))
    moved = power.mde_betting(x - x.mean() + 0.2, -1, 1, 0.05, 0.9, np.random.default_rng(2))
    assert moved == pytest.approx(still, rel=1e-6)


def test_the_mde_of_more_clusters_is_smaller() -> None:
    """Planned for four times as many clusters, a betting gate sees about half as small a change."""
    x = np.random.default_rng(3).normal(0, 0.2, 60).clip(-1, 1)
    now, later = (power.mde_betting(x, -1, 1, 0.05, 0.9, np.random.default_rng(0), n=n) for n in (None, 240))
    assert now == power.mde_betting(x, -1, 1, 0.05, 0.9, np.random.default_rng(0), n=60)
    assert 0.35 * now < later < 0.65 * now


def test_mde_of_a_level_is_a_rise() -> None:
    """On a scale that begins at zero the MDE is the rise above the level seen."""
    x = (np.random.default_rng(1).random(200) < 0.1).astype(float)
    mde = power.mde_betting(x, 0, 1, 0.05, 0.9, np.random.default_rng(2))
    assert 0.02 < mde < 0.15


def test_mde_fixed_follows_the_method() -> None:
    """A sample near enough to normal gets the t test's MDE, one without spread that of its exact bound."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 0.2, 100)
    expected = (stats.t.ppf(0.95, 99) + stats.t.ppf(0.9, 99)) * x.std(ddof=1) / math.sqrt(100)
    assert power.mde_fixed(x, -1, 1, 0.05, 0.9, rng) == pytest.approx(expected)
    assert power.mde_fixed(np.zeros(100), -1, 1, 0.05, 0.9, rng) == pytest.approx(1 - 0.05 ** (1 / 100))


def test_mde_fixed_is_never_below_what_cannot_be_seen() -> None:
    """Of thirty calm clusters the MDE is no less than the share that could have changed in full unseen."""
    x = 0.01 * np.random.default_rng(4).normal(0.02, 0.2, 30)
    assert power.mde_fixed(x, -1, 1, 0.05, 0.9, np.random.default_rng(0)) > 0.97 * (1 - 0.05 ** (1 / 30))


@pytest.mark.parametrize(
    "call",
    [
        lambda: power.mde_t(1.0, 1, 0.05, 0.9),
        lambda: power.required_clusters(1.0, 0.0, 0.05, 0.9),
        lambda: power.mde_betting([], -1, 1, 0.05, 0.9, np.random.default_rng(0)),
    ],
)
def test_refuses_what_has_no_answer(call: object) -> None:
    """Too few clusters or no effect: a clear error, no number."""
    with pytest.raises(ValueError, match=r"cluster|effect"):
        call()  # type: ignore[operator]


def test_mde_betting_is_that_of_bets_with_the_same_aim() -> None:
    """With an aim the MDE is the share of aimed bounds that it names, and near the aim it is less than without one."""
    rng = np.random.default_rng(1)
    x = np.clip(rng.normal(0, 0.15, 300), -1, 1)
    plain, aimed = (power.mde_betting(x, -1, 1, 0.05, 0.9, np.random.default_rng(2), aim=aim) for aim in (None, 0.03))
    assert aimed < plain
    drawn = np.random.default_rng(2).choice(np.clip(x - x.mean(), -1, 1), (power.RESAMPLES, 300))
    bounds = betting.upper_bounds(drawn, -1, 1, 0.05, aim=0.03)
    assert aimed == pytest.approx(np.quantile(bounds, 0.9), rel=0.05)


@pytest.mark.slow
def test_an_mde_for_many_clusters_is_soon_there() -> None:
    """For 10,000 planned clusters it takes a fraction of a second; the limit leaves room for slow machines."""
    x = np.random.default_rng(5).choice([-1.0, 0.0, 1.0], 400, p=[0.1, 0.8, 0.1])
    began = time.perf_counter()
    power.mde_betting(x, -1, 1, 0.05, 0.9, np.random.default_rng(6), n=10_000, aim=0.05)
    assert time.perf_counter() - began < 4
