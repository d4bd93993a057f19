"""Exact tests of two paired sides."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from seatrial.stats.permutation import MOST_EXACT, exchanges, p_value, swapped_means, swapped_shares


def test_few_clusters_are_exchanged_in_every_way() -> None:
    """All exchanges of three clusters are there once, none first, and a cluster's units go together."""
    found = exchanges(["a", "b", "a", "c"], np.random.default_rng(1))
    assert {tuple(row[[0, 1, 3]]) for row in found} == set(product((False, True), repeat=3))
    assert len(found) == 8
    assert not found[0].any()
    assert (found[:, 0] == found[:, 2]).all()


def test_many_clusters_are_exchanged_at_random() -> None:
    """Beyond what can be tried, each cluster is exchanged in half of the tries; the first is what was seen."""
    found = exchanges(np.arange(MOST_EXACT + 1), np.random.default_rng(1))
    assert len(found) == 5000
    assert not found[0].any()
    assert found.mean(axis=0) == pytest.approx(0.5, abs=0.03)


def test_a_mean_under_exchange_turns_signs() -> None:
    """Six differences of 1 are as large in both signs only: p = 2 / 64, as in the sign test."""
    exchanged = exchanges(np.arange(6), np.random.default_rng(1))
    means = swapped_means(np.ones(6), exchanged)
    assert means[0] == 1.0
    assert sorted(set(means)) == pytest.approx(np.arange(-6, 7, 2) / 6)
    assert p_value(means) == 2 / 64
    both = swapped_means(np.column_stack([np.ones(6), np.arange(6)]), exchanged)
    assert both[:, 0] == pytest.approx(means)
    assert both[:, 1] == pytest.approx(swapped_means(np.arange(6), exchanged))


def test_shares_of_repeated_answers_are_counted_anew_under_each_exchange() -> None:
    """Four questions answered alike on one side, apart on the other: as by hand for each of the 16 exchanges."""
    first, second = [0, 0, 0, 0], [-1, 1, 2, 3]
    exchanged = exchanges(np.arange(4), np.random.default_rng(1))
    seen = swapped_shares(first, second, exchanged)

    def repeated(groups: list[int]) -> int:
        return sum(groups.count(group) > 1 for group in groups if group >= 0)

    for row, found in zip(exchanged, seen, strict=True):
        one = [b if swap else a for a, b, swap in zip(first, second, row, strict=True)]
        two = [a if swap else b for a, b, swap in zip(first, second, row, strict=True)]
        assert found == (repeated(two) - repeated(one)) / 4
    assert seen[0] == -1.0


def test_the_test_keeps_its_level() -> None:
    """Of 1,000 pairs of like sides, at most as many have p ≤ 0.05 as chance allows."""
    rng = np.random.default_rng(7)
    low = 0
    for _ in range(1000):
        exchanged = exchanges(np.repeat(np.arange(8), 2), rng)
        low += p_value(swapped_means(rng.integers(-1, 2, 16), exchanged)) <= 0.05
    assert low <= 50 + 3 * np.sqrt(1000 * 0.05 * 0.95)
