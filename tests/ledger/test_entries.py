"""An entry and the chain: its hash covers all that it says, and what does not follow is named."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import replace
from typing import Any, get_args

import pytest

from seatrial.errors import LedgerError
from seatrial.ledger.entries import GENESIS, Entry, Kind, canonical, check_chain, place


def chain(count: int) -> list[Entry]:
    """Entries that follow each other."""
    made: list[Entry] = []
    for number in range(1, count + 1):
        draft = Entry(number, "2026-05-01T00:00:00+00:00", "decision", "ann", {"number": number}, GENESIS, "")
        draft = replace(draft, previous=made[-1].hash if made else GENESIS)
        made.append(replace(draft, hash=draft.recomputed()))
    return made


def test_the_form_of_what_is_hashed_is_kept() -> None:
    """Ledgers of earlier versions verify: JSON in UTF-8 with sorted keys, of all but hash and signature."""
    entry = Entry(1, "2026-05-01T00:00:00+00:00", "decision", "Zoë", {"b": "’", "a": 1}, GENESIS, "", "s")
    text = (
        '{"at":"2026-05-01T00:00:00+00:00","author":"Zoë","body":{"a":1,"b":"’"},"kind":"decision","number":1,'
        f'"previous":"{GENESIS}"}}'
    )
    assert canonical(entry.content()) == text
    assert entry.recomputed() == hashlib.sha256(text.encode()).hexdigest()
    assert place(replace(entry, hash="ab")) == "1 ab"


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"at": "2026-05-02T00:00:00+00:00"},
        {"kind": "waiver"},
        {"author": "eve"},
        {"body": {"number": 1, "more": 0}},
        {"body": {"number": float("nan")}},
        {"previous": "1" * 64},
        {"hash": "0" * 64},
    ],
)
def test_whatever_is_edited_no_longer_matches(change: dict[str, Any]) -> None:
    """Each field is covered; NaN, which no entry is written with, matches nothing."""
    (entry,) = chain(1)
    assert entry.intact
    assert not replace(entry, **change).intact
    assert replace(entry, signature="another").intact


def test_all_but_the_whole_chain_is_found() -> None:
    """Of all selections and orders of entries, and with any one twice, only those from the first on hold."""
    entries = chain(4)
    check_chain(entries, "ledger")
    chosen = [list(one) for size in range(5) for one in itertools.permutations(entries, size)]
    chosen += [[*entries[:spot], again, *entries[spot:]] for spot in range(5) for again in entries]
    for one in chosen:
        if one != entries[: len(one)]:
            with pytest.raises(LedgerError, match=r"was edited|does not follow"):
                check_chain(one, "ledger")


@pytest.mark.parametrize(("gone", "place_of", "entry"), [(0, 1, 2), (1, 2, 3), (2, 3, 4)])
def test_what_does_not_follow_is_named(gone: int, place_of: int, entry: int) -> None:
    """The message names where, and the entry that stands there."""
    entries = chain(4)
    with pytest.raises(LedgerError, match=f"x:{place_of}: entry {entry} does not follow the one before it"):
        check_chain([*entries[:gone], *entries[gone + 1 :]], "x")


@pytest.mark.parametrize("change", [{"number": 7}, {"previous": GENESIS}])
def test_an_entry_forged_with_its_hash_breaks_the_chain(change: dict[str, Any]) -> None:
    """Its number and the hash before it each hold it in its place."""
    entries = chain(3)
    forged = replace(entries[1], **change)
    with pytest.raises(LedgerError, match=r"x:2: entry . does not follow"):
        check_chain([entries[0], replace(forged, hash=forged.recomputed()), entries[2]], "x")


def test_two_halves_of_a_letter_are_one() -> None:
    """JSON joins them where it is read, so they are hashed as the letter; a half alone stands as an escape."""
    assert canonical("\ud83d" + "\ude00") == '"\U0001f600"'
    assert canonical("f\udcff") == '"f\\udcff"'


def test_the_kinds_of_entries_are_part_of_the_format() -> None:
    """What earlier ledgers hold stays a kind."""
    assert {"decision", "waiver", "forecast", "training", "check"} < set(get_args(Kind))
