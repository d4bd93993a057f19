"""How a gambler against a hypothetical mean sizes her stakes, and what her capital becomes.

Numbers here lie in [0, 1] and the bets are that their mean is above a hypothetical one, m. A stake is a share of the
largest that cannot lose more than everything. The capital is split over several stakes and never moved between them,
so it is their average, and none of it depends on a guess alone:

- *Wide* stakes are a fixed grid of shares.
- *Aimed* stakes are those that grow fastest if the mean lies half, once, 1.7 or three times an expected distance, the
  *aim*, beyond m. What is best then depends on the variance, which is learned on the way: the stakes on a number use
  the variance of the numbers before it, as of the last of a few places of the sequence (`PLACES`). So the order of the
  numbers matters, though little.

Every stake depends on the past only and none can lose more than everything. So for any distribution whose conditional
mean is at most m the capital is a nonnegative supermartingale: Ville's inequality holds at every look. Both kinds of
stakes lose capital on every number as m rises, so the means that are refuted are an interval.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", arXiv:2010.09686: aimed
stakes are its approximate growth-optimal bets with the distance fixed beforehand, the average its mixture of bets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "PLACES", "Design", "Stakes", "design", "gained", "highest", "last", "paths", "places", "stakes"]

Array = NDArray[np.float64]

BLOCK = 8
"""Numbers in a row that meet the same stakes; their capitals are multiplied before a logarithm is taken."""
PLACES = (8, 16, 32, 64, 128, 256, 1024)
"""After how many numbers the aimed stakes are sized anew, multiples of `BLOCK`; later numbers change them no more."""
FIRST_VARIANCE = 1 / 12
"""The variance before any number: that of numbers spread evenly over the scale. It counts as one number."""

BOLDEST_SHARE = 0.25
"""Prior weight of the boldest stake without an aim: it is best where differences are small beside their range."""
WIDE = np.concatenate([[1.0], np.geomspace(0.85, 0.03, 14)])
"""Stakes without an aim."""

AIMED_SHARE = 0.85
"""Capital put on aimed stakes, where there is an aim; the rest hedges."""
DISTANCES = np.array([0.5, 1.0, 1.7, 3.0])
"""Distances of the aimed stakes, in aims."""
DISTANCE_SHARES = np.array([0.15, 0.45, 0.2, 0.2])
CAPS = np.array([0.85, 0.85, 0.95, 1.0])
"""The aimed stakes' largest shares: what few numbers say of a variance must not cost all of them."""
HEDGE = np.array([1.0, 0.75, 0.5, 0.25, 0.1])
"""Wide stakes beside aimed ones, the boldest with weight `HEDGE_BOLDEST` among them."""
HEDGE_BOLDEST = 0.4


@dataclass(frozen=True, slots=True)
class Design:
    """A split of the capital.

    Attributes:
        log_prior: Log of each stake's part, shape (J,).
        most: Largest share of each stake, shape (J,).
        distances: Distance that each is best for, on [0, 1], shape (J,); infinite for wide stakes.
    """

    log_prior: Array
    most: Array
    distances: Array


def design(aim: float | None) -> Design:
    """Return the split of the capital for an aim on [0, 1]; only wide stakes without one.

    Raises:
        ValueError: the aim is not above 0.
    """
    if aim is None:
        prior = np.concatenate([[BOLDEST_SHARE], np.full(14, (1 - BOLDEST_SHARE) / 14)])
        return Design(np.log(prior), WIDE, np.full(len(WIDE), np.inf))
    if not aim > 0:
        raise ValueError(f"an aim must be above 0, got {aim:g}")
    others = len(HEDGE) - 1
    hedge = np.concatenate([[HEDGE_BOLDEST], np.full(others, (1 - HEDGE_BOLDEST) / others)])
    prior = np.concatenate([AIMED_SHARE * DISTANCE_SHARES, (1 - AIMED_SHARE) * hedge])
    distances = np.concatenate([DISTANCES * min(aim, 1.0), np.full(len(HEDGE), np.inf)])
    return Design(np.log(prior), np.concatenate([CAPS, HEDGE]), distances)


@dataclass(frozen=True, slots=True)
class Stakes:
    """Stakes of many sequences at once.

    Attributes:
        log_prior: As of the design, shape (J,).
        most: As of the design, shape (J,).
        sizes: Money staked a unit of difference, before each of the places reached and after the last, shape (J, r, P);
            infinite where only the share limits it.
    """

    log_prior: Array
    most: Array
    sizes: Array

    def rows(self, chosen: slice | NDArray[np.intp]) -> Stakes:
        """Return the stakes of some of the sequences."""
        return Stakes(self.log_prior, self.most, self.sizes[:, chosen])

    def shares(self, mean: Array) -> Array:
        """Return the shares staked against means within (0, 1), shape (r, 1) or (1, 1), as `sizes` is shaped."""
        shares: Array = np.minimum(self.sizes * mean, self.most[:, None, None])
        return shares


