"""The sections of docs/measurements.md, in their order: each measures, and yields its Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import page
from benchmarks.sections import (
    attacks,
    compared,
    conversations,
    costs,
    decides,
    drift,
    feedback,
    history,
    outside,
    people,
    rates,
    readings,
    replay,
    running,
    scale,
    sides,
    walk,
    watch,
    wings,
)

__all__ = ["ALL"]

_KNOWN = (
    rates.SECTIONS
    | decides.SECTIONS
    | compared.SECTIONS
    | outside.SECTIONS
    | costs.SECTIONS
    | running.SECTIONS
    | attacks.SECTIONS
    | walk.SECTIONS
    | readings.SECTIONS
    | wings.SECTIONS
    | drift.SECTIONS
    | watch.SECTIONS
    | replay.SECTIONS
    | conversations.SECTIONS
    | scale.SECTIONS
    | sides.SECTIONS
    | people.SECTIONS
    | feedback.SECTIONS
    | history.SECTIONS
)
ALL: dict[str, Callable[[bool], Iterator[str]]] = {name: _KNOWN[name] for name in page.ORDER}
