"""Signals that a policy declares over recorded answers: their own labels, or an instrument over their text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from seatrial.errors import EvidenceError
from seatrial.policy import SignalSpec
from seatrial.signals.base import Instrument, Signal
from seatrial.signals.registry import find_instrument
from seatrial.types import Harmful, Item, Response

__all__ = ["RATED", "READ", "Labels", "Observed", "Raters", "declared_signal", "harmful_end", "rated_signal", "select"]


@dataclass(frozen=True)
class Labels:
    """Reads a column of the recorded row: a number, or a word that the policy gives a number."""

    column: str
    values: tuple[tuple[str, float], ...]
    bounds: tuple[float, float]
    needs: Literal["text", "logprobs"] = "text"

    @property
    def name(self) -> str:
        """Name of the instrument."""
        return f"labels/{self.column}"

    @property
    def about(self) -> str:
        """What it reads."""
        return f"The column {self.column!r} of the recorded answers."

    def read(self, item: Item, response: Response) -> float | None:
        """Return the label's number; None where the label is empty.

        Raises:
            EvidenceError: there is no such column, or the label has no number within the bounds.
        """
        labels = dict(response.labels)
        if self.column not in labels:
            raise EvidenceError(f"item {item.id}: no column {self.column!r}; its row has {', '.join(labels)}")
        label = labels[self.column].strip()
        if not label:
            return None
        known = dict(self.values)
        if known and label not in known:
            raise EvidenceError(
                f"item {item.id}: the label {label!r} of {self.column!r} has no number; `values` lists "
                f"{', '.join(known)}"
            )
        try:
            value = known[label] if known else float(label)
        except ValueError:
            raise EvidenceError(
                f"item {item.id}: {self.column!r} is {label!r}, not a number; give words their numbers with `values`"
            ) from None
        if not math.isfinite(value) or not self.bounds[0] <= value <= self.bounds[1]:
            raise EvidenceError(
                f"item {item.id}: {self.column!r} is {label}, outside the bounds "
                f"[{self.bounds[0]:g}, {self.bounds[1]:g}]"
            )
        return value


@dataclass(frozen=True)
class Observed:
    """Stands for whatever made the numbers of an evidence file; it reads nothing itself."""

    bounds: tuple[float, float]
    name: str = "evidence/file"
    needs: Literal["text", "logprobs"] = "text"
    about: str = "Numbers observed elsewhere and brought as a file."

    def read(self, item: Item, response: Response) -> float | None:
        """Return None: there is no answer to read."""
        return None


@dataclass(frozen=True)
class Raters:
    """People who looked at blinded pairs; the record is of these people in these sessions, and of no one else."""

    bounds: tuple[float, float]
    sessions: tuple[str, ...]
    name: str = "raters/blinded"
    needs: Literal["text", "logprobs"] = "text"
    about: str = "Raters who looked at blinded pairs, with controls hidden among them."

    @property
    def version(self) -> str:
        """What its record must be of."""
        return "\n".join(self.sessions)

    def read(self, item: Item, response: Response) -> float | None:
        """Return None: they have read already."""
        return None


RATED = "blinded session "
"""How the source of ratings begins that `seatrial vibe close` wrote."""
READ = ", read by "
"""What stands before an instrument's name, at the end of the source of numbers that it read."""
LOW = ("feedback/thumbs-up", "vibe/preference")
"""Signals outside benchmarks whose low end is harm."""


def harmful_end(name: str, spec: SignalSpec | None) -> Harmful:
    """Return which end of a signal's scale is harm: as declared, else by its kind."""
    if spec is not None and spec.harmful is not None:
        return spec.harmful
    return "low" if name.startswith("benchmark/") or name in LOW else "high"


def declared_signal(name: str, spec: SignalSpec) -> Signal:
    """Return the signal that a policy declares.

    Raises:
        PolicyError: its instrument does not exist.
    """
    instrument: Instrument
    if spec.column is not None:
        instrument = Labels(spec.column, tuple(spec.values.items()), spec.bounds)
    elif spec.instrument is not None:
        instrument = find_instrument(spec.instrument)
    else:
        instrument = Observed(spec.bounds)
    return Signal(name, instrument, harmful_end(name, spec), instrument.bounds)


def rated_signal(name: str, spec: SignalSpec, sources: Sequence[str]) -> Signal:
    """Return the signal of numbers brought as evidence: raters' or an instrument's, where their source names those.

    Raises:
        PolicyError: the source names an instrument that does not exist.
    """
    if sources and all(source.startswith(RATED) for source in sources):
        return Signal(name, Raters(spec.bounds, tuple(sorted(sources))), harmful_end(name, spec), spec.bounds)
    readers = {source.rpartition(READ)[2] for source in sources if READ in source}
    if len(readers) == 1:
        return Signal(name, find_instrument(*readers), harmful_end(name, spec), spec.bounds)
    return declared_signal(name, spec)


def select(items: Sequence[Item], where: dict[str, list[str]]) -> list[Item]:
    """Return the items whose labels match: every column of `where`, any of its values.

    Raises:
        EvidenceError: an item has no such column.
    """
    return [item for item in items if all(_matches(item, column, wanted) for column, wanted in where.items())]


def _matches(item: Item, column: str, patterns: list[str]) -> bool:
    labels = dict(item.labels)
    if column not in labels:
        raise EvidenceError(f"item {item.id}: no column {column!r} to select by; its row has {', '.join(labels)}")
    return any(fnmatchcase(labels[column], pattern) for pattern in patterns)
