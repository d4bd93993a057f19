"""A betting bound that is kept up as numbers arrive: each look works on the new ones only.

What was bet before a look is summed up once: at most the last `REWORKED` numbers are looked at again. A bound asks for
the capital against means that nobody has asked about yet, so the past is kept as counts of its values, apart for each
size that the stakes had. Where there are more than `BINS` values, each counts in part for the two nearest of a grid.
The logarithm of a bet's outcome is concave in the number, so that capital is never more than the true one: the bound
errs outwards, by less than a ten-thousandth of the scale. Capital against the mean named beforehand is exact.

Source: as `seatrial.stats.betting`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats import capital
from seatrial.stats.betting import Side, within
from seatrial.stats.capital import Stakes

__all__ = ["RunningBound", "Standing"]

Array = NDArray[np.float64]

BINS = 256
"""Steps of the grid on which many different values are counted."""
REWORKED = capital.BLOCK - 1
"""Numbers at most that a look leaves to the next, so that the next begins with a whole block."""
_NEAR = 1e-6
"""How near the bound of a look is to the exact one, as a share of the scale; it errs outwards."""
_STEPS = 40


@dataclass(frozen=True, slots=True)
class Standing:
    """What one side's bets have shown.

    Attributes:
        bound: The lower bound of the mean for `greater`, the upper one for `less`; it held at every look.
        log_wealth: Log of the capital after the last number, against the mean named beforehand.
        highest: Highest log of that capital so far, at least 0.
    """

    bound: float
    log_wealth: float
    highest: float


@dataclass(frozen=True, slots=True)
class _Mark:
    """What was known after a look: how many numbers it saw and how many it summed up, and to what."""

    seen: int
    worked: int
    past: tuple[tuple[Array, Array], ...]
    logs: Array
    highest: float
    bound: float


class RunningBound:
    """One side's bound of the mean and its capital against one mean, over numbers that come in one after another."""

    def __init__(
        self, low: float, high: float, side: Side, alpha: float, against: float, *, aim: float | None = None
    ) -> None:
        """Begin without numbers.

        Args:
            low: Smallest possible number.
            high: Largest possible number.
            side: `greater` for a lower bound of the mean and bets that it is above `against`, `less` for the others.
            alpha: Chance that the bound ever misses the mean.
            against: The mean that capital is reported against.
            aim: As for `betting.log_wealth_against`.

        Raises:
            ValueError: the bounds are not a range, or the aim is not above 0.
        """
        within((), low, high)
        self._low, self._high, self._side, self._wall = low, high, side, -math.log(alpha)
        mean = (against - low) / (high - low)
        self._against = mean if side == "greater" else 1.0 - mean
        self._split = capital.design(None if aim is None else aim / (high - low))
        self._seen: Array = np.empty(0)
        self._most, self._total, self._squares = 0.0, 0.0, 0.0
        self._standing: Standing | None = None
        nothing = np.empty(0), np.empty(0)
        logs = np.zeros((len(self._split.most), 1))
        self._marks = [_Mark(0, 0, (nothing,) * (len(capital.PLACES) + 1), logs, 0.0, 0.0)]
        self._back_to(0)

    def _back_to(self, unchanged: int) -> None:
        """Return to the last look that saw no more than so many numbers."""
        while self._marks[-1].seen > unchanged:
            self._marks.pop()
        mark = self._marks[-1]
        self._worked, self._logs, self._highest, self._bound = mark.worked, mark.logs, mark.highest, mark.bound
        self._past = [_Counts(*past) for past in mark.past]

    def take(self, x: ArrayLike) -> Standing:
        """Return where the bets stand after all numbers so far.

        The numbers that an earlier call was given are not worked on again. Where one of them has changed or is gone,
        what is known goes back to the last look before it: these might have been the numbers from the start.
        With an aim, later stakes then change too; the guarantee is that of the numbers as they are now.

        Args:
            x: All numbers in their order of arrival, shape (n,).

        Raises:
            ValueError: a number is outside the bounds.
        """
        values = within(x, self._low, self._high)
        if self._standing is not None and np.array_equal(values, self._seen):
            return self._standing
        both = min(len(values), len(self._seen))
        other = np.flatnonzero(values[:both] != self._seen[:both])
        self._back_to(int(other[0]) if len(other) else both)
        self._seen = values.copy()
        unit = np.clip((values - self._low) / (self._high - self._low), 0.0, 1.0)
        self._standing = self._look(unit if self._side == "greater" else 1.0 - unit)
        return self._standing

    def _look(self, unit: Array) -> Standing:
        staked = capital.stakes(self._split, unit[None, :])
        new = unit[self._worked :]
        self._most = float(unit.max(initial=0.0))
        self._total, self._squares = float(unit.sum()), float((unit * unit).sum())
        wealth, highest = self._against_one(staked, new)
        self._bound = self._raised(staked, new)
        whole = len(new) - len(new) % capital.BLOCK
        places = capital.places(self._worked, whole)
        for place in np.unique(places):
            self._past[place].add(new[:whole][places == place])
        self._worked += whole
        past = tuple((one.values, one.counts) for one in self._past)
        self._marks.append(_Mark(len(unit), self._worked, past, self._logs, self._highest, self._bound))
        span = self._high - self._low
        bound = self._low + span * self._bound if self._side == "greater" else self._high - span * self._bound
        return Standing(bound, wealth, highest)

    def _against_one(self, staked: Stakes, new: Array) -> tuple[float, float]:
        """Return the capital against the mean named beforehand and its highest; keep what whole blocks made of it."""
        if not 0.0 < self._against < 1.0:
            refuted = math.inf if self._against < 0 and len(self._seen) else 0.0
            return refuted, refuted
        if not len(new):
            return 0.0, self._highest
        mean = np.full((1, 1), self._against)
        path = capital.paths(new[None, :], mean, staked, self._worked, self._logs)[0]
        whole = len(new) - len(new) % capital.BLOCK
        if whole:
            self._logs = self._logs + capital.gained(new[None, :whole], mean, staked, self._worked)
            self._highest = max(self._highest, float(path[:whole].max()))
        return float(path[-1]), max(self._highest, float(path.max()))

    def _raised(self, staked: Stakes, new: Array) -> float:
        """Return the largest mean on [0, 1] that is refuted by now, at least the one before."""
        count = self._worked + len(new)
        if not len(new) or (self._bound == 0.0 and self._most == 0.0):
            return self._bound

        def left(mean: float) -> float:
            before = self._before(staked, mean)
            path = capital.paths(new[None, :], np.full((1, 1), mean), staked, self._worked, before)
            return float(path.max()) - self._wall

        center = self._total / count
        if self._bound > 0.0:
            least = self._bound + _NEAR
            value = left(least) if least < 1.0 - _NEAR else -1.0
            if value < 0:
                return self._bound
            # A bound's distance from the mean falls with the root of the count.
            guess = center - (center - least) * math.sqrt(self._worked / count)
            return _crossing(left, least, value, (guess, (guess + center) / 2))
        spread = max(self._squares / count - center * center, 0.0) + 1 / count
        reach = math.sqrt(2 * self._wall * spread / count)
        return _crossing(left, 0.0, math.nan, (center - reach, center - 2 * reach, center))

    def _before(self, staked: Stakes, mean: float) -> Array:
        """Return the log of what each stake's capital has become by the last whole block, shape (J, 1)."""
        logs = np.zeros((len(self._split.most), 1))
        shares = staked.shares(np.full((1, 1), mean))[:, 0, :]
        for place, past in enumerate(self._past):
            if len(past.values):
                with np.errstate(divide="ignore"):
                    outcomes = np.log1p(shares[:, place, None] * (past.values / mean - 1.0))
                logs[:, 0] += outcomes @ past.counts
        return logs


