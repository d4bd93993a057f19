"""Counts in sentences."""

from __future__ import annotations

from seatrial.runs.wording import how_many


def test_one_is_no_plural() -> None:
    """One item, none and several items, thousands with their mark."""
    assert [how_many(count, "item") for count in (0, 1, 2, 1200)] == ["0 items", "1 item", "2 items", "1,200 items"]
