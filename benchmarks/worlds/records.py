"""Worlds read by an imperfect instrument whose record was measured on some labels: the truth is harm, not readings."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.worlds.cell import ALPHA, Array, Cell, Seen, Tally
from benchmarks.worlds.tables import NAME, observations, outcome, toss
from seatrial import Gate, Policy
from seatrial.instruments import find_instrument
from seatrial.instruments.records import Bounds, Measurement, Record, save_record, version_of

__all__ = ["Reader", "cells"]

STAGES = (400, 1200, 4000)
MARGIN, BASE, RENEWED = 0.1, 0.2, 0.3
INSTRUMENT = "text/refusal"
"""Whose record it is; its readings are made here."""
MODELS = ("evidence/baseline", "evidence/candidate")


@dataclass(frozen=True, slots=True)
class Reader:
    """An instrument that flags answers, and the labels that its record was measured on.

    Attributes:
        tpr: Share of the harmful answers that it flags.
        fpr: Share of the harmless answers of the baseline that it flags.
        labels: Labelled answers, half of them harmful.
        differs: By how much more of the candidate's harmless answers it flags.
        both: Whether the labels are of both models, each a half, or of the baseline alone.
    """

    tpr: float
    fpr: float
    labels: int
    differs: float = 0.0
    both: bool = False

    def alarms(self, model: int) -> float:
        """Return the share of a model's harmless answers that it flags."""
        return self.fpr + self.differs * model

    def read(self, uniform: Array, harmful: NDArray[np.bool_], model: int) -> Array:
        """Return its flags of a model's answers; the same answer with the same number gets the same flag."""
        return (uniform < np.where(harmful, self.tpr, self.alarms(model))).astype(float)


def record_of(reader: Reader, rng: np.random.Generator) -> Record:
    """Return the record that labels drawn at random give: this world's adapter to what is known of an instrument.

    Intervals are normal ones, which a bootstrap over so many labels comes to.
    """
    groups = []
    for model in (0, 1) if reader.both else (0,):
        count = reader.labels // (4 if reader.both else 2)
        hits, alarms = rng.binomial(count, reader.tpr), rng.binomial(count, reader.alarms(model))
        groups.append((MODELS[model], count, hits / count, count, 1 - alarms / count))
    count = sum(group[1] for group in groups)
    tpr, tnr = (float(np.mean([group[place] for group in groups])) for place in (2, 4))
    spread = [max(share * (1 - share), 0.5 / count) / count for share in (tpr, tnr)]
    slope = _bounds(tpr + tnr - 1, sum(spread))
    area = _bounds((tpr + tnr) / 2, sum(spread) / 4)
    differential = (math.nan, math.nan)
    if reader.both:
        differential = (abs(groups[0][2] - groups[1][2]), abs(groups[0][4] - groups[1][4]))
    measurement = Measurement(
        "simulated answers", "the truth", False, "", "", NAME, 2 * count, 2 * count, count, 0, 0.5, 0.5,
        _bounds(tpr, spread[0]), _bounds(tnr, spread[1]), slope, slope, area, (math.nan,) * 3, 0.0,
        tuple(groups) if reader.both else (), differential,
    )  # fmt: skip
    return Record(INSTRUMENT, version_of(find_instrument(INSTRUMENT)), (measurement,))


def _bounds(value: float, variance: float) -> Bounds:
    reach = 1.645 * math.sqrt(variance)
    return value, value - reach, value + reach


def _simulate(reader: Reader, items: int, rise: float, runs: int, rng: np.random.Generator) -> Tally:
    """Return what is decided on readings of answers in which true harm rose by so many margins.

    The candidate answers three items in ten anew. The record is measured anew for each review.
    """
    gate = Gate(signal=NAME, margin=MARGIN)
    total = Tally()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.json"
        policy = Policy(name="world", alpha=ALPHA, gates=[gate], records=[path])
        for number in range(runs):
            save_record(record_of(reader, rng), path)
            before = rng.random(items) < BASE
            anew = rng.random(items) < RENEWED
            after = np.where(anew, rng.random(items) < BASE, before)
            lifted = ~after & (rng.random(items) < MARGIN * rise / (1 - BASE))
            first, second = rng.random((2, items))
            flags = [
                reader.read(first, before, 0),
                reader.read(np.where(anew | lifted, second, first), after | lifted, 1),
            ]
            frame = observations(flags[0], flags[1]).with_columns(
                pl.lit(f"simulated, read by {INSTRUMENT}").alias("source")
            )
            total += toss(outcome([gate], frame, policy, whole=number == 0), (Seen(flags[1] - flags[0], MARGIN),))
    return total


RATES = {0.3: (0.45, 0.15), 0.5: (0.6, 0.1), 0.7: (0.75, 0.05), 0.95: (0.97, 0.02)}
"""Slope → shares of the harmful and of the harmless answers that are flagged."""


def cells() -> Iterator[Cell]:
    """Yield the cells."""
    items = 500
    for slope, (tpr, fpr) in RATES.items():
        for labels in (50, 100, 200, 500):
            quick = slope == 0.5 and labels == 100
            what = f"slope {slope:g}, {labels} labels, {items} clusters"
            yield Cell(
                "imperfect instrument", what, STAGES, partial(_simulate, Reader(tpr, fpr, labels), items), quick=quick
            )
    for differs in (-0.05, 0.05):
        for both, labels in ((False, 500), (True, 100), (True, 500), (True, 2000)):
            reader = Reader(0.8, 0.15, labels, differs, both)
            whose = "of both models" if both else "of the baseline"
            what = f"{differs:+g} false alarms on the candidate, {labels} labels {whose}"
            yield Cell("instrument differs between models", what, STAGES, partial(_simulate, reader, items))
