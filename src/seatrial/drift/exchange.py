"""An exact test of many measures at once: how large would they be, had the models' answers been exchanged at random?

Two models that answer alike give answers to an item that could as well have come the other way round. So the labels are
exchanged at random within each item, and all measures are computed anew; nothing is assumed of how they are distributed
or go together. Each measure is a mean difference over its standard error. One kind of measure holds seven numbers,
another thousands: each kind's largest is compared with that kind's largest under exchange, and the smallest p-value of
all kinds with the smallest under exchange (Westfall and Young 1993, *Resampling-Based Multiple Testing*, 2.4). So the
chance that anything at all is listed where nothing changed is at most the level, with whatever was tried and not listed
included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXCHANGES", "Layout", "Tested", "exchange_test"]

Array = NDArray[np.float64]
EXCHANGES = 1999
"""Random exchanges beside what was seen, which counts among them (Phipson and Smyth 2010, SAGMB 9(1))."""
AT_ONCE = 250
SAME = 1e-9


@dataclass(frozen=True)
class Layout:
    """Which answer belongs where; answers stand item by item, the baseline's before the candidate's.

    Attributes:
        item: Item of each answer, from 0 up without a gap, shape (n,).
        candidate: Whether the candidate gave it, shape (n,).
        cluster: Cluster of each item, from 0 up without a gap, shape (items,).
    """

    item: NDArray[np.int64]
    candidate: NDArray[np.bool_]
    cluster: NDArray[np.int64]

    @property
    def items(self) -> int:
        """How many items."""
        return len(self.cluster)

    @property
    def weight(self) -> Array:
        """What each item weighs, shape (items,): clusters count alike, and the items of one cluster too."""
        sizes = np.bincount(self.cluster)
        weight: Array = 1.0 / (sizes[self.cluster] * len(sizes))
        return weight

    @property
    def seen(self) -> Array:
        """What each answer's value counts in the mean difference, candidate − baseline, shape (n,)."""
        before = np.bincount(self.item, ~self.candidate, minlength=self.items)
        after = np.bincount(self.item, self.candidate, minlength=self.items)
        share = np.where(self.candidate, 1.0 / after[self.item], -1.0 / before[self.item])
        seen: Array = share * self.weight[self.item]
        return seen

    def by_item(self, values: Array) -> Array:
        """Return the difference candidate − baseline of each item, shape (n, m) → (items, m)."""
        counted = self.seen / self.weight[self.item]
        return self._summed(counted[:, None] * values)

    def level(self, values: Array, *, candidate: bool) -> Array:
        """Return one model's mean of each item, shape (n,) → (items,)."""
        own = self.candidate == candidate
        level: Array = np.bincount(self.item[own], values[own], minlength=self.items) / np.bincount(
            self.item[own], minlength=self.items
        )
        return level

    def by_cluster(self, of_items: Array) -> Array:
        """Return the mean of each cluster, shape (items, …) → (clusters, …)."""
        order = np.argsort(self.cluster, kind="stable")
        sizes = np.bincount(self.cluster)
        starts = np.cumsum([0, *sizes[:-1]])
        means: Array = np.add.reduceat(of_items[order], starts, axis=0) / (
            sizes if of_items.ndim == 1 else sizes[:, None]
        )
        return means

    def errors(self, values: Array) -> Array:
        """Return the standard error of each mean difference were all answers exchangeable, shape (n, m) → (m,)."""
        sizes = np.bincount(self.item).astype(np.float64)
        means = self._summed(values) / sizes[:, None]
        spread = self._summed((values - means[self.item]) ** 2) / (sizes - 1)[:, None]
        after = np.bincount(self.item, self.candidate, minlength=self.items)
        factor = self.weight**2 * (1.0 / after + 1.0 / (sizes - after))
        errors: Array = np.sqrt((factor[:, None] * spread).sum(axis=0))
        return errors

    def _summed(self, values: Array) -> Array:
        starts = np.searchsorted(self.item, np.arange(self.items))
        summed: Array = np.add.reduceat(values, starts, axis=0)
        return summed

    def part(self, items: NDArray[np.bool_]) -> tuple[Layout, NDArray[np.bool_]]:
        """Return the layout of some items alone, and which answers are theirs."""
        own = items[self.item]
        _, item = np.unique(self.item[own], return_inverse=True)
        _, cluster = np.unique(self.cluster[items], return_inverse=True)
        return Layout(item, self.candidate[own], cluster), own


