"""Tests and confidence sequences for the mean of bounded numbers, by betting.

A gambler who suspects that the mean exceeds m stakes a share of her capital on every next number. If the
suspicion is wrong, her capital cannot be expected to grow, whatever else the distribution is; so capital is
evidence (an *e-value*), and the set of all m against which no gambler got rich is a confidence set that holds
at every look. Her capital is split over several stakes (`seatrial.stats.capital`), so it adapts to the variance.

Whoever knows beforehand which distance matters, as a gate knows its margin, names it as the *aim*: most of the
capital then goes on stakes that are best at that distance, sized by the variance of the numbers seen before. Any
aim is valid that was fixed before the first number; a poor one costs calls. With an aim the order of the numbers
changes the capital a little; without one it does not change its final value. A test and a bound agree where their aims
do: m is outside the bounds just where capital against m once reached 1 / alpha.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting",
arXiv:2010.09686. Validity at every look: Ville's inequality.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats import capital
from seatrial.stats.capital import Stakes

__all__ = [
    "Side",
    "confidence_bound_at_end",
    "confidence_sequence",
    "e_value",
    "log_wealth_against",
    "log_wealth_paths",
    "quantile_of_upper_bounds",
    "upper_bounds",
    "within",
]

Array = NDArray[np.float64]
Side = Literal["greater", "less"]

AT_ONCE = 8_192
"""Numbers whose capitals are computed at once, so few that they stay in a processor's cache."""
PRECISION = 2.0**-30
"""How near a bound is to the exact one, as a share of the scale: the last refuted mean of a grid with such steps."""
_STEPS = 80


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


def _aimed(aim: float | None, low: float, high: float) -> float | None:
    return None if aim is None else aim / (high - low)


def _staked(unit: Array, aim: float | None) -> Stakes:
    return capital.stakes(capital.design(aim), unit)


