"""A finished review in Python: what it says and where it lies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledgers import edit
from seatrial.collect import Progress
from seatrial.errors import ExitCode, LedgerError, StoreError
from seatrial.ledger import ledger_for
from seatrial.policy import load_policy
from seatrial.review.apply_waivers import waive
from seatrial.review.finished import Review, load_review
from seatrial.review.run import run_review

Recorded = Callable[..., Path]
LATER = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()


@pytest.fixture
def blocked(recorded: Recorded, tmp_path: Path) -> Review:
    """A review that ended in a block."""
    path = recorded(after=(0.8, 0.9) * 30, extra="")
    policy, folder = load_policy(path), tmp_path / "reviews" / "one"
    return asyncio.run(run_review(policy, path.read_text(), folder, "ann", Progress("off")))


def test_a_review_answers_for_its_parts(blocked: Review) -> None:
    """Outcome, exit code, reason, verdicts and pairs are those of the report."""
    assert (blocked.outcome, blocked.status, blocked.exit_code) == ("block", "block", ExitCode.BLOCK)
    assert blocked.reason == blocked.result.decision.reason
    assert blocked.verdicts == blocked.failed == blocked.result.decision.verdicts
    assert blocked.pairs == blocked.result.examples != ()
    assert blocked.blind_spots == blocked.result.blind_spots


def test_it_prints_in_a_few_lines(blocked: Review) -> None:
    """The headline with its reason, a line a gate with its numbers, blind spots, and where the report is."""
    first, gate, last = str(blocked).splitlines()
    assert first.endswith(f": {blocked.reason}")
    assert first.split(":")[0].isupper()
    assert gate.split()[:3] == ["fail", "behavior/x", "+0.600"]
    assert gate.endswith(", margin 0.1")
    assert last == f"{len(blocked.blind_spots)} blind spots. Report: {blocked.folder}/report.html"
    assert "Report" not in str(Review(blocked.result))


def test_it_is_read_back_under_the_waivers_in_force(blocked: Review) -> None:
    """Loaded again it is the same, and after a waiver it may launch with the exit code that says so."""
    assert blocked.folder is not None
    loaded = load_review(str(blocked.folder))
    assert repr(loaded.result) == repr(blocked.result)
    assert (loaded.folder, loaded.entry) == (blocked.folder, None)
    waive(blocked.folder, "behavior/x", "Ann", "accepted for the pilot", LATER)
    waived = load_review(blocked.folder)
    assert (waived.outcome, waived.status, waived.exit_code) == ("block", "waived", ExitCode.WAIVED)


def test_it_can_be_written_elsewhere(blocked: Review, tmp_path: Path) -> None:
    """What is written into another folder, which is made, is read back from there; a file in its place is an error."""
    place = tmp_path / "new" / "copy"
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be made"):
        blocked.write(tmp_path / "file" / "copy")
    copied = blocked.write(str(place))
    assert copied.folder == place
    assert {path.name for path in place.iterdir()} == {
        "report.html",
        "summary.md",
        "junit.xml",
        "decision.json",
        "evidence.json",
    }
    assert repr(load_review(place).result) == repr(replace(blocked.result, entry=None)), "no entry there covers it"


def test_what_cannot_be_trusted_is_not_loaded(blocked: Review, tmp_path: Path) -> None:
    """No finished review, one edited by hand, and one beside a broken ledger each end in a message."""
    assert blocked.folder is not None
    with pytest.raises(StoreError, match="no finished review"):
        load_review(tmp_path)
    (tmp_path / "evidence.json").write_text("{}")
    with pytest.raises(StoreError, match="cannot be read back"):
        load_review(tmp_path)
    (blocked.folder / "evidence.json").write_text("{}")
    with pytest.raises(LedgerError, match=r"evidence\.json: was changed"):
        load_review(blocked.folder)
    ledger = ledger_for(blocked.folder)
    edit(ledger, lambda content: content.replace("ann", "eve"))
    with pytest.raises(LedgerError, match="edited"):
        load_review(blocked.folder)


@pytest.mark.slow
def test_a_covered_review_stays_as_its_entry_covers_it(blocked: Review, tmp_path: Path) -> None:
    """Written into its own folder it gets its reports again; no other review is written over it."""
    assert blocked.folder is not None
    evidence = blocked.folder / "evidence.json"
    before = evidence.read_bytes()
    waive(blocked.folder, "behavior/x", "Ann", "accepted for the pilot", LATER)
    waived = load_review(blocked.folder)
    (blocked.folder / "decision.json").unlink()
    assert waived.write(blocked.folder).result.entry == blocked.result.entry
    assert json.loads((blocked.folder / "decision.json").read_bytes())["status"] == "waived"
    assert evidence.read_bytes() == before
    with pytest.raises(StoreError, match="one: holds the review of entry 1 in the ledger; give another folder"):
        Review(blocked.result).write(blocked.folder)
    (tmp_path / "copy").mkdir()
    copy = waived.write(tmp_path / "copy")
    with pytest.raises(StoreError, match="holds the review of entry 1"):
        copy.write(blocked.folder)
    assert copy.result.entry is None
    assert json.loads((tmp_path / "copy" / "decision.json").read_bytes())["ledger"] is None
    assert copy.write(tmp_path / "copy").folder == tmp_path / "copy"
    assert evidence.read_bytes() == before
