"""A forecast that is written down before a launch."""

from __future__ import annotations

from pathlib import Path

import pytest

from replays import made_replay
from seatrial.errors import EvidenceError, LedgerError
from seatrial.evidence.replay.registered import FILE, found_again, registered
from seatrial.ledger import Ledger


def test_what_was_registered_is_found_again(tmp_path: Path) -> None:
    """With its time and its entry; a digit changed afterwards is noticed."""
    found, ledger = made_replay(("fail", True), ("pass", False)), Ledger(tmp_path / "ledger.db")
    entry = registered(found, tmp_path, ledger, "ann")
    again = found_again(tmp_path, ledger)
    assert (again.entry, again.at, again.name, again.candidate) == (entry.hash, entry.at, "simulated", found.candidate)
    assert [one.candidate for one in again.behaviors] == [one.rates["candidate"] for one in found.done.found]
    assert again.behaviors[0].today == found.done.found[0].rates["baseline"], "production's rate was not known"
    path = tmp_path / FILE
    path.write_text(path.read_text(encoding="utf-8").replace("0.25", "0.26"), encoding="utf-8")
    with pytest.raises(LedgerError, match="changed, or entered elsewhere"):
        found_again(tmp_path, ledger)


def test_nothing_registered_says_what_to_do(tmp_path: Path) -> None:
    """A folder without a forecast; one that is no JSON."""
    with pytest.raises(EvidenceError, match="--register"):
        found_again(tmp_path, Ledger(tmp_path / "ledger.db"))
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(EvidenceError, match="cannot be read"):
        found_again(tmp_path, Ledger(tmp_path / "ledger.db"))
