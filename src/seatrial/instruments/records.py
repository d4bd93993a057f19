"""What is known of an instrument's error.

Every kind of instrument (phrase list, linear model, log-probability probe, judge, human) has the same record: what it
was measured on, who labelled that, and how often it was right. A record holds for one version of its instrument.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError, StoreError
from seatrial.formats.bounded import read_text
from seatrial.formats.json_values import with_null
from seatrial.formats.whole_files import why_not, write_whole
from seatrial.instruments.base import Instrument

__all__ = [
    "FORMAT",
    "Measurement",
    "Record",
    "Records",
    "built_in_records",
    "load_record",
    "load_records",
    "save_record",
    "starter_file",
    "version_of",
]


FORMAT = "seatrial.record/1"


Records = Mapping[str, "Sequence[Record]"]
"""Instrument → what is known of its error, a team's own records before the built-in ones."""


CHANGED = {"wording": "Asked in other words", "judge": "Beside a second model"}
"""What a judge was tried with besides a second draw, as a sentence begins."""


Bounds = tuple[float, float, float]
"""An estimate with its two-sided 90 % interval."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """An instrument against labels.

    Attributes:
        on: What was read, in words.
        labelled_by: Who said what is harmful.
        author_written: Whether the texts were written by those who made the instrument; such a number flatters.
        source: Where the texts come from, with their licence.
        sha256: Digest of the labelled texts.
        signal: The signal it was measured for; empty where it holds for the instrument wherever it is used.
        answers: Labelled answers that it could read.
        clusters: Independent clusters among them.
        harmful: Of the answers, those labelled harmful.
        unread: Labelled answers that it could not read.
        harmful_from: Labels from here on count as harmful.
        cut: Readings from here on count as flagged; chosen on one half of the clusters and tried on the other.
        sensitivity: Share of the harmful that it flags (TPR).
        specificity: Share of the harmless that it does not flag (1 − FPR).
        youden: TPR − FPR.
        slope: Mean reading of the harmful minus that of the harmless: the share of a true shift that its mean shows.
        auc: Chance that a harmful answer reads higher than a harmless one.
        rank: Spearman's correlation of reading and label; NaN where labels have two values only.
        length_bias: Spearman's correlation of reading and number of words among answers of equal label.
        groups: Model (or another group) → (harmful, sensitivity, harmless, specificity).
        differential: Largest difference between two groups of (sensitivity, specificity); NaN without groups.
        starter: Whether the texts are graded answers of the suites, read by a judge that was not built on them.
    """

    on: str
    labelled_by: str
    author_written: bool
    source: str
    sha256: str
    signal: str
    answers: int
    clusters: int
    harmful: int
    unread: int
    harmful_from: float
    cut: float
    sensitivity: Bounds
    specificity: Bounds
    youden: Bounds
    slope: Bounds
    auc: Bounds
    rank: Bounds
    length_bias: float
    groups: tuple[tuple[str, int, float, int, float], ...] = ()
    differential: tuple[float, float] = (math.nan, math.nan)
    starter: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of one version of one instrument.

    Attributes:
        instrument: Its name.
        version: Digest of what it is made of.
        measurements: What it was measured on.
        retest: Correlation of two readings of the same answers; 1 where it is deterministic.
        position_bias: Mean reading of an answer shown first of two minus that of the same answer shown second; NaN
            where it reads one answer at a time.
        injection: Share of injected answers whose verdict moved, with its interval; NaN where it obeys no text.
        drift: What changed against the version before: (its version, correlation, mean shift), if any.
        cost: US dollars a score.
        spread: What was changed (`draw`, `wording`, `judge`) → (that, correlation of the readings before and after,
            standard deviation that it adds to the slope, inside the slope's interval).
        doubt: Why it does not seem to use its scale, in words; empty where nothing speaks for it.
    """

    instrument: str
    version: str
    measurements: tuple[Measurement, ...]
    retest: float = 1.0
    position_bias: float = math.nan
    injection: Bounds = (math.nan, math.nan, math.nan)
    drift: tuple[tuple[str, float, float], ...] = ()
    cost: float = 0.0
    spread: tuple[tuple[str, float, float], ...] = ()
    doubt: str = ""

    @property
    def besides(self) -> str:
        """What is known of it besides its error, in sentences; empty for an instrument that nothing sways."""
        said = []
        if not math.isnan(self.injection[0]):
            share, low, high = (100 * part for part in self.injection)
            said.append(f"Injections moved {share:.0f} % of its verdicts [{low:.0f}, {high:.0f}].")
        if not math.isnan(self.position_bias):
            said.append(f"Shown first of two, an answer reads {self.position_bias:+.3f} against shown second.")
        if self.retest < 1:
            said.append(f"Read again, its readings correlate at {self.retest:.2f}.")
        said += [
            f"{CHANGED[what]}, its readings correlate at {correlation:.2f}; this adds {sd:.3f} to the slope's error."
            for what, correlation, sd in self.spread
            if what in CHANGED
        ]
        said += [
            f"Against {other}: correlation {correlation:.2f}, mean shift {shift:+.3f}."
            for other, correlation, shift in self.drift
        ]
        if self.cost:
            said.append(f"${self.cost:.6f} a score.")
        return " ".join(said)

    @property
    def digest(self) -> str:
        """SHA-256 of the record."""
        return hashlib.sha256(_text(self).encode()).hexdigest()


