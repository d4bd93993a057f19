"""Which answers are read, and what labels of them say of all."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.label_intervals import OTHERS, compare
from benchmarks.labelling import CHOOSING, FRESH, WORLDS, by_lot, sessions
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from seatrial.stats.labelling import (
    SHARES,
    bands_of,
    chances,
    expected_harm,
    labelled_change,
    reading_order,
    readings_needed,
)


def test_bands_hold_the_shares_they_are_cut_at_even_where_readings_tie() -> None:
    """A tenth of the answers, those that read most harmful, is the last band; ties are parted by lot."""
    rng = np.random.default_rng(1)
    assert np.bincount(bands_of(np.arange(100.0), rng)).tolist() == [50, 40, 10]
    assert np.bincount(bands_of(np.zeros(100), rng)).tolist() == [50, 40, 10]
    assert set(np.flatnonzero(bands_of(np.arange(100.0), rng) == 2)) == set(range(90, 100))
    with pytest.raises(ValueError, match="needs a reading"):
        bands_of([1.0, np.nan], rng)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_every_answer_is_read_once_at_the_end(count: int, seed: int) -> None:
    """An order is a permutation, whatever bands and models there are."""
    rng = np.random.default_rng(seed)
    order = reading_order(rng.integers(0, 3, count), rng.integers(0, 3, count), rng)
    assert sorted(order.tolist()) == list(range(count))


def test_the_most_harmful_band_is_read_first_and_most() -> None:
    """While no band is used up, each gets its share of the readings."""
    bands = np.repeat([0, 1, 2], 200)
    order = reading_order(bands, np.tile([0, 1], 300), np.random.default_rng(0))[:100]
    assert np.bincount(bands[order]) / 100 == pytest.approx(SHARES, abs=0.03)


@pytest.mark.slow
def test_within_a_stratum_every_answer_has_the_same_chance() -> None:
    """Over many sessions each answer of a band is among the first fifty as often as `chances` says."""
    bands, kinds = np.repeat([0, 1, 2], 40), np.tile([0, 1], 60)
    rng, seen = np.random.default_rng(5), np.zeros(120)
    for _ in range(2000):
        seen[reading_order(bands, kinds, rng)[:50]] += 1
    read = np.zeros(120, dtype=bool)
    read[reading_order(bands, kinds, rng)[:50]] = True
    assert np.abs(seen / 2000 - chances(bands, kinds, read)).max() < 0.06


def test_with_all_labels_the_change_is_that_of_the_labels() -> None:
    """Where nothing is unread nothing is estimated: the interval is the t interval of the clusters' changes."""
    from seatrial.stats.intervals import clustered_t

    rng = np.random.default_rng(2)
    labels, kinds = (rng.random(200) < 0.3).astype(float), np.repeat([0, 1], 100)
    found = labelled_change(labels, np.zeros(200, int), kinds, 2.0 * kinds - 1, np.tile(np.arange(100), 2), 0.05)
    known = clustered_t(labels[100:] - labels[:100], 0.05)
    assert found
    assert (found.estimate, found.low, found.high) == pytest.approx((known.estimate, known.low, known.high))


def test_too_few_labels_give_no_number() -> None:
    """A stratum that nobody looked into could hold anything."""
    labels, kinds = np.full(40, np.nan), np.repeat([0, 1], 20)
    clusters = np.tile(np.arange(20), 2)
    bands = np.tile([0, 1], 20)
    assert labelled_change(labels, bands, kinds, 2.0 * kinds - 1, clusters, 0.05) is None
    labels[bands == 0] = 0.0
    assert labelled_change(labels, bands, kinds, 2.0 * kinds - 1, clusters, 0.05) is None
    labels[:] = 0.0
    assert labelled_change(labels, bands, kinds, 2.0 * kinds - 1, clusters, 0.05) is not None


def test_labels_that_are_all_alike_are_not_taken_as_certain() -> None:
    """Where none of a few that stand for many is harmful, the interval still has a width."""
    rng = np.random.default_rng(3)
    bands = bands_of(rng.random(400), rng)
    kinds, labels = np.repeat([0, 1], 200), np.full(400, np.nan)
    read = reading_order(bands, kinds, rng)[:80]
    labels[read] = bands[read] == 2
    found = labelled_change(labels, bands, kinds, 2.0 * kinds - 1, np.tile(np.arange(200), 2), 0.05)
    assert found
    assert found.high - found.low > 0.05


def test_where_all_labels_are_alike_throughout_the_interval_still_has_a_width() -> None:
    """A few dozen harmless answers do not show that of hundreds none is harmful."""
    rng = np.random.default_rng(3)
    bands, kinds = bands_of(rng.random(400), rng), np.repeat([0, 1], 200)
    labels = np.full(400, np.nan)
    labels[reading_order(bands, kinds, rng)[:80]] = 0.0
    found = labelled_change(labels, bands, kinds, 2.0 * kinds - 1, np.tile(np.arange(200), 2), 0.05)
    assert found
    assert found.estimate == 0
    assert found.low < -0.005 < 0.005 < found.high


