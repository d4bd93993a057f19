"""A review is known by its id, wherever its folder lies and whatever it is called."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from seatrial.errors import LedgerError
from seatrial.ledger import Entry, Ledger, compare_all, file_hashes, ledger_for
from seatrial.ledger.chain import PLACE_VARIABLE
from seatrial.ledger.reviews import (
    ID_FILE,
    decisions_on,
    entry_of,
    give_id,
    id_of,
    known_as,
    review_id,
    review_names,
)


def _decided(folder: Path, text: str, early: bool = False) -> Entry:
    """Enter a decision as a review does: an id first, then its files, then the entry; an earlier version had no ids."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = ledger_for(folder)
    own = {} if early else {"id": give_id(folder, ledger.verify())}
    (folder / "evidence.json").write_text(text, encoding="utf-8")
    entry = ledger.append("decision", "ann", {"folder": folder.name, **own, "files": file_hashes(folder)})
    named = {"ledger": {"entry": entry.number, "hash": entry.hash}}
    (folder / "decision.json").write_text(json.dumps(named), encoding="utf-8")
    return entry


@pytest.fixture
def teams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two machines that share a ledger, each with a folder `reviews/weekly`."""
    monkeypatch.setenv(PLACE_VARIABLE, f"sqlite:///{tmp_path / 'team.db'}")
    return tmp_path / "one" / "reviews" / "weekly", tmp_path / "two" / "reviews" / "weekly"


def test_an_id_is_given_once_and_stays(tmp_path: Path) -> None:
    """It is written before anything else, and every entry on the review has it."""
    folder = tmp_path / "weekly"
    assert review_id(folder, []) == ""
    first = _decided(folder, "first")
    assert give_id(folder, ledger_for(folder).verify()) == id_of(first) == (folder / ID_FILE).read_text().strip()
    second = _decided(folder, "second")
    entries = ledger_for(folder).verify()
    assert decisions_on(folder, entries) == [first, second] and entry_of(folder, entries) == second
    assert known_as(folder, entries) == {"", id_of(first)}


def test_folders_of_one_name_do_not_mix(teams: tuple[Path, Path]) -> None:
    """Each has its own decisions and files, in any order; a verification names both apart."""
    one, two = teams
    made = [_decided(one, "one"), _decided(two, "two"), _decided(two, "again"), _decided(one, "more")]
    entries = ledger_for(one).verify()
    assert decisions_on(one, entries) == [made[0], made[3]]
    assert decisions_on(two, entries) == made[1:3]
    for folder, other in (teams, teams[::-1]):
        found = compare_all(Ledger(ledger_for(folder).path or "", folder.parent), entries)
        (away,) = found.absent
        assert (found.same, away) == (("weekly",), f"weekly {review_id(other, entries)[:8]}")


def test_a_folder_may_be_renamed_and_copied(teams: tuple[Path, Path]) -> None:
    """A new name changes nothing; of two copies each goes on with the decisions under its own name."""
    folder, _ = teams
    first = _decided(folder, "first")
    moved = folder.rename(folder.with_name("summer"))
    assert entry_of(moved, ledger_for(moved).verify()) == first
    shutil.copytree(moved, moved.with_name("weekly"))
    second = _decided(moved, "second")
    entries = ledger_for(moved).verify()
    assert (entry_of(moved, entries), entry_of(moved.with_name("weekly"), entries)) == (second, first)


def test_a_folder_that_lost_its_id_is_told_by_its_report(teams: tuple[Path, Path]) -> None:
    """Where that is gone too, the candidates are listed, and nothing is guessed; an empty folder is a new review."""
    one, two = teams
    made, other = _decided(one, "one"), _decided(two, "two")
    (one / ID_FILE).unlink()
    entries = ledger_for(one).verify()
    assert review_id(one, entries) == id_of(made)
    (one / "decision.json").unlink()
    with pytest.raises(LedgerError, match="does not say which review it is") as caught:
        decisions_on(one, entries)
    assert all(f"{id_of(entry)} (entry {entry.number}," in str(caught.value) for entry in (made, other))
    (one / ID_FILE).write_text(f"{id_of(made)}\n")
    assert entry_of(one, entries) == made
    shutil.rmtree(one)
    assert decisions_on(one, entries) == []
    assert give_id(_made(one), entries) not in {id_of(made), id_of(other)}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def test_beside_its_ledger_a_name_is_of_one_review(tmp_path: Path) -> None:
    """Nobody has a budget's end undone by taking the folder away; an id that the ledger does not know is refused."""
    folder = tmp_path / "weekly"
    first = _decided(folder, "first")
    shutil.rmtree(folder)
    entries = ledger_for(folder).verify()
    assert give_id(_made(folder), entries) == id_of(first)
    (folder / ID_FILE).write_text("0" * 32)
    with pytest.raises(LedgerError, match=rf"holds 00000000, which the ledger beside .* {id_of(first)}"):
        review_id(folder, entries)
    (folder / ID_FILE).write_text("weekly")
    with pytest.raises(LedgerError, match="holds no id of a review"):
        review_id(folder, entries)


def test_files_of_two_reviews_in_one_folder_are_refused(teams: tuple[Path, Path]) -> None:
    """The id and the report must be of one review: an id that was brought here gives nobody a new beginning."""
    one, two = teams
    _decided(one, "one"), _decided(two, "two")
    shutil.copy(two / ID_FILE, one / ID_FILE)
    with pytest.raises(LedgerError, match=r"names entry 1, which is of the review .*: one of them was brought here"):
        decisions_on(one, ledger_for(one).verify())


def test_entries_of_earlier_versions_stay_readable(tmp_path: Path) -> None:
    """Beside the ledger they are told by the folder's name, and a review that goes on stays the same."""
    folder = tmp_path / "weekly"
    early = [_decided(folder, text, early=True) for text in ("one", "two")]
    entries = ledger_for(folder).verify()
    assert not (folder / ID_FILE).exists()
    assert decisions_on(folder, entries) == early
    later = _decided(folder, "three")
    entries = ledger_for(folder).verify()
    assert later.body["id"] == early[1].hash
    assert decisions_on(folder, entries) == [*early, later] and entry_of(folder, entries) == later
    assert set(review_names(entries).values()) == {"weekly"}
    assert known_as(folder, entries) == {"", *(entry.hash for entry in early)}


def test_earlier_versions_in_a_shared_ledger_part_by_their_reports(teams: tuple[Path, Path]) -> None:
    """What two teams entered under one name is told by the entry that each report names, and parts from then on."""
    one, two = teams
    _decided(one, "one", early=True), _decided(two, "two", early=True)
    entries = ledger_for(one).verify()
    assert (entry_of(one, entries), entry_of(two, entries)) == (entries[0], entries[1])
    made = _decided(one, "more")
    entries = ledger_for(one).verify()
    assert (entry_of(one, entries), entry_of(two, entries)) == (made, entries[1])
    assert decisions_on(one, entries) == [entries[0], made]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """An id that is a folder, or no text."""
    (tmp_path / "weekly" / ID_FILE).mkdir(parents=True)
    with pytest.raises(LedgerError, match=r"review\.id: cannot be read"):
        review_id(tmp_path / "weekly", [])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ID_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(LedgerError, match=r"review\.id: cannot be read"):
        review_id(tmp_path / "other", [])
