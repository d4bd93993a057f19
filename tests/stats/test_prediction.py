"""Prediction-powered inference: a cheap judge on many items, people on few."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from seatrial.stats import prediction


def _sample(rng: np.random.Generator, n: int, quality: float) -> tuple[np.ndarray, np.ndarray]:
    truth = rng.random(n) < 0.3
    judged = np.where(rng.random(n) < quality, truth, rng.random(n) < 0.5)
    return truth.astype(float), judged.astype(float)


@pytest.mark.parametrize(("labels", "clipped"), [([0.7, 0.4, 0.5, 0.6], False), ([1.0, 0.0, 1.0, 1.0], True)])
def test_ppi_is_the_published_formula(labels: list[float], clipped: bool) -> None:
    """Weight, estimate and variance are those of PPI++ (arXiv:2311.01453) by hand; the weight is 1 at most."""
    y, f = np.array(labels), np.array([0.9, 0.2, 0.6, 0.7])
    g = np.array([0.1, 0.8, 0.5, 0.3, 0.6, 0.7, 0.2, 0.4])
    tuned = np.cov(y, f)[0, 1] / ((1 + 4 / 8) * np.concatenate([f, g]).var(ddof=1))
    assert bool(tuned > 1) is clipped
    weight = min(tuned, 1.0)
    rest = y - weight * f
    variance = weight**2 * g.var(ddof=1) / 8 + rest.var(ddof=1) / 4
    found = prediction.ppi_mean(y, f, g, 0.05)
    assert found.estimate == pytest.approx(weight * g.mean() + rest.mean())
    assert found.high - found.estimate == pytest.approx(stats.t.isf(0.05, 3) * math.sqrt(variance))
    assert found.estimate - found.low == pytest.approx(found.high - found.estimate)


@pytest.mark.parametrize("judged", [[0.5, 0.5, 0.5, 0.5], [0.0, 1.0, 0.0, 0.0]])
def test_a_judge_that_tells_nothing_has_no_say(judged: list[float]) -> None:
    """One that gives everything the same, or contradicts people, leaves the plain mean of people's labels."""
    y = [1.0, 0.0, 1.0, 1.0]
    found = prediction.ppi_mean(y, judged, [0.5, 0.5], 0.05)
    expected = stats.ttest_1samp(y, 0).confidence_interval(0.9)
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


@pytest.mark.parametrize("quality", [0.0, 0.6, 0.95])
def test_ppi_covers_and_never_loses_much(quality: float) -> None:
    """Bounds miss as often as promised whatever the judge is worth, and are narrower the better it is."""
    rng = np.random.default_rng(1)
    missed, runs, width, plain = 0, 400, 0.0, 0.0
    for _ in range(runs):
        y, f = _sample(rng, 80, quality)
        _, g = _sample(rng, 2000, quality)
        found = prediction.ppi_mean(y, f, g, 0.05)
        missed += not found.low <= 0.3 <= found.high
        width, plain = width + found.se, plain + y.std(ddof=1) / math.sqrt(80)
    assert missed / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)
    assert width / plain <= (1.02 if quality == 0 else 0.9 if quality == 0.6 else 0.45)


@pytest.mark.slow
def test_ppi_sequential_holds_at_every_look() -> None:
    """Over all looks the sequential bounds miss the mean in at most alpha of the runs; a good judge narrows them."""
    rng = np.random.default_rng(2)
    missed, runs = 0, 150
    for _ in range(runs):
        y, f = _sample(rng, 4000, 0.9)
        part = prediction.ppi_mean_sequential(y[:120], f[:120], float(f.mean()), 0, 1, 0.05, 0.8)
        missed += part.low > y.mean() or part.high < y.mean()
    assert missed / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)
    alone = prediction.ppi_mean_sequential(y[:600], f[:600], 0.0, 0, 1, 0.05, 0.0)
    helped = prediction.ppi_mean_sequential(y[:600], f[:600], float(f.mean()), 0, 1, 0.05, 0.8)
    assert helped.high - helped.low < alone.high - alone.low


def test_ppi_refuses_what_does_not_fit() -> None:
    """Labels without judgements, too few of either, or weights outside [0, 1], are refused."""
    for labels, judged, others in (([1.0], [1.0], [1.0, 0.0]), ([1.0, 0.0], [1.0], [1.0, 0.0]), ([1, 0], [1, 0], [1])):
        with pytest.raises(ValueError, match="two labels"):
            prediction.ppi_mean(labels, judged, others, 0.05)
    for weight in (-0.1, 2.0):
        with pytest.raises(ValueError, match="weight"):
            prediction.ppi_mean_sequential([1.0], [1.0], 0.5, 0, 1, 0.05, weight)
    with pytest.raises(ValueError, match="every label"):
        prediction.ppi_mean_sequential([1.0, 0.0], [1.0], 0.5, 0, 1, 0.05, 0.5)


def test_bounds_at_every_look_stay_on_the_scale() -> None:
    """Before the first label nothing is ruled out, and no bound leaves what the numbers can be."""
    empty = prediction.ppi_mean_sequential([], [], 0.5, 0, 1, 0.05, 0.5)
    assert math.isnan(empty.estimate)
    assert (empty.low, empty.high) == (0.0, 1.0)
    few = prediction.ppi_mean_sequential([1.0, 1.0], [0.0, 0.0], 1.0, 0, 1, 0.05, 1.0)
    assert few.estimate == pytest.approx(2.0)
    assert 0.0 <= few.low <= few.high <= 1.0


def test_adjustment_by_what_was_known_covers_and_is_narrower() -> None:
    """With a large pool a good predictor narrows the interval and keeps its coverage; a useless one costs nothing."""
    rng = np.random.default_rng(11)
    missed, widths = 0, []
    for _ in range(400):
        known, pool = rng.normal(0, 1, 60), rng.normal(0, 1, 600)
        x = 0.1 + 0.9 * known + rng.normal(0, 0.4, 60)
        found = prediction.adjusted_mean(x, known, pool, 0.05)
        missed += not found.low <= 0.1 <= found.high
        widths.append((found.high - found.low) / (2 * 1.67 * x.std(ddof=1) / math.sqrt(60)))
    assert missed / 400 <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 400)
    assert float(np.mean(widths)) < 0.7
    useless = prediction.adjusted_mean(x, rng.normal(0, 1, 60), pool, 0.05)
    assert useless.se == pytest.approx(x.std(ddof=1) / math.sqrt(60), rel=0.15)
    with pytest.raises(ValueError, match="a fold"):
        prediction.adjusted_mean([0.1], [0.1], pool, 0.05)


def test_adjustment_moves_the_estimate_toward_the_pool() -> None:
    """Where the clusters asked were the hard ones, easier ones in the pool lower it by slope times distance."""
    known = np.arange(20.0)
    x, pool = 0.5 * known, np.arange(20.0) - 6.0
    found = prediction.adjusted_mean(x, known, np.tile(pool, 1000), 0.05)
    assert found.estimate == pytest.approx(x.mean() - 0.5 * 6.0, rel=0.01)
    with pytest.raises(ValueError, match="a fold"):
        prediction.adjusted_mean(x[:9], known[:9], pool, 0.05)
    with pytest.raises(ValueError, match="a fold"):
        prediction.adjusted_mean(x, known[:19], pool, 0.05)
    with pytest.raises(ValueError, match="a pool"):
        prediction.adjusted_mean(x, known, [1.0], 0.05)
