"""The files that a decision rests on: an entry keeps their hashes, and whoever reads them again compares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrial.errors import LedgerError
from seatrial.ledger.chain import Entry

__all__ = [
    "HeldAnswers",
    "changes",
    "check_answers",
    "check_files",
    "covered_answers",
    "covers",
    "entry_of",
    "file_hashes",
]

EVIDENCE, OBSERVATIONS, ANSWERS = "evidence.json", "observations.parquet", "responses/answers.jsonl"
HASHED = {"bytes": int, "sha256": str}
FILES = (EVIDENCE, OBSERVATIONS, ANSWERS)
"""Answers are only added to: of them an entry covers what the file held when it was made."""


@dataclass(frozen=True, slots=True)
class HeldAnswers:
    """Lines of a review's answers.

    Attributes:
        covered: Those that the review's entry covers.
        others: Those that none does: they came later, were changed, or belong to a review without an entry.
    """

    covered: bytes
    others: bytes


def file_hashes(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what an entry keeps of a review's files: of each that is there its size in bytes and its SHA-256.

    Raises:
        LedgerError: a file cannot be read.
    """
    found = {name: _content(folder / name) for name in FILES}
    return {name: _digest(content) for name, content in found.items() if content is not None}


def entry_of(folder: Path, entries: Sequence[Entry]) -> Entry | None:
    """Return the latest decision on the review in a folder, if there is one."""
    name = folder.resolve().name
    made = [entry for entry in entries if entry.kind == "decision" and entry.body.get("folder") == name]
    return made[-1] if made else None


def covers(entry: Entry) -> bool:
    """Return whether an entry holds hashes of the review's files; those of earlier versions do not."""
    files = entry.body.get("files")
    return isinstance(files, dict) and all(
        name in FILES and isinstance(held, dict) and {key: type(value) for key, value in held.items()} == HASHED
        for name, held in files.items()
    )


def changes(folder: Path, entry: Entry) -> list[str]:
    """Return what of a review's files is not what its entry covers, a sentence each.

    Raises:
        LedgerError: a file cannot be read.
    """
    found = (_change(folder, name, entry, _content(folder / name)) for name in _held(entry))
    return [change for change in found if change]


def check_files(folder: Path, entries: Sequence[Entry]) -> None:
    """Compare a review's files with its entry, and the entry that its report names with the ledger.

    Raises:
        LedgerError: a file was changed since, or the ledger is not the one that the report was written from.
    """
    entry = entry_of(folder, entries)
    found = [*_unknown_report(folder, entries), *(changes(folder, entry) if entry is not None else [])]
    if found:
        raise LedgerError("\n".join(found))


def check_answers(folder: Path, entries: Sequence[Entry]) -> None:
    """Compare the answers that a review is to go on with; none at all are no change.

    Raises:
        LedgerError: those that its entry covers were changed since.
    """
    entry, content = entry_of(folder, entries), _content(folder / ANSWERS)
    change = _change(folder, ANSWERS, entry, content) if entry is not None and content is not None else ""
    if change:
        raise LedgerError(change)


def covered_answers(folder: Path, entries: Sequence[Entry]) -> HeldAnswers:
    """Return the answers in a review's folder by whether its entry covers them.

    Raises:
        LedgerError: the file cannot be read.
    """
    entry, content = entry_of(folder, entries), _content(folder / ANSWERS) or b""
    if entry is None or ANSWERS not in _held(entry) or _change(folder, ANSWERS, entry, content):
        return HeldAnswers(b"", content)
    end = _held(entry)[ANSWERS]["bytes"]
    return HeldAnswers(content[:end], content[end:])


def _held(entry: Entry) -> dict[str, dict[str, Any]]:
    """Return what an entry holds of files, by name."""
    files: dict[str, dict[str, Any]] = entry.body["files"] if covers(entry) else {}
    return files


def _change(folder: Path, name: str, entry: Entry, content: bytes | None) -> str:
    """Return how a file differs from what an entry covers, in a sentence; nothing where it does not."""
    held = _held(entry).get(name)
    if held is None:
        return ""
    rests = f"entry {entry.number} of the ledger rests on"
    next_step = "begin in another folder (--out)" if name == ANSWERS else "run the review again"
    if content is None:
        return f"{folder / name}: is missing, and {rests} it. Restore it from a copy, or {next_step}."
    if _digest(content[: held["bytes"]] if name == ANSWERS else content) == held:
        return ""
    return (
        f"{folder / name}: is not what {rests}: it was changed since, or a review was stopped before it was entered. "
        f"Restore it from a copy, or {next_step}."
    )


def _unknown_report(folder: Path, entries: Sequence[Entry]) -> list[str]:
    """Return that the ledger does not hold the entry that a report names; nothing where it names none."""
    try:
        named = json.loads((folder / "decision.json").read_bytes())["ledger"]
        number, digest = named["entry"], named["hash"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    if not entries or [digest] == [entry.hash for entry in entries if entry.number == number]:
        return []
    return [
        f"{folder / 'decision.json'}: names entry {number} with the hash {str(digest)[:16]}, which the ledger beside "
        "does not hold: it is an older copy, or was written anew. Restore it, or put the folder beside its own ledger."
    ]


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read: {error.strerror}") from error


def _digest(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
