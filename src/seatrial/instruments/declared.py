"""Signals that a policy declares over recorded answers: their own labels, or an instrument over their text."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from seatrial.errors import EvidenceError
from seatrial.instruments.base import Instrument, Signal
from seatrial.instruments.recorded import Labels, Observed, Raters, Summarized
from seatrial.instruments.registry import find_instrument
from seatrial.policy import SignalSpec
from seatrial.types import Harmful, Item

__all__ = ["RATED", "READ", "declared_signal", "harmful_end", "rated_signal", "select"]

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
    elif spec.summary is not None:
        instrument = Summarized(spec.bounds)
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
    """Return the items whose labels match: every column of `where`, any of its values, and none that begins with `!`.

    Raises:
        EvidenceError: an item has no such column.
    """
    return [item for item in items if all(_matches(item, column, wanted) for column, wanted in where.items())]


def _matches(item: Item, column: str, patterns: list[str]) -> bool:
    labels = dict(item.labels)
    if column not in labels:
        raise EvidenceError(f"item {item.id}: no column {column!r} to select by; its row has {', '.join(labels)}")
    but = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")] or ["*"]
    return _is_any(labels[column], wanted) and not _is_any(labels[column], but)


def _is_any(label: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(label, pattern) for pattern in patterns)
