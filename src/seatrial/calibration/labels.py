"""Measuring an instrument on labelled text: its record."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from seatrial.errors import EvidenceError
from seatrial.jsonl import json_lines
from seatrial.signals.base import Instrument, read_many
from seatrial.signals.records import Bounds, Measurement, Record, version_of
from seatrial.types import Item, Message, Response

__all__ = [
    "Labelled",
    "Source",
    "calibrate",
    "labels_digest",
    "measure",
    "measure_readings",
    "read_all",
    "read_labels",
]

Array = NDArray[np.float64]
Reader = Callable[[Sequence["Labelled"], int], Array]
RESAMPLES = 1000
UNNAMED = "row "
"""How the cluster of an answer is called that belongs to none: each is its own."""
FEWEST = 20
"""Fewer labelled answers on either side measure nothing."""
ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "answer", "completion", "response", "output"),
    "label": ("label", "score", "final_label"),
    "prompt": ("prompt", "question", "instruction", "input"),
    "cluster": ("cluster", "group", "prompt_id", "item", "id"),
    "model": ("model",),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled answer.

    Attributes:
        text: The answer.
        label: How harmful it is said to be.
        cluster: Answers that stand or fall together.
        prompt: What was asked, if it is known.
        model: Which model (or other group) wrote it; empty where it is not known.
    """

    text: str
    label: float
    cluster: str
    prompt: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where labelled answers come from, for the record."""

    on: str
    labelled_by: str
    author_written: bool = False
    source: str = ""
    signal: str = ""


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


def labels_digest(rows: Sequence[Labelled]) -> str:
    """Return the SHA-256 of labelled answers."""
    lines = sorted(json.dumps([row.prompt, row.text, row.label, row.cluster, row.model]) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def measure(instrument: Instrument, rows: Sequence[Labelled], source: Source, harmful_from: float) -> Measurement:
    """Return how well an instrument's readings agree with labels.

    Args:
        instrument: What reads.
        rows: Labelled answers.
        source: Where they come from.
        harmful_from: Labels from here on count as harmful.

    Raises:
        EvidenceError: it needs more than text, or too few answers of either kind can be read.
    """
    return measure_readings(read_all(instrument, rows), rows, source, harmful_from)


def read_all(instrument: Instrument, rows: Sequence[Labelled]) -> Array:
    """Return an instrument's readings of labelled answers, NaN where it cannot read one.

    Raises:
        EvidenceError: it needs more than text.
    """
    if instrument.needs != "text":
        raise EvidenceError(f"{instrument.name} reads log-probabilities, and labelled text holds none")
    items = [Item(f"r{number}", "labels", (Message("user", row.prompt),)) for number, row in enumerate(rows)]
    responses = [Response(item.id, "labels", 0, row.text) for item, row in zip(items, rows, strict=True)]
    return np.array([math.nan if value is None else value for value in read_many(instrument, items, responses)])


def measure_readings(readings: Array, rows: Sequence[Labelled], source: Source, harmful_from: float) -> Measurement:
    """Return how well given readings, one a labelled answer (NaN: unread), agree with the labels.

    Intervals are percentile bootstraps over clusters from a fixed seed, so a record can be reproduced to the digit.

    Raises:
        EvidenceError: too few answers of either kind can be read.
    """
    read = ~np.isnan(readings)
    kept = [row for row, ok in zip(rows, read, strict=True) if ok]
    x = readings[read]
    labels = np.array([row.label for row in kept])
    bad = labels >= harmful_from
    names, cluster = np.unique([row.cluster for row in kept], return_inverse=True)
    if min(bad.sum(), (~bad).sum()) < FEWEST:
        raise EvidenceError(
            f"{source.on}: {int(bad.sum())} harmful and {int((~bad).sum())} harmless answers can be read; a record "
            f"needs {FEWEST} of each"
        )
    flagged, cut = _flags(x, bad, cluster)
    points = _numbers(x, labels, bad, flagged)
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(cluster == number) for number in range(len(names))]
    drawn = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([members[number] for number in rng.integers(0, len(names), len(names))])
        if 0 < bad[chosen].sum() < len(chosen):
            drawn.append(_numbers(x[chosen], labels[chosen], bad[chosen], flagged[chosen]))
    low, high = np.nanquantile(np.array(drawn), (0.05, 0.95), axis=0)

    def bounds(position: int) -> Bounds:
        return _round(points[position]), _round(low[position]), _round(high[position])

    words = np.array([math.log1p(len(row.text.split())) for row in kept])
    groups = _groups(bad, flagged, np.array([row.model for row in kept]))
    return Measurement(
        source.on,
        source.labelled_by,
        source.author_written,
        source.source,
        labels_digest(rows),
        source.signal,
        len(kept),
        len(names),
        int(bad.sum()),
        int((~read).sum()),
        harmful_from,
        _round(cut),
        bounds(0),
        bounds(1),
        bounds(2),
        bounds(3),
        bounds(4),
        bounds(5) if len(np.unique(labels)) > 2 else (math.nan, math.nan, math.nan),
        _round(float(np.mean([_spearman(x[bad == side], words[bad == side]) for side in (True, False)]))),
        groups,
        _differential(groups),
    )


def _round(value: float) -> float:
    """Six digits: more would depend on the machine's arithmetic."""
    return round(float(value), 6)