class _Counts:
    """How often each value was seen, of any order; shared out over a grid where there are many values."""

    def __init__(self, values: Array, counts: Array) -> None:
        self.values, self.counts = values, counts

    def add(self, new: Array) -> None:
        """Count more values in [0, 1]."""
        fresh, often = np.unique(new, return_counts=True)
        values, places = np.unique(np.concatenate([self.values, fresh]), return_inverse=True)
        counts = np.bincount(places, np.concatenate([self.counts, often]), len(values)).astype(np.float64)
        if len(values) > BINS:
            below = np.minimum((values * BINS).astype(np.intp), BINS - 1)
            upper = values * BINS - below
            shared = np.bincount(below, counts * (1 - upper), BINS + 1).astype(np.float64)
            shared += np.bincount(below + 1, counts * upper, BINS + 1)
            values, counts = np.linspace(0.0, 1.0, BINS + 1)[shared > 0], shared[shared > 0]
        self.values, self.counts = values, counts


def _crossing(left: Callable[[float], float], least: float, above: float, guesses: tuple[float, ...]) -> float:
    """Return a mean at which `left`, which falls, is still 0 or more and near it no longer is; `least` where none is.

    Args:
        left: What is left of the capital above the wall against a mean.
        least: A mean where it is.
        above: Its value there, NaN where it is not known.
        guesses: Where to look first.
    """
    most, below, moved = 1.0, math.nan, 0
    for step in range(_STEPS):
        edge = min((most - least) / 4, _NEAR / 2)
        inside = [guess for guess in guesses[step:] if least < guess < most]
        if math.isnan(above + below) and inside:
            at = inside[0]
        elif math.isfinite(above + below) and step % 6 != 5:
            at = least + (most - least) * above / (above - below)
        else:
            at = (least + most) / 2
        at = min(max(at, least + edge), most - edge)
        value = left(at)
        if value >= 0:
            below /= 2 if moved > 0 else 1
            least, above, moved = at, value, 1
        else:
            above /= 2 if moved < 0 else 1
            most, below, moved = at, value, -1
        if most - least <= _NEAR:
            break
    return least
