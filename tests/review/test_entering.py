"""A review is entered once, whenever it is killed, and its files are those that its entry covers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledgers import edit, rows, tampered
from seatrial.collect import Progress, ResponseStore
from seatrial.errors import LedgerError, StoreError
from seatrial.ledger import Ledger, check_files, file_hashes, ledger_for
from seatrial.policy import load_policy
from seatrial.report import Detection, load_result
from seatrial.review.apply_waivers import waive
from seatrial.review.finished import Review, load_review
from seatrial.review.run import run_review
from seatrial.review.validity import DAYS

Recorded = Callable[..., Path]
LATER = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()


class Killed(BaseException):
    """Nothing that a review does after a kill."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A review's folder."""
    return tmp_path / "reviews" / "one"


def _run(policy: Path, folder: Path, author: str = "ann", *, spike_in: bool = False) -> Review:
    text = policy.read_text(encoding="utf-8")
    loaded = load_policy(policy)
    return asyncio.run(run_review(loaded, text, folder, author, Progress("off"), spike_in=spike_in))


def _killed(monkeypatch: pytest.MonkeyPatch, place: str, policy: Path, folder: Path) -> None:
    """Run a review up to a call that never comes to be made."""

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(place, kill)
        _run(policy, folder)


def test_an_entry_covers_the_files_and_the_reports_name_it(recorded: Recorded, folder: Path) -> None:
    """Evidence, observations and answers with their hashes; decision.json, the page and the result have the entry."""
    done = _run(recorded(), folder)
    (entry,) = ledger_for(folder).verify()
    assert entry == done.entry
    assert entry.body["files"] == file_hashes(folder)
    assert set(entry.body["files"]) == {"evidence.json", "observations.parquet", "responses/answers.jsonl"}
    assert not list(folder.glob("*.next"))
    named = json.loads((folder / "decision.json").read_bytes())["ledger"]
    until = (datetime.now(UTC).date() + timedelta(days=DAYS)).isoformat()
    assert named == {"entry": 1, "hash": entry.hash, "covers_files": True, "holds_until": until}
    assert entry.hash in (folder / "report.html").read_text(encoding="utf-8")
    assert done.result.entry is not None
    assert (done.result.entry.number, done.result.entry.hash) == (1, entry.hash)


@pytest.mark.slow
def test_a_review_that_is_run_again_is_not_entered_again(recorded: Recorded, folder: Path) -> None:
    """Same evidence, policy and author: one entry, whose files stay as they are."""
    first = _run(recorded(), folder)
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = _run(recorded(), folder)
    assert again.entry == first.entry
    assert again.result.entry == first.result.entry
    assert len(ledger_for(folder).verify()) == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == kept


@pytest.mark.slow
def test_anything_else_is_an_entry_of_its_own(
    recorded: Recorded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another author, other answers, a limit of detection, a waiver in force, and files that were changed."""
    ledger = ledger_for(folder)
    worse = (0.8, 0.9) * 30
    _run(recorded(), folder)
    _run(recorded(), folder, "bo")
    assert [entry.author for entry in ledger.verify()] == ["ann", "bo"]
    with monkeypatch.context() as patched:
        patched.setattr("seatrial.review.run.detections", lambda *_: (Detection("behavior/x", (), 0.1, 0.2, 9),))
        _run(recorded(), folder, "bo", spike_in=True)
    assert (len(ledger.verify()), len(load_review(folder).result.detections)) == (3, 1)
    assert _run(recorded(after=worse), folder, "bo").entry == ledger.verify()[-1]
    assert (len(ledger.verify()), load_review(folder).outcome) == (4, "block")
    waive(folder, "behavior/x", "Ann", "accepted for the pilot", LATER)
    assert _run(recorded(after=worse), folder, "bo").entry == ledger.verify()[-1]
    assert (len(ledger.verify()), load_review(folder).status) == (6, "waived")
    (folder / "evidence.json").write_text("{}")
    _run(recorded(after=worse), folder, "bo")
    assert len(ledger.verify()) == 7
    assert load_review(folder).status == "waived"


@pytest.mark.slow
def test_an_entry_of_an_earlier_version_is_followed_by_one_that_covers(
    recorded: Recorded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entered without hashes, a review that is run again is entered with them."""
    with monkeypatch.context() as patched:
        patched.setattr("seatrial.review.entering.file_hashes", lambda folder: {})
        assert not getattr(_run(recorded(), folder).result.entry, "covers", True)
    done = _run(recorded(), folder)
    assert done.result.entry is not None
    assert (done.result.entry.number, done.result.entry.covers) == (2, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "entries"),
    [
        ("seatrial.review.entering.write_pairs", 0),
        ("seatrial.review.entering.write_observations", 0),
        ("seatrial.review.entering.save_result", 0),
        ("seatrial.review.entering.file_hashes", 0),
        ("seatrial.review.entering.write_reports", 1),
    ],
)
@pytest.mark.parametrize("before", [False, True])
def test_killed_at_its_end_it_is_entered_once(
    recorded: Recorded, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str, entries: int, before: bool
) -> None:
    """Whatever was written then, the ledger's files are whole, and the same command leaves one entry of it."""
    ledger = ledger_for(folder)
    if before:
        _run(recorded(after=(0.8, 0.9) * 30), folder)
    _killed(monkeypatch, place, recorded(), folder)
    assert len(ledger.verify()) == before + entries
    check_files(folder, ledger.verify())
    if before:
        assert load_review(folder).outcome == ("launch" if entries else "block")
    done = _run(recorded(), folder)
    assert (done.outcome, len(ledger.verify())) == ("launch", before + 1)
    assert (load_review(folder).outcome, load_result(folder).decision.outcome) == ("launch", "launch")
    named = json.loads((folder / "decision.json").read_bytes())
    assert (named["decision"], named["ledger"]["hash"]) == ("launch", ledger.verify()[-1].hash)


