"""Numbers like those seen, of another mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["centered", "shifted"]

TILTS = 60
GRID = 1_000
"""Numbers that stand for a tilted sample."""

Array = NDArray[np.float64]


def shifted(
    residuals: Array, change: float, low: float, high: float, size: tuple[int, int], rng: np.random.Generator
) -> Array:
    """Return draws of residuals whose mean is `change`, none outside the scale.

    They are moved where the scale has the room. Where it has not, harmful ones come up more often and harmless ones
    less, by an exponential tilt: numbers that are cut at the scale's end would have another mean than was asked for.

    Args:
        residuals: Numbers of mean 0, within the scale.
        change: The mean wanted.
        low: Lower end of the scale.
        high: Upper end.
        size: Shape of the result.
        rng: Generator.
    """
    least, most = float(residuals.min()), float(residuals.max())
    if (low <= least + change and most + change <= high) or not least < change < most:
        return np.clip(rng.choice(residuals, size) + change, low, high)
    weights = _tilted(residuals, change)
    return rng.choice(residuals, size, p=weights)


def centered(values: Array, low: float, high: float) -> Array:
    """Return numbers like those seen with mean 0, none outside the scale: moved where it has the room, else tilted.

    Args:
        values: Numbers seen, within the scale.
        low: Lower end of the scale, below 0.
        high: Upper end, above 0.
    """
    moved: Array = values - values.mean()
    if low <= moved.min() and moved.max() <= high:
        return moved
    if not values.min() < 0 < values.max():
        return np.clip(moved, low, high)
    shares = np.cumsum(_tilted(np.sort(values), 0.0))
    places = np.searchsorted(shares, (np.arange(GRID) + 0.5) / GRID)
    return np.sort(values)[np.minimum(places, len(values) - 1)]


def _tilted(values: Array, mean: float) -> Array:
    """Return the weights in proportion to exp(θ x) under which the values have this mean, by bisection of θ."""
    scale = float(np.ptp(values))
    least, most = -400.0 / scale, 400.0 / scale
    weights = np.full(len(values), 1 / len(values))
    for _ in range(TILTS):
        theta = (least + most) / 2
        raw = np.exp(theta * (values - (values.max() if theta > 0 else values.min())))
        weights = raw / raw.sum()
        least, most = (theta, most) if float(weights @ values) < mean else (least, theta)
    return weights
