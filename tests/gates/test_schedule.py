"""How large each round is."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from seatrial.gates.schedule import FIRST_ROUND, GROWTH, looks, round_size


def test_known_rounds() -> None:
    """The first round has its own size, later ones a quarter of what was asked, at least one, never past the end."""
    assert (FIRST_ROUND, GROWTH) == (24, 0.25)
    assert [round_size(asked, 1000) for asked in (0, 24, 30, 100, 1)] == [24, 6, 8, 25, 1]
    assert [round_size(asked, 5) for asked in (0, 24, 100)] == [5, 5, 5]


def test_known_looks() -> None:
    """A gate of forty clusters is looked at after 24, 30, 38 and 40 of them, counted from nought."""
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
