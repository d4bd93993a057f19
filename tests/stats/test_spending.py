"""Looks at growing evidence, and what each of them may spend of an error rate."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from seatrial.gates.schedule import shares
from seatrial.stats.spending import (
    FOR_MORE,
    LEAST_LEVEL,
    POWER,
    SOONER,
    Looks,
    before_any_look,
    level_at_least,
    nominal_level,
    p_at_any_look,
)

HALVES = (0.25, 0.5, 0.75, 1.0)
PATTERNS = [
    ((1.0,), False),
    ((0.5, 1.0), False),
    (HALVES, False),
    (tuple(shares(104)), False),
    ((0.02, 0.021, 0.9, 0.91, 0.92, 1.0), False),
    ((0.08, 0.1, 0.125), True),
    ((0.3, 0.7), True),
    ((0.5, 0.501), True),
]
"""Shares of the evidence, and whether the last look comes before all of it is there."""


def _looks(pattern: tuple[float, ...], final: bool) -> list[Looks]:
    """The looks, one after another."""
    taken, made = Looks(), []
    for place, share in enumerate(pattern, 1):
        taken = taken.and_at(share, final=final and place == len(pattern))
        made.append(taken)
    return made


def _paths(looks: list[Looks], runs: int, drift: float, seed: int = 5) -> NDArray[np.float64]:
    """A Brownian motion of this drift at each look, shape (runs, looks), drawn step by step."""
    times = np.array(looks[-1].shares)
    steps = np.diff(times, prepend=0.0)
    moved = np.random.default_rng(seed).normal(size=(runs, len(times))) * np.sqrt(steps) + drift * steps
    return np.cumsum(moved, axis=1)


def _error_rate(alpha: float, looks: list[Looks]) -> float:
    """Chance that a motion without drift crosses a nominal level at any look, by weighted paths that do so often."""
    times = np.array(looks[-1].shares)
    drift = float(stats.norm.isf(alpha)) / math.sqrt(times[-1]) if alpha < 0.01 else 0.0
    at = _paths(looks, 200_000, drift)
    crossing = stats.norm.isf([nominal_level(alpha, look) for look in looks]) * np.sqrt(times)
    crossed = at >= crossing
    first = crossed.argmax(axis=1)
    rows = np.arange(len(at))
    weight = np.exp(-drift * at[rows, first] + drift**2 * times[first] / 2)
    return float(np.where(crossed.any(axis=1), weight, 0.0).mean())


@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.002, 1e-6])
@pytest.mark.parametrize(("pattern", "final"), PATTERNS)
def test_all_looks_together_spend_alpha(alpha: float, pattern: tuple[float, ...], final: bool) -> None:
    """Whatever the looks and however early the last one comes, a true claim is refuted at any of them at alpha."""
    assert _error_rate(alpha, _looks(pattern, final)) == pytest.approx(alpha, rel=0.04)


@pytest.mark.parametrize("alpha", [0.1, 0.002])
@pytest.mark.parametrize(("pattern", "final"), PATTERNS)
def test_no_level_is_below_what_a_look_adds(alpha: float, pattern: tuple[float, ...], final: bool) -> None:
    """It is the level itself where no look came before, and within reach of it later; before any look both are 0."""
    assert level_at_least(alpha, Looks()) == nominal_level(alpha, Looks()) == 0.0
    for place, look in enumerate(_looks(pattern, final)):
        least, level = level_at_least(alpha, look), nominal_level(alpha, look)
        assert 0 < least <= level * (1 + 1e-6)
        assert place or least == pytest.approx(level, rel=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.002])
def test_looks_up_to_a_share_spend_no_more_than_they_may(alpha: float) -> None:
    """Before the last look, alpha times the share to the power 1.5 is spent: what follows may be trusted to be left."""
    looks = _looks(HALVES, False)
    for count, share in enumerate(HALVES[:-1], 1):
        assert _error_rate(alpha, looks[:count]) == pytest.approx(alpha * share**POWER, rel=0.06)


def test_the_p_value_of_the_only_look_is_its_own() -> None:
    """Where there is no other look, a result's p-value holds as it is up to one half; above that it says nothing."""
    for p_value in (0.001, 0.05, 0.3, 0.5):
        assert p_at_any_look(p_value, Looks((1.0,), final=True)) == pytest.approx(p_value)
    assert p_at_any_look(0.5001, Looks((1.0,), final=True)) == 1.0


