"""Past releases: what came of them, and how long holds lasted."""

from __future__ import annotations

from datetime import date

import pytest

from seatrial.backtest.past import holds_ended, past_releases, unreleased
from seatrial.errors import LedgerError
from seatrial.ledger import Entry
from seatrial.ledger.entries import Kind

TODAY = date(2025, 6, 1)


def _entries(*made: tuple[str, Kind, dict[str, object]]) -> list[Entry]:
    """Entries on these days."""
    return [
        Entry(number, f"{day}T12:00:00+00:00", kind, "ann", body, "", f"hash {number}")
        for number, (day, kind, body) in enumerate(made, 1)
    ]


def _release(name: str, folder: str = "") -> dict[str, object]:
    return {
        "name": name, "review": "a" * 64, "folder": folder or name, "candidate": "m", "person": "ann",
        "on": "sign-off", "entry": 1,
    }  # fmt: skip


def _incident(name: str, found: str) -> dict[str, object]:
    return {
        "release": name, "behavior": "behavior/praise", "what": "praises all", "found": found, "person": "bo",
        "conversations": {},
    }  # fmt: skip


def test_a_release_has_the_fate_that_the_ledger_tells() -> None:
    """An incident whatever followed; clean after so many days; taken back or too young is neither."""
    entries = _entries(
        ("2025-01-01", "release", _release("a")),
        ("2025-01-05", "incident", _incident("a", "2025-01-04")),
        ("2025-01-06", "incident", _incident("a", "2025-01-06")),
        ("2025-01-09", "roll-back", {"release": "a", "person": "ann", "reason": "harm", "incident": 2}),
        ("2025-02-01", "release", _release("b")),
        ("2025-03-01", "release", _release("c")),
        ("2025-03-08", "roll-back", {"release": "c", "person": "ann", "reason": "too slow", "incident": 0}),
        ("2025-05-02", "release", _release("d")),
        ("2025-05-03", "release", _release("e")),
        ("2025-04-01", "release", _release("f")),
        ("2025-04-21", "incident", _incident("f", "2025-04-20")),
    )
    found = past_releases(entries, TODAY)
    assert [(one.name, one.fate) for one in found] == [
        ("a", "incident"), ("b", "clean"), ("c", "taken back"), ("f", "incident"), ("d", "clean"), ("e", "too young")
    ]  # fmt: skip
    assert [one.harmful_days for one in found] == [8, 0, 7, 19, 0, 0]
    assert found[0].behaviors == ("behavior/praise",)
    assert past_releases(entries, TODAY, 31)[-2].fate == "too young"


def test_of_a_name_used_twice_the_latest_counts() -> None:
    """Both are of one review; it is told once, with the later day."""
    entries = _entries(("2025-01-01", "release", _release("a")), ("2025-02-01", "release", _release("a")))
    assert [one.day for one in past_releases(entries, TODAY)] == [date(2025, 2, 1)]


def test_what_was_taken_back_and_went_out_again_is_out() -> None:
    """A roll-back is of the release before it; after the last release of a name it is of that one."""
    made: list[tuple[str, Kind, dict[str, object]]] = [
        ("2025-01-01", "release", _release("a")),
        ("2025-01-05", "roll-back", {"release": "a", "person": "ann", "reason": "a mistake", "incident": 0}),
        ("2025-02-01", "release", _release("a")),
    ]
    (found,) = past_releases(_entries(*made), TODAY)
    assert (found.day, found.fate, found.taken_back) == (date(2025, 2, 1), "clean", None)
    again: tuple[str, Kind, dict[str, object]] = ("2025-02-03", made[1][1], made[1][2])
    (found,) = past_releases(_entries(*made, again), TODAY)
    assert (found.fate, found.taken_back) == ("taken back", date(2025, 2, 3))


def test_an_incident_was_found_by_the_day_of_its_entry() -> None:
    """A day that was mistyped years ahead makes no thousands of days with harm."""
    found = past_releases(
        _entries(("2025-01-01", "release", _release("a")), ("2025-01-05", "incident", _incident("a", "9999-12-31"))),
        TODAY,
    )
    assert [one.harmful_days for one in found] == [4]


def test_what_is_malformed_or_not_released_is_told_apart() -> None:
    """A record that this program would not write is none; a candidate without a release is counted."""
    entries = _entries(
        ("2025-01-01", "decision", {"folder": "a", "decision": "launch"}),
        ("2025-01-01", "decision", {"folder": "kept", "decision": "block"}),
        ("2025-01-02", "release", _release("a")),
        ("2025-01-02", "release", {**_release("b"), "entry": "one"}),
    )
    assert [one.name for one in past_releases(entries, TODAY)] == ["a"]
    assert unreleased(entries) == 1


def test_a_hold_lasts_from_the_first_decision_to_the_release() -> None:
    """Of a review that was run again; one that never ended, and a launch at once, are no holds that ended."""
    entries = _entries(
        ("2025-01-01", "decision", {"folder": "a", "decision": "hold"}),
        ("2025-01-03", "decision", {"folder": "a", "decision": "block"}),
        ("2025-01-07", "decision", {"folder": "a", "decision": "launch"}),
        ("2025-01-08", "release", _release("one", "a")),
        ("2025-02-01", "decision", {"folder": "b", "decision": "launch"}),
        ("2025-02-01", "release", _release("two", "b")),
        ("2025-03-01", "decision", {"folder": "c", "decision": "hold"}),
    )
    assert holds_ended(entries) == [7]


def test_an_entry_without_a_time_is_refused_in_words() -> None:
    """The entry is named, and what lists such entries."""
    (entry,) = _entries(("whenever", "release", _release("a")))
    with pytest.raises(LedgerError, match=r"entry 1 is dated 'wheneverT.*ledger verify"):
        past_releases([entry], TODAY)
