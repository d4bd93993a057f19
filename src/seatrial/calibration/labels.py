"""Labelled answers from files, to measure an instrument on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from seatrial.errors import EvidenceError
from seatrial.formats.tables import Row, TableReader
from seatrial.instruments.measure import UNNAMED, Labelled

__all__ = ["columns_read", "read_labels"]

USUAL = {
    "text": ("text", "answer", "completion", "response", "output"),
    "label": ("label", "score", "final_label"),
    "prompt": ("prompt", "question", "instruction", "input"),
    "cluster": ("cluster", "group", "prompt_id", "item", "id"),
    "model": ("model",),
    "weight": ("weight",),
    "item": ("item",),
}
READER = TableReader("labelled answers", EvidenceError, USUAL, ("text", "label"))


def read_labels(
    path: Path, columns: Mapping[str, str] | None = None, values: Mapping[str, float] | None = None
) -> list[Labelled]:
    """Return the labelled answers in a table.

    Args:
        path: The file: CSV, JSONL, JSON or Parquet.
        columns: What → name of the column, for what is not under a usual name: text, label, prompt, cluster, model,
            weight, item.
        values: Label → number, for labels that are words.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, or a label is wrong; rows count from 1.
    """
    rows = READER.named_rows(path, columns or {})
    if path.suffix.lower() == ".csv":  # counted without the header
        rows = [replace(row, place=f"{path}:{number}", number=number) for number, row in enumerate(rows, 1)]
    made = [_labelled(row, values or {}) for row in rows]
    _refuse_contradictions(path, made)
    return made


def columns_read(path: Path, columns: Mapping[str, str] | None = None) -> list[str]:
    """Return in a sentence which columns of a file of labels were found under another name than their own."""
    return READER.read_as(path, columns or {})


def _labelled(row: Row, values: Mapping[str, float]) -> Labelled:
    label = row.name("label")
    if values and label not in values:
        raise EvidenceError(f"{row.place}: the label {label!r} has no number; given are {', '.join(values)}")
    try:
        number = values[label] if values else float(label)
    except ValueError:
        hint = "give words their numbers with --value WORD=NUMBER"
        raise EvidenceError(f"{row.place}: the label {label!r} is not a number; {hint}") from None
    if not math.isfinite(number):
        raise EvidenceError(f"{row.place}: the label {label!r} is not a finite number")
    cluster = row.name("cluster") or f"{UNNAMED}{row.number}"
    item = row.name("item")
    other = "" if item == cluster else item
    return Labelled(row.text("text"), number, cluster, row.text("prompt"), row.name("model"), other, _weight(row))


def _weight(row: Row) -> float:
    """Return how many answers a labelled one stands for; 1 where the file does not say."""
    given = row.name("weight")
    if not given:
        return 1.0
    try:
        weight = float(given)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise EvidenceError(f"{row.place}: the weight {given!r} is not a number above 0")
    return weight


def _refuse_contradictions(path: Path, rows: Sequence[Labelled]) -> None:
    seen: dict[tuple[str, str, str], float] = {}
    for row in rows:
        asked = row.prompt or (row.cluster if not row.cluster.startswith(UNNAMED) else "")
        key = (asked, row.text, row.model)
        if row.text.strip() and seen.setdefault(key, row.label) != row.label:
            raise EvidenceError(
                f"{path}: the answer {row.text[:60]!r} is labelled {seen[key]:g} and {row.label:g}. Settle it, or "
                "average the raters' labels first."
            )