def test_known_levels() -> None:
    """One look at everything tests at alpha; one at half of it spends half to the power 1.5, the next the rest."""
    assert nominal_level(0.05, Looks((1.0,))) == pytest.approx(0.05)
    assert nominal_level(0.05, Looks((0.5,))) == pytest.approx(0.05 * 0.5**1.5, rel=1e-3)
    second = stats.norm.isf(nominal_level(0.05, Looks((0.5, 1.0))))
    first = stats.norm.isf(nominal_level(0.05, Looks((0.5,))))
    both = stats.multivariate_normal(cov=[[1.0, math.sqrt(0.5)], [math.sqrt(0.5), 1.0]]).cdf([first, second])
    assert 1 - both == pytest.approx(0.05, rel=2e-3)


@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.002])
@pytest.mark.parametrize("pair", [(0.5, 1.0), (0.9, 1.0), (0.3, 0.4)])
def test_a_second_look_spends_what_it_may_to_a_thousandth(alpha: float, pair: tuple[float, float]) -> None:
    """What it adds is the integral, over where the first look did not refute, of the chance to refute at the second."""
    first, second = (float(stats.norm.isf(nominal_level(alpha, Looks(pair[:count])))) for count in (1, 2))
    common = math.sqrt(pair[0] / pair[1])

    def refuted(at: float) -> float:
        rest = (second - common * at) / math.sqrt(1 - common**2)
        return float(stats.norm.pdf(at) * stats.norm.sf(rest))

    added, _ = integrate.quad(refuted, -8.0, first)
    assert added == pytest.approx(alpha * (pair[1] ** POWER - pair[0] ** POWER), rel=1.5e-3)


def test_a_last_look_spends_what_is_left() -> None:
    """The same look tests at a higher level where none follows; alone, at alpha, however little is there."""
    assert nominal_level(0.05, Looks((0.2,), final=True)) == pytest.approx(0.05)
    assert nominal_level(0.05, Looks((0.2, 0.4), final=True)) > nominal_level(0.05, Looks((0.2, 0.4)))


def test_where_nothing_was_asked_nothing_is_spent() -> None:
    """Without evidence there is no look, and no level or p-value but those that say nothing."""
    for looks in (Looks(), Looks().and_at(0.0), Looks().and_at(0.0, final=True), Looks().and_at(-1.0)):
        assert looks.shares == ()
        assert (nominal_level(0.05, looks), p_at_any_look(0.0, looks)) == (0.0, 1.0)
    empty = Looks().and_at(0.0).and_at(0.0002)
    assert nominal_level(0.05, empty.and_at(0.4)) == nominal_level(0.05, Looks((0.4,)))


def test_a_look_that_brings_nothing_new_is_none() -> None:
    """The share does not fall and counts once, rounded; the last look may come at the share of the one before."""
    first = Looks().and_at(0.25)
    assert first.and_at(0.25) == first.and_at(0.1) == first.and_at(0.2504) == first
    assert first.and_at(0.25, final=True) == Looks((0.25,), final=True)
    assert first.and_at(0.2506) == Looks((0.25, 0.251))


def test_all_that_there_is_leaves_no_look() -> None:
    """A share of 1, or more, is the last look by itself."""
    assert Looks().and_at(0.5).and_at(1.0) == Looks((0.5, 1.0), final=True)
    assert Looks().and_at(1.7) == Looks((1.0,), final=True)
    assert not Looks().and_at(0.99).final


rising = st.lists(st.floats(0.02, 1.0), min_size=1, max_size=5).map(
    lambda found: tuple(sorted(set(np.round(found, 3))))
)


@settings(max_examples=30)
@given(rising, st.booleans(), st.floats(1e-8, 0.4), st.floats(1e-7, 0.49))
def test_p_values_and_levels_agree(pattern: tuple[float, ...], final: bool, alpha: float, p_value: float) -> None:
    """A result's p-value over all looks is at most alpha just where the result is at most the look's nominal level."""
    looks = _looks(pattern, final)[-1]
    level, found = nominal_level(alpha, looks), p_at_any_look(p_value, looks)
    if abs(math.log(p_value / level)) > 1e-6:
        assert (found <= alpha) == (p_value <= level)
    if level > LEAST_LEVEL:
        assert p_at_any_look(level, looks) == pytest.approx(alpha, rel=1e-6)


