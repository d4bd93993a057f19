"""Betting confidence sequences and e-values."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.stats import betting, capital

UNIT = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(UNIT, st.floats(0.05, 0.95))
def test_wealth_is_a_fair_game(x: list[float], mean: float) -> None:
    """A number drawn as 0 or 1 with the hypothetical mean neither adds to the expected wealth nor takes from it."""
    before = betting.log_wealth_against(x, mean, 0, 1, "greater")[-1]
    after = [math.exp(betting.log_wealth_against([*x, bit], mean, 0, 1, "greater")[-1] - before) for bit in (0.0, 1.0)]
    assert (1 - mean) * after[0] + mean * after[1] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.slow
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
    prior = np.concatenate([[capital.BOLDEST_SHARE], np.full(14, (1 - capital.BOLDEST_SHARE) / 14)])
    average = float(prior @ capital.WIDE)
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


@pytest.mark.slow
@given(UNIT, st.floats(0.02, 0.3))
def test_one_look_at_the_end_misses_less_than_many(x: list[float], alpha: float) -> None:
    """Bounds that may use the best of all looks are at least as sharp as those of the last look alone."""
    low, high = betting.confidence_bound_at_end(x, 0, 1, alpha)
    last_low, last_high = betting.confidence_bound_at_end(x, 0, 1, alpha, anytime=False)
    assert last_low - 1e-9 <= low
    assert high <= last_high + 1e-9


Draw = Callable[[np.random.Generator, "tuple[int, int] | int"], "np.ndarray"]
LAWS: dict[str, Draw] = {
    "0/1": lambda rng, shape: np.where(rng.random(shape) < 0.3, 1.0, 0.0),
    "ordinal": lambda rng, shape: rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], shape, p=[0.3, 0.3, 0.2, 0.1, 0.1]),
    "rare jumps": lambda rng, shape: np.where(rng.random(shape) < 0.02, 1.0, 0.1),
    "heavy tail": lambda rng, shape: np.minimum(0.05 * (1 - rng.random(shape)) ** -0.6, 1.0),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("side", ["less", "greater"])
def test_aimed_bets_seldom_miss_at_any_look(law: str, side: betting.Side) -> None:
    """Whatever is drawn, aimed bets against the true mean reach 1 / alpha in at most alpha of the runs."""
    runs, alpha = 1500, 0.1
    x = LAWS[law](np.random.default_rng(11), (runs, 300))
    mean = float(LAWS[law](np.random.default_rng(12), 2_000_000).mean())
    missed = betting.log_wealth_paths(x, mean, 0, 1, side, aim=0.04).max(axis=1) >= -math.log(alpha)
    # Three standard errors above alpha would be 0.123; stakes that saw the number they are on go far beyond.
    assert missed.mean() <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


@given(UNIT, st.floats(0.05, 0.95), st.floats(1e-3, 2))
def test_aimed_wealth_is_a_fair_game(x: list[float], mean: float, aim: float) -> None:
    """The next number, 0 or 1 with the hypothetical mean, neither adds to the expected wealth nor takes from it."""
    before = betting.log_wealth_against(x, mean, 0, 1, "less", aim=aim)[-1]
    after = [
        math.exp(betting.log_wealth_against([*x, bit], mean, 0, 1, "less", aim=aim)[-1] - before) for bit in (0.0, 1.0)
    ]
    assert (1 - mean) * after[0] + mean * after[1] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.slow
@given(UNIT, st.floats(0.02, 0.98), st.floats(1e-3, 2), st.booleans())
def test_a_test_and_a_bound_agree(x: list[float], mean: float, aim: float, aimed: bool) -> None:
    """A mean lies outside the bounds just where capital against it once reached 1 / alpha, given one aim."""
    aim_ = aim if aimed else None
    low, high = betting.confidence_bound_at_end(x, 0, 1, 0.2, aim=aim_)
    for side, beyond in (("greater", low - mean), ("less", mean - high)):
        reached = betting.log_wealth_against(x, mean, 0, 1, side, aim=aim_).max() >= -math.log(0.2)  # type: ignore[arg-type]
        assert reached == (beyond >= 0) or abs(beyond) < 1e-6


@pytest.mark.slow
@given(UNIT, st.floats(1e-3, 1))
def test_bounds_never_widen(x: list[float], aim: float) -> None:
    """A further number never takes back what was ruled out."""
    before, after = (betting.confidence_bound_at_end(part, 0, 1, 0.2, aim=aim) for part in (x[:-1], x))
    assert before[0] - 1e-8 <= after[0]
    assert after[1] <= before[1] + 1e-8


def test_an_aim_decides_sooner() -> None:
    """Bets aimed at the distance that is there decide earlier, whether the numbers are of large or small variance."""
    rng = np.random.default_rng(5)
    for sd, margin in ((0.3, 0.06), (0.06, 0.03)):
        x = np.clip(rng.normal(0, sd, (200, 600)), -1, 1)
        when = []
        for aim in (None, margin):
            reached = betting.log_wealth_paths(x, margin, -1, 1, "less", aim=aim) >= math.log(20)
            when.append(np.where(reached.any(axis=1), reached.argmax(axis=1), 600).mean())
        assert when[1] < 0.95 * when[0]


@pytest.mark.parametrize("aim", [None, 0.05])
@pytest.mark.parametrize(
    "x", [[0.0], [1.0], [0.0, 1.0], [1.0] * 40, [0.0] * 40, [0.5] * 39 + [1.0], [0.0] * 600 + [1.0]]
)
def test_extreme_numbers_leave_capital(x: list[float], aim: float | None) -> None:
    """However the numbers fall, capital stays above 0 and finite, and the bounds are in order."""
    for side in ("less", "greater"):
        assert np.isfinite(betting.log_wealth_against(x, 0.3, 0, 1, side, aim=aim)).all()
    low, high = betting.confidence_bound_at_end(x, 0, 1, 0.05, aim=aim)
    assert 0 <= low < high <= 1


@pytest.mark.parametrize("aim", [0.0, -0.1, float("nan")])
def test_refuses_an_aim_of_nothing(aim: float) -> None:
    """An aim is a distance above 0."""
    with pytest.raises(ValueError, match="aim"):
        betting.e_value([0.5], 0.5, 0, 1, "greater", aim=aim)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("rows", [1, 2, 37])
def test_quantile_is_that_of_the_bounds(share: float, rows: int) -> None:
    """The quantile found without most of the bounds is that of all of them, with a look after every eight numbers."""
    x = np.random.default_rng(6).choice([-1.0, 0.0, 1.0], (rows, 120), p=[0.1, 0.8, 0.1])
    found = betting.quantile_of_upper_bounds(x, -1, 1, 0.05, share, aim=0.1)
    wanted = np.quantile(betting.upper_bounds(x, -1, 1, 0.05, aim=0.1), share, method="higher")
    assert wanted - 1e-8 <= found <= wanted + 0.02
    at_end = betting.upper_bounds(x[:, :8], -1, 1, 0.05, anytime=False, aim=0.1)
    of_a_block = betting.quantile_of_upper_bounds(x[:, :8], -1, 1, 0.05, share, aim=0.1)
    assert of_a_block == pytest.approx(np.quantile(at_end, share, method="higher"), abs=1e-8)


def test_quantile_of_nothing() -> None:
    """Rows without numbers rule nothing out; without rows there is no quantile."""
    assert betting.quantile_of_upper_bounds(np.empty((3, 0)), -1, 1, 0.05, 0.9) == 1
    with pytest.raises(ValueError, match="row"):
        betting.quantile_of_upper_bounds(np.empty((0, 5)), -1, 1, 0.05, 0.9)
