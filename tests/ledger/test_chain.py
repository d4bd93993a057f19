"""The ledger finds whatever was done to it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import LedgerError
from seatrial.ledger import Ledger, ledger_for


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger with five decisions."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for number in range(5):
        ledger.append("decision", "ann", {"decision": "hold", "number": number})
    return ledger


def lines(ledger: Ledger) -> list[str]:
    """The ledger's lines."""
    return ledger.path.read_text().splitlines()


def rewrite(ledger: Ledger, new: list[str]) -> None:
    """Replace the ledger's lines."""
    ledger.path.write_text("".join(line + "\n" for line in new))


def test_an_untouched_ledger_verifies(ledger: Ledger) -> None:
    """Entries come back in order, each naming the hash before it."""
    entries = ledger.verify()
    assert [entry.body["number"] for entry in entries] == [0, 1, 2, 3, 4]
    assert [entry.previous for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]


@pytest.mark.parametrize("line", range(5))
def test_an_edited_entry_is_found(ledger: Ledger, line: int) -> None:
    """Changing one word of any entry names that line."""
    new = lines(ledger)
    new[line] = new[line].replace('"hold"', '"launch"')
    rewrite(ledger, new)
    with pytest.raises(LedgerError, match=rf"jsonl:{line + 1}: entry {line + 1} was edited"):
        ledger.verify()


@pytest.mark.parametrize("line", range(5))
def test_an_edited_entry_with_a_mended_hash_is_found(ledger: Ledger, line: int) -> None:
    """An editor who also mends the entry's own hash breaks the chain or the head."""
    entry = ledger.entries()[line]
    forged = {**json.loads(lines(ledger)[line]), "author": "eve"}
    forged["hash"] = replace(entry, author="eve").recomputed()
    new = lines(ledger)
    new[line] = json.dumps(forged)
    rewrite(ledger, new)
    with pytest.raises(LedgerError):
        ledger.verify()


@given(st.data())
def test_dropping_or_moving_entries_is_found(data: st.DataObject) -> None:
    """Any selection or order of the lines but the original one is refused."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.jsonl")
        for number in range(4):
            ledger.append("decision", "ann", {"number": number})
        original = lines(ledger)
        kept = data.draw(st.lists(st.sampled_from(range(4)), max_size=6))
        rewrite(ledger, [original[index] for index in kept])
        if kept == [0, 1, 2, 3]:
            assert len(ledger.verify()) == 4
        else:
            with pytest.raises(LedgerError):
                ledger.verify()


def test_entries_cut_off_the_end_are_found(ledger: Ledger) -> None:
    """The head file knows how many entries there were."""
    rewrite(ledger, lines(ledger)[:3])
    with pytest.raises(LedgerError, match="2 entries were dropped from the end"):
        ledger.verify()


def test_a_missing_head_is_no_pass(ledger: Ledger) -> None:
    """Without the head a shortened ledger could not be told from a whole one."""
    ledger.head.unlink()
    with pytest.raises(LedgerError, match="missing"):
        ledger.verify()


@pytest.mark.parametrize("text", ["", "x", "7 abc", "2 " + "0" * 64, "\udcff"])
def test_a_broken_head_is_found(ledger: Ledger, text: str) -> None:
    """A head that names no such entry is refused."""
    ledger.head.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LedgerError):
        ledger.verify()


def test_a_crash_between_entry_and_head_is_survived(ledger: Ledger) -> None:
    """The head may be one entry behind, and the next append goes on."""
    before = ledger.head.read_text()
    ledger.append("decision", "ann", {"number": 5})
    ledger.head.write_text(before)
    assert len(ledger.verify()) == 6
    assert ledger.append("decision", "ann", {"number": 6}).number == 7


def test_nothing_is_added_to_a_broken_chain(ledger: Ledger) -> None:
    """Appending verifies first."""
    rewrite(ledger, [*lines(ledger)[:2], "not json"])
    with pytest.raises(LedgerError, match=r"jsonl:3: not a ledger entry"):
        ledger.append("decision", "ann", {})
    assert len(lines(ledger)) == 3


APPEND = """
import sys
from pathlib import Path
from seatrial.ledger import Ledger
for number in range(10):
    Ledger(Path(sys.argv[1])).append("decision", sys.argv[2], {"number": number})
"""


def test_processes_that_append_at_once_do_not_fork_the_chain(tmp_path: Path) -> None:
    """Three processes append thirty entries to one chain."""
    path = tmp_path / "ledger.jsonl"
    workers = [subprocess.Popen([sys.executable, "-c", APPEND, str(path), name]) for name in ("a", "b", "c")]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert len(Ledger(path).verify()) == 30


def test_the_ledger_stands_beside_the_reviews(tmp_path: Path) -> None:
    """All reviews of one folder share one ledger."""
    assert ledger_for(tmp_path / "reviews" / "one").path == tmp_path / "reviews" / "ledger.jsonl"


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The message says that nothing was recorded or why the lock failed."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be locked"):
        Ledger(tmp_path / "file" / "ledger.jsonl").append("decision", "ann", {})


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    """A ledger that is not UTF-8 is reported by name."""
    (tmp_path / "ledger.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(LedgerError, match="cannot be read"):
        Ledger(tmp_path / "ledger.jsonl").verify()
