"""An append-only file of JSON lines in which every entry carries the hash of the one before.

An edited entry no longer matches its own hash; a dropped or moved one breaks the chain; entries cut off
the end are missed by the head file, which holds the number of entries and the last hash. An entry is announced
in the head before it is written, so a line that was put past the head by anything else is found too. Whoever can
write both files can rewrite history: what the chain gives is that nothing changes *unnoticed* by someone who
kept a hash, as every report does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock

from seatrial.errors import LedgerError
from seatrial.formats.jsonl import json_lines
from seatrial.formats.whole_files import why_not, write_whole

__all__ = ["Entry", "Kind", "Ledger", "ledger_for"]

Kind = Literal["decision", "waiver", "forecast", "training", "check"]
GENESIS = "0" * 64
PLACE = re.compile(r"(0|[1-9][0-9]{0,17}) [0-9a-f]{64}")
FIELDS = {"number": int, "at": str, "kind": str, "author": str, "body": dict, "previous": str, "hash": str}
"""What a line holds, no more and no less."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its number from 1, time, kind, author, content, the hash before it and its own."""

    number: int
    at: str
    kind: Kind
    author: str
    body: dict[str, Any]
    previous: str
    hash: str

    def recomputed(self) -> str:
        """Return the hash that this content should have."""
        content = {key: value for key, value in asdict(self).items() if key != "hash"}
        return hashlib.sha256(_canonical(content).encode()).hexdigest()

    @property
    def intact(self) -> bool:
        """Whether the content matches the hash; NaN, which no entry is written with, does not."""
        try:
            return self.recomputed() == self.hash
        except ValueError:
            return False


def _canonical(value: object) -> str:
    """Return a value as JSON in one form; bytes of a name that are no text stand as JSON's escapes.

    Two halves of one letter that stand side by side are written as that letter, for that is how they are read back.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return joined.encode("utf-8", "backslashreplace").decode("utf-8")


def _place(entry: Entry) -> str:
    """Return an entry as the head names it."""
    return f"{entry.number} {entry.hash}"


def ledger_for(review: Path) -> Ledger:
    """Return the ledger that stands beside a review's folder."""
    return Ledger(review.resolve().parent / "ledger.jsonl")


