"""A decision holds for some days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from seatrial.ledger import Entry
from seatrial.review.validity import DAYS, Window, window_of

DAY = date(2027, 1, 31)


def _entry(days: Any, at: str = "2027-01-31T00:00:00+00:00") -> Entry:
    return Entry(1, at, "decision", "ann", {"valid_days": days}, "0" * 64, "f" * 64)


def test_a_decision_holds_from_its_entry_on() -> None:
    """From the day itself to the last of its days, both included, whatever zone the entry is dated in."""
    window = window_of(_entry(DAYS))
    assert window == Window(DAY, date(2027, 3, 2))
    days = [DAY + timedelta(days=step) for step in (-1, 0, DAYS, DAYS + 1)]
    assert [window.holds(day) for day in days] == [False, True, True, False]
    assert window_of(_entry(DAYS, "2027-02-01T01:00:00+02:00")) == window


@pytest.mark.parametrize(
    ("days", "at"),
    [
        *((days, "2027-01-31T00:00:00+00:00") for days in (None, "30", 1.5, True, -1, 10**9, [30])),
        (30, "yesterday"),
        (30, "2027-01-31T00:00:00"),
    ],
)
def test_what_keeps_no_days_has_no_window(days: Any, at: str) -> None:
    """An entry of an earlier version keeps none, and nobody may make one of something else."""
    assert window_of(_entry(days, at)) is None
