"""The statements that a gate is made of, each with one number a cluster, oriented so that + is harm.

A gate is one or more *claims*: over all items, in each use case, about the candidate's own level, over the suites of a
family. What was asked and
did not come back is not dropped, for who fails to answer is seldom chance: the claim carries every cluster twice, with
each missing answer as harmless and as harmful as the scale allows.

Every number weighs alike: a cluster is the mean of its items, an item the mean of its answers by weight, and clusters
count alike. The levels of both models are over the same items as the change, which is therefore their difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.instruments import Signal
from seatrial.observations import PairedTable
from seatrial.policy import Gate
from seatrial.stats.instruments import EXACT, Slope
from seatrial.types import BAD

__all__ = [
    "Claim",
    "Part",
    "Statement",
    "claims",
    "family_claims",
    "family_slope",
    "part_scales",
    "use_case_claims",
]

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
    def guards(self) -> bool:
        """Whether it keeps harm in a part from hiding in the mean."""
        return bool(self.use_case)

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
        missing: Items that lack an answer which was asked: those that were not observed, and those of which some draws
            were lost.
        baseline: The baseline's level by cluster in the signal's own units, over the items of `seen`, shape (C,); NaN
            where it has none.
        candidate: The same for the candidate.
        sign: 1 where a high value is harm, −1 where a low one is.
        use_cases: The use case of each cluster, shape (C,); that of its first item.
        harmless: The harmless end of the signal's scale, in its own units.
        ends: Least and largest mean of true harm that can be, where a cluster may count more than its share of it.
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
    use_cases: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype=np.str_))
    harmless: float = 0.0
    ends: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One suite of a family.

    Attributes:
        claim: What is claimed over all its items.
        width: The width of its scale.
        slope: What its readings show of a true change.
    """

    claim: Claim
    width: float
    slope: Slope


def family_claims(gate: Gate, parts: Sequence[Part]) -> tuple[list[Claim], Slope]:
    """Return what a family claims over its suites, the mean first, and what these numbers show of a true change.

    Each suite counts alike, as a share of its scale: of N clusters of G suites, the n of one are multiplied by
    N / (G n), so that the plain mean of all is the mean of the suites' means. What differs between suites stays in the
    spread, which makes bounds wider than they need be and never nearer. In a use case clusters count alike, whatever
    suite they are of.

    Readings of different instruments are brought to one slope, their mean. Its relative error is that of the worst, and
    so is how far it may lie above: however a change of a given mean is spread over the suites, the error of their
    slopes moves it by no more.

    Args:
        gate: The gate on the family.
        parts: Its suites; those of which nothing is known are left out.
    """
    known = [part for part in parts if len(part.claim.best)]
    if not known:
        return [], EXACT
    shares = [part.slope.or_exact for part in known]
    if min(slope.value for slope in shares) <= 0:
        return [], EXACT
    plain, shown = part_scales([part.width for part in known], shares), family_slope(shares)
    made = [_pooled(Statement("margin", gate.margin), known, plain, alike=True)]
    if gate.use_case_margin is not None:
        names = np.unique(np.concatenate([part.claim.use_cases for part in known]))
        made += [
            _pooled(
                Statement("margin", gate.use_case_margin, str(name)),
                [_within(part, str(name)) for part in known],
                plain,
            )
            for name in names
        ]
    return made, shown


def family_slope(slopes: Sequence[Slope]) -> Slope:
    """Return what the mean over suites shows of a true change, once their readings are brought to one slope."""
    typical = sum(slope.value for slope in slopes) / len(slopes)
    se = typical * max(slope.se / slope.value for slope in slopes)
    if not any(slope.two_sided for slope in slopes):
        return Slope(typical, se)
    top, top_se = (
        typical * max(share / slope.value for share, slope in zip(shares, slopes, strict=True))
        for shares in ([one.at_most.value for one in slopes], [one.at_most.se for one in slopes])
    )
    return Slope(typical, se, top, top_se)


def part_scales(widths: Sequence[float], slopes: Sequence[Slope]) -> list[float]:
    """Return what the readings of each suite are multiplied with to be shares of its scale, all of one slope."""
    typical = family_slope(slopes).value
    return [typical / slope.value / width for width, slope in zip(widths, slopes, strict=True)]


