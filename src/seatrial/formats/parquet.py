"""Parquet within bounds: what a file comes to is counted from its pages before it is unpacked.

A page says how large it is unpacked, and no more is unpacked than it says; repeated text, which a page holds once, is
counted as often as it comes out.
"""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["LARGEST", "TooLarge", "Unreadable", "damage", "held", "json_rows", "scan_parquet", "unpacked_size"]

LARGEST = 2**31
"""Bytes that one file may come to, as pages and as text."""
VALUE = 8
"""Bytes of a value in memory, at least, however few it took in the file."""
PAGE = 4096
"""Bytes that a page counts for besides, so that a file of very many empty ones ends."""
ROWS = 1000
"""Rows that are written out at once."""
NOT_PARQUET = pl.exceptions.ComputeError("it is not Parquet, or only a part of it")
Buffer = bytes | mmap.mmap


class Unreadable(ValueError):
    """A file cannot be taken as a table; the message goes on after the file's name."""


class TooLarge(Unreadable):
    """A file comes to more than is read; says how much and what to do."""

    def __init__(self, size: int) -> None:
        """Say it in a message that goes on after the file's name."""
        super().__init__(
            f"comes to {size / 1e9:.1f} GB or more once it is unpacked, and {LARGEST / 1e9:.1f} GB are read at most; "
            "split it, or leave out what nothing reads"
        )


def scan_parquet(source: Path | bytes) -> pl.LazyFrame:
    """Return a file as a lazy frame, once it is known that its pages can be held; `held` checks what is read of it.

    Raises:
        TooLarge: its pages come to more than `LARGEST` bytes.
        polars.exceptions.PolarsError: it is no Parquet.
    """
    if isinstance(source, bytes):
        size = unpacked_size(source)
    elif source.stat().st_size == 0:
        raise NOT_PARQUET
    else:
        with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            size = unpacked_size(content)
    if size > LARGEST:
        raise TooLarge(size)
    return pl.scan_parquet(source if isinstance(source, Path) else io.BytesIO(source))


def damage(error: BaseException) -> str:
    """Return why a file cannot be read, in words that say what to do, before those of the library that reads it."""
    words = str(error).strip().partition("\n")[0]
    return words if error is NOT_PARQUET else f"it is damaged; write it anew (the reader says: {words})"


def held(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of which it is known that its text can be written out, or taken out cell by cell.

    Raises:
        TooLarge: a column comes to more than `LARGEST` bytes, what it holds once counted as often as it comes out.
    """
    for column in frame:
        if (size := _letters(column)) > LARGEST:
            raise TooLarge(size)
    return frame


def json_rows(source: bytes) -> Iterator[str]:
    """Yield the rows of a file as lines of JSON, in which a date is text and a number that is none is missing.

    Raises:
        Unreadable: it comes to more than `LARGEST` bytes, or holds bytes that are no text.
        polars.exceptions.PolarsError: it is no Parquet.
    """
    frame = held(scan_parquet(source).collect())
    for name in frame.select(pl.col(pl.Binary)).columns:
        try:
            frame = frame.with_columns(pl.col(name).cast(pl.String))
        except pl.exceptions.PolarsError:
            raise Unreadable(f"the column {name!r} holds bytes that are no UTF-8 text") from None
    for part in frame.iter_slices(ROWS):
        yield from part.write_ndjson().removesuffix("\n").split("\n")


def _letters(column: pl.Series) -> int:
    """Return the bytes of all text in a column, each as often as it comes out."""
    if column.dtype in (pl.List, pl.Array):
        return _letters(column.explode()) + VALUE * len(column)
    if column.dtype == pl.Struct:
        return sum(_letters(part) for part in column.struct.unnest())
    if column.dtype in (pl.Categorical, pl.Enum):
        return int(column.cat.len_bytes().cast(pl.Int64).sum())
    if column.dtype == pl.Binary:
        return int(column.bin.size().cast(pl.Int64).sum())
    return int(column.str.len_bytes().cast(pl.Int64).sum()) if column.dtype == pl.String else VALUE * len(column)


def unpacked_size(content: Buffer) -> int:
    """Return the bytes that a file's pages come to, by their own headers; beyond `LARGEST` it may stop counting.

    Raises:
        polars.exceptions.PolarsError: it is no Parquet.
    """
    size, start = 0, len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    try:
        footer, _ = _struct(content, start)
        for column in (column for group in footer[4] for column in group[1]):
            size += _column(content, column[3])
            if size > LARGEST:
                break
    except (AttributeError, IndexError, KeyError, TypeError, RecursionError):
        raise NOT_PARQUET from None
    return size


def _column(content: Buffer, chunk: dict[int, Any]) -> int:
    """Return what the pages of one column of one group of rows come to."""
    size, place = 0, min(chunk[9], chunk.get(11) or chunk[9])
    end = place + chunk[7]
    while place < end and size <= LARGEST:
        header, place = _struct(content, place)
        values = (header.get(5) or header.get(8) or {}).get(1, 0)
        size += PAGE + max(header[2], VALUE * values, 0)
        place += max(header[3], 0)
    return size


def _struct(content: Buffer, place: int) -> tuple[dict[int, Any], int]:
    """Return the numbered fields of a struct in Thrift's compact protocol, in which Parquet describes itself."""
    fields: dict[int, Any] = {}
    number = 0
    while head := content[place]:
        place += 1
        if head >> 4:
            number += head >> 4
        else:
            number, place = _number(content, place)
        fields[number], place = _value(content, place, head & 15)
    return fields, place + 1


def _value(content: Buffer, place: int, kind: int, alone: bool = True) -> tuple[Any, int]:
    """Return one value and where it ends; of text and maps nothing but where they end."""
    if kind in (1, 2):  # a field holds it in its head, a list in a byte
        return kind == 1, place + (not alone)
    if kind in (3, 7):
        return None, place + (1 if kind == 3 else 8)
    if kind in (4, 5, 6):
        return _number(content, place)
    if kind == 8:
        length, place = _varint(content, place)
        return None, place + length
    if kind in (9, 10):
        return _list(content, place)
    if kind == 11:
        return None, _map(content, place)
    if kind == 12:
        return _struct(content, place)
    raise KeyError(kind)


def _list(content: Buffer, place: int) -> tuple[list[Any], int]:
    count, kind = content[place] >> 4, content[place] & 15
    place += 1
    if count == 15:
        count, place = _varint(content, place)
    values = []
    for _ in range(count):
        value, place = _value(content, place, kind, alone=False)
        values.append(value)
    return values, place


def _map(content: Buffer, place: int) -> int:
    count, place = _varint(content, place)
    kinds = content[place] if count else 0
    place += bool(count)
    for _ in range(count):
        for kind in (kinds >> 4, kinds & 15):
            _, place = _value(content, place, kind, alone=False)
    return place


def _number(content: Buffer, place: int) -> tuple[int, int]:
    whole, place = _varint(content, place)
    return (whole >> 1) ^ -(whole & 1), place


def _varint(content: Buffer, place: int) -> tuple[int, int]:
    whole = shift = 0
    while True:
        part = content[place]
        whole |= (part & 127) << shift
        place, shift = place + 1, shift + 7
        if part < 128:
            return whole, place
        if shift > 63:
            raise KeyError(place)
