"""Records of what came of a decision: read strictly, entered once, found by name."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import LedgerError
from seatrial.ledger import Ledger
from seatrial.ledger.releases import (
    QUESTIONS,
    Incident,
    Override,
    Record,
    Release,
    RollBack,
    SignOff,
    check_words,
    enter,
    incident_of,
    latest_release,
    recorded,
)

SIGN = SignOff("a" * 64, "one", "ann", dict.fromkeys(QUESTIONS, "nothing moved"), [], "b" * 64, "m", "2099-01-01")
RELEASE = Release("spring", "a" * 64, "one", "m", "ann", "sign-off", 1)
EVERY: tuple[Record, ...] = (
    SIGN,
    Override("a" * 64, "one", "ann", "a customer waits", "hold"),
    RELEASE,
    Incident("spring", "behavior/delusion", "agrees with all", "2027-01-31", "bo", {"found.jsonl": "c" * 64}),
    RollBack("spring", "ann", "as agreed", 4),
)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path / "ledger.db")


@pytest.mark.parametrize("record", EVERY, ids=lambda one: one.kind)
def test_a_record_comes_back_as_it_was_and_is_entered_once(ledger: Ledger, record: Record) -> None:
    """Under its person's name; the same again keeps its entry, another word makes a new one."""
    entry = enter(ledger, record)
    assert (entry.kind, entry.author, entry.body) == (record.kind, record.person, asdict(record))
    assert recorded(ledger.verify(), type(record)) == [(entry, record)]
    assert enter(ledger, record) == entry
    assert enter(ledger, replace(record, person="cy")).number == 2
    others = [kind for kind in (SignOff, Override, Release, Incident, RollBack) if kind is not type(record)]
    assert [recorded(ledger.verify(), kind) for kind in others] == [[]] * 4


@pytest.mark.parametrize(
    ("record", "change"),
    [
        (SIGN, {"until": "soon"}),
        (SIGN, {"answers": ["nothing"]}),
        (SIGN, {"acknowledged": "all"}),
        (SIGN, {"more": ""}),
        (SIGN, {"person": "\u200b"}),
        (RELEASE, {"on": "a hunch"}),
        (RELEASE, {"entry": "1"}),
        (RELEASE, {"entry": True}),
        (EVERY[3], {"found": "yesterday"}),
        (EVERY[4], {"incident": None}),
    ],
)
def test_what_this_program_would_not_write_is_no_record(ledger: Ledger, record: Record, change: dict[str, Any]) -> None:
    """A forged body that chains well lets nothing out: it is read as nothing."""
    ledger.append(record.kind, "eve", {**asdict(record), **change})
    assert recorded(ledger.verify(), type(record)) == []


def test_nobody_signs_nothing(ledger: Ledger) -> None:
    """A name that no reader would see is none, and so is an answer of a few letters."""
    with pytest.raises(LedgerError, match="this needs the name of the person"):
        enter(ledger, replace(RELEASE, person=" \u200b"))
    with pytest.raises(LedgerError, match="this needs words"):
        check_words("ok\u200b\u200b\u200b\u200b\u200b\u200b\u200b", "words")
    check_words("as agreed", "words")
    assert ledger.verify() == []


def test_a_release_is_found_by_its_name(ledger: Ledger) -> None:
    """The latest of that name; where there is none, those that are known are named."""
    with pytest.raises(LedgerError, match="no release is called 'spring'; the ledger knows none"):
        latest_release([], "spring")
    enter(ledger, RELEASE)
    again = replace(RELEASE, person="bo")
    enter(ledger, again)
    enter(ledger, replace(RELEASE, name="summer"))
    assert latest_release(ledger.verify(), "spring")[1] == again
    with pytest.raises(LedgerError, match="the ledger knows spring, summer"):
        latest_release(ledger.verify(), "autumn")


def test_an_incident_is_found_with_the_files_that_it_names(ledger: Ledger) -> None:
    """A file that was changed since, or was never named, is not what was reported."""
    enter(ledger, RELEASE)
    number = enter(ledger, EVERY[3]).number
    entries = ledger.verify()
    assert incident_of(entries, number, {"anywhere.jsonl": "c" * 64}) == EVERY[3]
    with pytest.raises(
        LedgerError, match=r"other\.jsonl: is no file .* incident 2 names, or .*; it names found\.jsonl"
    ):
        incident_of(entries, number, {"found.jsonl": "c" * 64, "other.jsonl": "d" * 64})
    with pytest.raises(LedgerError, match="entry 1 is no incident; the ledger knows 2"):
        incident_of(entries, 1, {})