def _pooled(statement: Statement, parts: Sequence[Part], scales: Sequence[float], *, alike: bool = False) -> Claim:
    """Return one claim over the clusters of all parts, each multiplied by its part's scale.

    Args:
        statement: What is claimed.
        parts: The suites.
        scales: What a suite's numbers are multiplied with.
        alike: Whether suites count alike, or else clusters.
    """

    def weights(counts: Sequence[int]) -> list[float]:
        there = [count for count in counts if count]
        return [sum(there) / (len(there) * count) if alike and count else 1.0 for count in counts]

    def joined(values: Callable[[Part], Array]) -> Array:
        found = [values(part) for part in parts]
        times = weights([int((~np.isnan(one)).sum()) for one in found])
        return np.concatenate([one * by * weight for one, by, weight in zip(found, scales, times, strict=True)])

    # The numbers seen weigh other than those that missing answers are filled into; both stay within the reach.
    seen = weights([int((~np.isnan(part.claim.seen)).sum()) for part in parts])
    whole = weights([len(part.claim.best) for part in parts])
    reach = [by * max(both) for by, *both in zip(scales, seen, whole, strict=True)]
    return Claim(
        statement,
        min(part.claim.low * by for part, by in zip(parts, reach, strict=True)),
        max(part.claim.high * by for part, by in zip(parts, reach, strict=True)),
        joined(lambda part: part.claim.seen),
        joined(lambda part: part.claim.best),
        joined(lambda part: part.claim.worst),
        sum(part.claim.items for part in parts),
        sum(part.claim.missing for part in parts),
        joined(lambda part: abs(part.claim.baseline - part.claim.harmless)),
        joined(lambda part: abs(part.claim.candidate - part.claim.harmless)),
        1.0,
        np.concatenate([part.claim.use_cases for part in parts]),
        ends=(-1.0, 1.0),
    )


def _within(part: Part, use_case: str) -> Part:
    """Return the part with the clusters of one use case alone."""
    claim = part.claim
    rows = claim.use_cases == use_case
    series = {
        name: getattr(claim, name)[rows] for name in ("seen", "best", "worst", "baseline", "candidate", "use_cases")
    }
    known = int((~np.isnan(series["seen"])).sum())
    return replace(part, claim=replace(claim, **series, items=known, missing=int(rows.sum()) - known))


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
    """Return the place of each item's cluster in the order; in that of appearance where there is none."""
    if order is None:
        codes = clusters.cast(pl.Categorical()).to_physical()
        _, first, code = np.unique(codes, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[code]
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
    old, new = table.baseline_answered[rows], table.candidate_answered[rows]
    series = (
        after - before,
        _filled(after, new, least) - _filled(before, old, most),
        _filled(after, new, most) - _filled(before, old, least),
    )
    missing = int(((old < 1) | (new < 1)).sum())
    return _claim(statement, (least - most, most - least), series, missing, signal, table, position, rows)


def _limit_claim(
    statement: Statement, signal: Signal, table: PairedTable, position: NDArray[np.int64], rows: NDArray[np.bool_]
) -> Claim:
    least, most = signal.harm_bounds
    harm, share = signal.harm(table.candidate[rows]), table.candidate_answered[rows]
    series = (harm, _filled(harm, share, least), _filled(harm, share, most))
    return _claim(statement, (least, most), series, int((share < 1).sum()), signal, table, position, rows)


def _filled(known: Array, share: Array, unknown: float) -> Array:
    """Return what items are worth if all that did not come back were `unknown`; `share` came back."""
    filled: Array = share * np.where(np.isnan(known), 0.0, known) + (1.0 - share) * unknown
    return filled


def _claim(
    statement: Statement,
    bounds: tuple[float, float],
    series: tuple[Array, Array, Array],
    missing: int,
    signal: Signal,
    table: PairedTable,
    position: NDArray[np.int64],
    rows: NDArray[np.bool_],
) -> Claim:
    place, cluster = np.unique(position[rows], return_inverse=True)
    answered = ~np.isnan(series[0])
    levels = (np.where(answered, level[rows], BAD) for level in (table.baseline, table.candidate))
    seen, best, worst, baseline, candidate = (
        _cluster_means(values, cluster, len(place)) for values in (*series, *levels)
    )
    items = int(answered.sum())
    _, first = np.unique(cluster, return_index=True)
    named = table.use_cases.cast(pl.String).to_numpy()[rows][first].astype(str)
    sign = signal.harm(1.0)
    harmless = signal.bounds[0] if sign > 0 else signal.bounds[1]
    return Claim(statement, *bounds, seen, best, worst, items, missing, baseline, candidate, sign, named, harmless)


def _cluster_means(values: Array, cluster: NDArray[np.int64], count: int) -> Array:
    """Return the mean of the known values of each cluster; NaN where none is known."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        means: Array = np.bincount(cluster, np.where(known, values, 0.0), count) / np.bincount(cluster, known, count)
    return means
