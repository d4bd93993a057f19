"""Which answers are read, and what labels of them say of all."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.labelling import WORLDS, by_lot, sessions
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.stats.labelling import SHARES, bands_of, chances, labelled_change, reading_order, readings_needed


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


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
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
