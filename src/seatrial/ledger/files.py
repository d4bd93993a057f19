"""The files that a decision rests on: an entry keeps their hashes, and whoever reads them again compares.

Files that an entry is to cover lie beside their places until it is written, so that a review that is killed leaves
those of the entry before, or those of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrial.errors import LedgerError
from seatrial.formats.whole_files import why_not
from seatrial.ledger.chain import Ledger
from seatrial.ledger.entries import Entry
from seatrial.ledger.reviews import decisions_on, entry_not_among, entry_of, label_of, named_entry, review_names

__all__ = [
    "NEXT",
    "Compared",
    "HeldAnswers",
    "changes",
    "check_answers",
    "check_files",
    "compare_all",
    "covered_answers",
    "covers",
    "file_hashes",
    "lost_ledger",
    "settle_files",
]

EVIDENCE, OBSERVATIONS, ANSWERS = "evidence.json", "observations.parquet", "responses/answers.jsonl"
FILES = (EVIDENCE, OBSERVATIONS, ANSWERS)
"""Answers are only added to: of them an entry covers what the file held when it was made."""
TASKS = "tasks"
"""Folder of the runs of tasks. One that is complete has a file that names its log, and an entry covers that log too."""
NEXT = ".next"
"""Ends the name of a file that waits for its entry."""
HASHED = {"bytes": int, "sha256": str}


@dataclass(frozen=True, slots=True)
class HeldAnswers:
    """Lines of a review's answers.

    Attributes:
        covered: Those that the review's entry covers.
        others: Those that none does: they came later, were changed, or belong to a review without an entry.
    """

    covered: bytes
    others: bytes


@dataclass(frozen=True, slots=True)
class Compared:
    """Names of the reviews beside a ledger or in it, by whether their files were compared with their entries.

    Attributes:
        same: Their files are what their entries cover.
        not_covered: No entry holds hashes of their files: they were not entered, or by an earlier version.
        absent: They have an entry, but no folder here.
    """

    same: tuple[str, ...]
    not_covered: tuple[str, ...]
    absent: tuple[str, ...]


def file_hashes(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what an entry keeps of a review's files: of each that is there its size in bytes and its SHA-256.

    A file that waits for its entry stands for the one in its place.

    Raises:
        LedgerError: a file cannot be read.
    """
    waiting = {name: _content(_next(folder, name)) for name in (*FILES, *_task_logs(folder))}
    found = {name: _content(folder / name) if made is None else made for name, made in waiting.items()}
    return {name: _digest(content) for name, content in found.items() if content is not None}


def _task_logs(folder: Path) -> list[str]:
    """Return the names of the logs of complete runs of tasks, from the review's folder on."""
    found = []
    for done in sorted((folder / TASKS).glob("*/done.json")):
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            found.append(f"{TASKS}/{done.parent.name}/{Path(json.loads(done.read_bytes())['log']).name}")
    return found


def _is_task_log(name: str) -> bool:
    return name.startswith(f"{TASKS}/") and name.count("/") == 2 and ".." not in name


def settle_files(folder: Path, entries: Sequence[Entry]) -> None:
    """Move the files that waited for the review's entry to their places, as far as it covers them.

    Raises:
        LedgerError: a file cannot be read or moved.
    """
    for name, held in _held(entry_of(folder, entries)).items():
        waiting = _content(_next(folder, name))
        if waiting is not None and _digest(waiting) == held:
            try:
                _next(folder, name).replace(folder / name)
            except FileNotFoundError:  # another process was faster
                continue
            except OSError as error:
                raise LedgerError(f"{folder / name}: cannot be written: {why_not(error)}") from error


def covers(entry: Entry | None) -> bool:
    """Return whether an entry holds hashes of the review's files; those of earlier versions do not."""
    return bool(_held(entry))


def check_files(folder: Path, entries: Sequence[Entry]) -> None:
    """Compare a review's files with its entry, and the entry that its report names with the ledger.

    Raises:
        LedgerError: a file was changed since, or the ledger is not the one that the report was written from.
    """
    entry = entry_of(folder, entries)
    earlier = [one for one in decisions_on(folder, entries) if entry is not None and one.number < entry.number]
    found = [_unknown_report(folder, entries), *changes(folder, entry, earlier)]
    if any(found):
        raise LedgerError("\n".join(filter(None, found)))


def changes(folder: Path, entry: Entry | None, earlier: Sequence[Entry] = ()) -> list[str]:
    """Return how files of a review differ from what an entry covers, a sentence each.

    A review that was killed after its entry leaves the file that its entry covers beside the one in its place. That is
    no difference where the place is empty, or holds what an earlier entry covers; any other content was put there.

    Args:
        folder: The review's folder.
        entry: The entry.
        earlier: Earlier entries of the review.

    Raises:
        LedgerError: a file cannot be read.
    """
    return [told for name in _held(entry) if (told := _change(folder, name, entry, earlier))]


