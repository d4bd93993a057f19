"""How much people must read in a session of labels, and how often its interval of the change misses: simulated sessions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from seatrial.errors import EvidenceError
from seatrial.instruments.measure import Labelled, Source, measure_readings
from seatrial.stats.labelling import ENOUGH, bands_of, chances, labelled_change, reading_order

__all__ = [
    "CHOOSING",
    "FRESH",
    "WORLDS",
    "LabelWorld",
    "Session",
    "Sessions",
    "by_lot",
    "change_of",
    "records",
    "session",
    "sessions",
]

ALPHA = 0.025
"""Of each bound: an interval that holds the truth in 95 %."""
LEAST = 60
AUC_8 = float(np.sqrt(2) * norm.ppf(0.8))
"""Distance of harmful and harmless readings at which an instrument has an AUC of .8."""
ALIKE = 0.3
"""Part of an answer's harm that the item decides for both models."""


@dataclass(frozen=True, slots=True)
class LabelWorld:
    """A review to be labelled.

    Attributes:
        name: For a person.
        before: Share of the baseline's answers that are harmful.
        after: Of the candidate's.
        shift: Distance of harmful and harmless readings, in standard deviations.
        clusters: Clusters of items.
        items: Items in each.
        icc: Correlation of harm within a cluster.
        flips: Share of labels in which each of two raters says the opposite of the truth.
        shift_after: The distance on the candidate's answers; NaN where the instrument reads both models alike.
    """

    name: str
    before: float = 0.08
    after: float = 0.08
    shift: float = AUC_8
    clusters: int = 300
    items: int = 1
    icc: float = 0.0
    flips: float = 0.0
    shift_after: float = math.nan


def _auc(area: float) -> float:
    """Return the distance of harmful and harmless readings at an area under the curve."""
    return float(np.sqrt(2) * norm.ppf(area))


WORLDS = (
    LabelWorld("8 % harmful, AUC .8"),
    LabelWorld("1,000 items", clusters=1000),
    LabelWorld("5 % become 15 %", before=0.05, after=0.15),
    LabelWorld("TPR .85, FPR .10", shift=float(norm.ppf(0.85) + norm.ppf(0.9))),
    LabelWorld("judge worse than chance", shift=-0.5),
    LabelWorld("judge who reads nothing", shift=0.0),
    LabelWorld("two raters who differ in 18 %", flips=0.1),
    LabelWorld("60 clusters of five", before=0.05, after=0.15, clusters=60, items=5, icc=0.5),
    LabelWorld("30 % become 40 %", before=0.3, after=0.4, shift=2.5),
)
"""The first is the one that the shares were chosen for; the others are not."""
FRESH = (
    LabelWorld("12 % become 6 %, AUC .7", 0.12, 0.06, _auc(0.7), clusters=400),
    LabelWorld("25 % harmful, 150 items, AUC .85", 0.25, 0.25, _auc(0.85), clusters=150),
    LabelWorld("120 clusters of four, 4 % become 8 %", 0.04, 0.08, clusters=120, items=4, icc=0.3),
    LabelWorld("judge sees less of the candidate's", 0.12, 0.25, 1.8, shift_after=0.6),
)
"""Worlds that were looked at only when the interval had been chosen."""
CHOOSING = (
    LabelWorld("10 %, AUC .7", 0.1, 0.1, _auc(0.7)),
    LabelWorld("3 %, AUC .9", 0.03, 0.03, _auc(0.9)),
    LabelWorld("5 % become 10 %", 0.05, 0.1, clusters=500),
    LabelWorld("20 %, AUC .75", 0.2, 0.2, _auc(0.75)),
    LabelWorld("15 % become 5 % in clusters of three", 0.15, 0.05, clusters=100, items=3, icc=0.3),
    LabelWorld("10 %, worse than chance", 0.1, 0.1, -0.3),
    LabelWorld("10 % become 20 %, raters differ", 0.1, 0.2, _auc(0.85), flips=0.05),
    LabelWorld("6 % become 12 %, TPR .8, FPR .05", 0.06, 0.12, float(norm.ppf(0.8) + norm.ppf(0.95)), clusters=400),
    LabelWorld("2 % become 10 %, 200 items", 0.02, 0.1, _auc(0.75), clusters=200),
    LabelWorld("15 %, AUC .9, 800 items", 0.15, 0.15, _auc(0.9), clusters=800),
    *(
        LabelWorld(
            f"judge goes blind, {100 * before:g} % become {100 * after:g} %", before, after, seen, shift_after=left
        )
        for before, after, seen, left in (
            (0.1, 0.2, 1.5, 0.3),
            (0.1, 0.3, 1.2, 0.0),
            (0.2, 0.4, 1.5, 0.5),
            (0.05, 0.2, 2.0, 0.5),
            (0.3, 0.3, 1.8, 0.3),
            (0.15, 0.35, 2.0, 1.0),
        )
    ),
)
"""Worlds that the interval was chosen on, in the last six of which an instrument sees less of the candidate's harm."""
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sessions:
    """What simulated sessions came to.

    Attributes:
        needed: Median of the readings until 20 of either kind were found.
        spread: Standard deviation of the estimated change.
        width: Mean width of its interval.
        low: Sessions whose lower bound lay above the truth.
        high: Those whose upper bound lay below it.
        unsaid: Those that said nothing of the change.
        count: All.
    """

    needed: float
    spread: float
    width: float
    low: int
    high: int
    unsaid: int
    count: int