def _flags(x: Array, bad: NDArray[np.bool_], cluster: NDArray[np.int64]) -> tuple[NDArray[np.bool_], float]:
    """Return which answers are flagged, by a cut chosen on the half of the clusters that they are not in."""
    half = cluster % 2 == 0
    flagged = np.zeros(len(x), dtype=bool)
    cuts = []
    for side in (True, False):
        cut = _best_cut(x[half == side], bad[half == side])
        cuts.append(cut)
        flagged[half != side] = x[half != side] >= cut
    return flagged, float(np.mean(cuts))


def _best_cut(x: Array, bad: NDArray[np.bool_]) -> float:
    """Return the cut with the largest TPR − FPR, midway between two readings."""
    values = np.unique(x)
    cuts = np.concatenate([[values[0]], (values[1:] + values[:-1]) / 2]) if len(values) > 1 else values
    order = np.searchsorted(cuts, x, side="right")
    hits = np.bincount(order[bad], minlength=len(cuts) + 1)[::-1].cumsum()[::-1][1:]
    alarms = np.bincount(order[~bad], minlength=len(cuts) + 1)[::-1].cumsum()[::-1][1:]
    return float(cuts[np.argmax(hits / max(bad.sum(), 1) - alarms / max((~bad).sum(), 1))])


def _numbers(x: Array, labels: Array, bad: NDArray[np.bool_], flagged: NDArray[np.bool_]) -> list[float]:
    """Return sensitivity, specificity, TPR − FPR, slope, AUC and rank correlation."""
    sensitivity, specificity = float(flagged[bad].mean()), float((~flagged[~bad]).mean())
    slope = float(x[bad].mean() - x[~bad].mean())
    return [
        sensitivity, specificity, sensitivity + specificity - 1, slope, _auc(x, bad), _spearman(x, labels)
    ]  # fmt: skip


def _auc(x: Array, bad: NDArray[np.bool_]) -> float:
    ranks = stats.rankdata(x)
    count, others = int(bad.sum()), int((~bad).sum())
    return float((ranks[bad].sum() - count * (count + 1) / 2) / (count * others))


def _spearman(x: Array, y: Array) -> float:
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1])


def _groups(
    bad: NDArray[np.bool_], flagged: NDArray[np.bool_], models: NDArray[np.str_]
) -> tuple[tuple[str, int, float, int, float], ...]:
    made = []
    for name in np.unique(models):
        own = models == name
        harmful, harmless = int((bad & own).sum()), int((~bad & own).sum())
        if name and min(harmful, harmless) > 0:
            made.append(
                (str(name), harmful, _round(flagged[bad & own].mean()), harmless, _round((~flagged[~bad & own]).mean()))
            )
    return tuple(made)


def _differential(groups: Sequence[tuple[str, int, float, int, float]]) -> tuple[float, float]:
    """Return the largest differences between two groups that both have 20 answers of the kind."""
    sensitivity = [group[2] for group in groups if group[1] >= FEWEST]
    specificity = [group[4] for group in groups if group[3] >= FEWEST]
    if len(sensitivity) < 2 or len(specificity) < 2:
        return math.nan, math.nan
    return _round(max(sensitivity) - min(sensitivity)), _round(max(specificity) - min(specificity))


# Records in one go


def calibrate(
    instrument: Instrument,
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, float] | None = None,
    harmful_from: float | None = None,
    labelled_by: str = "our own raters",
    signal: str = "",
    author_written: bool = False,
    against: Instrument | None = None,
    read: Reader | None = None,
    read_against: Reader | None = None,
) -> Record:
    """Return an instrument's record from files of labelled answers; each file is a model where no column says so.

    Args:
        instrument: What to measure.
        paths: Files of labelled answers.
        columns: As for `read_labels`.
        values: As for `read_labels`.
        harmful_from: Labels from here on count as harmful; midway between the least and the greatest by default.
        labelled_by: Who labelled.
        signal: The signal that it is measured for; any where empty.
        author_written: Whether the texts were written by the instrument's authors.
        against: An instrument that this one would replace; how far they agree goes into the record.
        read: Gives the readings of labelled answers, the first time (0) or again (1), for instruments that must be
            asked; `read_all` by default.
        read_against: The same of `against`.

    Raises:
        EvidenceError: the labels cannot be used.
    """
    reader = read or (lambda rows, _: read_all(instrument, rows))
    rows = []
    for path in paths:
        held = read_labels(path, columns, values)
        rows += [row if row.model or len(paths) == 1 else replace(row, model=path.stem) for row in held]
    kinds = [row.label for row in rows]
    middle = (min(kinds) + max(kinds)) / 2 if harmful_from is None else harmful_from
    on = ", ".join(path.name for path in paths)
    source = Source(on, labelled_by, author_written, "labels of the team", signal)
    readings = reader(rows, 0)
    found = measure_readings(readings, rows, source, middle)
    drift: tuple[tuple[str, float, float], ...] = ()
    if against is not None:
        other = read_against(rows, 0) if read_against is not None else read_all(against, rows)
        both = ~np.isnan(readings) & ~np.isnan(other)
        name = f"{against.name} ({version_of(against)})"
        shift = float((readings[both] - other[both]).mean())
        drift = ((name, _round(_spearman(readings[both], other[both])), _round(shift)),)
    again = reader(rows, 1)
    both = ~np.isnan(readings) & ~np.isnan(again)
    same = bool(np.array_equal(readings[both], again[both]))
    retest = 1.0 if same else _round(_spearman(readings[both], again[both]))
    return Record(instrument.name, version_of(instrument), (found,), retest, drift=drift)
