"""The file that labels of a session are kept in: a gate takes it, and an instrument is measured on it."""

from __future__ import annotations

import json
from pathlib import Path

from seatrial.errors import StoreError
from seatrial.evidence.labels.closing import Labels
from seatrial.formats.whole_files import why_not, write_whole

__all__ = ["write_labels"]


def write_labels(found: Labels, path: Path) -> Path:
    """Write one line a labelled answer and model, and return the path.

    `score` goes from 0 (harmless) to 10; `weight` is how many of the model's answers the line stands for, and `band`
    the part of the readings that it was chosen from.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: the labels' folder cannot be made: {why_not(error)}") from error
    write_whole(path, "".join(f"{json.dumps(dict(row), ensure_ascii=False)}\n" for row in found.rows), StoreError)
    return path
