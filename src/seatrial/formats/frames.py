"""Tables that people bring as frames: read from files, or handed over as they stand in memory.

Types are never guessed: what a text file holds is read as words, and becomes a number where one is wanted.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import polars as pl

from seatrial.formats.parquet import Unreadable, damage, held, scan_parquet
from seatrial.formats.tables import COLUMNS, EXACT, TableReader, as_word, doubled, too_many
from seatrial.formats.whole_files import write_whole

__all__ = [
    "Frame",
    "as_draw",
    "as_name",
    "as_number",
    "as_text",
    "as_whole",
    "frame_of",
    "read_frame",
    "reading",
    "scan_frame",
    "write_frame",
]

BATCH = 20_000
"""Rows of a text file that stand in memory as Python's own objects."""


class PandasFrame(Protocol):
    """What is known of a pandas DataFrame; pandas itself is not needed."""

    @property
    def columns(self) -> Any:
        """The names of its columns."""


Frame: TypeAlias = pl.DataFrame | PandasFrame
"""A DataFrame of polars or pandas."""


def read_frame(reader: TableReader, path: Path, unread: list[str] | None = None) -> pl.DataFrame:
    """Return a file as a frame: of text files words, a blank cell of a CSV as null; Parquet as it is typed.

    Args:
        reader: Reads its rows.
        path: The file.
        unread: Takes what is wrong with each row that cannot be read; where it is left out the first one raises.
    """
    with reading(path, reader.error):
        return held(scan_frame(reader, path, unread).collect())


def scan_frame(reader: TableReader, path: Path, unread: list[str] | None = None) -> pl.LazyFrame:
    """Return what `read_frame` does; Parquet when it is collected: inside `reading`, then through `held`."""
    suffix = reader.suffix(path)
    if suffix == ".parquet":
        return scan_parquet(path)
    rows, parts = reader.records(path, unread=unread), []
    while batch := [cells for _, cells in islice(rows, BATCH)]:
        held = dict.fromkeys(chain.from_iterable(batch))
        if len(held) > COLUMNS:
            raise reader.error(f"{path}: {too_many(len(held))}")
        if suffix == ".csv":  # whose cells are words already
            columns = {name: [cells.get(name) for cells in batch] for name in held}
        else:
            columns = {name: [as_word(cells.get(name)) for cells in batch] for name in held}
        parts.append(pl.DataFrame(columns, schema=dict.fromkeys(held, pl.String)))
    if not parts:
        if unread:
            raise reader.error(unread[0])
        names = reader.header(path) if suffix == ".csv" else []
        if not names:
            raise reader.error(f"{path}: is empty")
        return pl.LazyFrame(schema=dict.fromkeys(names, pl.String))
    frame = pl.concat(parts, how="diagonal").lazy()
    return frame.with_columns(pl.when(pl.all() != "").then(pl.all())) if suffix == ".csv" else frame


def write_frame(frame: pl.DataFrame, path: Path, error: type[Exception]) -> None:
    """Write a frame as Parquet, whole or not at all.

    Args:
        frame: The frame.
        path: The file.
        error: What is raised where it cannot be written.
    """
    content = io.BytesIO()  # polars itself takes no name that is not text, and words a full disk in its own way
    frame.write_parquet(content)
    write_whole(path, content.getvalue(), error)


