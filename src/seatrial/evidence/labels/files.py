"""The file that labels of a session are kept in: a gate takes it, and an instrument is measured on it."""

from __future__ import annotations

import json
from pathlib import Path

from seatrial.errors import StoreError
from seatrial.evidence.labels.closing import Labels

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
        lines = (json.dumps(dict(row), ensure_ascii=False) for row in found.rows)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="replace")
    except OSError as error:
        raise StoreError(f"{path}: the labels cannot be written: {error.strerror}") from error
    return path
