"""One table in every format, for the tests of all that is read from tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["BLANKS", "FORMATS", "write_table"]

FORMATS = ("csv", "jsonl", "json", "parquet")
BLANKS = (None, "", " \t")
"""All that a blank cell may hold."""


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write the rows in the format that the path names; Parquet columns have types."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    match path.suffix:
        case ".csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, names)
                writer.writeheader()
                writer.writerows(rows)
        case ".jsonl":
            path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        case ".json":
            path.write_text(json.dumps(rows), encoding="utf-8")
        case _:
            pl.DataFrame({name: _typed([row.get(name) for row in rows]) for name in names}).write_parquet(path)
    return path


def _typed(cells: list[Any]) -> list[Any]:
    kinds = {type(cell) for cell in cells if cell is not None}
    return cells if len(kinds) <= 1 else [cell if cell is None else str(cell) for cell in cells]
