"""Tests and confidence sequences for the mean of bounded numbers, by betting.

A gambler who suspects that the mean exceeds m stakes a share of her capital on every next number. If the
suspicion is wrong, her capital cannot be expected to grow, whatever else the distribution is; so capital is
evidence (an *e-value*), and the set of all m against which no gambler got rich is a confidence set that holds
at every look. Stakes here are not guessed from the data: the capital is averaged over a fixed grid of stakes,
so it adapts to the variance, and the order of the numbers does not change its final value.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting",
arXiv:2010.09686. Validity at every look: Ville's inequality.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Side",
    "confidence_bound_at_end",
    "confidence_sequence",
    "e_value",
    "log_wealth_against",
    "log_wealth_paths",
    "upper_bounds",
    "within",
]

Array = NDArray[np.float64]
Side = Literal["greater", "less"]

BOLDEST_SHARE = 0.25
"""Prior weight of the boldest stake, which is best where differences are small beside their range."""
STAKES = np.concatenate([[1.0], np.geomspace(0.85, 0.03, 14)])
"""Stakes as shares of the largest that cannot lose more than everything."""
_LOG_PRIOR = np.log(np.concatenate([[BOLDEST_SHARE], np.full(14, (1 - BOLDEST_SHARE) / 14)]))
_BISECTIONS = 32
BLOCK = 8_192
"""Numbers whose capitals are computed at once."""


def within(x: ArrayLike, low: float, high: float) -> Array:
    """Return x as numbers, which all lie in [low, high].

    Raises:
        ValueError: a value is not a number or lies outside the bounds, or the bounds are not a range.
    """
    if not low < high:
        raise ValueError(f"bounds must be a range, got [{low:g}, {high:g}]")
    values = np.asarray(x, dtype=np.float64)
    slack = 1e-9 * (high - low)
    if values.size and not (values.min() >= low - slack and values.max() <= high + slack):
        raise ValueError(f"values must lie in [{low:g}, {high:g}]")
    return values


def _unit(x: ArrayLike, low: float, high: float) -> Array:
    """Return x mapped from [low, high] to [0, 1]; raises as `within`."""
    unit: Array = np.clip((within(x, low, high) - low) / (high - low), 0.0, 1.0)
    return unit


def _log_capital(unit: Array, mean: Array, *, only_last: bool = False) -> Array:
    """Return the log of the average capital over the stakes, from bets that the true mean is above `mean`.

    Args:
        unit: Rows of numbers in [0, 1], shape (r, n).
        mean: Hypothetical means within (0, 1), shape (r, 1) or (1, 1).
        only_last: Whether only the capital at the end is wanted, shape (r, 1), or that after each number, (r, n).
    """
    ratio = unit / mean - 1.0
    with np.errstate(divide="ignore"):
        # The boldest stake loses all on a 0; the others keep something, so their average is never 0.
        capitals = np.log1p(STAKES[:, None, None] * ratio)
    if only_last:
        capitals = capitals.sum(axis=2, keepdims=True)
    else:
        np.cumsum(capitals, axis=2, out=capitals)
    capitals += _LOG_PRIOR[:, None, None]
    top = capitals.max(axis=0)
    capitals -= top
    mixed: Array = top + np.log(np.exp(capitals, out=capitals).sum(axis=0))
    return mixed


def _blocks(rows: int, length: int) -> Iterator[slice]:
    """Yield slices of rows so small that their capitals stay in a processor's cache."""
    size = max(1, BLOCK // max(length, 1))
    for start in range(0, rows, size):
        yield slice(start, start + size)


def log_wealth_against(x: ArrayLike, m: float, low: float, high: float, side: Side) -> Array:
    """Return the log-capital after each number of betting against "the mean is at most (least) m".

    Args:
        x: Numbers in their order of arrival, shape (n,).
        m: The hypothetical mean.
        low: Smallest possible number.
        high: Largest possible number.
        side: `greater` bets that the mean is above m, `less` that it is below.

    Returns:
        Shape (n + 1,), starting at 0. Under the hypothesis its exponential is a supermartingale from 1.

    Raises:
        ValueError: a number is outside the bounds.
    """
    paths = log_wealth_paths(np.atleast_2d(np.asarray(x, dtype=np.float64)), m, low, high, side)
    return np.concatenate([[0.0], paths[0]])


def log_wealth_paths(x: ArrayLike, m: float, low: float, high: float, side: Side) -> Array:
    """Return the log-capital after each number for many sequences at once, shape (r, n) → (r, n).

    As `log_wealth_against`, without the 0 at the start.

    Raises:
        ValueError: a number is outside the bounds.
    """
    unit, mean = _unit(x, low, high), (m - low) / (high - low)
    if side == "less":
        unit, mean = 1.0 - unit, 1.0 - mean
    if mean <= 0.0 or mean >= 1.0:
        # "At most something at or above the maximum" can never be refuted; "at most less than the minimum" always is.
        return np.full(unit.shape, np.inf if mean < 0 else 0.0)
    paths = np.empty(unit.shape)
    for block in _blocks(*unit.shape):
        paths[block] = _log_capital(unit[block], np.full((1, 1), mean))
    return paths


def e_value(x: ArrayLike, m: float, low: float, high: float, side: Side) -> float:
    """Return the e-value at the end against "the mean is at most (`greater`) or at least (`less`) m"."""
    return math.exp(min(float(log_wealth_against(x, m, low, high, side)[-1]), 700.0))


def _upper(unit: Array, alpha: float, anytime: bool) -> Array:
    """Return for each row of `unit`, shape (r, n), the smallest refuted mean, at `alpha`."""
    flipped = 1.0 - unit
    least, most = np.zeros(len(unit)), np.ones(len(unit))  # on the flipped scale: a lower bound of its mean
    wanted = -math.log(alpha)
    for _ in range(_BISECTIONS):
        middle = (least + most) / 2
        reached = _log_capital(flipped, middle[:, None], only_last=not anytime).max(axis=1) >= wanted
        least, most = np.where(reached, middle, least), np.where(reached, most, middle)
    return 1.0 - least


def upper_bounds(x: ArrayLike, low: float, high: float, alpha: float, *, anytime: bool = True) -> Array:
    """Return the upper confidence bound of the mean for each row of x, shape (r, n) → (r,).

    Args:
        x: Rows of numbers in their order of arrival.
        low: Smallest possible number.
        high: Largest possible number.
        alpha: Chance that the bound lies below the true mean.
        anytime: Whether the bound must have held at every look, and may use the best of them; otherwise
            there was one look, at the end.

    Raises:
        ValueError: a number is outside the bounds.
    """
    unit = np.atleast_2d(_unit(x, low, high))
    if unit.shape[1] == 0:
        return np.full(len(unit), high)
    parts = [_upper(unit[block], alpha, anytime) for block in _blocks(*unit.shape)]
    bounds: Array = low + (high - low) * np.concatenate(parts)
    return bounds


def confidence_bound_at_end(
    x: ArrayLike, low: float, high: float, alpha: float, *, anytime: bool = True
) -> tuple[float, float]:
    """Return the lower and the upper bound of the mean, each missing it with chance at most alpha.

    With `anytime` the bounds are those of the running intersection: they hold jointly at all looks, and never
    widen as numbers come in.

    Raises:
        ValueError: a number is outside the bounds.
    """
    values = np.asarray(x, dtype=np.float64)
    upper = upper_bounds(values, low, high, alpha, anytime=anytime)[0]
    lower = -upper_bounds(-values, -high, -low, alpha, anytime=anytime)[0]
    return float(lower), float(upper)


def confidence_sequence(
    x: ArrayLike, low: float, high: float, alpha: float, resolution: int = 1000
) -> tuple[Array, Array]:
    """Return the lower and upper bounds of the mean after each number, each side at alpha.

    Args:
        x: Numbers in their order of arrival, shape (n,).
        low: Smallest possible number.
        high: Largest possible number.
        alpha: Chance that one side ever misses the mean.
        resolution: Steps of the grid of means; bounds err outwards, by less than a step.

    Returns:
        Two arrays of shape (n,).
    """
    unit = _unit(x, low, high)
    lower = _sequence(unit, alpha, resolution)
    upper = 1.0 - _sequence(1.0 - unit, alpha, resolution)
    return low + (high - low) * lower, low + (high - low) * upper


def _sequence(unit: Array, alpha: float, resolution: int) -> Array:
    grid = np.linspace(0.0, 1.0, resolution + 1)
    bound = np.zeros(len(unit))
    for mean in grid[1:-1]:
        capital = _log_capital(unit[None, :], np.full((1, 1), mean))[0]
        refuted = np.maximum.accumulate(capital) >= -math.log(alpha)
        if not refuted.any():
            break
        bound[refuted] = mean
    return bound
