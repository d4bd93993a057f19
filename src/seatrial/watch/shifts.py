"""An exact test, day after day, of whether what an instrument reads has moved.

A model that stays the same answers an item on one day as it could as well have answered it on any other. So the days
are exchanged at random within each item, and the mean of the latest days is compared with that of the days before: how
often would it lie so far off? That chance is computed and not approximated, whatever the readings' distribution
(sampling without replacement, item by item; Fisher 1935, *The Design of Experiments*). Nothing has to be learnt first:
it holds from the second day on.

It is asked again each day, over the latest day and over the latest 2, 4, 7, 14, 28 and 56, the longer ones less often.
All questions of a year share its chance of a false alarm (Bonferroni), each alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.special import gammaln

__all__ = ["DAYS_A_YEAR", "LEVELS", "WINDOWS", "Moved", "Watched", "chance", "first_move", "level", "on_grid"]

Array = NDArray[np.float64]
WINDOWS = {1: 1, 2: 1, 4: 2, 7: 3, 14: 7, 28: 7, 56: 14}
"""Latest days that are compared with those before → every how many days."""
DAYS_A_YEAR = 365
LOOKS_A_YEAR = sum(math.ceil(DAYS_A_YEAR / every) for every in WINDOWS.values())
LEVELS = 10
"""Steps of the grid that readings are rounded to, where they are not all at the ends of their scale."""
WORTH_COUNTING = 3.0
"""Standard errors below which a chance is not computed: it is far above any level."""
NO_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class Watched:
    """What was read of a fixed set of items, day after day.

    Attributes:
        values: Shape (items, days), as shares of the scale from 0 to 1; NaN where there is no reading.
    """

    values: Array

    @property
    def days(self) -> int:
        """How many days there are."""
        return int(self.values.shape[1])


@dataclass(frozen=True, slots=True)
class Moved:
    """That the latest days differ from those before.

    Attributes:
        day: Number of the day on which it was found, from 0.
        window: How many latest days were compared, that day among them.
        before: Mean of the days before, as a share of the scale.
        after: Mean of the latest days.
        chance: Chance that latest days would lie as far off on that side, were nothing changed.
    """

    day: int
    window: int
    before: float
    after: float
    chance: float

    @property
    def first(self) -> int:
        """Number of the first of the days that differ: about when it changed."""
        return self.day + 1 - self.window


def level(alarms: float, signals: int) -> float:
    """Return the chance below which one side of one comparison is an alarm.

    Args:
        alarms: Chance of a false alarm a year.
        signals: How many signals are watched together.
    """
    return alarms / (signals * LOOKS_A_YEAR * 2)


def on_grid(values: Array) -> tuple[NDArray[np.int64], int]:
    """Return the readings as whole steps of a grid, −1 where there is none, and how many steps the scale has.

    Only which values occur decides the grid, and not on which days: so it cannot tell days apart.
    """
    known = values[~np.isnan(values)]
    steps = 1 if np.all((known == 0) | (known == 1)) else LEVELS
    return np.where(np.isnan(values), -1, np.rint(np.nan_to_num(values) * steps)).astype(np.int64), steps


def first_move(watched: Watched, alpha: float) -> Moved | None:
    """Return the first alarm, with the comparison of its day that shows it best; None while all is quiet.

    Args:
        watched: All days since they were last taken for alike.
        alpha: Chance below which one side of one comparison is an alarm.
    """
    grid, steps = on_grid(watched.values)
    for day, far in _far_off(grid, watched.days):
        found = [
            Moved(day, window, *_levels(grid, steps, day, window), chance(grid[:, : day + 1], window, upward=z > 0))
            for window, z in far
        ]
        best = min(found, key=lambda one: (one.chance, one.window))
        if best.chance <= alpha:
            return best
    return None


def _far_off(grid: NDArray[np.int64], days: int) -> list[tuple[int, list[tuple[int, float]]]]:
    """Return days with the windows whose means lie far off, and by how many standard errors of the exchange."""
    far: dict[int, list[tuple[int, float]]] = {}
    sums = _Sums.of(grid)
    for window, every in WINDOWS.items():
        ends = np.array([day for day in range(window, days) if day % every == 0], dtype=np.int64)
        z = sums.z(ends + 1, window)
        for day, one in zip(ends[np.abs(z) >= WORTH_COUNTING], z[np.abs(z) >= WORTH_COUNTING], strict=True):
            far.setdefault(int(day), []).append((window, float(one)))
    return sorted(far.items())


@dataclass(frozen=True, slots=True)
class _Sums:
    """Counts, sums and sums of squares of each item's readings over the first 0, 1, … days, shape (items, days + 1)."""

    counts: Array
    sums: Array
    squares: Array

    @classmethod
    def of(cls, grid: NDArray[np.int64]) -> _Sums:
        known = grid >= 0
        value = np.where(known, grid, 0).astype(np.float64)
        none = np.zeros((len(grid), 1))
        return cls(*(np.concatenate([none, one.cumsum(axis=1)], axis=1) for one in (known, value, value**2)))

    def z(self, ends: NDArray[np.int64], window: int) -> Array:
        """Return by how many standard errors the latest days' sum differs from what exchanging them would give.

        Args:
            ends: How many days there are at each comparison, shape (k,); each above `window`.
            window: How many of them are the latest.
        """
        total, sums = self.counts[:, ends], self.sums[:, ends]
        inside = total - self.counts[:, ends - window]
        mean = sums / np.maximum(total, 1)
        spread = np.maximum(self.squares[:, ends] - total * mean**2, 0.0) / np.maximum(total - 1, 1)
        seen = (sums - self.sums[:, ends - window] - inside * mean).sum(axis=0)
        error = np.sqrt((inside * (1 - inside / np.maximum(total, 1)) * spread).sum(axis=0))
        z: Array = np.divide(seen, error, out=np.zeros_like(seen), where=error > NO_SPREAD)
        return z


