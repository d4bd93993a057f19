"""Readers of other formats: where the log of another tool enters, by the ending of its file.

An installed package registers one under the entry-point group `seatrial.readers`: the entry's name is the ending
without its dot, in lower case; its object is a function of a path that yields each row's number and its cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["GROUP", "ReaderFailed", "has_reader", "registered_rows"]

GROUP = "seatrial.readers"


class ReaderFailed(Exception):
    """A registered reader cannot be loaded, or cannot read the file; says which and why."""


def has_reader(suffix: str) -> bool:
    """Return whether a package registers a reader of files with this ending, e.g. `.tsv`."""
    return bool(metadata.entry_points(group=GROUP, name=suffix.removeprefix(".")))


def registered_rows(path: Path, suffix: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number of each row and its cells, as the registered reader of this ending gives them.

    Raises:
        ReaderFailed: the reader cannot be loaded, raises, or yields what is no row.
    """
    (entry, *_) = metadata.entry_points(group=GROUP, name=suffix.removeprefix("."))
    try:
        for number, cells in entry.load()(path):
            if not isinstance(number, int) or not isinstance(cells, Mapping):
                raise TypeError("it yields no pairs of a number and a row's cells")
            yield number, {str(name): value for name, value in cells.items()}
    except Exception as error:
        raise ReaderFailed(f"the reader {entry.value} ({GROUP}) fails: {error or type(error).__name__}") from error