@dataclass(frozen=True)
class Tested:
    """What the test found.

    Attributes:
        p_value: Of the test whether anything changed.
        by_kind: Kind → p-value of the test of that kind alone.
        z: Mean difference over its standard error of each measure, shape (m,); 0 for what never differs.
        adjusted: p-value of each measure, corrected for all that was tried, shape (m,).
    """

    p_value: float
    by_kind: dict[str, float]
    z: Array
    adjusted: Array


def exchange_test(
    layout: Layout,
    values: Array,
    kinds: Sequence[str],
    spread: Mapping[str, Sequence[int]],
    vectors: Sequence[Array],
    rng: np.random.Generator,
    exchanges: int = EXCHANGES,
) -> Tested:
    """Test all measures.

    Args:
        layout: Which answer belongs where.
        values: The measures of each answer, shape (n, m), m at least 1.
        kinds: The kind of each measure, length m.
        spread: Name → measures that are also looked at together, by the sum of their squares: many small changes in
            one direction of many are none in each.
        vectors: Vectors of each answer, shapes (n, d), of which the length of the mean difference is looked at too.
        rng: Draws the exchanges.
        exchanges: How many are drawn.
    """
    errors = layout.errors(values)
    moving = errors > SAME
    scaled = np.divide(values - values.mean(axis=0), errors, out=np.zeros_like(values), where=moving)
    drawn = _exchanged(layout, exchanges, rng)
    z = np.vstack([part @ scaled for part in drawn])
    names = list(dict.fromkeys(kinds))
    columns = {name: [place for place, kind in enumerate(kinds) if kind == name] for name in names}
    largest = {name: np.abs(z[:, held]).max(axis=1) for name, held in columns.items()}
    largest |= {name: (z[:, list(held)] ** 2).sum(axis=1) for name, held in spread.items() if held}
    for number, one in enumerate(vectors):
        lengths = [np.linalg.norm(part @ (one - one.mean(axis=0)), axis=1) for part in drawn]
        largest[f"vectors {number}"] = np.concatenate(lengths)
    chances = {name: _chance(sizes, sizes) for name, sizes in largest.items()}
    least = np.min(list(chances.values()), axis=0)
    own = np.empty(len(kinds))
    for name, held in columns.items():
        own[held] = _chance(np.abs(z[0, held]), largest[name])
    return Tested(
        float(_rank(least[:1], least)[0]),
        {name: float(chances[name][0]) for name in names},
        np.where(moving, z[0], 0.0),
        np.where(moving, _rank(own, least), 1.0),
    )


def _exchanged(layout: Layout, exchanges: int, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Return in parts what each answer counts as it was seen, and under each exchange: shapes (≤ AT_ONCE, n)."""
    counts = layout.seen
    drawn = [counts[None, :]]
    for start in range(0, exchanges, AT_ONCE):
        rows = min(AT_ONCE, exchanges - start)
        order = np.argsort(layout.item + rng.random((rows, len(counts))), axis=1)
        part = np.empty((rows, len(counts)))
        np.put_along_axis(part, order, np.broadcast_to(counts, part.shape), axis=1)
        drawn.append(part)
    return drawn


def _chance(sizes: Array, among: Array) -> Array:
    """Return how often one among some is at least of each size."""
    ordered = np.sort(among)
    chance: Array = (len(among) - np.searchsorted(ordered, sizes - SAME, side="left")) / len(among)
    return chance


def _rank(chances: Array, among: Array) -> Array:
    """Return how often one among some is at most each of these chances."""
    rank: Array = np.searchsorted(np.sort(among), chances + SAME, side="right") / len(among)
    return rank