class Ledger:
    """A hash-chained file. Appending takes a lock, so that reviews that end at once do not fork the chain."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`; it is made by the first append."""
        self.path = path
        self.head = path.with_suffix(".head")

    def append(self, kind: Kind, author: str, body: dict[str, Any]) -> Entry:
        """Write one entry and return it.

        Raises:
            LedgerError: the ledger cannot be written, or is broken already: nothing is added to a broken chain.
        """
        with self._locked():
            entries = self.verify()
            previous = entries[-1].hash if entries else GENESIS
            at = datetime.now(UTC).isoformat(timespec="seconds")
            draft = Entry(len(entries) + 1, at, kind, author, body, previous, "")
            entry = Entry(draft.number, at, kind, author, body, previous, draft.recomputed())
            size = self.path.stat().st_size if self.path.exists() else 0
            whole, feed = size - len(self.cut_short), self._missing_line_feed() if size else ""
            try:
                self._write_head(entries, announced=entry)
                with self.path.open("a", encoding="utf-8") as file:
                    file.truncate(whole)
                    file.write(feed + _canonical(asdict(entry)) + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                self._write_head([*entries, entry])
            except (OSError, LedgerError) as error:
                why = why_not(error) if isinstance(error, OSError) else str(error)
                raise LedgerError(
                    f"{self.path}: cannot be written: {why.removesuffix('.')}. {self._undone(whole, entries)}"
                ) from error
            return entry

    def ready(self) -> list[Entry]:
        """Return all entries if the chain holds and another entry could be written; what a crash left is settled.

        A crash after an entry leaves the head one behind, though it announces the entry; here it catches up.

        Raises:
            LedgerError: the chain is broken, or the ledger cannot be written.
        """
        with self._locked():
            entries = self.verify()
            try:
                if entries:
                    self.path.open("a").close()
            except OSError as error:
                raise LedgerError(f"{self.path}: cannot be written: {why_not(error)}") from error
            if entries and self._head_lines() != [_place(entries[-1])]:
                self._write_head(entries)
            return entries

    def _write_head(self, entries: list[Entry], announced: Entry | None = None) -> None:
        """Write which entry is the last, and on a second line which one is about to follow it."""
        lines = [_place(entries[-1]) if entries else f"0 {GENESIS}", *([_place(announced)] if announced else [])]
        write_whole(self.head, "".join(f"{line}\n" for line in lines), LedgerError)

    def _undone(self, whole: int, entries: list[Entry]) -> str:
        """Take back what was written of an entry beyond the whole ones, and say whether that could be done."""
        try:
            os.truncate(self.path, whole)
        except FileNotFoundError:
            pass
        except OSError:
            return "A part of the entry may stand at its end; `seatrial ledger verify` says so."
        with suppress(OSError, LedgerError):  # that it was announced does no harm
            if entries:
                self._write_head(entries)
            else:
                self.head.unlink()
        return "Nothing was recorded."

    @property
    def cut_short(self) -> bytes:
        """What a crash left of an entry that it kept from being written: a last line that does not end and is no JSON.

        Nobody was told that it was recorded, and the next entry takes its place.
        """
        if not self.path.exists():
            return b""
        *_, last = self._content().split(b"\n")
        if not last.startswith(b"{"):
            return b""
        try:
            json.loads(last)
        except (ValueError, RecursionError):
            return last
        return b""

    def _missing_line_feed(self) -> str:
        """Return what a crash may have left out after the last entry."""
        content = self._content().removesuffix(self.cut_short)
        return "\n" if content and not content.endswith(b"\n") else ""

    def _content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise LedgerError(f"{self.path}: cannot be read: {error}") from error

    def entries(self) -> list[Entry]:
        """Return all entries as they stand, unverified.

        Raises:
            LedgerError: the file cannot be read or a line is not an entry.
        """
        if not self.path.exists():
            return []
        try:
            content = self._content().removesuffix(self.cut_short).decode("utf-8")
        except UnicodeDecodeError as error:
            raise LedgerError(f"{self.path}: cannot be read: {error}") from error
        return [self._entry(number, line) for number, line in json_lines(content)]

    def _entry(self, number: int, line: dict[str, Any] | str) -> Entry:
        types = {name: type(value) for name, value in line.items()} if isinstance(line, dict) else {}
        if isinstance(line, str) or types != FIELDS or line["kind"] not in get_args(Kind):
            raise LedgerError(f"{self.path}:{number}: not a ledger entry. Restore the file from a copy.")
        return Entry(**line)

    def verify(self) -> list[Entry]:
        """Return all entries if the chain holds.

        Raises:
            LedgerError: an entry was edited, dropped, added or moved; names the line.
        """
        while True:
            head = self._head_lines()
            entries = self._chained()
            if self._head_lines() == head:  # else another process wrote an entry in between
                break
        self._verify_head(entries, head)
        return entries

    def _chained(self) -> list[Entry]:
        """Return all entries if each follows the one before it."""
        entries, previous = self.entries(), GENESIS
        for line, entry in enumerate(entries, 1):
            place = f"{self.path}:{line}"
            if not entry.intact:
                raise LedgerError(f"{place}: entry {entry.number} was edited: its content does not match its hash.")
            if entry.number != line or entry.previous != previous:
                raise LedgerError(
                    f"{place}: entry {entry.number} does not follow the one before it: "
                    "an entry was dropped, inserted or moved here."
                )
            previous = entry.hash
        return entries

    def _head_lines(self) -> list[str]:
        """Return the last entry as the head has it, and after it the one that it announces, if any; none of no file."""
        try:
            lines = self.head.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise LedgerError(f"{self.head}: cannot be read: {error}") from error
        numbers = [int(found[1]) for line in lines if (found := PLACE.fullmatch(line))]
        whole = 0 < len(numbers) == len(lines)
        if not whole or numbers not in ([max(numbers[0], 1)], [numbers[0], numbers[0] + 1]):
            raise LedgerError(f"{self.head}: not a head file. Restore it from a copy.")
        return lines

    def _verify_head(self, entries: list[Entry], head: list[str]) -> None:
        """Compare the end of the chain with the head file."""
        if not head:
            if entries:
                raise LedgerError(
                    f"{self.head}: missing, so entries cut off the end would go unnoticed. Restore it from a copy."
                )
            return
        number = int(head[0].split()[0])
        if number > len(entries):
            raise LedgerError(f"{self.path}: {number - len(entries)} entries were dropped from the end.")
        if head[0] != (_place(entries[number - 1]) if number else f"0 {GENESIS}"):
            raise LedgerError(f"{self.head}: does not match the ledger's entry {number}.")
        # A crash leaves the entry that was announced, or none; any other was put there by something else.
        beyond = [_place(entry) for entry in entries[number:]]
        if beyond and beyond != head[1:]:
            raise LedgerError(
                f"{self.path}:{number + 1}: entry {number + 1} was not announced in {self.head.name}: it was added by "
                "hand, or by an earlier version that was killed. Take the line out, and do again what it records."
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock")):
                yield
        except OSError as error:
            raise LedgerError(f"{self.path}: cannot be locked: {error.strerror}") from error
