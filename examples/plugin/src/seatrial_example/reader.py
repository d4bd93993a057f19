"""A reader: rows of a file in a format that seatrial does not know, by its ending."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path


def read_tsv(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield each row with its line, all values as text; what cannot be read raises ValueError with the next step."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        for row in rows:
            yield rows.line_num, dict(row)