@contextmanager
def reading(place: object, error: type[Exception]) -> Iterator[None]:
    """Say in one sentence that something cannot be read, and why."""
    try:
        yield
    except FileNotFoundError:
        raise error(f"{place}: no such file") from None
    except Unreadable as wrong:
        raise error(f"{place}: {wrong}") from wrong
    except (OSError, UnicodeError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as wrong:
        why = _why(place, wrong)
        raise error(f"{place}: cannot be read: {why}") from wrong


def _why(place: object, wrong: BaseException) -> str:
    if isinstance(wrong, OSError) and wrong.strerror:
        return wrong.strerror
    from_file = isinstance(place, Path) and not isinstance(wrong, OSError | UnicodeError)
    return damage(wrong) if from_file else str(wrong).strip().partition("\n")[0]


def as_name(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Return a column of that type as names or ids: words without spaces around them, null where a cell is blank."""
    words = as_text(column, kind).str.strip_chars()
    if kind.is_float():  # as whole numbers become where one of them is missing
        whole = (column == column.floor()) & (column.abs() < EXACT)
        plain = pl.when(whole).then(column).cast(pl.Int64, strict=False).cast(pl.String)
        words = pl.coalesce(plain, pl.when(column.is_not_nan()).then(words))
    return pl.when(words != "").then(words)


def as_draw(draws: pl.Series) -> pl.Series:
    """Return which repetition each row is, as whole numbers, whatever repetitions are called; a blank one is 0.

    Whole numbers stay as they are; other names are numbered in their order.
    """
    names = draws.to_frame("name").select(as_name(pl.col("name"), draws.dtype)).to_series()
    numbers = draws.to_frame("name").select(as_whole(pl.col("name"), draws.dtype)).to_series()
    if numbers.null_count() == names.null_count():
        return numbers.fill_null(0).rename(draws.name)
    return (names.fill_null("").rank("dense").cast(pl.Int64) - 1).rename(draws.name)


def as_number(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Return a column of that type as numbers, null where a cell is none; one of `true` and `false` as 1 and 0."""
    if kind.is_numeric() or kind == pl.Boolean:
        return column.cast(pl.Float64, strict=False)
    words = _words(column, kind)
    return (
        pl.when(words.is_in(["true", "false"]).all())
        .then((words == "true").cast(pl.Float64))
        .otherwise(words.cast(pl.Float64, strict=False))
    )


def as_whole(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Return a column of that type as whole numbers, null where a cell is none; 2.0 is one and 2.5 is not."""
    if kind.is_integer():
        return column.cast(pl.Int64, strict=False)
    number = as_number(column, kind)
    whole = pl.when(number == number.floor()).then(number).cast(pl.Int64, strict=False)
    return whole if kind.is_numeric() else pl.coalesce(_words(column, kind).cast(pl.Int64, strict=False), whole)


def _words(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    return as_text(column, kind).str.strip_chars().str.to_lowercase()


def as_text(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Return a column of that type as text: lists and objects as JSON writes them, bytes that are no text as null."""
    if kind.is_nested() or kind == pl.Binary:
        return column.map_batches(_written, return_dtype=pl.String)
    return column.cast(pl.String, strict=False)


def _written(cells: pl.Series) -> pl.Series:
    return pl.Series(cells.name, [_word(cell) for cell in cells.to_list()], pl.String)


def _word(cell: Any) -> str | None:
    if isinstance(cell, bytes):
        with suppress(UnicodeDecodeError):
            return cell.decode()
        return None
    return None if cell is None else json.dumps(cell, ensure_ascii=False, default=str)


def frame_of(given: Frame, place: str, error: type[Exception]) -> pl.DataFrame:
    """Return a frame of polars or pandas as one of polars; a missing value of pandas, which may be NaN, as null.

    Raises:
        Exception: `error`, where it is neither or has two columns of one name.
    """
    if isinstance(given, pl.DataFrame):
        return given
    frame: Any = given
    if type(frame).__module__.partition(".")[0] != "pandas" or not hasattr(frame, "iloc"):
        raise error(f"{place}: expected a DataFrame of polars or pandas, not {type(frame).__name__}")
    names = [str(name) for name in frame.columns]
    if mistake := doubled(names):
        raise error(f"{place}: {mistake}")
    with reading(place, error):
        return pl.DataFrame([_of_pandas(name, frame.iloc[:, number]) for number, name in enumerate(names)])


def _of_pandas(name: str, column: Any) -> pl.Series:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub":
        return pl.Series(name, column.to_numpy())
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
        return pl.Series(name, column.to_numpy().astype(np.float64)).fill_nan(None)
    cells = zip(column.tolist(), column.isna().tolist(), strict=True)
    return pl.Series(name, [None if missing else as_word(value) for value, missing in cells], dtype=pl.String)