def version_of(instrument: Instrument) -> str:
    """Return a digest of what an instrument is made of: its own `version`, else all its fields."""
    own = getattr(instrument, "version", None)
    content = str(own) if own else repr(instrument)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


# Files
def starter_file(record: Record) -> str:
    """Return the name of the file of a judge's starter record: one for each suite."""
    return f"{record.instrument.replace('/', '-')}.{record.measurements[0].signal.replace('/', '-')}.starter.json"


def save_record(record: Record, path: Path) -> None:
    """Write a record as JSON.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: the record's folder cannot be made: {why_not(error)}") from error
    write_whole(path, _text(record), StoreError)


def _text(record: Record) -> str:
    content = {"format": FORMAT, **with_null(record)}
    for name in ("spread", "doubt"):  # of judges only; records of other instruments stay as they were, to the letter
        if not content[name]:
            del content[name]
    for measured in content["measurements"]:
        if not measured["starter"]:
            del measured["starter"]
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def load_record(path: Path) -> Record:
    """Return the record in a file.

    Raises:
        EvidenceError: it cannot be read, or is no record.
    """
    try:
        return _parsed(read_text(path))
    except OSError as error:
        raise EvidenceError(f"{path}: the record cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise EvidenceError(f"{path}: not a record of the form {FORMAT} ({error})") from error


def _parsed(text: str) -> Record:
    content = json.loads(text)
    if content.pop("format", None) != FORMAT:
        raise ValueError("its `format` says otherwise")
    made = []
    for entry in content.pop("measurements"):
        entry = {key: _numbers(value) for key, value in entry.items()}
        entry["groups"] = tuple(tuple(group) for group in entry["groups"])
        made.append(Measurement(**entry))
    rest = {key: _numbers(value) for key, value in content.items()}
    for name in {"drift", "spread"} & rest.keys():
        rest[name] = tuple(tuple(_numbers(part) for part in entry) for entry in rest[name])
    return Record(measurements=tuple(made), **rest)


def _numbers(value: Any) -> Any:
    """Return lists of numbers as tuples, with NaN where a number could not be computed."""
    if value is None:
        return math.nan
    if isinstance(value, list) and all(part is None or isinstance(part, int | float) for part in value):
        return tuple(math.nan if part is None else part for part in value)
    return value


def load_records(paths: Iterable[Path]) -> dict[str, list[Record]]:
    """Return the records in files and folders, then the built-in ones, by instrument.

    Raises:
        EvidenceError: a path does not exist or holds something else.
    """
    found: dict[str, list[Record]] = {}
    for path in paths:
        if not path.exists():
            raise EvidenceError(f"{path}: no such record; `seatrial instruments calibrate` writes one")
        for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
            record = load_record(file)
            found.setdefault(record.instrument, []).append(record)
    for record in built_in_records():
        found.setdefault(record.instrument, []).append(record)
    return found


@cache
def built_in_records() -> tuple[Record, ...]:
    """Return the records that come with the package."""
    folder = resources.files("seatrial.instruments").joinpath("records")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda entry: entry.name)
    return tuple(_parsed(entry.read_text(encoding="utf-8")) for entry in files)
