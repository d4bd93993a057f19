"""Tables that people bring as CSV, JSON Lines, JSON or Parquet, read so that a mistake names its row."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from seatrial.formats.bounded import read_bytes
from seatrial.formats.jsonl import DoubledKey, json_lines, json_value, not_json
from seatrial.formats.letters import WIDE, unread, wide
from seatrial.formats.readers import ReaderFailed, has_reader, registered_rows

__all__ = [
    "BY_OPTION",
    "BY_POLICY",
    "COLUMNS",
    "DRAW",
    "TABLES",
    "Row",
    "TableReader",
    "as_word",
    "doubled",
    "listed",
    "too_many",
]

BY_OPTION = "no column for the {what}; it has {held}. Name it with --column {what}=NAME"
BY_POLICY = "no column {name!r}; found {held}. Map it with columns: {{{what}: …}}"
TABLES = (".csv", ".jsonl", ".ndjson", ".json", ".parquet")
DRAW = ("draw", "epoch", "repeat", "repetition", "replicate", "sample", "sample_index", "attempt", "trial")
"""Columns in which tools say which of several answers to one item a row holds."""
PLACES = {".parquet": ": row ", ".json": ": record "}
"""What stands between a file and the number of a row; in other files, whose rows are lines, a colon."""
LARGEST = 2**31 - 1
"""Letters of the largest cell; Python's reader of CSV refuses more than 131,072 if it is not told."""
COLUMNS = 10_000
"""Columns of a table, at most."""
NAMED = 20
"""Columns that a message names."""
EXACT = 2.0**53
"""Up to here every whole number is a float, and every float that is whole is meant to be."""
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "upright lines"}
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Ends(str):
    """What is wrong with a file from here on, so that no row after it can be told."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        place: Where it stands, as a message begins: `FILE:LINE`, or `FILE: row N`.
        number: The line on which it begins, or that N; both count from 1.
        cells: Column, or what it was found to hold → what stands there; of a CSV always text.
    """

    place: str
    number: int
    cells: Mapping[str, Any]

    def text(self, column: str | None) -> str:
        """Return a cell as text, as it stands; empty where the column or its value is missing."""
        return (None if column is None else as_word(self.cells.get(column))) or ""

    def name(self, column: str | None) -> str:
        """Return a cell as a name or an id: a word without spaces around it; empty where the cell is blank."""
        return self.text(column).strip()


