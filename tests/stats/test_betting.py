"""Betting confidence sequences and e-values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.stats import betting

UNIT = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(UNIT, st.floats(0.05, 0.95))
def test_wealth_is_a_fair_game(x: list[float], mean: float) -> None:
    """A number drawn as 0 or 1 with the hypothetical mean neither adds to the expected wealth nor takes from it."""
    before = betting.log_wealth_against(x, mean, 0, 1, "greater")[-1]
    after = [math.exp(betting.log_wealth_against([*x, bit], mean, 0, 1, "greater")[-1] - before) for bit in (0.0, 1.0)]
    assert (1 - mean) * after[0] + mean * after[1] == pytest.approx(1.0, abs=1e-9)


@given(UNIT, st.floats(0.02, 0.3))
def test_interval_holds_the_sample_mean(x: list[float], alpha: float) -> None:
    """At the end of one look the interval contains the sample's own mean and stays within the bounds."""
    low, high = betting.confidence_bound_at_end(x, 0, 1, alpha, anytime=False)
    assert -1e-9 <= low <= np.mean(x) + 1e-6
    assert np.mean(x) - 1e-6 <= high <= 1 + 1e-9


@given(UNIT)
def test_sides_mirror(x: list[float]) -> None:
    """Betting below is betting above on the mirrored scale."""
    flipped = [1 - value for value in x]
    one = betting.log_wealth_against(x, 0.4, 0, 1, "less")
    two = betting.log_wealth_against(flipped, 0.6, 0, 1, "greater")
    np.testing.assert_allclose(one, two, atol=1e-9)


def test_intervals_cover_the_true_mean_at_every_look() -> None:
    """Over all looks together the upper bound misses the mean in at most alpha of the runs, and the lower one too."""
    rng = np.random.default_rng(3)
    runs, alpha, mean = 400, 0.1, 0.2
    missed = np.zeros(2)
    for _ in range(runs):
        x = (rng.random(150) < mean).astype(float)
        missed[0] += betting.log_wealth_against(x, mean, 0, 1, "greater").max() >= -math.log(alpha)
        missed[1] += betting.log_wealth_against(x, mean, 0, 1, "less").max() >= -math.log(alpha)
    # Three standard errors above alpha would be 0.145; an invalid bet goes far beyond.
    assert (missed / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)).all()
    assert (missed > 0).all()


def test_sequence_agrees_with_the_bound_at_the_end() -> None:
    """The sequence's last bounds are those of the running intersection, up to the grid's step."""
    x = np.random.default_rng(1).uniform(-0.3, 0.5, 200)
    lower, upper = betting.confidence_sequence(x, -1, 1, 0.05)
    low, high = betting.confidence_bound_at_end(x, -1, 1, 0.05)
    assert lower[-1] == pytest.approx(low, abs=0.003)
    assert upper[-1] == pytest.approx(high, abs=0.003)
    assert (np.diff(lower) >= 0).all()
    assert (np.diff(upper) <= 0).all()


def test_adapts_to_the_variance() -> None:
    """Small differences on a wide range give a far narrower interval than Hoeffding's."""
    x = np.random.default_rng(2).normal(0, 0.05, 400)
    low, high = betting.confidence_bound_at_end(x, -1, 1, 0.05)
    hoeffding = 2 * math.sqrt(math.log(1 / 0.05) / (2 * 400))
    assert high - low < 0.35 * 2 * hoeffding


def test_no_spread_is_not_certainty() -> None:
    """A hundred equal numbers still leave an interval of positive width."""
    low, high = betting.confidence_bound_at_end(np.zeros(100), -1, 1, 0.05)
    assert low < -0.01
    assert high > 0.01


def test_nothing_observed_rules_nothing_out() -> None:
    """Without numbers the interval is the whole range and the e-value is 1."""
    assert betting.confidence_bound_at_end([], -1, 1, 0.05) == (-1, 1)
    assert betting.e_value([], 0.0, -1, 1, "greater") == 1.0


def test_means_at_the_ends() -> None:
    """That the mean is at most the maximum is never refuted; that it is below the minimum always is."""
    assert betting.log_wealth_against([0.5, 1.0], 1.0, 0, 1, "greater").tolist() == [0.0, 0.0, 0.0]
    assert betting.log_wealth_against([0.5], -0.1, 0, 1, "greater")[-1] == math.inf


@pytest.mark.parametrize("x", [[1.5], [float("nan")]])
def test_refuses_numbers_outside_the_bounds(x: list[float]) -> None:
    """A number outside the bounds, or none at all, is refused: the guarantee rests on the bounds."""
    with pytest.raises(ValueError, match="must lie in"):
        betting.e_value(x, 0.5, 0, 1, "greater")


def test_refuses_an_empty_range() -> None:
    """Bounds must be a range."""
    with pytest.raises(ValueError, match="range"):
        betting.e_value([0.0], 0.5, 1, 1, "greater")


def test_the_first_bet_is_the_average_stake() -> None:
    """Against a mean of one half, one number at the top gains the average stake, and one at the bottom loses it."""
    prior = np.concatenate([[betting.BOLDEST_SHARE], np.full(14, (1 - betting.BOLDEST_SHARE) / 14)])
    average = float(prior @ betting.STAKES)
    assert betting.e_value([1.0], 0.5, 0, 1, "greater") == pytest.approx(1 + average)
    assert betting.e_value([0.0], 0.5, 0, 1, "greater") == pytest.approx(1 - average)
    assert betting.e_value([3.0], 1.0, -1, 3, "greater") == pytest.approx(1 + average)


def test_many_samples_are_bounded_as_each_alone() -> None:
    """More rows than are worked on at once have the bounds and the capital that each has by itself."""
    x = np.random.default_rng(4).random((300, 40))
    together = betting.upper_bounds(x, 0, 1, 0.05)
    paths = betting.log_wealth_paths(x, 0.4, 0, 1, "greater")
    for row in (0, 204, 205, 299):
        assert together[row] == pytest.approx(betting.upper_bounds(x[row], 0, 1, 0.05)[0])
        np.testing.assert_allclose(paths[row], betting.log_wealth_against(x[row], 0.4, 0, 1, "greater")[1:])


@given(UNIT, st.floats(0.02, 0.3))
def test_one_look_at_the_end_misses_less_than_many(x: list[float], alpha: float) -> None:
    """Bounds that may use the best of all looks are at least as sharp as those of the last look alone."""
    low, high = betting.confidence_bound_at_end(x, 0, 1, alpha)
    last_low, last_high = betting.confidence_bound_at_end(x, 0, 1, alpha, anytime=False)
    assert last_low - 1e-9 <= low
    assert high <= last_high + 1e-9
