"""The ledger of earlier versions: whatever was done to the file is found before it is taken over."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.test_entries import chain
from ledgers import as_line, write_old
from seatrial.errors import LedgerError
from seatrial.ledger.entries import Entry, place
from seatrial.ledger.old_file import old_entries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of five entries."""
    write_old(tmp_path / "ledger.jsonl", chain(5))
    return tmp_path / "ledger.jsonl"


def _lines(path: Path, new: list[str]) -> None:
    path.write_text("".join(line + "\n" for line in new), encoding="utf-8")


def test_an_untouched_file_is_read(path: Path) -> None:
    """All of it; where there is none, nothing."""
    assert old_entries(path) == chain(5)
    assert old_entries(path.with_name("other.jsonl")) == []


@pytest.mark.parametrize("line", range(5))
def test_an_edited_entry_is_found(path: Path, line: int) -> None:
    """Changing one word of any entry names that line; NaN is an edit as well."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for old, new in (('"ann"', '"eve"'), (f'"number":{line + 1}}}', '"number":NaN}')):
        _lines(path, [one.replace(old, new) if spot == line else one for spot, one in enumerate(lines)])
        with pytest.raises(LedgerError, match=rf"jsonl:{line + 1}: entry {line + 1} was edited"):
            old_entries(path)


def test_dropping_moving_or_doubling_entries_is_found(path: Path) -> None:
    """Of all selections and orders of the lines, only the original one is read."""
    entries = chain(4)
    write_old(path, entries)
    for size in range(5):
        for chosen in itertools.permutations(entries, size):
            if list(chosen) != entries:
                _lines(path, [as_line(one) for one in chosen])
                with pytest.raises(LedgerError):
                    old_entries(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": 7}, "does not follow"),
        ({"previous": "0" * 64}, "does not follow"),
        ({"author": "eve"}, "head: does not"),
    ],
)
def test_a_last_entry_forged_with_its_hash_is_found(path: Path, change: dict[str, Any], message: str) -> None:
    """Its number, the hash before it and the head file each hold it."""
    *before, last = chain(5)
    forged = replace(last, **change)
    _lines(path, [as_line(one) for one in (*before, replace(forged, hash=forged.recomputed()))])
    with pytest.raises(LedgerError, match=message):
        old_entries(path)


@pytest.mark.parametrize("announced", [True, False])
def test_only_what_was_announced_may_stand_past_the_head(path: Path, announced: bool) -> None:
    """A crash left the entry that the head announces; any other was put there by something else."""
    entries = chain(6)
    head = [place(entries[4]), place(entries[5] if announced else replace(entries[5], hash="a" * 64))]
    write_old(path, entries, "".join(f"{line}\n" for line in head))
    if announced:
        assert old_entries(path) == entries
        return
    with pytest.raises(LedgerError, match=r"jsonl:6: entry 6 was not announced in ledger\.head: it was added by hand"):
        old_entries(path)


@pytest.mark.parametrize("torn", [b'{"at":"2026', b'{"body":{"x":"\xc3', b'{"at":' * 100_000])
def test_an_entry_cut_short_by_a_crash_is_none(path: Path, torn: bytes) -> None:
    """Nobody was told that it was recorded. One whose end was recorded is dropped where it lacks its end."""
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    assert len(old_entries(path)) == 5
    path.write_bytes(whole.removesuffix(b"\n"))
    assert len(old_entries(path)) == 5
    path.write_bytes(whole[:-20])
    with pytest.raises(LedgerError, match="1 entries were dropped from the end"):
        old_entries(path)


@pytest.mark.parametrize(
    "change",
    [
        {"number": 6.0},
        {"number": "6"},
        {"number": True},
        {"at": None},
        {"author": 7},
        {"body": []},
        {"kind": "note"},
        {"previous": None},
        {"hash": 1},
        {"more": ""},
    ],
)
def test_a_line_with_a_field_of_another_type_is_no_entry(path: Path, change: dict[str, Any]) -> None:
    """What earlier versions would not have written is refused with its line, before any hash is looked at."""
    lines = path.read_text(encoding="utf-8").splitlines()
    _lines(path, [*lines[:-1], json.dumps(json.loads(lines[-1]) | change)])
    with pytest.raises(LedgerError, match=r"ledger\.jsonl:5: not a ledger entry"):
        old_entries(path)


@pytest.mark.parametrize("torn", ["{}", "[]", "null", '"text"', '{"number":6}', '{"at":"2026\n'])
def test_a_last_line_that_is_no_entry_is_named(path: Path, torn: str) -> None:
    """Something else at the end is reported with its line."""
    path.write_text(path.read_text(encoding="utf-8") + torn, encoding="utf-8")
    with pytest.raises(LedgerError, match=r"ledger\.jsonl:6: not a ledger entry\. Restore the file from a copy\."):
        old_entries(path)


def test_what_was_deleted_is_missed(path: Path) -> None:
    """The file gone is five entries dropped; the head gone would let a shortened file pass; both are refused."""
    text = path.read_bytes()
    path.unlink()
    with pytest.raises(LedgerError, match="5 entries were dropped from the end"):
        old_entries(path)
    path.write_bytes(text)
    path.with_suffix(".head").unlink()
    with pytest.raises(LedgerError, match="missing, so entries cut off the end would go unnoticed"):
        old_entries(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(LedgerError, match="cannot be read"):
        old_entries(path)


@pytest.mark.parametrize(
    "text",
    ["", "\n", "x", "5", "x abc", "7 abc", "5 a b", "\udcff", "0 x", "-1 x", "² x"]
    + ["9" * 5_000 + " " + "0" * 64]
    + [f"{number} " + "0" * 64 for number in ("2", "5", "0", "05", "7")]
    + ["5 " + "A" * 64]
    + ["\n".join(f"{number} " + "0" * 64 for number in numbers) for numbers in ((4, 6), (5, 5), (6, 5), (5, 6, 7))]
    + ["garbage\n0 " + "0" * 64, "0 " + "0" * 64 + "\ngarbage"],
)
def test_a_broken_head_is_found(path: Path, text: str) -> None:
    """A head that names no such entry is refused, and named itself."""
    path.with_suffix(".head").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(
        LedgerError,
        match=r"ledger\.head: (not a head file\. Restore|does not match|cannot be read)|2 entries were dropped",
    ):
        old_entries(path)


def test_names_of_any_bytes_come_back(path: Path) -> None:
    """Names of people and folders come from systems where they are bytes."""
    (draft,) = chain(1)
    named = replace(draft, author="f\udcff", body={"a\0b": ["\u2028", "\ud800"]})
    entry: Entry = replace(named, hash=named.recomputed())
    write_old(path, [entry])
    assert old_entries(path) == [entry]
