"""Harm that hides in an average: a few large changes for the worse among many small ones for the better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from seatrial.stats.distributions import binom_sf

__all__ = ["LargeChanges", "large_changes"]


@dataclass(frozen=True, slots=True)
class LargeChanges:
    """Clusters that changed by `size` or more.

    Attributes:
        size: What counts as large.
        worse: Clusters that moved that far toward harm.
        better: Clusters that moved that far away from it.
        p_value: One-sided, against "a large change is as likely for the better as for the worse".
    """

    size: float
    worse: int
    better: int
    p_value: float


def large_changes(x: ArrayLike, size: float) -> LargeChanges:
    """Return the large changes among cluster differences, shape (C,), oriented so that + is harm.

    An exact sign test of the large changes alone, so that no number of small improvements can hide them. `size`
    must be fixed before the differences are seen.

    Raises:
        ValueError: the size is not above 0.
    """
    if size <= 0:
        raise ValueError("a large change must be above 0")
    values = np.asarray(x, dtype=np.float64)
    worse, better = int((values >= size).sum()), int((values <= -size).sum())
    if worse + better == 0:
        return LargeChanges(size, 0, 0, 1.0)
    p = float(binom_sf(worse - 1, worse + better, 0.5))
    return LargeChanges(size, worse, better, p)
