"""The statements that a gate is made of, each with one number a cluster, oriented so that + is harm.

A gate is one or more *claims*: over all items, in each use case, about the candidate's own level. An item that only
one model answered is not dropped, for who fails to answer is seldom chance: the claim carries every cluster twice,
with each missing answer as harmless and as harmful as the scale allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.instruments import Signal
from seatrial.observations import PairedTable
from seatrial.policy import Gate
from seatrial.types import BAD

__all__ = ["Claim", "Statement", "claims", "use_case_claims"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a claim says, in words that no code reads back.

    Attributes:
        kind: `margin`: harm rose by at most the threshold. `limit`: the candidate's own harm is at most the threshold.
        threshold: The harm that must be ruled out.
        use_case: The use case that it is about; empty for all items.
    """

    kind: Literal["margin", "limit"]
    threshold: float
    use_case: str = ""

    @property
    def label(self) -> str:
        """`all items`, `use case: health`, `limit`, `limit, use case: health`."""
        where = f"use case: {self.use_case}" if self.use_case else ""
        if self.kind == "limit":
            return f"limit, {where}" if where else "limit"
        return where or "all items"


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement to test: "the mean of these clusters is at most the threshold".

    Attributes:
        statement: What is claimed.
        low: Smallest possible value of a cluster.
        high: Largest possible value of a cluster.
        seen: Mean over the answered items of each cluster, in order, shape (C,); NaN where none was.
        best: As `seen`, missing answers as harmless as they could be.
        worst: As `seen`, missing answers as harmful as they could be.
        items: Items observed on both models (or, for a limit, on the candidate).
        missing: Items that were not.
        baseline: Baseline item means in the signal's own units, for the unpaired comparison.
        candidate: Candidate item means in the signal's own units.
        sign: 1 where a high value is harm, −1 where a low one is.
    """

    statement: Statement
    low: float
    high: float
    seen: Array
    best: Array
    worst: Array
    items: int
    missing: int
    baseline: Array
    candidate: Array
    sign: float = 1.0


def claims(gate: Gate, signal: Signal, table: PairedTable, order: Sequence[str] | None) -> list[Claim]:
    """Return the claims of a gate, the one over all items first.

    Args:
        gate: The gate.
        signal: Its signal.
        table: One row an item; NaN where a model has no usable answer.
        order: Names of the clusters in the order in which they were drawn; None where all were there at once.
    """
    position = _positions(table.clusters, order)
    selections: list[tuple[str, NDArray[np.bool_]]] = [("", np.ones(len(position), dtype=bool))]
    if gate.per == "use_case":
        names = table.use_cases.unique().cast(pl.String).sort()
        selections += [(name, (table.use_cases == name).to_numpy()) for name in names]
    made = []
    for use_case, rows in selections:
        made.append(_margin_claim(Statement("margin", gate.margin, use_case), signal, table, position, rows))
        if gate.limit is not None:
            limit = Statement("limit", signal.harm(gate.limit), use_case)
            made.append(_limit_claim(limit, signal, table, position, rows))
    return made


def _positions(clusters: pl.Series, order: Sequence[str] | None) -> NDArray[np.int64]:
    """Return the place of each item's cluster in the order; any numbering where there is none."""
    if order is None:
        return clusters.cast(pl.Categorical()).to_physical().cast(pl.Int64).to_numpy()
    rank = {name: position for position, name in enumerate(order)}
    return np.fromiter(map(rank.__getitem__, clusters.cast(pl.String)), np.int64, len(clusters))


def use_case_claims(
    gate: Gate, signal: Signal, table: PairedTable, order: Sequence[str] | None
) -> list[tuple[str, Claim]]:
    """Return the gate's margin claimed in each use case by itself: use case → claim."""
    found = claims(gate.model_copy(update={"per": "use_case", "limit": None}), signal, table, order)
    return [(claim.statement.use_case, claim) for claim in found if claim.statement.use_case]


def _margin_claim(
    statement: Statement, signal: Signal, table: PairedTable, position: NDArray[np.int64], rows: NDArray[np.bool_]
) -> Claim:
    least, most = signal.harm_bounds
    before, after = signal.harm(table.baseline[rows]), signal.harm(table.candidate[rows])
    seen = after - before
    worst = np.where(np.isnan(after), most, after) - np.where(np.isnan(before), least, before)
    best = np.where(np.isnan(after), least, after) - np.where(np.isnan(before), most, before)
    return _claim(statement, (least - most, most - least), (seen, best, worst), signal, table, position, rows)


def _limit_claim(
    statement: Statement, signal: Signal, table: PairedTable, position: NDArray[np.int64], rows: NDArray[np.bool_]
) -> Claim:
    least, most = signal.harm_bounds
    seen = signal.harm(table.candidate[rows])
    gone = np.isnan(seen)
    series = (seen, np.where(gone, least, seen), np.where(gone, most, seen))
    return _claim(statement, (least, most), series, signal, table, position, rows)


def _claim(
    statement: Statement,
    bounds: tuple[float, float],
    series: tuple[Array, Array, Array],
    signal: Signal,
    table: PairedTable,
    position: NDArray[np.int64],
    rows: NDArray[np.bool_],
) -> Claim:
    seen, best, worst = series
    answered = ~np.isnan(seen)
    place, cluster = np.unique(position[rows], return_inverse=True)
    counts = np.bincount(cluster, minlength=len(place))
    sums = [np.bincount(cluster, weights=values, minlength=len(place)) for values in (best, worst)]
    seen_counts = np.bincount(cluster, weights=answered.astype(float), minlength=len(place))
    seen_sums = np.bincount(cluster, weights=np.where(answered, seen, 0.0), minlength=len(place))
    with np.errstate(invalid="ignore", divide="ignore"):
        seen_means = np.where(seen_counts > 0, seen_sums / seen_counts, BAD)
    return Claim(
        statement,
        *bounds,
        seen_means,
        sums[0] / counts,
        sums[1] / counts,
        int(answered.sum()),
        int((~answered).sum()),
        table.baseline[rows],
        table.candidate[rows],
        signal.harm(1.0),
    )