def compare_all(ledger: Ledger, entries: Sequence[Entry]) -> Compared:
    """Compare the files of all reviews beside a ledger with their entries.

    Raises:
        LedgerError: a file was changed, or the ledger is not the one that a report was written from; all are named.
    """
    names = review_names(entries)
    known = {entry.number: names[entry.number] for entry in entries if entry.kind == "decision"}
    labels = {label_of(entry) for entry in entries if entry.kind == "decision"}
    folders = sorted(path for path in ledger.folder.iterdir() if path.is_dir())
    present = [path for path in folders if path.name in labels or (path / EVIDENCE).exists()]
    found: list[str] = []
    covered: set[str] = set()
    here: set[str] = set()
    for folder in present:
        try:
            check_files(folder, entries)
            here |= {known[entry.number] for entry in decisions_on(folder, entries)}
            covered |= {folder.name} if covers(entry_of(folder, entries)) else set()
        except LedgerError as error:
            found.append(str(error))
    if found:
        raise LedgerError("\n".join(found))
    looked_at = {folder.name for folder in present}
    return Compared(
        tuple(sorted(covered)), tuple(sorted(looked_at - covered)), tuple(sorted(set(known.values()) - here))
    )


def check_answers(folder: Path, entries: Sequence[Entry]) -> None:
    """Compare the answers and the logs of tasks that a review is to go on with; what is not there is no change.

    Raises:
        LedgerError: those that its entry covers were changed since, or the ledger is not the one that its report was
            written from.
    """
    entry = entry_of(folder, entries)
    there = [name for name in _held(entry) if (name == ANSWERS or _is_task_log(name)) and (folder / name).exists()]
    found = [_unknown_report(folder, entries), *(_change(folder, name, entry) for name in there)]
    if any(found):
        raise LedgerError("\n".join(filter(None, found)))


def covered_answers(folder: Path, entries: Sequence[Entry]) -> HeldAnswers:
    """Return the answers in a review's folder by whether its entry covers them.

    Raises:
        LedgerError: the file cannot be read.
    """
    held, content = _held(entry_of(folder, entries)).get(ANSWERS), _content(folder / ANSWERS) or b""
    end = held["bytes"] if held is not None and _digest(content[: held["bytes"]]) == held else 0
    return HeldAnswers(content[:end], content[end:])


def _held(entry: Entry | None) -> dict[str, dict[str, Any]]:
    """Return what an entry holds of files, by name; nothing where it is not what this program writes."""
    files = entry.body.get("files") if entry is not None else None
    if not isinstance(files, dict) or not all(isinstance(held, dict) for held in files.values()):
        return {}
    as_written = all({key: type(value) for key, value in held.items()} == HASHED for held in files.values())
    return files if as_written and all(name in FILES or _is_task_log(name) for name in files) else {}


def _change(folder: Path, name: str, entry: Entry | None, earlier: Sequence[Entry] = ()) -> str:
    """Return how a file differs from what an entry covers, in a sentence; nothing where it does not."""
    held = _held(entry).get(name)
    if entry is None or held is None:
        return ""
    content = _content(folder / name)
    if content is not None and _digest(content[: held["bytes"]] if name == ANSWERS else content) == held:
        return ""
    if content is None or _digest(content) in [_held(one).get(name) for one in earlier]:
        waiting = _content(_next(folder, name))
        if waiting is not None and _digest(waiting) == held:
            return ""
    rests = f"entry {entry.number} of the ledger rests on"
    told = f"is missing, and {rests} it" if content is None else f"was changed: it is no longer what {rests}"
    place = "in another folder (--out)" if name not in (EVIDENCE, OBSERVATIONS) else "again"
    return f"{folder / name}: {told}. Restore it from a copy, or run the review {place}."


def _unknown_report(folder: Path, entries: Sequence[Entry]) -> str:
    """Return that the ledger does not hold the entry that a report names; nothing where it names none."""
    named = entry_not_among(folder, entries) if entries else ""
    return named and (
        f"{named} the ledger beside does not hold: it is an older copy, or was written anew. Restore it, or put the "
        "folder beside its own ledger."
    )


def lost_ledger(folder: Path, entries: Sequence[Entry]) -> str:
    """Return that a report names an entry where there is no ledger at all, in a sentence; nothing where all is well.

    It may have been deleted, or the folder was taken elsewhere: a review can go on, and says so.
    """
    number, digest = named_entry(folder)
    if digest is None or entries:
        return ""
    return (
        f"The folder held a decision that was entry {number} of a ledger ({str(digest)[:16]}); no ledger was here, so "
        "this one begins anew, and what the earlier one held cannot be told."
    )


def _next(folder: Path, name: str) -> Path:
    return folder / f"{name}{NEXT}"


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read: {error.strerror}") from error


def _digest(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
