"""Log files as lazy frames: Parquet and large text streamed, small text read so that a mistake names its line."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

from seatrial.errors import EvidenceError
from seatrial.evidence.feedback.columns import READER
from seatrial.formats.frames import reading, scan_frame
from seatrial.formats.tables import doubled

__all__ = ["STREAMED", "scan_log"]

STREAMED = 200_000_000
"""Bytes from which on CSV and JSON Lines are streamed; what is wrong in them is then told without its line."""
TYPED = 10_000
"""Rows of JSON Lines by which its columns are typed where it is streamed."""


def scan_log(path: Path, unread: list[str]) -> pl.LazyFrame:
    """Return a file as a lazy frame; of CSV all cells are words.

    Args:
        path: The file.
        unread: Takes what is wrong with each row that cannot be read, where the file is not streamed.

    Raises:
        EvidenceError: it is not there, or no table.
    """
    suffix = READER.suffix(path)
    if suffix != ".parquet" and (suffix not in (".csv", ".jsonl", ".ndjson") or not _large(path)):
        return scan_frame(READER, path, unread)
    if not path.is_file():
        raise EvidenceError(f"{path}: {'is a folder; name a file' if path.is_dir() else 'no such file'}")
    with reading(path, EvidenceError):
        if suffix == ".parquet":
            return pl.scan_parquet(path, glob=False)
        if suffix == ".csv":
            return pl.scan_csv(path, infer_schema=False, glob=False, new_columns=_header(path))
        return pl.scan_ndjson(path, infer_schema_length=TYPED)


def _large(path: Path) -> bool:
    return path.is_file() and path.stat().st_size >= STREAMED


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = [name.strip() for name in next(csv.reader(file), [])]
    if mistake := doubled(names):
        raise EvidenceError(f"{path}:1: {mistake}")
    return names
