"""What an imperfect instrument does to a rate, and how to undo it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from seatrial.stats import instruments
from seatrial.stats.instruments import (
    EXACT,
    Calibration,
    Slope,
    corrected_shift,
    family_alpha,
    true_below,
    true_bounds,
    true_p_value,
)
from seatrial.stats.intervals import fixed_size_bounds, fixed_size_p_values

PERFECT = Calibration(10**9, 10**9, 10**9, 10**9)
TWO_SIDED = Slope(0.3, 0.0, 0.7, 0.05)


def test_attenuation_is_undone() -> None:
    """TPR .7 and FPR .1 show 60 % of a shift; a blind instrument would need an infinite one."""
    assert instruments.attenuated(0.1, 0.7, 0.1) == pytest.approx(0.06)
    assert instruments.true_effect(0.06, 0.7, 0.1) == pytest.approx(0.1)
    assert instruments.true_effect(0.06, 0.3, 0.3) == math.inf


@given(st.floats(-1, 1), st.floats(0.02, 1.0), st.floats(0.0, 0.9))
def test_a_true_effect_is_the_inverse_of_attenuation(effect: float, youden: float, fpr: float) -> None:
    """What an instrument shows of a change, made true again, is that change."""
    shown = instruments.attenuated(effect, fpr + youden, fpr)
    assert instruments.true_effect(shown, fpr + youden, fpr) == pytest.approx(effect, abs=1e-9)


def test_rogan_gladen_known_value() -> None:
    """30 % flagged by an instrument of sensitivity .8 and specificity .9 is a true rate of 2/7; it stays in [0, 1]."""
    found = instruments.rogan_gladen(300, 1000, 80, 100, 90, 100, 0.05)
    assert found.estimate == pytest.approx(2 / 7)
    assert found.low < 2 / 7 < found.high
    assert instruments.rogan_gladen(0, 100, 80, 100, 90, 100, 0.05).estimate == 0.0
    assert instruments.rogan_gladen(100, 100, 80, 100, 90, 100, 0.05).estimate == 1.0


def test_rogan_gladen_of_a_perfect_instrument_is_a_proportion() -> None:
    """With an error known to be none, the bounds are Jeffreys' of the rate itself."""
    found = instruments.rogan_gladen(12, 80, 10**8, 10**8, 10**8, 10**8, 0.05, draws=200_000)
    low, high = stats.beta.ppf([0.05, 0.95], 12.5, 68.5)
    assert (found.low, found.high) == (pytest.approx(low, abs=2e-3), pytest.approx(high, abs=2e-3))


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


@pytest.mark.parametrize("counts", [(3, 2, 1, 1), (1, 1, 3, 2), (-1, 2, 1, 1), (0, 0, 1, 1), (1, 1, 0, 0)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int, int]) -> None:
    """A part above its total, below 0, or of nothing, is no calibration."""
    with pytest.raises(ValueError, match="between 0"):
        Calibration(*counts)
    with pytest.raises(ValueError, match="counts"):
        instruments.rogan_gladen(1, 2, *counts, 0.05)


def test_rates_are_as_counted_and_never_sure() -> None:
    """Shares are those counted, with binomial variances; for a share of 0 or 1, of half a miss."""
    sensitivity, specificity, own, other = Calibration(40, 50, 30, 30).rates
    assert (sensitivity, specificity) == (0.8, 1.0)
    assert own == pytest.approx(0.8 * 0.2 / 50)
    assert other == pytest.approx((30.5 / 31) * (0.5 / 31) / 30)


def test_a_perfect_instrument_corrects_nothing() -> None:
    """With an error known to be none, the shift is the paired difference with its normal interval; + is a rise."""
    rng = np.random.default_rng(3)
    before, after = rng.random((2, 200)) < [[0.2], [0.45]]
    found = corrected_shift(before, after, PERFECT, PERFECT, 0.025)
    difference = after.astype(float) - before
    assert found.estimate == pytest.approx(difference.mean())
    assert found.estimate > 0.15
    reach = stats.norm.isf(0.025) * stats.sem(difference)
    assert (found.low, found.high) == (pytest.approx(found.estimate - reach), pytest.approx(found.estimate + reach))


def test_each_model_is_corrected_by_its_own_error() -> None:
    """Equal flags of a judge that only over-flags the candidate mean that the candidate does less harm."""
    flags = [1.0] * 30 + [0.0] * 70
    sure, over = Calibration(10**8, 10**8, 10**8, 10**8), Calibration(10**8, 10**8, 8 * 10**7, 10**8)
    shift = corrected_shift(flags, flags, sure, over, 0.05).estimate
    assert shift == pytest.approx((0.3 - 0.2) / 0.8 - 0.3)
    assert corrected_shift(flags, flags, over, sure, 0.05).estimate == pytest.approx(-shift)


def test_a_small_calibration_widens_the_interval() -> None:
    """What few labelled answers leave open of the error is inside the interval."""
    rng = np.random.default_rng(4)
    before, after = rng.random((2, 300)) < 0.3
    few, many = (Calibration(8 * n, 10 * n, 9 * n, 10 * n) for n in (2, 2000))
    assert corrected_shift(before, after, few, few, 0.05).se > 1.5 * corrected_shift(before, after, many, many, 0.05).se


