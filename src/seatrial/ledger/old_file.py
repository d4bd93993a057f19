"""The ledger of earlier versions: a file of JSON lines beside a head file. It is read, and nothing is added to it.

The head file holds the number of entries and the last hash, so entries cut off the end are missed. An entry was
announced in the head before it was written, so a line that was put past the head by anything else is found too.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

from seatrial.errors import LedgerError
from seatrial.formats.jsonl import json_lines
from seatrial.ledger.entries import FIELDS, GENESIS, Entry, Kind, check_chain, place

__all__ = ["old_entries"]

PLACE = re.compile(r"(0|[1-9][0-9]{0,17}) [0-9a-f]{64}")


def old_entries(path: Path) -> list[Entry]:
    """Return all entries of the file if its chain holds; none where there is no file.

    A last line that a crash cut short was never acknowledged, and is no entry.

    Raises:
        LedgerError: it cannot be read, or an entry was edited, dropped, added or moved; names the line.
    """
    head_path = path.with_suffix(".head")
    head, content = _head_lines(head_path), _content(path)
    entries = [_entry(path, number, line) for number, line in json_lines(content)]
    check_chain(entries, str(path))
    _check_head(path, head_path, entries, head)
    return entries


def _content(path: Path) -> str:
    try:
        content = path.read_bytes()
        return content.removesuffix(_cut_short(content)).decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"{path}: cannot be read: {error}") from error


def _cut_short(content: bytes) -> bytes:
    """Return what a crash left of an entry: a last line that does not end and is no JSON."""
    *_, last = content.split(b"\n")
    if not last.startswith(b"{"):
        return b""
    try:
        json.loads(last)
    except (ValueError, RecursionError):
        return last
    return b""


def _entry(path: Path, number: int, line: dict[str, Any] | str) -> Entry:
    types = {name: type(value) for name, value in line.items()} if isinstance(line, dict) else {}
    if isinstance(line, str) or types != FIELDS | {"hash": str} or line["kind"] not in get_args(Kind):
        raise LedgerError(f"{path}:{number}: not a ledger entry. Restore the file from a copy.")
    return Entry(**line)


def _head_lines(path: Path) -> list[str]:
    """Return the last entry as the head has it, and after it the one that it announces, if any; none of no file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"{path}: cannot be read: {error}") from error
    numbers = [int(found[1]) for line in lines if (found := PLACE.fullmatch(line))]
    whole = 0 < len(numbers) == len(lines)
    if not whole or numbers not in ([max(numbers[0], 1)], [numbers[0], numbers[0] + 1]):
        raise LedgerError(f"{path}: not a head file. Restore it from a copy.")
    return lines


def _check_head(path: Path, head_path: Path, entries: list[Entry], head: list[str]) -> None:
    """Compare the end of the chain with the head file."""
    if not head:
        if entries:
            raise LedgerError(
                f"{head_path}: missing, so entries cut off the end would go unnoticed. Restore it from a copy."
            )
        return
    number = int(head[0].split()[0])
    if number > len(entries):
        raise LedgerError(f"{path}: {number - len(entries)} entries were dropped from the end.")
    if head[0] != (place(entries[number - 1]) if number else f"0 {GENESIS}"):
        raise LedgerError(f"{head_path}: does not match the ledger's entry {number}.")
    beyond = [place(entry) for entry in entries[number:]]
    if beyond and beyond != head[1:]:
        raise LedgerError(
            f"{path}:{number + 1}: entry {number + 1} was not announced in {head_path.name}: it was added by hand, or "
            "by an earlier version that was killed. Take the line out, and do again what it records."
        )
