"""A waiver names a gate, a person, a reason and an end, and holds for one review only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from seatrial.errors import LedgerError
from seatrial.ledger import Ledger, Waiver, enter_waiver, waivers_for

TODAY = date(2026, 5, 1)
GOOD = Waiver("r1", "behavior/unearned-praise", "Ann Example", "known and accepted for the pilot", "2026-06-01")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path / "ledger.jsonl")


def test_a_waiver_holds_for_its_review_until_its_end(ledger: Ledger) -> None:
    """On the last day it holds; the day after it does not; another review never sees it."""
    enter_waiver(ledger, GOOD, TODAY)
    entries = ledger.verify()
    assert [waiver for _, waiver in waivers_for(entries, "r1", date(2026, 6, 1))] == [GOOD]
    assert waivers_for(entries, "r1", date(2026, 6, 2)) == []
    assert waivers_for(entries, "r2", TODAY) == []


def test_the_latest_waiver_of_a_gate_counts(ledger: Ledger) -> None:
    """A second waiver of the same gate replaces the first."""
    enter_waiver(ledger, GOOD, TODAY)
    enter_waiver(ledger, replace(GOOD, person="Bea Example"), TODAY)
    found = waivers_for(ledger.verify(), "r1", TODAY)
    assert [waiver.person for _, waiver in found] == ["Bea Example"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"person": " "}, "--person"),
        ({"reason": "ok"}, "--reason"),
        ({"expires": "soon"}, "YYYY-MM-DD"),
        ({"expires": "2026-04-30"}, "in the past"),
    ],
)
def test_an_incomplete_waiver_is_refused(ledger: Ledger, change: dict[str, str], message: str) -> None:
    """Each missing part is named, and nothing is recorded."""
    with pytest.raises(LedgerError, match=message):
        enter_waiver(ledger, replace(GOOD, **change), TODAY)
    assert ledger.verify() == []
