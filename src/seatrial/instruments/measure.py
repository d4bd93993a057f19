"""Measuring an instrument on labelled text: its record."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seatrial.errors import EvidenceError
from seatrial.instruments.base import Instrument, read_many
from seatrial.instruments.records import Bounds, Measurement
from seatrial.stats.intervals import exact_share
from seatrial.stats.ranks import auc, spearman, weighted_auc
from seatrial.types import Item, Message, Response

__all__ = ["Labelled", "Source", "measure", "measure_readings", "read_all", "rounded"]

Array = NDArray[np.float64]

RESAMPLES = 1000

UNNAMED = "row "
"""How the cluster of an answer is called that belongs to none: each is its own."""

NORMAL_95 = 1.6449

FEWEST = 20
"""Fewer labelled answers on either side measure nothing."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled answer.

    Attributes:
        text: The answer.
        label: How harmful it is said to be.
        cluster: Answers that stand or fall together.
        prompt: What was asked, if it is known.
        model: Which model (or other group) wrote it; empty where it is not known.
        item: The item that it answers, where that has another name than its cluster.
        weight: How many answers it stands for: one over the chance with which it was chosen to be labelled.
    """

    text: str
    label: float
    cluster: str
    prompt: str = ""
    model: str = ""
    item: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where labelled answers come from, for the record."""

    on: str
    labelled_by: str
    author_written: bool = False
    source: str = ""
    signal: str = ""


def _digest(rows: Sequence[Labelled]) -> str:
    """Return the SHA-256 of labelled answers."""
    lines = sorted(
        json.dumps(
            [row.prompt, row.text, row.label, row.cluster, row.model, *([row.weight] if row.weight != 1 else [])]
        )
        for row in rows
    )
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

    Answers that were chosen by their readings flatter or wrong what chose them unless each counts for those that it
    stands for, so every number but the rank correlation is weighted. Intervals are percentile bootstraps over clusters
    from a fixed seed, so a record can be reproduced to the digit. Drawing again never shows an error that nobody made,
    so the bounds of sensitivity and specificity are no closer than exact ones of as many independent trials as these
    clusters are worth with one more, those of the other numbers follow them, and where some answers stand for more than
    others, what was not seen is allowed for.

    Raises:
        EvidenceError: too few answers of either kind can be read, or all belong to one cluster.
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
    if len(names) < 2:
        raise EvidenceError(
            f"{source.on}: all answers belong to one cluster, so nothing shows how far answers of others differ; a "
            "record needs several"
        )
    weight = np.array([row.weight for row in kept])
    flagged, cut = _flags(x, bad, cluster, weight)
    ranked = len(np.unique(labels)) > 2  # of two kinds of labels the area under the curve says all, much faster
    points = _numbers(x, labels, bad, flagged, weight, ranked)
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(cluster == number) for number in range(len(names))]
    drawn = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([members[number] for number in rng.integers(0, len(names), len(names))])
        if 0 < bad[chosen].sum() < len(chosen):
            drawn.append(_numbers(x[chosen], labels[chosen], bad[chosen], flagged[chosen], weight[chosen], ranked))
    low, high = np.nanquantile(np.array(drawn), (0.05, 0.95), axis=0)
    low, high = _wider(points, low, high, bad, flagged, weight, cluster)

    def bounds(position: int) -> Bounds:
        return rounded(points[position]), rounded(low[position]), rounded(high[position])

    words = np.array([math.log1p(len(row.text.split())) for row in kept])
    groups = _groups(bad, flagged, np.array([row.model for row in kept]), weight)
    return Measurement(
        source.on,
        source.labelled_by,
        source.author_written,
        source.source,
        _digest(rows),
        source.signal,
        len(kept),
        len(names),
        int(bad.sum()),
        int((~read).sum()),
        harmful_from,
        rounded(cut),
        bounds(0),
        bounds(1),
        bounds(2),
        bounds(3),
        bounds(4),
        bounds(5) if ranked else (math.nan, math.nan, math.nan),
        rounded(float(np.mean([spearman(x[bad == side], words[bad == side]) for side in (True, False)]))),
        groups,
        _differential(groups),
    )