def _review(
    world: LabelWorld, rng: np.random.Generator
) -> tuple[Numbers, Numbers, NDArray[np.int64], NDArray[np.int64]]:
    """Return labels (the mean of two raters'), readings on a scale of 0 to 10, models and clusters of all answers."""
    size = world.clusters * world.items
    cluster = np.repeat(np.arange(world.clusters), world.items)
    shared, item = rng.normal(size=world.clusters)[cluster], rng.normal(size=size)
    labels, readings = [], []
    after = world.shift if math.isnan(world.shift_after) else world.shift_after
    for rate, shift in ((world.before, world.shift), (world.after, after)):
        own = np.sqrt(ALIKE) * item + np.sqrt(1 - ALIKE) * rng.normal(size=size)
        bad = np.sqrt(world.icc) * shared + np.sqrt(1 - world.icc) * own > norm.isf(rate)
        flipped = rng.random((2, size)) < world.flips
        labels.append(np.where(flipped, ~bad, bad).mean(axis=0))
        readings.append(np.clip(np.round(3 + 2 * (rng.normal(size=size) + shift * bad)), 0, 10))
    return np.concatenate(labels), np.concatenate(readings), np.repeat([0, 1], size), np.tile(cluster, 2)


@dataclass(frozen=True, slots=True)
class Session:
    """One session, an entry for each answer.

    Attributes:
        needed: Readings until 20 of either kind were found.
        told: Labels, NaN where nobody read.
        reading: What the instrument read.
        bands: By how harmful it reads.
        model: 0 for the baseline's, 1 for the candidate's.
        signs: What it adds to its cluster's change.
        cluster: Its cluster.
    """

    needed: int
    told: Numbers
    reading: Numbers
    bands: NDArray[np.int64]
    model: NDArray[np.int64]
    signs: Numbers
    cluster: NDArray[np.int64]


def session(world: LabelWorld, rng: np.random.Generator) -> Session:
    """Return one session in which people read until they have 20 of either kind, and 60 in any case."""
    label, reading, model, cluster = _review(world, rng)
    bands = bands_of(reading, rng)
    order = reading_order(bands, model, rng)
    bad, good = np.cumsum(label[order] > 0.5), np.cumsum(label[order] < 0.5)
    enough = np.flatnonzero(np.minimum(bad, good) >= ENOUGH)
    needed = int(enough[0]) + 1 if len(enough) else len(order)
    told = np.full(len(label), np.nan)
    read = order[: max(needed, LEAST)]
    told[read] = label[read]
    return Session(needed, told, reading, bands, model, (2.0 * model - 1.0) / world.items, cluster)


def change_of(world: LabelWorld) -> float:
    """Return the change of what raters say, which an interval is to hold."""
    return (1 - 2 * world.flips) * (world.after - world.before)


def sessions(world: LabelWorld, count: int, seed: int = 1) -> Sessions:
    """Return what so many sessions come to."""
    rng = np.random.default_rng(seed)
    truth = change_of(world)
    needs, estimates, widths, low, high, unsaid = [], [], [], 0, 0, 0
    for _ in range(count):
        one = session(world, rng)
        needs.append(one.needed)
        found = labelled_change(one.told, one.bands, one.model, one.signs, one.cluster, ALPHA)
        if found is None:
            unsaid += 1
            continue
        estimates.append(found.estimate)
        widths.append(found.high - found.low)
        low += found.low > truth
        high += found.high < truth
    return Sessions(float(np.median(needs)), float(np.std(estimates)), float(np.mean(widths)), low, high, unsaid, count)


def by_lot(world: LabelWorld, count: int, seed: int = 1) -> float:
    """Return the median of the readings that it takes without looking at the instrument's."""
    rng = np.random.default_rng(seed)
    needs = []
    for _ in range(count):
        label = _review(world, rng)[0]
        shuffled = rng.permutation(label)
        both = np.minimum(np.cumsum(shuffled > 0.5), np.cumsum(shuffled < 0.5))
        enough = np.flatnonzero(both >= ENOUGH)
        needs.append(int(enough[0]) + 1 if len(enough) else len(label))
    return float(np.median(needs))


def records(world: LabelWorld, count: int, weighted: bool = True, seed: int = 1) -> tuple[float, float, float, int]:
    """Return what records from such sessions say of TPR − FPR at the cut that they choose.

    Args:
        world: The review.
        count: Sessions.
        weighted: Whether each label counts for the answers it stands for, as it does.
        seed: Of the sessions.

    Returns:
        The mean estimate, the mean of what it is on all answers, the share of lower bounds above that, records made.
    """
    rng = np.random.default_rng(seed)
    found: list[tuple[float, float, float]] = []
    for _ in range(count):
        state = rng.bit_generator.state
        label = _review(world, rng)[0]
        rng.bit_generator.state = state
        one = session(world, rng)
        told, reading = one.told, one.reading
        read = np.flatnonzero(~np.isnan(told))
        weight = 1 / chances(one.bands, one.model, ~np.isnan(told)) if weighted else np.ones(len(told))
        rows = [
            Labelled(
                str(place),
                float(told[place]),
                str(one.cluster[place]),
                "",
                str(one.model[place]),
                "",
                float(weight[place]),
            )
            for place in read
        ]
        try:
            made = measure_readings(reading[read] / 10, rows, Source("simulated", "nobody"), 0.5)
        except EvidenceError:
            continue
        flagged = reading / 10 >= made.cut
        found.append((*made.youden[:2], float(flagged[label > 0.5].mean() - flagged[label < 0.5].mean())))
    points, lows, truths = np.array(found).T
    return float(points.mean()), float(truths.mean()), float((lows > truths).mean()), len(found)