def test_a_shift_needs_pairs_and_instruments_that_see() -> None:
    """Shapes that differ, or one pair, are refused; an instrument at chance for either model tells nothing."""
    with pytest.raises(ValueError, match="same two or more"):
        corrected_shift([1, 0], [1], PERFECT, PERFECT, 0.05)
    with pytest.raises(ValueError, match="same two or more"):
        corrected_shift([1], [1], PERFECT, PERFECT, 0.05)
    blind = Calibration(10, 20, 10, 20)
    for pair in ((blind, PERFECT), (PERFECT, blind)):
        found = corrected_shift([0, 1], [1, 1], *pair, 0.05)
        assert math.isnan(found.estimate)
        assert (found.low, found.high) == (-1.0, 1.0)


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


# Readings and true changes


def test_a_slope_by_definition_changes_nothing() -> None:
    """Where readings show all of a change, bounds are those of the readings and no alpha is set aside."""
    assert [float(bound) for bound in true_bounds(0.1, 0.05, 0.2, EXACT, 0.05)] == [0.05, 0.2]
    assert EXACT.ruling_out(0.05) == (0.05, 1.0)
    assert EXACT.showing(0.05, 20) == 1.0
    assert family_alpha(0.05, [EXACT]) == 0.05
    assert family_alpha(0.05, [EXACT, Slope(0.5, 0.1)]) == pytest.approx(0.05 * 0.95)


def test_the_bounds_of_a_true_change_are_fiellers() -> None:
    """With a normal reading, estimate − M · slope is z of its own standard errors from 0 at either bound M."""
    slope, alpha = Slope(0.6, 0.08), 0.05
    z = float(stats.norm.isf(alpha))
    for estimate, se in ((0.02, 0.03), (-0.1, 0.04), (0.3, 0.05)):
        low, high = true_bounds(estimate, estimate - z * se, estimate + z * se, slope, alpha)
        for bound, side in ((float(low), 1), (float(high), -1)):
            off = estimate - bound * slope.value
            assert off == pytest.approx(side * z * math.hypot(se, bound * slope.se))


def test_a_slope_that_may_be_nothing_bounds_nothing() -> None:
    """Where the record cannot tell the slope from 0, any change may be true."""
    assert [float(bound) for bound in true_bounds(0.0, -0.1, 0.1, Slope(0.1, 0.1), 0.05)] == [-math.inf, math.inf]
    assert [float(bound) for bound in true_bounds(0.0, -0.1, 0.1, Slope(0.0), 0.05)] == [-math.inf, math.inf]
    assert Slope(0.1, 0.1).low(0.05) == 0.0


