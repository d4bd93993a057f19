"""The ledger as the pages see it: read once, followed by its head, and not believed where it was changed."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from benchmarks.team_history import history

from ledgers import edit
from seatrial.ledger import Ledger
from seatrial.team import reading
from seatrial.team.reading import Reading

pytestmark = pytest.mark.slow


async def test_it_follows_the_head_and_makes_each_page_once(tmp_path: Path) -> None:
    """What was made of the board stays until the ledger or the day is another; then it is made anew."""
    ledger, day = history(tmp_path / "reviews", 3), [date(2026, 12, 1)]
    read, made = Reading(ledger, lambda: day[0]), []
    await read.renew()
    try:
        for step in ("same", "entry", "same", "day"):
            if step == "entry":
                ledger.append("incident", "B", {})
            if step == "day":
                day[0] = date(2026, 12, 2)
            await read.renew()
            read.once("page", lambda: made.append(len(read.board.told.entries)))
        count = len(ledger.verify())
        assert made == [count - 1, count, count]
        assert read.board.told.entries == ledger.verify()
    finally:
        await read.close()


async def test_nobody_reads_a_file_that_a_review_does_not_show(tmp_path: Path) -> None:
    """Its report and its pages, by their names in the evidence; nothing else of the folder, and of no other."""
    ledger = history(tmp_path / "reviews", 3)
    read = Reading(ledger)
    await read.renew()
    try:
        assert await read.reviewed("support-next") and not await read.reviewed("gone")
        assert read.place("support-next", "report.html") == ledger.folder / "support-next" / "report.html"
        for file in ("evidence.json", "../ledger.db", "", "report.html/", "pairs/01-x.html"):
            assert read.place("support-next", file) is None
        assert read.place("gone", "report.html") is None
    finally:
        await read.close()


@pytest.mark.parametrize("folder", ["..", ".", "a/b", "a\\b", "\0", "/etc"])
async def test_an_entry_that_names_no_folder_leads_nowhere(tmp_path: Path, folder: str) -> None:
    """An entry from a hand that names a path is shown as an entry, and no file is read for it."""
    ledger = Ledger(tmp_path / "reviews" / "ledger.db")
    ledger.append("decision", "eve", {"folder": folder, "review": "r"})
    read = Reading(ledger)
    await read.renew()
    assert await read.reviewed(folder)
    assert read.board.standings[folder] == "its entry names no folder"
    assert read.place(folder, "report.html") is None
    await read.close()


async def test_a_ledger_that_was_put_back_or_changed_is_not_believed(tmp_path: Path) -> None:
    """An older copy is found with the next look, an edited entry with the next look at all; a good copy mends it."""
    ledger = history(tmp_path / "reviews", 3)
    path = tmp_path / "reviews" / "ledger.db"
    older = shutil.copy(path, tmp_path / "older.db")
    ledger.append("incident", "B", {})
    whole = shutil.copy(path, tmp_path / "whole.db")
    read = Reading(ledger)
    await read.renew()
    assert read.broken == ""
    shutil.copy(older, path)
    await read.renew()
    assert "put back to an older copy" in read.broken
    shutil.copy(whole, path)
    await read.renew()
    assert read.broken == ""
    edit(ledger, lambda content: content.replace("ana", "eve"))
    await read.renew()
    await read._look_at_all()
    assert "was edited" in read.broken
    shutil.copy(whole, path)
    await read._look_at_all()
    assert read.broken == ""
    path.unlink()
    await read.renew()
    assert "is gone" in read.broken and not path.exists()
    await read.close()


async def test_evidence_is_not_held_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of reviews, those that the first page does not show are let go."""
    ledger = history(tmp_path / "reviews", 3)
    read = Reading(ledger)
    await read.renew()
    monkeypatch.setattr(reading, "KEPT", 2)
    shown = set(read.board.wanted())
    for number in range(12):
        ledger.append("decision", "ana", {"folder": f"gone-{number}", "review": str(number), "policy_name": "one"})
    await read.renew()
    for number in range(12):
        assert await read.reviewed(f"gone-{number}")
    assert len(read._read) <= len(shown | set(read.board.wanted())) + 2
    await read.close()
