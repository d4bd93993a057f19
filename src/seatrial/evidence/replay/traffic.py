"""Files of real traffic, streamed: every row is a conversation, or is counted with the reason why it is none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.evidence.replay.conversation import Conversation, conversation_of
from seatrial.evidence.replay.rows import raws_of
from seatrial.evidence.replay.seen import Seen
from seatrial.formats.frames import reading
from seatrial.formats.jsonl import json_array
from seatrial.formats.parquet import scan_parquet
from seatrial.formats.tables import TableReader
from seatrial.runs.json_files import json_rows

__all__ = ["Counted", "conversations", "traffic_files"]

SUFFIXES = (".jsonl", ".ndjson", ".json", ".parquet", ".csv")
BATCH = 1_000
"""Rows of a Parquet file that stand in memory as Python's own objects."""
READER = TableReader("conversations", EvidenceError, {})
TWICE = "it is there twice"
KINDS = 24
"""Reasons that are told apart."""
CUT = "the file cannot be read from there on"
_DIGITS = ":0123456789 "
OTHER = "of reasons that are too many to tell apart"
_PLACE = re.compile(r" at column \d+|: (?:line|column) \d.*")
"""Where in a line it is broken, which would make each broken line a reason of its own."""


@dataclass
class Counted:
    """What came of a log's rows.

    Attributes:
        files: The files that were read.
        rows: Conversations found, usable or not.
        usable: Those that can be replayed.
        dropped: Why not → how many.
        first: Why not → where the first of them stands.
        answered: Usable ones with an answer of production's.
        users: Usable ones whose user is known.
        backwards: Usable ones in which a turn is earlier than the one before it.
        swapped: (model asked for, model that answered) → usable ones in which the two differ.
    """

    files: list[str] = field(default_factory=list)
    rows: int = 0
    usable: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    answered: int = 0
    users: int = 0
    backwards: int = 0
    swapped: Counter[tuple[str, str]] = field(default_factory=Counter)

    def drop(self, why: str, place: str) -> None:
        """Count what cannot be replayed; reasons beyond `KINDS` kinds are one."""
        self.rows += 1
        if why not in self.dropped and len(self.dropped) >= KINDS:
            why = OTHER
        self.dropped[why] += 1
        self.first.setdefault(why, place)

    def take(self, one: Conversation) -> None:
        """Count what can."""
        self.rows += 1
        self.usable += 1
        self.answered += one.answer is not None
        self.users += bool(one.user)
        self.backwards += one.backwards
        if one.served and one.requested and one.served != one.requested:
            self.swapped[one.requested, one.served] += 1


def traffic_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files of a log: those named, and all within the folders named, in order of their names.

    Raises:
        EvidenceError: one is not there, or holds nothing that is read.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise EvidenceError(f"{path}: no such file or folder")
        inside = [one for one in sorted(path.rglob("*")) if one.suffix.lower() in SUFFIXES] if path.is_dir() else [path]
        inside = [one for one in inside if one.is_file()]
        if not inside:
            raise EvidenceError(f"{path}: holds no file that ends in {', '.join(SUFFIXES)}")
        if path.suffix.lower() not in SUFFIXES and not path.is_dir():
            raise EvidenceError(f"{path}: expected a file that ends in {', '.join(SUFFIXES)}")
        found.update(dict.fromkeys(inside))
    return list(found)


def conversations(paths: Sequence[Path], counted: Counted) -> Iterator[Conversation]:
    """Yield the conversations of some files that can be replayed, each once; all others are counted with the reason.

    A file that cannot be read is counted as one row, for nobody knows how many it has.
    """
    users = _users(paths)
    seen = Seen()
    for path in paths:
        counted.files.append(str(path))
        for place, row in _rows(path):
            if isinstance(row, str):
                counted.drop(f"a row cannot be read: {_PLACE.sub('', row)}", place)
                continue
            if _is_trace(path, row):
                continue
            for raw in raws_of(row, users):
                made = raw if isinstance(raw, str) else conversation_of(raw)
                if isinstance(made, str):
                    counted.drop(made, place)
                    continue
                if not seen.is_new(int(made.digest, 16)):
                    counted.drop(TWICE, place)
                    continue
                counted.take(made)
                yield made


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """Yield where each row of a file stands, and what it holds or what is wrong with it, up to where it breaks."""
    try:
        yield from _whole(path)
    except EvidenceError as error:
        said = str(error).removeprefix(str(path))
        yield f"{path}{said[: len(said) - len(said.lstrip(_DIGITS))].rstrip(': ')}", f"{CUT} ({said.lstrip(_DIGITS)})"


def _whole(path: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        for number, row in json_rows(path):
            yield f"{path}:{number}", row
    elif suffix == ".json":
        yield from _of_json(path)
    elif suffix == ".parquet":
        with reading(path, EvidenceError):
            number = 0
            for batch in scan_parquet(path).collect_batches(chunk_size=BATCH, maintain_order=True):
                for row in batch.iter_rows(named=True):
                    number += 1
                    yield f"{path}: row {number}", row
    else:
        unread: list[str] = []
        for row_number, cells in READER.records(path, unread=unread):
            yield f"{path}:{row_number}", cells
        for what in unread:
            yield str(path), what


def _of_json(path: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """Yield the records of a file of JSON: of a list one after another, of an object its list of data, or itself."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, record in enumerate(_records(json_array(file)), 1):
                yield f"{path}: record {number}", record if isinstance(record, dict) else "expected a JSON object"
    except UnicodeDecodeError:
        yield str(path), "not UTF-8 from here on"
    except ValueError as error:
        yield str(path), f"no JSON from here on: {error}"
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror or error}") from error


def _records(values: Iterator[Any]) -> Iterator[Any]:
    """Yield the values of a file, or where it is one object with a list of data, what that holds."""
    for value in values:
        held = value if isinstance(value, dict) else {}
        yield from next((held[key] for key in ("data", "rows") if isinstance(held.get(key), list)), [value])


def _is_trace(path: Path, row: Mapping[str, Any]) -> bool:
    """Return whether a row is a trace of Langfuse's that its observations point to, and no call itself."""
    return _may_hold_traces(path) and "id" in row and "trace_id" not in row


def _may_hold_traces(path: Path) -> bool:
    return any(part.startswith("traces") for part in path.parts[-2:])


def _users(paths: Sequence[Path]) -> dict[str, str]:
    """Return trace → user, of the files that hold traces."""
    found = {}
    for path in paths:
        if _may_hold_traces(path):
            for _, row in _rows(path):
                if isinstance(row, Mapping) and _is_trace(path, row):
                    user = row.get("user_id", row.get("userId"))
                    if user:
                        found[str(row["id"])] = str(user)
    return found
