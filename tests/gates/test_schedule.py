"""When a live gate is looked at, how much it is asked at most, and by which method."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.gates.schedule import (
    FIRST_ROUND,
    FIRST_SHARE,
    GROWTH,
    MOST_DRAWS,
    SCARCE,
    TIMES_ITS_PART,
    looks,
    method_of,
    most_asked,
    next_share,
    round_size,
    shares,
    typical_most,
)


def test_known_rounds() -> None:
    """The first round has its own size, later ones a quarter of what was asked, at least one, never past the end."""
    assert (FIRST_ROUND, GROWTH) == (24, 0.25)
    assert [round_size(asked, 1000) for asked in (0, 24, 30, 100, 1)] == [24, 6, 8, 25, 1]
    assert [round_size(asked, 5) for asked in (0, 24, 100)] == [5, 5, 5]


def test_known_looks() -> None:
    """A gate of forty clusters is bet on after 24, 30, 38 and 40 of them, counted from nought."""
    assert looks(40) == [23, 29, 37, 39]
    assert looks(24) == [23]
    assert looks(3) == [2]
    assert looks(0) == []


@given(st.integers(1, 5_000))
def test_looks_end_with_the_last_cluster(clusters: int) -> None:
    """Looks come in order, the last at the end, and between two of them lies one round."""
    ends = looks(clusters)
    assert ends == sorted(set(ends))
    assert ends[-1] == clusters - 1
    for before, after in pairwise(ends):
        assert after - before == round_size(before + 1, clusters - before - 1)


@pytest.mark.parametrize(
    ("most", "depth", "in_family", "method"),
    [
        (SCARCE, 1, False, "looks"),
        (SCARCE + 1, 1, False, "betting"),
        (SCARCE + 1, 2, False, "looks"),
        (SCARCE + 1, 1, True, "looks"),
        (3, 32, True, "looks"),
    ],
)
def test_only_many_clusters_asked_once_are_bet_on(most: int, depth: int, in_family: bool, method: str) -> None:
    """Betting takes a gate of its own with clusters in plenty, none of which is asked again."""
    assert method_of(most, depth, in_family) == method


@pytest.mark.parametrize(
    ("clusters", "depth", "calls", "allowed", "most"),
    [
        (100, 1, 200, 1e9, 100),
        (100, 32, 200, 1e9, 3200),
        (100, 32, 200, 600, 300),
        (100, 32, 200, 603, 301),
        (100, 32, 400, 600, 150),
        (100, 32, 200, 70, 35),
        (100, 32, 200, 0, FIRST_ROUND),
        (100, 1, 200, 10, FIRST_ROUND),
        (5, 32, 10, 0, 5),
        (5, 1, 0, 0, 5),
    ],
)
def test_the_most_is_what_it_has_and_can_pay_for(
    clusters: int, depth: int, calls: int, allowed: float, most: int
) -> None:
    """A gate asks no more than all its clusters to their depth, nor than its calls; but at least a first round."""
    assert most_asked(clusters, depth, calls, allowed) == most


def test_known_shares() -> None:
    """A gate of 104 places is first looked at after a first round, then after a quarter more each time."""
    first = FIRST_ROUND / 104
    assert shares(104) == pytest.approx([*(first * 1.25**step for step in range(7)), 1.0])
    assert shares(3_000)[:2] == pytest.approx([FIRST_SHARE, 1.25 * FIRST_SHARE])
    assert shares(FIRST_ROUND) == shares(3) == shares(0) == [1.0]


def test_what_would_be_left_for_a_last_look_alone_is_asked_with_the_one_before() -> None:
    """No look is followed by one that brings an eighth of it or less."""
    assert next_share(0.7, 100) == pytest.approx(0.875)
    assert next_share(0.72, 100) == 1.0
    assert next_share(32 / 45, 45) == 1.0, "40 and then 5, an eighth of them"


@given(st.integers(0, 5_000))
def test_shares_rise_to_all(most: int) -> None:
    """Looks come at rising shares, the first at a first round or more, the last at everything."""
    found = shares(most)
    assert found == sorted(set(found))
    assert found[-1] == 1.0
    assert found[0] * most >= min(most, FIRST_ROUND) - 1e-9
    assert all(after / before >= 1 + GROWTH / 2 for before, after in pairwise(found[1:]))
    assert len(found) <= 12


def test_the_typical_suite_is_the_mean() -> None:
    """Of suites that may ask differently much, to the nearest whole cluster."""
    assert typical_most([10, 20, 40]) == 23
    assert typical_most([7]) == 7


def test_no_last_look_is_taken_for_a_few_clusters_alone() -> None:
    """Where the look after the next would be past the end, the next one asks all."""
    last = 1 / (1 + GROWTH / 2) / (1 + GROWTH)
    assert next_share(last + 1e-9, 1000) == 1.0
    assert next_share(last - 1e-3, 1000) == pytest.approx((last - 1e-3) * (1 + GROWTH))


def test_limits_of_what_a_gate_may_ask() -> None:
    """They stand in documents: draws of an item at most, how far beyond its part, and up to where it is looked at."""
    assert (MOST_DRAWS, TIMES_ITS_PART, SCARCE) == (32, 3.5, 500)
