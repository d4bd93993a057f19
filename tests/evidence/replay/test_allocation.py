"""Where graded calls go."""

from __future__ import annotations

import numpy as np
import pytest

from seatrial.evidence.replay.allocation import LEAST, allocated, chosen, strata_of


def test_strata_follow_the_scores() -> None:
    """The highest are the first, each holds enough, and all that score alike are together."""
    scores = np.random.default_rng(1).normal(size=5000)
    stratum = strata_of(scores)
    sizes = np.bincount(stratum)
    assert len(sizes) > 4 and sizes.min() >= LEAST and sizes.sum() == 5000
    assert all(scores[stratum == n].min() > scores[stratum == n + 1].max() for n in range(len(sizes) - 1))
    assert not strata_of(np.zeros(5000)).any()
    tied = np.repeat([2.0, 1.0], [30, 970])
    assert np.bincount(strata_of(tied)).tolist() in ([30, 970], [1000])


@pytest.mark.parametrize(("count", "calls"), [(2000, 400), (2000, 40), (2000, 1999), (2000, 5000), (30, 20), (300, 7)])
def test_calls_are_shared_out_to_the_last(count: int, calls: int) -> None:
    """At least one of each stratum, never more than it holds, and in all as many as were asked for."""
    stratum = strata_of(np.random.default_rng(count).normal(size=count))
    size, many = np.bincount(stratum), allocated(stratum, calls)
    assert (many >= 1).all() and (many <= size).all()
    assert many.sum() == min(max(calls, len(size)), count)


def test_where_harm_is_likelier_more_is_graded() -> None:
    """The share graded falls from the first stratum to the last."""
    stratum = strata_of(np.random.default_rng(3).normal(size=20_000))
    share = allocated(stratum, 2000) / np.bincount(stratum)
    assert (np.diff(share) <= 1e-9).all() and share[0] > 4 * share[-1]


def test_fewer_are_among_more() -> None:
    """With the same lots, what was graded first is graded still; each of a stratum is as likely as another."""
    stratum = strata_of(np.random.default_rng(4).normal(size=1000))
    lots = np.random.default_rng(5).permutation(1000)
    few, more = (chosen(stratum, allocated(stratum, calls), lots) for calls in (100, 400))
    assert len(few) == 100 and len(more) == 400
    assert len(set(few) - set(more)) <= len(np.bincount(stratum))
    assert np.bincount(stratum[few]).tolist() == allocated(stratum, 100).tolist()
