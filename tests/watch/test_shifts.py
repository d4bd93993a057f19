"""The exact test of days: against all exchanges counted by hand, on quiet years, and on shifts."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from seatrial.watch.shifts import (
    DAYS_A_YEAR,
    LEVELS,
    WINDOWS,
    Watched,
    chance,
    first_move,
    level,
    on_grid,
    sums_drawn,
)

Array = NDArray[np.float64]
ALPHA = level(0.05, 1)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=7), st.integers(1, 7))
@settings(deadline=None, max_examples=60)
def test_the_sum_of_some_of_a_few_values_is_counted_right(values: list[int], drawn: int) -> None:
    """As by writing down every way to draw them."""
    drawn = min(drawn, len(values))
    ways = [sum(some) for some in itertools.combinations(values, drawn)]
    counts = np.bincount(values, minlength=4)
    counted = np.bincount(ways, minlength=3 * drawn + 1) / len(ways)
    np.testing.assert_allclose(sums_drawn(tuple(counts), drawn), counted, atol=1e-12)


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_the_chance_is_that_of_all_exchanges(data: st.DataObject) -> None:
    """Each item's days in every order, missing ones staying where they are."""
    grid = np.array(data.draw(st.lists(st.lists(st.integers(-1, 2), min_size=4, max_size=4), min_size=1, max_size=3)))
    window = data.draw(st.integers(1, 3))

    def late(rows: NDArray[np.int64]) -> int:
        return int(np.where(rows >= 0, rows, 0)[:, -window:].sum())

    orders = []
    for row in grid:
        known = np.flatnonzero(row >= 0)
        ways = []
        for order in itertools.permutations(row[known]):
            other = row.copy()
            other[known] = order
            ways.append(other)
        orders.append(ways)
    sums = np.array([late(np.array(some)) for some in itertools.product(*orders)])
    assert chance(grid, window, upward=True) == pytest.approx(float((sums >= late(grid)).mean()), abs=1e-9)
    assert chance(grid, window, upward=False) == pytest.approx(float((sums <= late(grid)).mean()), abs=1e-9)


def test_readings_between_the_ends_are_rounded_and_others_are_not() -> None:
    """A grid of ten steps, or of one; what is missing stays so."""
    grid, steps = on_grid(np.array([[0.0, 1.0, math.nan]]))
    assert (grid.tolist(), steps) == ([[0, 1, -1]], 1)
    grid, steps = on_grid(np.array([[0.0, 0.26, 1.0, math.nan]]))
    assert (grid.tolist(), steps) == ([[0, 3, 10, -1]], LEVELS)


def test_all_comparisons_of_a_year_share_its_chance() -> None:
    """Both sides of each window on each day that it is looked at, over all signals."""
    looks = sum(math.ceil(DAYS_A_YEAR / every) for every in WINDOWS.values())
    assert level(0.05, 4) * looks * 2 * 4 == pytest.approx(0.05)


def _coins(rng: np.random.Generator, share: Array, days: int) -> Array:
    return (rng.random((len(share), days)) < share[:, None]).astype(np.float64)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.003, 0.3])
def test_a_quiet_year_raises_no_alarm_too_often(share: float) -> None:
    """At a chance of one year in two, of 60 quiet years at most half and three standard errors raise one."""
    rng = np.random.default_rng(5)
    years = [first_move(Watched(_coins(rng, np.full(50, share), 365)), level(0.5, 1)) for _ in range(60)]
    assert sum(one is not None for one in years) <= 60 * (0.5 + 3 * math.sqrt(0.25 / 60))


def test_a_shift_is_found_with_its_day_and_levels() -> None:
    """A model that always praises from day 20 on is found on that day, with the level before and after."""
    values = np.zeros((60, 25))
    values[:6] = 1.0
    values[:, 20:] = 1.0
    moved = first_move(Watched(values), ALPHA)
    assert moved is not None
    assert (moved.day, moved.window) == (20, 1)
    assert moved.before == pytest.approx(0.1)
    assert moved.after == 1.0
    assert moved.chance < ALPHA
    fallen = first_move(Watched(1.0 - values), ALPHA)
    assert fallen is not None and fallen.after == 0.0


def test_a_small_shift_is_found_over_more_days() -> None:
    """A tenth more of coins that fall anyhow takes days, and none of them by itself."""
    rng = np.random.default_rng(8)
    values = np.hstack([_coins(rng, np.full(150, 0.3), 40), _coins(rng, np.full(150, 0.42), 40)])
    moved = first_move(Watched(values), ALPHA)
    assert moved is not None
    assert 40 <= moved.day < 60
    assert moved.window > 1
    assert moved.day + 1 - moved.window >= 37


def test_two_days_are_enough_for_a_change_of_nearly_all() -> None:
    """Nothing has to be learnt first; and of few items two days show nothing."""
    values = np.zeros((60, 2))
    values[:, 1] = 1.0
    assert first_move(Watched(values), ALPHA) is not None
    assert first_move(Watched(values[:10]), ALPHA) is None
    assert first_move(Watched(values[:, :1]), ALPHA) is None


def test_items_without_readings_move_nothing() -> None:
    """Where a part of the items is never read, or only before, the others decide."""
    values = np.zeros((60, 12))
    values[:, 11] = 1.0
    values[30:] = math.nan
    values[30:, :5] = 0.0
    moved = first_move(Watched(values), ALPHA)
    assert moved is not None
    assert (moved.before, moved.after) == (0.0, 1.0)
    assert first_move(Watched(np.full((5, 9), math.nan)), ALPHA) is None