@pytest.mark.parametrize("slope", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("labels", [50, 200])
def test_margins_of_true_harm_are_kept_by_measured_slopes(slope: float, labels: int) -> None:
    """With records of fifty labels and more, a true rise of the margin is ruled out at most about at alpha."""
    rng, runs, margin, n = np.random.default_rng(labels), 4_000, 0.05, 300
    tpr, fpr = 0.5 + slope / 2, 0.5 - slope / 2
    half = labels // 2
    hits, alarms = rng.binomial(half, tpr, runs) / half, rng.binomial(half, fpr, runs) / half
    errors = np.sqrt((hits * (1 - hits) + alarms * (1 - alarms)) / half)
    means = rng.normal(margin * slope, 0.3 / math.sqrt(n), runs)
    reach = float(stats.norm.isf(0.05)) * 0.3 / math.sqrt(n)
    passed = sum(
        float(true_bounds(mean, mean - reach, mean + reach, Slope(max(hit - alarm, 0.0), error), 0.05)[1]) < margin
        for mean, hit, alarm, error in zip(means, hits, alarms, errors, strict=True)
    )
    assert passed / runs < 0.06


def _readings(mean: float, size: int = 80, seed: int = 1) -> NDArray[np.float64]:
    """Readings whose mean is exactly this."""
    drawn: NDArray[np.float64] = np.random.default_rng(seed).normal(0.0, 0.2, size)
    readings: NDArray[np.float64] = drawn - drawn.mean() + mean
    return readings


def _lower(x: NDArray[np.float64], slope: Slope, level: float) -> float:
    """The lower bound of the truth at a level."""
    found = fixed_size_bounds(x[None, :], -1, 1, level)
    return float(true_bounds(x.mean(), found.low[0], found.high[0], slope, level)[0])


@pytest.mark.parametrize(
    "slope", [Slope(0.7, 0.05), Slope(0.4, 0.08), Slope(1.0, 0.01), Slope(0.6), Slope(0.2, 0.0, 0.5, 0.04)]
)
@pytest.mark.parametrize("mean", [0.06, 0.1, 0.2])
def test_a_p_value_inverts_the_bounds_of_the_truth(slope: Slope, mean: float) -> None:
    """At the p-value the lower bound exceeds the threshold, a few hundredths of it below it does not."""
    x = _readings(mean)
    found = true_p_value(x, 0.05, -1, 1, slope)
    assert 0.0 < found < 0.5
    assert _lower(x, slope, found) > 0.05
    assert _lower(x, slope, found * 0.95) < 0.05


@pytest.mark.parametrize("value", [1.0, 0.4])
def test_an_exact_slope_has_the_p_value_of_its_readings(value: float) -> None:
    """Without error of its own the slope moves the threshold alone."""
    x = _readings(0.1)
    wanted = float(fixed_size_p_values(x[None, :], 0.08 * value, -1, 1)[0])
    assert true_p_value(x, 0.08, -1, 1, Slope(value)) == wanted
    assert true_p_value(x, 0.08, -1, 1, Slope(value, 1e-7)) == pytest.approx(wanted, rel=1e-3)


def test_what_shows_no_harm_has_a_p_value_of_one() -> None:
    """A mean that does not exceed the threshold, no readings, or an instrument that may show nothing refute nothing."""
    assert true_p_value(_readings(0.03), 0.05, -1, 1, Slope(0.7, 0.05)) == 1.0
    assert true_p_value(_readings(0.034), 0.05, -1, 1, Slope(0.7)) == 1.0
    assert true_p_value(np.empty(0), 0.05, -1, 1, EXACT) == 1.0
    assert true_p_value(_readings(0.3), 0.05, -1, 1, Slope(0.0)) == 1.0
    assert true_p_value(_readings(0.3), 0.05, -1, 1, Slope(0.1, 0.5)) > 0.3


def test_an_uncertain_slope_makes_harm_harder_to_show() -> None:
    """The less is known of the slope, the larger the p-value."""
    x = _readings(0.1, 400)
    found = [true_p_value(x, 0.1, -1, 1, Slope(0.8, se)) for se in (0.0, 0.02, 0.05, 0.1)]
    assert found == sorted(found)
    assert found[0] < found[-1] / 2


@pytest.mark.parametrize("slope", [EXACT, Slope(0.6), Slope(0.6, 0.06), Slope(0.3, 0.15), TWO_SIDED])
@pytest.mark.parametrize("sign", [1, -1])
def test_lying_below_is_what_the_bounds_say(slope: Slope, sign: int) -> None:
    """The quick comparison agrees with the bounds, on either side of nothing and for either bound."""
    x = sign * np.stack([_readings(mean, 60, seed) for seed, mean in enumerate(np.linspace(-0.2, 0.1, 40))])
    found = fixed_size_bounds(x, -1, 1, 0.05)
    bounds = true_bounds(x.mean(axis=1), found.low, found.high, slope, 0.05)
    wanted = bounds[1] < 0.02 if sign > 0 else -bounds[0] < 0.02
    assert true_below(sign * x, 0.02, -1, 1, slope, 0.05).tolist() == wanted.tolist()
    assert wanted.any() or slope == Slope(0.3, 0.15)
    assert not wanted.all()


def test_a_slope_with_two_sides_moves_each_bound_outwards() -> None:
    """Above 0 an upper bound is divided by the least share and a lower one by the largest, below 0 the other way."""
    steep = 0.7 + float(stats.norm.isf(0.05)) * 0.05
    low, high = true_bounds([0.2, -0.2, 0.0], [0.1, -0.3, -0.1], [0.3, -0.1, 0.1], TWO_SIDED, 0.05)
    assert low == pytest.approx([0.1 / steep, -0.3 / 0.3, -0.1 / 0.3])
    assert high == pytest.approx([0.3 / 0.3, -0.1 / steep, 0.1 / 0.3])
    assert TWO_SIDED.high(0.05) == pytest.approx(steep)
    assert (TWO_SIDED.low(0.05), TWO_SIDED.ruling_out(0.05)) == (0.3, (0.05, 0.3))
    assert TWO_SIDED.showing(0.05, 4) == pytest.approx(TWO_SIDED.high(0.05 * 0.05 / 4))
    assert family_alpha(0.05, [TWO_SIDED]) < family_alpha(0.05, [EXACT]) == 0.05


def test_a_slope_whose_cautious_share_is_nothing_bounds_nothing() -> None:
    """Where the cautious share is 0, any change is possible."""
    low, high = true_bounds([0.2], [0.1], [0.3], Slope(0.0, 0.0, 0.7, 0.05), 0.05)
    assert (low[0], high[0]) == (-math.inf, math.inf)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_slope_with_two_sides_errs_neither_way(share: float) -> None:
    """Wherever between both shares the true one lies, a change at the margin is seldom ruled out and seldom shown."""
    rng, margin, runs = np.random.default_rng(3), 0.2, 2000
    x = rng.normal(margin * share, 0.2, (runs, 80)).clip(-1, 1)
    out = true_below(x, margin, -1, 1, TWO_SIDED, 0.05)
    shown = true_below(-x, -margin, -1, 1, TWO_SIDED, 0.05)
    assert max(out.mean(), shown.mean()) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert out.any() or share > 0.3
