"""Which share of what was asked came back."""

from __future__ import annotations

import numpy as np
import pytest

from seatrial.stats.answered import answered_shares, grouped


@pytest.mark.parametrize("spread", [1, 1000])
def test_pairs_are_numbered_in_order(spread: int) -> None:
    """Each pair of outer and inner that stands in a row has one number, whether few or most of all pairs are there."""
    rng = np.random.default_rng(0)
    outer = np.concatenate([np.arange(50), rng.integers(0, 50, 100)])
    inner = rng.integers(0, 5 * spread, 150)
    owner, number = grouped(outer, 50, inner)
    pairs = sorted(set(zip(outer.tolist(), inner.tolist(), strict=True)))
    assert owner.tolist() == [pair[0] for pair in pairs]
    assert [pairs[place] for place in number] == list(zip(outer.tolist(), inner.tolist(), strict=True))


def test_one_inner_part_makes_no_pairs() -> None:
    """Where all rows have the same inner part the outer parts are the pairs; no rows are no pairs."""
    outer = np.array([2, 0, 1, 0])
    owner, number = grouped(outer, 3, np.array([7, 7, 7, 7]))
    assert (owner.tolist(), number.tolist()) == ([0, 1, 2], [2, 0, 1, 0])
    assert [len(part) for part in grouped(outer[:0], 0, outer[:0])] == [0, 0]


def test_shares_of_draws_and_of_ratings() -> None:
    """A lost draw weighs as on the other side, or as the others do; so does a rating that one side has fewer of."""
    one = np.array([0, 1, 2])
    lost = answered_shares(np.array([[1.0, 4.0, 1.0], [1.0, 0.0, 1.0]]), one, np.array([0, 0, 1]), np.array([2, 2]))
    np.testing.assert_allclose(lost, [[1.0, 0.5], [0.2, 0.5]])
    ratings = np.array([[3.0, 1.0, 0.0, 1.0], [0.0, 1.0, 2.0, 0.0]])
    shares = answered_shares(ratings, np.array([0, 0, 0, 1]), np.array([0, 0]), np.array([2]))
    np.testing.assert_allclose(shares, [[1.0], [3 / 4]])
    nothing = answered_shares(np.zeros((2, 1)), np.array([0]), np.array([0]), np.array([1]))
    assert np.isnan(nothing).all()