def test_one_harmful_label_that_stands_for_many_answers_is_not_taken_at_its_word() -> None:
    """The bounds lie around less than the estimate where it rests on one label of a band that reads harmless."""
    rng = np.random.default_rng(3)
    bands, kinds = bands_of(rng.random(400), rng), np.repeat([0, 1], 200)
    labels = np.full(400, np.nan)
    read = reading_order(bands, kinds, rng)[:45]
    labels[read] = (bands[read] == 2) & (rng.random(45) < 0.3)
    labels[read[(bands[read] == 0) & (kinds[read] == 1)][0]] = 1.0
    found = labelled_change(labels, bands, kinds, 2.0 * kinds - 1, np.tile(np.arange(200), 2), 0.025)
    assert found
    assert 0.02 < found.estimate - (found.low + found.high) / 2 < found.estimate


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(30, 200), st.sampled_from([0.025, 0.45]))
def test_the_bounds_hold_the_estimate(seed: int, size: int, alpha: float) -> None:
    """However few labels there are and whatever they say, the estimate is not outside of its interval."""
    rng = np.random.default_rng(seed)
    bands, kinds = bands_of(rng.random(2 * size), rng), np.repeat([0, 1], size)
    labels = np.full(2 * size, np.nan)
    read = reading_order(bands, kinds, rng)[: rng.integers(30, 2 * size)]
    labels[read] = rng.random(len(read)) < rng.random() * (1 + bands[read]) / 3
    found = labelled_change(labels, bands, kinds, 2.0 * kinds - 1, np.tile(np.arange(size), 2), alpha)
    if found:
        assert found.low <= found.estimate <= found.high


def test_what_is_expected_is_the_most_likely_curve() -> None:
    """The rates are those of a ridge regression of the log odds, as another optimizer finds them."""
    bands, kinds = np.repeat([0, 1, 2], 2), np.tile([0, 1], 3)
    seen, bad = np.array([4, 3, 4, 4, 30, 24]), np.array([0, 1, 0.5, 2, 9, 12])
    known = np.column_stack([np.ones(6), bands - 1.0, kinds == 0, kinds == 1])

    def unlikely(found: np.ndarray) -> float:
        rate = 1 / (1 + np.exp(-(known @ found)))
        middle = 1 / (1 + np.exp(-found[0]))
        fit = (bad * np.log(rate) + (seen - bad) * np.log(1 - rate)).sum() + np.log(middle * (1 - middle)) / 2
        return float(-fit + 3 * found[1] ** 2 / 2 + 6 * (found[2:] ** 2).sum() / 2)

    best = minimize(
        unlikely, np.zeros(4), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 9000}
    )
    found = expected_harm(seen, bad / seen, bands, kinds, 3.0)
    assert found == pytest.approx(1 / (1 + np.exp(-(known @ best.x))), abs=1e-5)
    assert expected_harm(np.stack([seen, seen[::-1]]), np.stack([bad / seen] * 2), bands, kinds, 3.0)[
        0
    ] == pytest.approx(found)


def test_without_labels_a_coin_is_expected_and_firm_likeness_makes_all_strata_one() -> None:
    """What is expected rests on labels alone: of none it is a half; where strata must be alike, it is one share."""
    bands, kinds = np.repeat([0, 1, 2], 2), np.tile([0, 1], 3)
    assert expected_harm(np.zeros(6), np.zeros(6), bands, kinds) == pytest.approx(np.full(6, 0.5))
    seen, mean = np.full(6, 50.0), np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert expected_harm(seen, mean, bands, kinds, 1e9) == pytest.approx(np.full(6, (75 + 0.5) / 301), abs=1e-4)
    assert expected_harm(1e6 * seen, mean, bands, kinds)[5] == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
def test_where_the_judge_sees_less_of_the_candidate_bounds_miss_less_than_they_did() -> None:
    """A label that counts in the bounds' middle covers a rise of harm that the judge does not read, and is narrower."""
    blind = next(world for world in CHOOSING if world.shift_after == 0.5 and world.before == 0.05)
    found = compare([blind, WORLDS[0]], {name: OTHERS[name] for name in ("in use", "before", "none")}, 300, 5)
    assert found["none"][0].covered < found["before"][0].covered < 0.92 < found["in use"][0].covered
    assert all(now.width < then.width for now, then in zip(found["in use"], found["before"], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("world", (*WORLDS, *FRESH), ids=lambda world: world.name)
def test_the_interval_covers_in_worlds_it_was_not_made_for(world: object) -> None:
    """Each bound of 2.5 % misses in 150 sessions at most as often as chance lets it (1 in 10,000 beyond that)."""
    found = sessions(world, 150)  # type: ignore[arg-type]
    assert found.unsaid == 0
    assert max(found.low, found.high) <= 14


@pytest.mark.slow
def test_twenty_of_either_kind_are_found_by_few_readings() -> None:
    """At 8 % harmful and an AUC of .8 the median is 80 readings at most, where chance alone takes more than 200."""
    assert sessions(WORLDS[0], 150).needed <= 80
    assert by_lot(WORLDS[0], 60) > 200


def test_what_is_said_beforehand_is_about_what_it_takes() -> None:
    """The expected number for the usual instrument is near the simulated median; without harm there is none."""
    rng = np.random.default_rng(0)
    bands, kinds = bands_of(rng.random(600), rng), np.repeat([0, 1], 300)
    needed = readings_needed(bands, kinds, 0.08, 0.45)
    assert needed is not None
    assert abs(needed - 77) <= 15
    assert readings_needed(bands, kinds, 0.001, 0.45) is None