def _levels(grid: NDArray[np.int64], steps: int, day: int, window: int) -> tuple[float, float]:
    """Return the means of the days before and of the latest ones, over the items that have readings in both."""
    parts = grid[:, : day + 1 - window], grid[:, day + 1 - window : day + 1]
    both = np.all([(part >= 0).any(axis=1) for part in parts], axis=0)
    means = [np.where(part >= 0, part, 0).sum(axis=1) / np.maximum((part >= 0).sum(axis=1), 1) for part in parts]
    before, after = (float(one[both].mean()) / steps if both.any() else math.nan for one in means)
    return before, after


def chance(grid: NDArray[np.int64], window: int, *, upward: bool) -> float:
    """Return how likely the latest days' sum would lie as far off on one side, were each item's days exchanged.

    Args:
        grid: Whole steps of readings, shape (items, days); −1 where there is none.
        window: How many latest days.
        upward: Whether the sum is at least what was seen, or at most.
    """
    seen, parts = 0, []
    for row in grid:
        known, latest = (part[part >= 0] for part in (row, row[-window:]))
        if len(latest):
            low = known.min()
            seen += int((latest - low).sum())
            if known.max() > low:
                parts.append(sums_drawn(tuple(np.bincount(known - low)), len(latest)))
    size = sum(len(part) - 1 for part in parts) + 1
    width = fft.next_fast_len(size, real=True)
    product = np.ones(width // 2 + 1, dtype=np.complex128)
    for part in parts:
        product *= fft.rfft(part, width)
    law = np.maximum(fft.irfft(product, width)[:size], 0.0)
    return float(min(1.0, law[seen:].sum() if upward else law[: seen + 1].sum()))


def sums_drawn(counts: Sequence[int], drawn: int) -> Array:
    """Return the distribution of the sum of some values drawn without replacement, shape (drawn · (m − 1) + 1,).

    Args:
        counts: How many of the values are 0, 1, …, m − 1.
        drawn: How many are drawn, at most all of them.
    """
    top = len(counts) - 1
    ways = np.zeros((drawn + 1, drawn * top + 1))
    ways[0, 0] = 1.0
    each = _log_choose(sum(counts), drawn) / drawn  # taken off for each drawn: no weight is beyond all floats
    for value, count in enumerate(counts):
        if not count:
            continue
        chosen = [math.exp(_log_choose(count, number) - each * number) for number in range(min(count, drawn) + 1)]
        before, ways = ways, np.zeros_like(ways)
        for number, weight in enumerate(chosen):
            shift = number * value
            ways[number:, shift:] += weight * before[: drawn + 1 - number, : drawn * top + 1 - shift]
    law: Array = ways[drawn] / ways[drawn].sum()
    return law


def _log_choose(total: int, some: int) -> float:
    return float(gammaln(total + 1) - gammaln(some + 1) - gammaln(total - some + 1))