@settings(max_examples=30)
@given(rising, st.floats(1e-6, 0.3))
def test_no_look_tests_above_alpha(pattern: tuple[float, ...], alpha: float) -> None:
    """Looking more than once never makes a look more lenient than the only one would be."""
    assert all(nominal_level(alpha, look) <= alpha * (1 + 1e-6) for look in _looks(pattern, False))


@pytest.mark.parametrize("part", [0.9, 0.09, 0.01])
def test_a_part_of_alpha_is_spent_as_a_smaller_alpha(part: float) -> None:
    """Looks that may spend a part test, and give p-values, as those of so much less an alpha; the part stays theirs."""
    whole, some = Looks(), Looks(part=part)
    for share in (0.2, 0.5, 1.0):
        whole, some = whole.and_at(share), some.and_at(share)
        assert (some.part, some.final) == (part, share == 1.0)
        assert nominal_level(0.05, some) == pytest.approx(nominal_level(0.05 * part, whole))
        assert p_at_any_look(1e-4, some) == pytest.approx(min(1.0, p_at_any_look(1e-4, whole) / part))
        level = nominal_level(0.05, some)
        assert p_at_any_look(level, some) == pytest.approx(0.05)
    assert p_at_any_look(0.6, some) == 1.0


def test_reviews_with_larger_and_larger_budgets_spend_alpha_together() -> None:
    """However many the budget ends, and one that it does not, what all may spend adds up to alpha at most."""
    for ended in range(6):
        parts = [before_any_look(before, may_go_on=True).part for before in range(ended)]
        assert sum(parts) + before_any_look(ended).part == pytest.approx(1.0)
    assert before_any_look(may_go_on=True) == Looks(part=1 - FOR_MORE, power=SOONER)
    assert before_any_look() == Looks()


def test_a_smaller_power_spends_sooner_and_no_more() -> None:
    """Early looks test at higher levels, the last at a lower one; together both err as often as alpha says."""
    rng = np.random.default_rng(12)
    found = {}
    for power in (POWER, SOONER):
        taken, missed, before, total = Looks(power=power), np.zeros(200_000, dtype=bool), 0.0, np.zeros(200_000)
        levels = []
        for share in shares(700):
            taken = taken.and_at(share)
            total += rng.standard_normal(200_000) * math.sqrt(share - before)
            before = share
            levels.append(nominal_level(0.05, taken))
            missed |= total / math.sqrt(share) > float(stats.norm.isf(levels[-1]))
        assert float(missed.mean()) == pytest.approx(0.05, abs=0.002)
        found[power] = levels
    assert found[SOONER][0] > found[POWER][0]
    assert found[SOONER][-1] < found[POWER][-1]


def test_levels_rise_with_alpha() -> None:
    """A claim refuted at one alpha is refuted at every larger one."""
    looks = _looks(tuple(shares(104)), False)[-1]
    found = [nominal_level(alpha, looks) for alpha in np.geomspace(1e-8, 0.49, 200)]
    assert all(less < more for less, more in pairwise(found))


@pytest.mark.parametrize(("pattern", "final"), [(HALVES, False), ((0.1, 0.2, 0.4), True)])
def test_the_least_p_value_holds_at_every_look(pattern: tuple[float, ...], final: bool) -> None:
    """Where the claim is true, the least p-value of all looks is at most a with chance a, for each a."""
    looks = _looks(pattern, final)
    p_values = stats.norm.sf(_paths(looks, 6_000, 0.0) / np.sqrt(looks[-1].shares))
    least = np.array([min(map(p_at_any_look, run, looks)) for run in p_values])
    for level in (0.01, 0.05, 0.2):
        error = math.sqrt(level * (1 - level) / len(least))
        assert float((least <= level).mean()) == pytest.approx(level, abs=4 * error)


def test_showing_harm_spends_no_sooner_than_usual() -> None:
    """Where ruling out is hastened, showing is not: less early, more late; else both are alike."""
    usual, soon = before_any_look(), before_any_look(may_go_on=True)
    assert usual.showing == usual
    assert soon.showing == replace(soon, power=POWER)
    for share in (0.1, 0.5):
        soon = soon.and_at(share)
        assert nominal_level(0.05, soon.showing) < nominal_level(0.05, soon)
    end = soon.and_at(1.0)
    assert nominal_level(0.05, end.showing) > nominal_level(0.05, end)