def _slices(rows: int, length: int) -> Iterator[slice]:
    """Yield slices of so many rows as are worked on at once."""
    size = max(1, AT_ONCE // max(length, 1))
    for start in range(0, rows, size):
        yield slice(start, start + size)


def log_wealth_against(
    x: ArrayLike, m: float, low: float, high: float, side: Side, *, aim: float | None = None
) -> Array:
    """Return the log-capital after each number of betting against "the mean is at most (least) m".

    Args:
        x: Numbers in their order of arrival, shape (n,).
        m: The hypothetical mean.
        low: Smallest possible number.
        high: Largest possible number.
        side: `greater` bets that the mean is above m, `less` that it is below.
        aim: How far from m the mean is expected to lie, in units of the numbers, fixed before the first of them;
            None where nothing is expected.

    Returns:
        Shape (n + 1,), starting at 0. Under the hypothesis its exponential is a supermartingale from 1.

    Raises:
        ValueError: a number is outside the bounds, or the aim is not above 0.
    """
    paths = log_wealth_paths(np.atleast_2d(np.asarray(x, dtype=np.float64)), m, low, high, side, aim=aim)
    return np.concatenate([[0.0], paths[0]])


def log_wealth_paths(x: ArrayLike, m: float, low: float, high: float, side: Side, *, aim: float | None = None) -> Array:
    """Return the log-capital after each number for many sequences at once, shape (r, n) → (r, n).

    As `log_wealth_against`, without the 0 at the start.

    Raises:
        ValueError: a number is outside the bounds, or the aim is not above 0.
    """
    unit, mean = _unit(x, low, high), (m - low) / (high - low)
    if side == "less":
        unit, mean = 1.0 - unit, 1.0 - mean
    if mean <= 0.0 or mean >= 1.0:
        # "At most something at or above the maximum" can never be refuted; "at most less than the minimum" always is.
        return np.full(unit.shape, np.inf if mean < 0 else 0.0)
    paths = np.empty(unit.shape)
    split = capital.design(_aimed(aim, low, high))
    for some in _slices(*unit.shape):
        paths[some] = capital.paths(unit[some], np.full((1, 1), mean), capital.stakes(split, unit[some]))
    return paths


def e_value(x: ArrayLike, m: float, low: float, high: float, side: Side, *, aim: float | None = None) -> float:
    """Return the e-value at the end against "the mean is at most (`greater`) or at least (`less`) m"."""
    return math.exp(min(float(log_wealth_against(x, m, low, high, side, aim=aim)[-1]), 700.0))


def _refuted_below(unit: Array, alpha: float, aim: float | None, capital_of: Callable[..., Array]) -> Array:
    """Return for each row of `unit`, shape (r, n), the largest mean that its capital refutes, 0 where it refutes none.

    The capital falls as the hypothetical mean rises, so a bracket closes in on it: by secants, of which an end that
    stays put counts half, and by a halving now and then.
    """
    staked, wall = _staked(unit, aim), -math.log(alpha)
    center, spread = unit.mean(axis=1), unit.var(axis=1) + 1 / unit.shape[1]
    guess = center - np.sqrt(2 * wall * spread / unit.shape[1])
    ends = np.stack([np.zeros(len(unit)), np.ones(len(unit))])
    lefts = np.stack([np.full(len(unit), np.nan), np.full(len(unit), np.nan)])
    moved = np.full(len(unit), -1)
    at = np.round(np.clip(guess, 1e-3, 1 - 1e-3) / PRECISION) * PRECISION
    going = np.flatnonzero(unit.max(axis=1) > 0)
    for step in range(_STEPS):
        if not len(going):
            break
        left = capital_of(unit[going], at[going, None], staked.rows(going)) - wall
        side = np.where(left >= 0, 0, 1)
        lefts[1 - side, going] /= np.where(side == moved[going], 2, 1)
        ends[side, going], lefts[side, going], moved[going] = at[going], left, side
        width = ends[1] - ends[0]
        with np.errstate(invalid="ignore"):
            next_at = ends[0] + width * lefts[0] / (lefts[0] - lefts[1])
        if step == 0:
            next_at = np.where(moved == 0, center, 2 * guess - center)
        halved = ~np.isfinite(next_at) | (step % 6 == 5)
        at = np.round(np.where(halved, ends.mean(axis=0), next_at) / PRECISION) * PRECISION
        at = np.clip(at, ends[0] + PRECISION, ends[1] - PRECISION)
        going = going[width[going] > PRECISION]
    refuted: Array = ends[0]
    return refuted


def _best(unit: Array, mean: Array, staked: Stakes) -> Array:
    best: Array = capital.paths(unit, mean, staked).max(axis=1)
    return best


def upper_bounds(
    x: ArrayLike, low: float, high: float, alpha: float, *, anytime: bool = True, aim: float | None = None
) -> Array:
    """Return the upper confidence bound of the mean for each row of x, shape (r, n) → (r,).

    Args:
        x: Rows of numbers in their order of arrival.
        low: Smallest possible number.
        high: Largest possible number.
        alpha: Chance that the bound lies below the true mean.
        anytime: Whether the bound must have held at every look, and may use the best of them; otherwise
            there was one look, at the end.
        aim: As for `log_wealth_against`.

    Raises:
        ValueError: a number is outside the bounds, or the aim is not above 0.
    """
    unit = np.atleast_2d(_unit(x, low, high))
    if unit.shape[1] == 0:
        return np.full(len(unit), high)
    flipped, share = 1.0 - unit, _aimed(aim, low, high)
    capital_of = _best if anytime else capital.last
    parts = [_refuted_below(flipped[some], alpha, share, capital_of) for some in _slices(*unit.shape)]
    bounds: Array = high - (high - low) * np.concatenate(parts)
    return bounds


def quantile_of_upper_bounds(
    x: ArrayLike, low: float, high: float, alpha: float, share: float, *, aim: float | None = None
) -> float:
    """Return the quantile at `share` of the rows' upper bounds: the least one that so many do not exceed.

    As from `upper_bounds`, with a look after every `capital.BLOCK` numbers and at the end, in far less time: a row's
    bound is compared with another's by one look at its capital.

    Args:
        x: Rows of numbers in their order of arrival, shape (r, n).
        low: Smallest possible number.
        high: Largest possible number.
        alpha: Chance that a bound lies below the true mean.
        share: Share of the rows, 0 to 1.
        aim: As for `log_wealth_against`.

    Raises:
        ValueError: a number is outside the bounds, there are no rows, or the aim is not above 0.
    """
    unit = np.atleast_2d(_unit(x, low, high))
    if not len(unit):
        raise ValueError("a quantile needs at least one row")
    if unit.shape[1] == 0:
        return high
    flipped, unit_aim, wall = 1.0 - unit, _aimed(aim, low, high), -math.log(alpha)
    open_, rank = np.arange(len(unit)), min(math.ceil(share * (len(unit) - 1)), len(unit) - 1)
    split = capital.design(unit_aim)
    while True:
        pivot = open_[len(open_) // 2]
        found = _refuted_below(flipped[[pivot]], alpha, unit_aim, capital.highest)[0]
        others = open_[open_ != pivot]
        lower = np.zeros(len(others), dtype=bool)
        for some in _slices(len(others), unit.shape[1]) if found > 0 else ():
            rows = flipped[others[some]]
            lower[some] = capital.highest(rows, np.full((1, 1), found), capital.stakes(split, rows)) >= wall
        if lower.sum() == rank:
            return float(high - (high - low) * found)
        if rank < lower.sum():
            open_ = others[lower]
        else:
            rank, open_ = rank - int(lower.sum()) - 1, others[~lower]


def confidence_bound_at_end(
    x: ArrayLike, low: float, high: float, alpha: float, *, anytime: bool = True, aim: float | None = None
) -> tuple[float, float]:
    """Return the lower and the upper bound of the mean, each missing it with chance at most alpha.

    With `anytime` the bounds are those of the running intersection: they hold jointly at all looks, and never
    widen as numbers come in. The aim is that of `log_wealth_against`.

    Raises:
        ValueError: a number is outside the bounds, or the aim is not above 0.
    """
    values = np.asarray(x, dtype=np.float64)
    upper = upper_bounds(values, low, high, alpha, anytime=anytime, aim=aim)[0]
    lower = -upper_bounds(-values, -high, -low, alpha, anytime=anytime, aim=aim)[0]
    return float(lower), float(upper)


def confidence_sequence(
    x: ArrayLike, low: float, high: float, alpha: float, resolution: int = 1000, *, aim: float | None = None
) -> tuple[Array, Array]:
    """Return the lower and upper bounds of the mean after each number, each side at alpha.

    Args:
        x: Numbers in their order of arrival, shape (n,).
        low: Smallest possible number.
        high: Largest possible number.
        alpha: Chance that one side ever misses the mean.
        resolution: Steps of the grid of means; bounds err outwards, by less than a step.
        aim: As for `log_wealth_against`.

    Returns:
        Two arrays of shape (n,).
    """
    unit, share = _unit(x, low, high), _aimed(aim, low, high)
    lower = _sequence(unit, alpha, resolution, share)
    upper = 1.0 - _sequence(1.0 - unit, alpha, resolution, share)
    return low + (high - low) * lower, low + (high - low) * upper


def _sequence(unit: Array, alpha: float, resolution: int, aim: float | None) -> Array:
    grid, staked = np.linspace(0.0, 1.0, resolution + 1), _staked(unit[None, :], aim)
    bound = np.zeros(len(unit))
    for mean in grid[1:-1]:
        log_capital = capital.paths(unit[None, :], np.full((1, 1), mean), staked)[0]
        refuted = np.maximum.accumulate(log_capital) >= -math.log(alpha)
        if not refuted.any():
            break
        bound[refuted] = mean
    return bound
