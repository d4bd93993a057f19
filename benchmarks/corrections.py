"""What corrections cost and gain: adjustment by earlier knowledge, few labels joined with many judge scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.validity import Rate
from seatrial.stats.intervals import clustered_t
from seatrial.stats.prediction import adjusted_mean, ppi_mean

__all__ = ["Gain", "adjustment", "labels"]

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Gain:
    """How often a two-sided 90 % interval missed the truth, and its width as a share of the plain one's."""

    what: str
    missed: Rate
    width: float

    @property
    def labels_saved(self) -> float:
        """Share of the plain interval's sample that would do: the squared share of its width."""
        return self.width**2


def _pair(correlation: float, count: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shared, own = rng.normal(size=count), rng.normal(size=count)
    return shared, correlation * shared + math.sqrt(1 - correlation**2) * own


def adjustment(runs: int, seed: int) -> list[Gain]:
    """Return the gain of `adjusted_mean` with 60 clusters asked, by correlation and by size of the pool."""
    rng = np.random.default_rng(seed)
    made = []
    for correlation in (0.0, 0.5, 0.9):
        for pool in (60, 600):
            missed, widths = 0, []
            for _ in range(runs):
                x, known = _pair(correlation, 60, rng)
                found = adjusted_mean(x, known, rng.normal(size=pool), ALPHA)
                plain = clustered_t(x, ALPHA)
                missed += not found.low <= 0.0 <= found.high
                widths.append((found.high - found.low) / (plain.high - plain.low))
            name = f"correlation {correlation:g}, {pool} clusters not asked"
            made.append(Gain(name, Rate(missed, runs), float(np.mean(widths))))
    return made


def labels(runs: int, seed: int) -> list[Gain]:
    """Return the gain of PPI++ with 100 labels and 5,000 judge scores, by correlation of judge and people."""
    rng = np.random.default_rng(seed)
    made = []
    for correlation in (0.0, 0.3, 0.5, 0.7, 0.9):
        missed, widths = 0, []
        for _ in range(runs):
            people, judge = _pair(correlation, 100, rng)
            found = ppi_mean(people, judge, rng.normal(size=5000), ALPHA)
            plain = clustered_t(people, ALPHA)
            missed += not found.low <= 0.0 <= found.high
            widths.append((found.high - found.low) / (plain.high - plain.low))
        made.append(Gain(f"correlation {correlation:g}", Rate(missed, runs), float(np.mean(widths))))
    return made
