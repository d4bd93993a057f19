"""Rates and changes from conversations of which some are graded."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from seatrial.evidence.replay.allocation import allocated, chosen, strata_of
from seatrial.gates.traffic_rates import (
    Rate,
    change,
    change_of,
    change_of_known,
    design_of,
    rate,
    ratio,
    share_of,
    smallest_seen,
)


def _all(values: np.ndarray, clusters: np.ndarray | None = None) -> Rate:
    count = len(values)
    own = np.arange(count) if clusters is None else clusters
    return rate(design_of(np.zeros(count, int), own, np.ones(count, bool)), values)


def test_where_all_are_graded_it_is_the_plain_share() -> None:
    """Its interval is near that of a Poisson count with mid-p; twice the same users are worth half as much."""
    values = np.zeros(10_000)
    values[:30] = 1.0
    found = _all(values)
    assert found.value == pytest.approx(0.003) and (found.found, found.graded) == (30, 10_000)
    low, high = (0.5 * sum(stats.gamma.ppf(share, count) for count in (30, 31)) / 10_000 for share in (0.05, 0.95))
    assert (found.low, found.high) == (pytest.approx(low, rel=0.03), pytest.approx(high, rel=0.03))
    doubled = _all(np.repeat(values, 2), np.repeat(np.arange(10_000), 2))
    assert doubled.value == pytest.approx(0.003)
    assert doubled.high - doubled.low == pytest.approx(found.high - found.low, rel=0.1)


def test_nothing_found_is_not_nothing() -> None:
    """Of 1,000 without a case the rate is at most about ln(10) in a thousand; of none, nothing is known to be there."""
    found = _all(np.zeros(1000))
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(-math.log(0.2) / 1000 * 1.43, rel=0.05)
    everything = _all(np.ones(50))
    assert everything.value == 1.0 and everything.high == 1.0 and 0 < everything.low <= 1


def test_what_is_graded_stands_for_its_stratum() -> None:
    """A weighted share by hand: 2 of 10 in a stratum of 100, 1 of 30 in one of 900."""
    stratum = np.repeat([0, 1], [100, 900])
    graded = np.zeros(1000, bool)
    graded[:10] = graded[100:130] = True
    values = np.zeros(1000)
    values[[0, 1, 100]] = 1.0
    design = design_of(stratum, np.arange(1000), graded)
    assert rate(design, values).value == pytest.approx(0.1 * 0.2 + 0.9 / 30)
    assert design.stands_for.sum() == pytest.approx(1.0)
    assert smallest_seen(design) == pytest.approx(-math.log(0.05) * 0.9 / 30)
    with pytest.raises(ValueError, match="stands for nothing"):
        design_of(stratum, np.arange(1000), stratum == 0)


def test_a_change_is_of_pairs() -> None:
    """What both models show is no change; turned around, the interval turns around."""
    before, after = np.zeros(500), np.zeros(500)
    before[:50] = after[:50] = 1.0
    after[50:60] = 1.0
    design = design_of(np.zeros(500, int), np.arange(500), np.ones(500, bool))
    found, turned = change(design, before, after), change(design, after, before)
    assert found.value == pytest.approx(0.02) and found.found == 10 and 0 < found.low < 0.02 < found.high < 0.05
    assert (turned.value, turned.low, turned.high) == pytest.approx((-found.value, -found.high, -found.low))
    same = change(design, before, before)
    assert same.value == 0.0 and same.low < 0 < same.high


def test_what_rises_cannot_fall() -> None:
    """Where models often differ, the interval is that of a difference of two shares of one sample, and wider for it."""
    count, rose, fell = 2000, 0.35, 0.25
    before, after = np.zeros(count), np.zeros(count)
    after[: int(count * rose)] = before[int(count * rose) : int(count * (rose + fell))] = 1.0
    design = design_of(np.zeros(count, int), np.arange(count), np.ones(count, bool))
    found = change(design, before, after)
    half = stats.norm.ppf(0.95) * math.sqrt((rose + fell - (rose - fell) ** 2) / count)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.01)
    assert change_of(design, before, after).alike == pytest.approx(
        -math.sqrt(rose * fell / ((1 - rose) * (1 - fell))), rel=1e-6
    )


def test_few_graded_ones_lie_near_their_own_mean() -> None:
    """A stratum of five pays for it: its variance is that of the textbook, by n − 1."""
    stratum = np.repeat([0, 1], [50, 50])
    graded = np.zeros(100, bool)
    graded[:5] = graded[50:55] = True
    values = np.zeros(100)
    values[[0, 1]] = 1.0
    within = 0.25 * np.var([1, 1, 0, 0, 0], ddof=1) / 5
    between = (np.array([0.4, 0.0]) - 0.2) ** 2 @ [0.5, 0.5] / 100
    found = share_of(design_of(stratum, np.arange(100), graded), values)
    assert found.variance == pytest.approx((within + between) * 100 / 99, rel=0.02)


def test_what_is_not_known_may_be_anything() -> None:
    """Grades that are missing and conversations that nobody answered widen a change to both sides."""
    before, after = np.zeros(100), np.zeros(100)
    after[:10] = 1.0
    design = design_of(np.zeros(100, int), np.arange(100), np.ones(100, bool))
    whole = change_of_known(design, before, after, 0.0).at(0.9)
    assert whole == change(design, before, after)
    after[90:] = math.nan
    known, lossy = (change_of_known(design, before, after, lost).at(0.9) for lost in (0.0, 0.2))
    assert known.value == pytest.approx(0.15) and known.low == pytest.approx(whole.low) and known.high > 0.25
    assert lossy.low == pytest.approx(0.8 * known.low - 0.2) and lossy.high == pytest.approx(0.8 * known.high + 0.2)


def test_a_ratio_says_how_many_times() -> None:
    """Twice as often is about two; where one is nothing, nothing bounds it."""
    two, one, none = (
        Rate(0.02, 0.015, 0.026, 20, 1000),
        Rate(0.01, 0.007, 0.014, 10, 1000),
        Rate(0.0, 0.0, 0.002, 0, 1000),
    )
    value, low, high = ratio(two, one)
    assert value == pytest.approx(2.0) and 1.2 < low < 2 < high < 3.5
    assert ratio(one, none)[0] == math.inf and ratio(none, one)[0] == 0.0 and math.isnan(ratio(none, none)[0])
    assert ratio(one, none)[1:] == (0.0, math.inf)


@pytest.mark.slow
@pytest.mark.parametrize(("base", "worth"), [(0.05, 1.81), (0.05, 0.0), (0.15, 1.81)])
def test_intervals_hold_the_truth_as_often_as_they_say(base: float, worth: float) -> None:
    """900 replays of 2,000 conversations of which 400 are graded, by a score that is good, and by one worth nothing.

    Estimates are right on average. Of 90 % the Monte Carlo error of 900 is one point.
    """
    rng, held, values = np.random.default_rng(17), 0, []
    for _ in range(900):
        harm = (rng.random(2000) < base).astype(float)
        stratum = strata_of(rng.normal(size=2000) + worth * harm)
        graded = np.zeros(2000, bool)
        graded[chosen(stratum, allocated(stratum, 400), rng.permutation(2000))] = True
        found = rate(design_of(stratum, np.arange(2000), graded), harm)
        held += found.low <= base <= found.high
        values.append(found.value)
    assert 0.87 <= held / 900 <= 0.95
    assert np.mean(values) == pytest.approx(base, abs=4 * float(np.std(values)) / 30)
