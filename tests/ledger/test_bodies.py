"""What is read of an entry's body, and what of a text a reader sees."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from seatrial.ledger.bodies import is_day, read_body, seen


@dataclass(frozen=True)
class Note:
    """A body."""

    person: str
    count: int
    named: dict[str, str] = field(default_factory=dict)


def test_a_body_comes_back_as_it_was() -> None:
    """Whatever letters it holds; what has a default may be missing."""
    for note in (Note("Zoë", 3, {"a\0b": "’"}), Note("", 0)):
        assert read_body(Note, asdict(note)) == note
    assert read_body(Note, {"person": "ann", "count": 1}) == Note("ann", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"count": "3"},
        {"count": True},
        {"count": 3.0},
        {"person": None},
        {"named": {"a": 1}},
        {"named": []},
        {"more": ""},
    ],
)
def test_a_field_of_another_type_or_name_makes_it_nothing(change: dict[str, Any]) -> None:
    """Nothing is turned into what it should have been."""
    assert read_body(Note, {**asdict(Note("ann", 3)), **change}) is None
    assert read_body(Note, {"person": "ann"}) is None


def test_days_and_what_is_seen() -> None:
    """A day is ISO 8601; letters that steer, or that no reader sees, are no words."""
    assert [is_day(text) for text in ("2027-01-31", "2027-02-30", "soon", "")] == [True, False, False, False]
    assert (seen(" \u200b a\u202eb \n"), seen("\u200b\0")) == ("ab", "")