@pytest.mark.slow
def test_killed_before_its_files_are_moved_they_are_moved_when_read(
    recorded: Recorded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the entry and the move the new files wait; whoever reads the review moves them."""
    _run(recorded(after=(0.8, 0.9) * 30), folder)
    real = Path.replace

    def kill(path: Path, target: Path) -> Path:
        if path.name == "evidence.json.next":
            raise Killed
        return real(path, target)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Path, "replace", kill)
        _run(recorded(), folder)
    assert load_result(folder).decision.outcome == "block"
    assert load_review(folder).outcome == load_result(folder).decision.outcome == "launch"
    assert len(ledger_for(folder).verify()) == 2


@pytest.mark.slow
def test_a_decision_whose_reports_cannot_be_written_is_said_to_be_entered(recorded: Recorded, folder: Path) -> None:
    """The message names the entry; once there is room, the same command writes the reports and enters nothing."""
    (folder / "summary.md").mkdir(parents=True)
    words = r"summary\.md: cannot be written: .* The decision is entry 1 of the ledger all the same\.$"
    with pytest.raises(StoreError, match=words):
        _run(recorded(), folder)
    (folder / "summary.md").rmdir()
    assert _run(recorded(), folder).result.entry == load_review(folder).result.entry
    assert len(ledger_for(folder).verify()) == 1


def test_another_process_does_not_touch_a_review_that_runs(recorded: Recorded, folder: Path) -> None:
    """The policy in the folder is that of the review that holds it, to the last file."""
    first, second = recorded(), recorded(name="another")
    _run(first, folder)
    with ResponseStore(folder), pytest.raises(StoreError, match="another review is writing here"):
        _run(second, folder)
    assert (folder / "policy.yaml").read_bytes() == first.read_bytes()


def test_the_folder_is_held_until_the_reports_are_written(
    recorded: Recorded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other review gets in between the entry and the reports."""
    seen = []

    def held(*_: Any) -> None:
        with pytest.raises(StoreError, match="another review"), ResponseStore(folder):
            pass
        seen.append(folder)

    monkeypatch.setattr("seatrial.review.entering.write_reports", held)
    _run(recorded(), folder)
    assert seen == [folder]


def test_a_broken_ledger_is_found_before_anything_is_asked(
    recorded: Recorded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is a model opened nor the policy written; likewise where the ledger cannot be written."""
    _run(recorded(), folder)
    ledger, opened = ledger_for(folder), []
    monkeypatch.setattr("seatrial.review.run.open_models", lambda *_: opened.append(1))
    other = recorded(name="another")
    whole = rows(ledger)
    edit(ledger, lambda content: content.replace('"launch"', '"block"'))
    with pytest.raises(LedgerError, match="edited"):
        _run(other, folder)
    tampered(ledger, whole)
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "ready", _full)
        with pytest.raises(LedgerError, match="the disk is full"):
            _run(other, folder)
    (folder / "decision.json").write_text(json.dumps({"ledger": {"entry": 9, "hash": "ab"}}))
    with pytest.raises(LedgerError, match="names entry 9"):
        _run(other, folder)
    assert not opened
    assert "another" not in (folder / "policy.yaml").read_text()


def _full(_: Ledger) -> None:
    raise LedgerError("the disk is full")
