"""A betting bound kept up as numbers arrive."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.stats import betting
from seatrial.stats.running_bound import RunningBound

Draw = Callable[[np.random.Generator, int], "np.ndarray"]
LAWS: dict[str, Draw] = {
    "three values": lambda rng, n: rng.choice([-1.0, 0.0, 1.0], n, p=[0.1, 0.8, 0.1]),
    "many values": lambda rng, n: np.clip(rng.normal(0, 0.1, n), -1, 1),
    "rare jumps": lambda rng, n: np.where(rng.random(n) < 0.01, 1.0, rng.normal(0, 0.01, n)),
    "all least": lambda rng, n: np.full(n, -1.0),
    "all most": lambda rng, n: np.full(n, 1.0),
}


def _both(side: betting.Side, x: np.ndarray, aim: float | None) -> tuple[float, float, float]:
    """Return bound, capital at the end and highest capital, worked out anew."""
    path = betting.log_wealth_against(x, 0.05, -1, 1, side, aim=aim)
    low, high = betting.confidence_bound_at_end(x, -1, 1, 0.05, aim=aim)
    return (low if side == "greater" else high), float(path[-1]), float(path.max())


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("aim", [None, 0.05])
@pytest.mark.parametrize("side", ["less", "greater"])
def test_it_is_what_all_numbers_give(law: str, aim: float | None, side: betting.Side) -> None:
    """After each of many looks capital is that worked out anew; the bound is too, or is a trifle further out."""
    x = LAWS[law](np.random.default_rng(3), 2_600)
    running, before = RunningBound(-1, 1, side, 0.05, 0.05, aim=aim), None
    for n in (0, 1, 2, 7, 8, 9, 24, 30, 200, 256, 257, 258, 900, 1_500, 2_599, 2_600):
        found = running.take(x[:n])
        bound, last, highest = _both(side, x[:n], aim)
        assert found.log_wealth == pytest.approx(last, abs=1e-8)
        assert found.highest == pytest.approx(highest, abs=1e-8)
        outwards = found.bound - bound if side == "less" else bound - found.bound
        assert -1e-8 <= outwards <= 1e-4
        if before is not None:
            assert found.bound <= before if side == "less" else found.bound >= before
        before = found.bound


@pytest.mark.slow
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40), st.lists(st.integers(0, 40), max_size=4))
def test_looks_change_nothing(x: list[float], looks: list[int]) -> None:
    """Which looks were taken before makes no difference beyond the precision of a bound."""
    running = RunningBound(-1, 1, "less", 0.1, 0.2, aim=0.2)
    for n in sorted(looks):
        running.take(x[:n])
    found, anew = running.take(x), RunningBound(-1, 1, "less", 0.1, 0.2, aim=0.2).take(x)
    assert found.bound == pytest.approx(anew.bound, abs=1e-5)
    assert found.log_wealth == pytest.approx(anew.log_wealth, abs=1e-9)
    assert found.highest == pytest.approx(anew.highest, abs=1e-9)


@pytest.mark.parametrize("place", [0, 100, 399])
def test_a_number_that_changed_is_no_longer_bet_on(place: int) -> None:
    """A late answer that changes an earlier number, or takes one away, gives what the new numbers alone give."""
    x = LAWS["three values"](np.random.default_rng(4), 500)
    running = RunningBound(-1, 1, "less", 0.05, 0.05, aim=0.05)
    for known in (24, 102, 300, 400):
        running.take(x[:known])
    x[place] = 1.0 if x[place] < 1 else -1.0
    for kept in (x, x[:300], x[:101], x):
        found = running.take(kept)
        assert (found.bound, found.log_wealth, found.highest) == pytest.approx(_both("less", kept, 0.05), abs=1e-5)


def test_what_was_given_may_be_changed_afterwards() -> None:
    """The caller's array is copied: changing it later changes nothing that was seen."""
    x = np.zeros(50)
    running = RunningBound(-1, 1, "less", 0.05, 0.05)
    first = running.take(x)
    x[0] = 1.0
    assert running.take(x) != first
    assert running.take(np.zeros(50)) == first


def test_means_at_the_ends() -> None:
    """Capital against a mean outside the range is infinite, at its end nothing, as for a whole sequence."""
    assert RunningBound(0, 1, "greater", 0.05, -0.1).take([0.5]).highest == np.inf
    assert RunningBound(0, 1, "greater", 0.05, 1.0).take([0.5]).log_wealth == 0.0


def test_refuses_what_betting_refuses() -> None:
    """A number outside the bounds, an empty range and an aim of nothing are refused."""
    with pytest.raises(ValueError, match="must lie in"):
        RunningBound(0, 1, "less", 0.05, 0.5).take([1.5])
    with pytest.raises(ValueError, match="range"):
        RunningBound(1, 1, "less", 0.05, 0.5)
    with pytest.raises(ValueError, match="aim"):
        RunningBound(0, 1, "less", 0.05, 0.5, aim=0)


def test_a_late_look_takes_about_as_long_as_an_early_one() -> None:
    """A look after 8,000 numbers, a fifth of them new, takes nowhere near sixteen times that after 500."""
    times = {}
    for n in (500, 8_000):
        spent = []
        for seed in range(12):
            x = LAWS["many values"](np.random.default_rng(seed), n)
            running = RunningBound(-1, 1, "less", 0.05, 0.05, aim=0.05)
            for earlier in (0.3, 0.5, 0.8):
                running.take(x[: int(earlier * n)])
            began = time.perf_counter()
            running.take(x)
            spent.append(time.perf_counter() - began)
        times[n] = np.median(spent)
    assert times[8_000] < 5 * times[500]
