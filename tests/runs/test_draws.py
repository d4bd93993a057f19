"""How often each run answered an item, and both runs' answers in equal numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from seatrial.runs.draws import MOST, compared_draws, evened


def _side(values: Mapping[str, Sequence[float]]) -> pl.DataFrame:
    rows = [(item, draw, value) for item, held in values.items() for draw, value in enumerate(held)]
    return pl.DataFrame(rows, ["item", "draw", "value"], orient="row")


@given(st.integers(1, 8), st.integers(1, 8), st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_all_draws_count_whatever_numbers_were_asked(few: int, many: int, values: list[float]) -> None:
    """Both sides come to as many draws, and each item's mean stays what it is."""
    sides = _side({"a": values[:few], "b": values[:few]}), _side({"a": values[:many], "b": values[::-1][:many]})
    found = evened(*sides)
    assert found.whole
    assert len({(side["draw"].max(), len(side)) for side in found.sides}) == 1
    for before, after in zip(sides, found.sides, strict=True):
        means = [one.group_by("item").agg(pl.col("value").mean()).sort("item")["value"] for one in (before, after)]
        assert (means[0] - means[1]).abs().max() < 1e-12  # type: ignore[operator]  # polars names no type of it
        assert not after.select("item", "draw").is_duplicated().any()
    assert bool(found.told) == (few != many)


def test_a_lost_draw_stays_the_same_share_of_its_item() -> None:
    """One of two that is not there is half of the item's draws, however many the other run has."""
    found = evened(_side({"a": [1, 1, 1, 1], "b": [1, 1, 1, 1]}), _side({"a": [1, 0], "b": [1]}))
    assert found.sides[1].filter(pl.col("item") == "b")["draw"].to_list() == [0, 1]
    assert found.sides[1].filter(pl.col("item") == "a")["value"].to_list() == [1, 1, 0, 0]


def test_a_row_that_stands_twice_by_accident_makes_no_draws() -> None:
    """Where few items have all draws the first ones are compared; what is left out is counted, and not whole."""
    found = evened(_side({item: [1] for item in "abc"}), _side({"a": [1, 0], "b": [1], "c": [1]}))
    assert [len(side) for side in found.sides] == [3, 3]
    assert not found.whole
    assert "the first of each were compared, and 1 score was left out" in found.told
    assert "up to 1 time and the candidate up to 2 times" in found.told
    assert not evened(_side({"a": [1.0] * (MOST + 1)}), _side({"a": [1, 0]})).whole


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_the_draws_that_are_compared_are_said_beforehand(few: list[int], many: list[int]) -> None:
    """As many as the sides hold after they were brought to equal numbers, each counted once."""
    sides = [_side({str(item): [1.0] * count for item, count in enumerate(counts)}) for counts in (few, many)]
    found, said = evened(*sides), compared_draws(*sides)
    held = [int(side["draw"].max()) + 1 for side in (found.sides if not found.whole else sides)]  # type: ignore[arg-type]  # polars names no type of it
    assert list(said) == held