def stakes(split: Design, unit: Array) -> Stakes:
    """Return the stakes on each of the rows of `unit`, shape (r, n), sized by the numbers before each place."""
    reached = [place for place in PLACES if place < unit.shape[1]]
    variances = np.full((len(unit), 1 + len(reached)), FIRST_VARIANCE)
    if reached and np.isfinite(split.distances).any():
        starts = [0, *reached[:-1]]
        offsets = unit[:, : reached[-1]] - 0.5
        count = np.array(reached, dtype=np.float64)
        total = np.add.reduceat(offsets, starts, axis=1).cumsum(axis=1)
        squares = np.add.reduceat(offsets * offsets, starts, axis=1).cumsum(axis=1)
        spread = np.maximum(squares - total * total / count, 0.0)
        variances[:, 1:] = (spread + FIRST_VARIANCE) / (count + 1)
    aimed = np.isfinite(split.distances)
    sizes = np.full((len(split.distances), *variances.shape), np.inf)
    distances = split.distances[aimed][:, None, None]
    sizes[aimed] = distances / (variances + distances * distances)
    return Stakes(split.log_prior, split.most, sizes)


def places(begin: int, length: int) -> NDArray[np.intp]:
    """Return which of the sizes meets each of `length` numbers after the first `begin`."""
    return np.searchsorted(PLACES, np.arange(begin, begin + length), side="right")


def _blocks(unit: Array, mean: Array, staked: Stakes, begin: int) -> tuple[Array, Array]:
    """Return gains of numbers over the mean by place within a block, shape (BLOCK, r, K), and shares, (J, r, K)."""
    rows, length = unit.shape
    count = -(-length // BLOCK)
    ratio = np.zeros((rows, count * BLOCK))  # what is past the end is a number at the mean, on which nothing is won
    np.divide(unit, mean, out=ratio[:, :length])
    ratio[:, :length] -= 1.0
    met = places(begin, count * BLOCK)[::BLOCK]
    return np.moveaxis(ratio.reshape(rows, count, BLOCK), 2, 0).copy(), staked.shares(mean)[:, :, met]


def _start(staked: Stakes, before: Array | None) -> Array:
    start: Array = staked.log_prior[:, None, None] + (0.0 if before is None else before[:, :, None])
    return start


def paths(unit: Array, mean: Array, staked: Stakes, begin: int = 0, before: Array | None = None) -> Array:
    """Return the log of the capital after each number, shape (r, n).

    Args:
        unit: Rows of numbers in [0, 1], shape (r, n).
        mean: Hypothetical means within (0, 1), shape (r, 1) or (1, 1).
        staked: The stakes of these rows.
        begin: Numbers that came before these, a multiple of `BLOCK`.
        before: Log of what each stake's capital has become by then, without the prior, shape (J, r).
    """
    rows, length = unit.shape
    if length == 0:
        return np.empty((rows, 0))
    ratio, share = _blocks(unit, mean, staked, begin)
    growth = share * ratio[:, None]
    growth += 1.0
    for place in range(1, BLOCK):
        growth[place] *= growth[place - 1]
    with np.errstate(divide="ignore"):
        # The boldest stake loses all on a 0; others keep something, so their average is never 0.
        ends = np.log(growth[-1]).cumsum(axis=2)
    capitals = np.concatenate([np.zeros((*ends.shape[:2], 1)), ends[:, :, :-1]], axis=2) + _start(staked, before)
    top = capitals.max(axis=0)
    mixed = np.log(np.einsum("bjrk,jrk->brk", growth, np.exp(capitals - top))) + top
    after: Array = np.moveaxis(mixed, 0, 2).reshape(rows, -1)[:, :length]
    return after


def _ends(unit: Array, mean: Array, staked: Stakes, begin: int = 0) -> Array:
    """Return the log of what the numbers up to the end of each block made of each stake's capital, shape (J, r, K)."""
    ratio, share = _blocks(unit, mean, staked, begin)
    growth = share * ratio[0]
    growth += 1.0
    factor = np.empty_like(growth)
    for place in range(1, BLOCK):
        np.multiply(share, ratio[place], out=factor)
        factor += 1.0
        growth *= factor
    with np.errstate(divide="ignore"):
        made: Array = np.log(growth, out=growth).cumsum(axis=2)
    return made


def gained(unit: Array, mean: Array, staked: Stakes, begin: int = 0) -> Array:
    """Return the log of what the numbers made of each stake's capital, shape (J, r).

    The arguments are those of `paths`.
    """
    made: Array = _ends(unit, mean, staked, begin)[:, :, -1]
    return made


def last(unit: Array, mean: Array, staked: Stakes) -> Array:
    """Return the log of the capital after the last number, shape (r,)."""
    mixed: Array = np.logaddexp.reduce(gained(unit, mean, staked) + staked.log_prior[:, None], axis=0)
    return mixed


def highest(unit: Array, mean: Array, staked: Stakes) -> Array:
    """Return the highest log of the capital seen after each `BLOCK` numbers and at the end, shape (r,)."""
    capitals = _ends(unit, mean, staked) + _start(staked, None)
    top = capitals.max(axis=0)
    mixed: Array = (np.log(np.exp(capitals - top).sum(axis=0)) + top).max(axis=1)
    return mixed