def rounded(value: float) -> float:
    """Six digits: more would depend on the machine's arithmetic."""
    return round(float(value), 6)


def _flags(
    x: Array, bad: NDArray[np.bool_], cluster: NDArray[np.int64], weight: Array
) -> tuple[NDArray[np.bool_], float]:
    """Return which answers are flagged, by a cut chosen on the half of the clusters that they are not in."""
    half = cluster % 2 == 0
    flagged = np.zeros(len(x), dtype=bool)
    cuts = []
    for side in (True, False):
        own = half == side
        cut = _best_cut(x[own], bad[own], weight[own])
        cuts.append(cut)
        flagged[half != side] = x[half != side] >= cut
    return flagged, float(np.mean(cuts))


def _best_cut(x: Array, bad: NDArray[np.bool_], weight: Array) -> float:
    """Return the cut with the largest TPR − FPR, midway between two readings."""
    values = np.unique(x)
    cuts = np.concatenate([[values[0]], (values[1:] + values[:-1]) / 2]) if len(values) > 1 else values
    order = np.searchsorted(cuts, x, side="right")
    hits, alarms = (
        np.bincount(order[kind], weight[kind], minlength=len(cuts) + 1)[::-1].cumsum()[::-1][1:] for kind in (bad, ~bad)
    )
    harmful, harmless = (float(weight[kind].sum()) or 1.0 for kind in (bad, ~bad))
    return float(cuts[np.argmax(hits / harmful - alarms / harmless)])


def _numbers(
    x: Array, labels: Array, bad: NDArray[np.bool_], flagged: NDArray[np.bool_], weight: Array, ranked: bool
) -> list[float]:
    """Return sensitivity, specificity, TPR − FPR, slope, AUC and rank correlation; 0 for the last where not wanted."""
    if (weight == weight[0]).all():
        sensitivity, specificity = float(flagged[bad].mean()), float((~flagged[~bad]).mean())
        slope, area = float(x[bad].mean() - x[~bad].mean()), auc(x[bad], x[~bad])
    else:
        sensitivity, specificity = _mean(flagged, bad, weight), 1.0 - _mean(flagged, ~bad, weight)
        slope = _mean(x, bad, weight) - _mean(x, ~bad, weight)
        area = weighted_auc(x[bad], x[~bad], weight[bad], weight[~bad])
    rank = spearman(x, labels) if ranked else 0.0
    return [sensitivity, specificity, sensitivity + specificity - 1, slope, area, rank]


def _mean(values: Array | NDArray[np.bool_], of: NDArray[np.bool_], weight: Array) -> float:
    return float(np.average(values[of].astype(np.float64), weights=weight[of]))


