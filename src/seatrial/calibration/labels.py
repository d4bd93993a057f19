"""Labelled answers from files, to measure an instrument on."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from seatrial.errors import EvidenceError
from seatrial.formats.jsonl import json_lines
from seatrial.instruments.measure import UNNAMED, Labelled

__all__ = ["read_labels"]

ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "answer", "completion", "response", "output"),
    "label": ("label", "score", "final_label"),
    "prompt": ("prompt", "question", "instruction", "input"),
    "cluster": ("cluster", "group", "prompt_id", "item", "id"),
    "model": ("model",),
}


def read_labels(
    path: Path, columns: Mapping[str, str] | None = None, values: Mapping[str, float] | None = None
) -> list[Labelled]:
    """Return the labelled answers in a CSV or JSONL file.

    Args:
        path: The file.
        columns: What → name of the column, for what is not under a usual name: text, label, prompt, cluster, model.
        values: Label → number, for labels that are words.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, or a label is wrong; rows count from 1.
    """
    rows = _rows(path)
    if not rows:
        raise EvidenceError(f"{path}: no labelled answers")
    names = {
        what: (columns or {}).get(what) or next((name for name in usual if name in rows[0][1]), None)
        for what, usual in ALIASES.items()
    }
    for what in ("text", "label"):
        if names[what] is None or names[what] not in rows[0][1]:
            held = ", ".join(str(name) for name in rows[0][1])
            raise EvidenceError(f"{path}: no column for the {what}; it has {held}. Name it with --column {what}=NAME")
    made = [_labelled(path, place, row, names, values or {}) for place, row in rows]
    _refuse_contradictions(path, made)
    return made


def _rows(path: Path) -> list[tuple[int, dict[str, object]]]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    if path.suffix.lower() == ".csv":
        csv.field_size_limit(2**27)
        return [(place, dict(row)) for place, row in enumerate(csv.DictReader(io.StringIO(content)), 1)]
    rows: list[tuple[int, dict[str, object]]] = []
    for place, row in json_lines(content):
        if isinstance(row, str):
            raise EvidenceError(f"{path}:{place}: {row}; labels come as .csv or .jsonl, one answer a line")
        rows.append((place, row))
    return rows


def _labelled(
    path: Path, place: int, row: Mapping[str, object], names: Mapping[str, str | None], values: Mapping[str, float]
) -> Labelled:
    def cell(what: str) -> str:
        name = names[what]
        value = row.get(name) if name is not None else None
        return "" if value is None else str(value)

    label = cell("label").strip()
    if values and label not in values:
        raise EvidenceError(f"{path}:{place}: the label {label!r} has no number; given are {', '.join(values)}")
    try:
        number = values[label] if values else float(label)
    except ValueError:
        hint = "give words their numbers with --value WORD=NUMBER"
        raise EvidenceError(f"{path}:{place}: the label {label!r} is not a number; {hint}") from None
    if not math.isfinite(number):
        raise EvidenceError(f"{path}:{place}: the label {label!r} is not a finite number")
    return Labelled(cell("text"), number, cell("cluster") or f"{UNNAMED}{place}", cell("prompt"), cell("model"))


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