@dataclass(frozen=True, slots=True)
class TableReader:
    """Reads one kind of table; raises `error` for all that cannot be read.

    Attributes:
        what: What its rows are called in messages: `votes`.
        error: The exception to raise.
        usual: What is looked for → its own name, and others under which it usually stands. The own name is taken before
            all; else one of the others, in any case of its letters, where it alone is there.
        needed: What there must be a column for.
        absent: How to say that a column is not there, and what to do: `BY_OPTION` or `BY_POLICY`.
    """

    what: str
    error: type[Exception]
    usual: Mapping[str, tuple[str, ...]]
    needed: Collection[str] = ()
    absent: str = BY_OPTION

    def names(self, place: object, held: Iterable[str], mapped: Mapping[str, str]) -> dict[str, str]:
        """Return what → name of its column among those held: as mapped, else under a usual name."""
        held, found = tuple(held), dict[str, str]()
        strange = next((what for what in mapped if what not in self.usual), None)
        if strange is not None:
            raise self.error(f"{place}: a column can be named for {', '.join(self.usual)}; not for {strange!r}")
        for what, usual in self.usual.items():
            wanted = (mapped[what],) if what in mapped else usual[:1]
            there = [name for name in wanted if name in held]
            if not there and what not in mapped:
                there = [name for name in held if name.casefold() in usual]
            if len(there) > 1:
                told = self.absent.partition(". ")[2].format(what=what)
                raise self.error(f"{place}: the {what} may be {' or '.join(map(repr, there))}. {told}")
            if there:
                found[what] = there[0]
            elif what in mapped or what in self.needed:
                told = self.absent.format(what=what, name=wanted[0], held=listed(held))
                raise self.error(f"{place}: {told}")
        return found

    def told(self, path: Path, names: Mapping[str, str], mapped: Mapping[str, str]) -> list[str]:
        """Return one sentence that says which columns were found under another name than their own, if any were."""
        others = [
            f"{name!r} as the {what.replace('_', ' ')}"
            for what, name in names.items()
            if what not in mapped and name != self.usual[what][0]
        ]
        return [f"{path.name}: read {', '.join(others)}."] if others else []

    def read_as(self, path: Path, mapped: Mapping[str, str]) -> list[str]:
        """Return what `told` says of a file."""
        held = dict.fromkeys(chain.from_iterable(row.cells for row in self.rows(path)))
        return self.told(path, self.names(path, held, mapped), mapped)

    def rows(self, path: Path, content: bytes | None = None) -> Iterator[Row]:
        """Yield the rows of a file, whose content may be handed in; a blank cell of a CSV is empty text."""
        suffix = self.suffix(path)
        for number, cells in self.records(path, content):
            yield Row(_place(path, suffix, number), number, cells)

    def records(
        self, path: Path, content: bytes | None = None, unread: list[str] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the number of each row of a file with its cells, which takes half the time of `rows`.

        Args:
            path: The file.
            content: Its bytes, where they are there already.
            unread: Takes what is wrong with each row that cannot be read; where it is left out the first one raises.
        """
        content = self.content(path) if content is None else content
        suffix = self.suffix(path)
        for number, cells in self._records(path, suffix, content):
            if isinstance(cells, str):
                wrong = f"{_place(path, suffix, number)}: {cells}"
                if unread is None or isinstance(cells, Ends):
                    raise self.error(wrong)
                unread.append(wrong)
            elif len(cells) > COLUMNS:
                raise self.error(f"{_place(path, suffix, number)}: {too_many(len(cells))}")
            else:
                yield number, cells

    def named_rows(self, path: Path, mapped: Mapping[str, str]) -> list[Row]:
        """Return the rows of a file, one at least, each cell under what it is, not under its column's name."""
        rows = list(self.rows(path))
        if not rows:
            raise self.error(f"{path}: no {self.what}")
        names = self.names(path, dict.fromkeys(chain.from_iterable(row.cells for row in rows)), mapped)
        return [replace(row, cells={what: row.cells.get(name) for what, name in names.items()}) for row in rows]

    def header(self, path: Path) -> list[str]:
        """Return the names of the columns of a CSV; none where it is empty."""
        lines = io.TextIOWrapper(io.BytesIO(self.content(path)), encoding="utf-8-sig", newline="")
        return [name.strip() for name in next((names for names in csv.reader(lines, strict=True) if names), [])]

    def content(self, path: Path) -> bytes:
        """Return a file's bytes."""
        try:
            return read_bytes(path)
        except FileNotFoundError:
            raise self.error(f"{path}: no such file") from None
        except OSError as wrong:
            raise self.error(f"{path}: cannot be read: {wrong.strerror or wrong}") from wrong

    def suffix(self, path: Path) -> str:
        """Return the ending that says what kind of file it is."""
        suffix, *known = path.suffix.lower(), *TABLES
        if suffix in known or has_reader(suffix):
            return suffix
        named = f"{', '.join(known[:-1])} or {known[-1]}"
        raise self.error(f"{path}: {self.what} come as {named}, not {suffix or 'without a suffix'}")

    def _records(self, path: Path, suffix: str, content: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
        """Return the number of each row, and its cells or what is wrong with it."""
        if suffix == ".parquet":
            return json_lines(self._parquet(path, content))
        if suffix not in TABLES:
            return self._registered(path, suffix)
        self._check_text(path, content)
        lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="" if suffix == ".csv" else "\n")
        if suffix == ".csv":
            return _csv_records(lines)
        found = enumerate(self._listed(path, lines), 1) if suffix == ".json" else json_lines(lines)
        return ((number, _whole(cells)) for number, cells in found) if SURROGATE.search(content) else found

    def _registered(self, path: Path, suffix: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
        """Yield the rows as a reader gives them that another package registered."""
        try:
            yield from registered_rows(path, suffix)
        except ReaderFailed as wrong:
            raise self.error(f"{path}: {wrong}") from wrong

    def _parquet(self, path: Path, content: bytes) -> Iterator[str]:
        import polars as pl

        from seatrial.formats.parquet import Unreadable, damage, json_rows

        try:
            yield from json_rows(content)
        except Unreadable as wrong:
            raise self.error(f"{path}: {wrong}") from wrong
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as wrong:
            raise self.error(f"{path}: cannot be read: {damage(wrong)}") from wrong

    def _check_text(self, path: Path, content: bytes) -> None:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as wrong:
            raise self.error(unread(path, wrong)) from wrong
        if wide(content):
            raise self.error(f"{path}: {WIDE}")
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise self.error(f"{path}:{line}: a NUL byte stands in it, as in no text; save it as UTF-8 without it")

    def _listed(self, path: Path, text: TextIO) -> Iterator[dict[str, Any] | str]:
        """Return the records of a JSON file."""
        try:
            whole = json_value(text.read())
        except json.JSONDecodeError as wrong:
            raise self.error(f"{path}:{wrong.lineno}: {not_json(wrong)}") from wrong
        except DoubledKey as wrong:
            raise self.error(f"{path}: {wrong}") from wrong
        except (RecursionError, ValueError) as wrong:
            why = "nested too deep" if isinstance(wrong, RecursionError) else "a number is too long"
            raise self.error(f"{path}: not JSON that can be read: {why}") from wrong
        if not isinstance(whole, list):
            raise self.error(f"{path}: expected a list of records")
        return (record if isinstance(record, dict) else "expected a JSON object" for record in whole)


def _place(path: Path, suffix: str, number: int) -> str:
    return f"{path}{PLACES.get(suffix, ':')}{number}"


def _csv_records(lines: TextIO) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield the line on which each row begins, and its cells or what is wrong with it; blank lines are no rows."""
    csv.field_size_limit(LARGEST)
    if parted := _parted(lines):
        yield 1, Ends(f"its fields are parted by {parted}; save it with commas between them")
        return
    reader = csv.reader(lines, strict=True)
    names: list[str] = []
    while True:
        begins = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as wrong:
            left_open = str(wrong) == "unexpected end of data"
            why = "a quotation mark is opened and never closed" if left_open else wrong
            yield begins, Ends(f"not valid CSV: {why}")
            return
        if fields is None:
            return
        if fields and not names:
            names = [name.strip() for name in fields]
            if mistake := doubled(names):
                yield begins, Ends(mistake)
        elif fields and len(fields) != len(names):
            yield begins, f"has not as many fields as the header: {len(fields)}, not {len(names)}"
        elif fields:
            yield begins, dict(zip(names, fields, strict=True))


def _parted(lines: TextIO) -> str:
    """Return what a header's names stand apart by where that is no comma, in words; empty where it is one."""
    header = next((line for line in lines if line.strip()), "")
    lines.seek(0)
    found = [words for sign, words in SEPARATORS.items() if sign in header]
    return found[0] if found and "," not in header else ""


def as_word(value: Any) -> str | None:
    """Return a cell as the word that it is in any format, None where nothing stands there; NaN is nothing.

    7, 7.0 and "7" are one word, "007" is another; what is no text or number reads as JSON writes it.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else str(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (bool, list, dict)) else str(value)


def listed(names: Iterable[str]) -> str:
    """Return the names of columns as a message holds them: the first ones, and how many more there are."""
    known = list(names)
    more = [f"and {len(known) - NAMED:,} more"] if len(known) > NAMED else []
    return ", ".join([*known[:NAMED], *more]) or "none"


def too_many(columns: int) -> str:
    """Return what is wrong with a table of so many columns."""
    return f"has {columns:,} columns, and {COLUMNS:,} are read at most; leave out what nothing reads"


def doubled(names: Iterable[str]) -> str | None:
    """Return what is wrong where two columns have one name; columns without a name are nobody's."""
    twice = next((name for name, times in Counter(names).items() if name and times > 1), None)
    return None if twice is None else f"two columns are called {twice!r}; rename one or take it out"


def _whole(cells: dict[str, Any] | str) -> dict[str, Any] | str:
    """Return a record, unless a letter of it is half a letter: no text file or database can hold that."""
    try:
        json.dumps(cells, ensure_ascii=False).encode()
    except UnicodeEncodeError as wrong:
        return f"holds {wrong.object[wrong.start]!r}, half of a letter; write it whole or take it out"
    return cells
