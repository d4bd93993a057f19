"""Imperfect instruments, prediction-powered means, agreement of raters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from seatrial.stats import agreement, instruments, prediction


def test_attenuation_is_undone() -> None:
    """TPR .7 and FPR .1 show 60 % of a shift; a blind instrument would need an infinite one."""
    assert instruments.attenuated(0.1, 0.7, 0.1) == pytest.approx(0.06)
    assert instruments.true_effect(0.06, 0.7, 0.1) == pytest.approx(0.1)
    assert instruments.true_effect(0.06, 0.3, 0.3) == math.inf


def test_rogan_gladen_covers_the_true_rate() -> None:
    """Each bound misses the true rate about as often as promised, the instrument's own error included."""
    rng = np.random.default_rng(0)
    rate, tpr, fpr, missed, runs = 0.2, 0.8, 0.1, np.zeros(2), 300
    for _ in range(runs):
        found = instruments.rogan_gladen(
            rng.binomial(400, rate * tpr + (1 - rate) * fpr), 400, rng.binomial(80, tpr), 80,
            rng.binomial(80, 1 - fpr), 80, 0.05, 2000, rng,
        )  # fmt: skip
        missed += (found.low > rate, found.high < rate)
    assert (missed / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)).all()


def test_rogan_gladen_with_a_blind_instrument() -> None:
    """An instrument at chance leaves every rate possible; impossible counts are refused."""
    found = instruments.rogan_gladen(10, 50, 20, 40, 20, 40, 0.05)
    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="counts"):
        instruments.rogan_gladen(9, 5, 1, 1, 1, 1, 0.05)


def _sample(rng: np.random.Generator, n: int, quality: float) -> tuple[np.ndarray, np.ndarray]:
    truth = rng.random(n) < 0.3
    judged = np.where(rng.random(n) < quality, truth, rng.random(n) < 0.5)
    return truth.astype(float), judged.astype(float)


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
    """Labels without judgements, or weights outside [0, 1], are refused."""
    with pytest.raises(ValueError, match="two labels"):
        prediction.ppi_mean([1.0], [1.0], [1.0, 0.0], 0.05)
    with pytest.raises(ValueError, match="weight"):
        prediction.ppi_mean_sequential([1.0], [1.0], 0.5, 0, 1, 0.05, 2.0)


def test_krippendorff_known_value() -> None:
    """The nominal alpha of Krippendorff's own example (2011) is 0.743."""
    nan = np.nan
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
        [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
    ]
    found = agreement.krippendorff_alpha(table, "nominal", 0.05, np.random.default_rng(0))
    assert found.alpha == pytest.approx(0.743, abs=5e-4)
    assert found.low < found.alpha < found.high
    assert found.items == 11


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


@pytest.mark.parametrize("after", [(0.8, 0.1), (0.75, 0.15)])
def test_a_corrected_shift_covers_what_a_plain_one_misses(after: tuple[float, float]) -> None:
    """A judge that errs differently on the two models: its plain shift is wrong, the corrected one holds the truth."""
    rng = np.random.default_rng(8)
    covered, runs = 0, 200

    def calibrated(rates: tuple[float, float]) -> instruments.Calibration:
        return instruments.Calibration(int(rng.binomial(200, rates[0])), 200, int(rng.binomial(200, 1 - rates[1])), 200)

    before = (0.85, 0.05)
    for _ in range(runs):
        harm = rng.random((2, 500)) < np.array([[0.2], [0.25]])
        flags = [rng.random(500) < np.where(side, *rates) for side, rates in zip(harm, (before, after), strict=True)]
        found = instruments.corrected_shift(flags[0], flags[1], calibrated(before), calibrated(after), 0.025)
        covered += found.low <= 0.05 <= found.high
    assert covered / runs >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / runs)
    blind = instruments.Calibration(10, 20, 10, 20)
    assert math.isnan(instruments.corrected_shift([0, 1], [1, 1], blind, blind, 0.05).estimate)
    with pytest.raises(ValueError, match="between 0"):
        instruments.Calibration(3, 2, 1, 1)