def _wider(
    points: Sequence[float],
    low: Array,
    high: Array,
    bad: NDArray[np.bool_],
    flagged: NDArray[np.bool_],
    weight: Array,
    cluster: NDArray[np.int64],
) -> tuple[Array, Array]:
    """Return bounds that allow for what these answers did not show.

    Where no answer of a kind was read wrongly, drawing them again never shows one, however few they were. So each rate
    is bounded as one of so many independent trials as its answers are worth with one more cluster that is read wholly
    the other way; where none was read so, that is one a cluster. Where few answers stand for many and none of them was
    harmful, drawing them again never shows a harmful one. So one more label is counted for each weight, as harmful as
    all answers on average and flagged as those of its weight are.
    """
    low, high = low.copy(), high.copy()
    unequal = len(np.unique(weight)) > 1
    middle, below, above = np.array(points[:2]), np.zeros(2), np.zeros(2)
    for place, (kind, right) in enumerate(((bad, flagged), (~bad, ~flagged))):
        share, worth = min(points[place], 1.0), float(weight[kind].sum() ** 2 / (weight[kind] ** 2).sum())
        lower, upper = (
            exact_share(share, min(worth, _trials(right[kind], cluster[kind], more)), 0.05) for more in (False, True)
        )
        low[place], high[place] = min(low[place], lower.low), max(high[place], upper.high)
        if unequal:
            middle[place], error = _with_one_more(points[place], kind, right, weight)
            low[place] = max(min(low[place], middle[place] - NORMAL_95 * error), 0.0)
            high[place] = min(max(high[place], middle[place] + NORMAL_95 * error), 1.0)
        below[place], above[place] = middle[place] - low[place], high[place] - middle[place]
    both = float(middle.sum()) - 1.0
    low[2] = min(low[2], both - float(np.hypot(*below)))
    high[2] = max(high[2], both + float(np.hypot(*above)))
    if points[2] > 0:
        low[3] = min(low[3], points[3] * low[2] / points[2])
        high[3] = max(high[3], points[3] * high[2] / points[2])
    if points[4] == 1.0:
        low[4] = min(low[4], (1 + low[2]) / 2)
    return low, high


def _trials(right: NDArray[np.bool_], cluster: NDArray[np.int64], more: bool) -> float:
    """Return how many independent trials clustered flags are worth, with one more cluster that is all right or wrong.

    Their number over the design effect (Kish 1965), which is at least 1.
    """
    _, place = np.unique(cluster, return_inverse=True)
    sizes, hits = np.bincount(place), np.bincount(place, right.astype(np.float64))
    size = float(sizes.mean())
    sizes, hits = np.append(sizes, size), np.append(hits, size * more)
    rate = float(hits.sum() / sizes.sum())
    alone = rate * (1 - rate) * float(sizes.sum())
    return len(right) / max(1.0, float(((hits - rate * sizes) ** 2).sum()) / alone) if alone > 0 else float(len(right))


def _with_one_more(
    share: float, kind: NDArray[np.bool_], right: NDArray[np.bool_], weight: Array
) -> tuple[float, float]:
    """Return the weighted share of right flags among a kind with one more label for each weight, and its error."""
    rate = float(np.average(kind, weights=weight))
    hits = total = variance = 0.0
    for value in np.unique(weight):
        own = weight == value
        count, of = int(own.sum()), own & kind
        flags = float(right[own].mean())
        hits += value * (float((of & right).sum()) + rate * flags)
        total += value * (float(of.sum()) + rate)
        apart = kind[own] * (right[own] - share)
        second = (float((apart**2).sum()) + rate * (flags * (1 - share) ** 2 + (1 - flags) * share**2)) / (count + 1)
        variance += count * value**2 * max(second - float(apart.mean()) ** 2, 0.0)
    return hits / total, math.sqrt(variance) / total


def _groups(
    bad: NDArray[np.bool_], flagged: NDArray[np.bool_], models: NDArray[np.str_], weight: Array
) -> tuple[tuple[str, int, float, int, float], ...]:
    made = []
    for name in np.unique(models):
        own = models == name
        harmful, harmless = int((bad & own).sum()), int((~bad & own).sum())
        if name and min(harmful, harmless) > 0:
            rates = rounded(_mean(flagged, bad & own, weight)), rounded(1.0 - _mean(flagged, ~bad & own, weight))
            made.append((str(name), harmful, rates[0], harmless, rates[1]))
    return tuple(made)


def _differential(groups: Sequence[tuple[str, int, float, int, float]]) -> tuple[float, float]:
    """Return the largest differences between two groups that both have 20 answers of the kind."""
    sensitivity = [group[2] for group in groups if group[1] >= FEWEST]
    specificity = [group[4] for group in groups if group[3] >= FEWEST]
    if len(sensitivity) < 2 or len(specificity) < 2:
        return math.nan, math.nan
    return rounded(max(sensitivity) - min(sensitivity)), rounded(max(specificity) - min(specificity))
