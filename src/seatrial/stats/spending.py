"""Looks at growing evidence: how much of an error rate each may spend, so that all of them together keep it.

A gate that is looked at as answers come in has several chances to pass by luck. Each look therefore tests at a *nominal
level* of its own. What all looks up to a share t of the planned evidence may spend is fixed before the first answer:
alpha · t^1.5, or alpha · t^0.75 where a gate may ask more than it will be given. The nominal level of a look is what
keeps to that, given the looks before it, for an estimate whose information grows from look to look. How many looks
there will be, and when, need not be known beforehand.

Where the information of two looks is closer than their shares say, as when the same clusters are asked again or the
instrument's own error is common to both, their results are more alike than is assumed, and less is spent.

Sources: Lan and DeMets 1983, Biometrika 70(3); the power family, Kim and DeMets 1987, Biometrika 74(1); the recursion,
Armitage, McPherson and Rowe 1969, JRSS A 132(2). The levels are exact for normal estimates. For the bounds that are
taken at these levels they are an approximation, whose error rates are measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seatrial.stats.distributions import norm_cdf, norm_isf, norm_pdf

__all__ = [
    "FOR_MORE",
    "LEAST_LEVEL",
    "POWER",
    "SOONER",
    "Looks",
    "before_any_look",
    "level_at_least",
    "nominal_level",
    "p_at_any_look",
]

POWER = 1.5
"""What looks up to the share t of the evidence may spend of alpha is t to this power."""
SOONER = 0.75
"""The same where a gate may ask more than it will be given: it is to be decided long before all of it."""
FOR_MORE = 0.1
"""Part of alpha that is left for a review with a larger budget, where the budget is what may end this one."""
LEAST_LEVEL = 1e-9
"""Levels below this count as this."""
ROUNDED = 3
"""Decimals of a share that are kept, so that gates with nearly the same looks share their levels."""

_ALPHAS = np.geomspace(LEAST_LEVEL, 0.5, 61)
_POINTS = 201
_FARTHEST = -7.0
_BISECTIONS = 32

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks taken so far.

    Attributes:
        shares: Share of the planned evidence at each look, above 0 and rising, the last one first taken now.
        final: Whether no look follows: the present one may then spend all that is left.
        part: The part of alpha that all these looks may spend; the rest is for others, before or after.
        power: Looks up to the share t may spend t to this power of that part.
    """

    shares: tuple[float, ...] = ()
    final: bool = False
    part: float = 1.0
    power: float = POWER

    @property
    def showing(self) -> Looks:
        """The looks as showing harm spends alpha at them: never sooner than by the power of `POWER`.

        A change is farther from showing harm than from ruling it out where it lies half a margin beyond, so that
        harm is shown late if at all; what is obvious is shown at any look.
        """
        return replace(self, power=max(self.power, POWER))

    def and_at(self, share: float, *, final: bool = False) -> Looks:
        """Return the looks with one more, at a share of the planned evidence; one that brings nothing new is none.

        Args:
            share: Share of the planned evidence that is there now.
            final: Whether no look will follow.
        """
        at = round(min(max(share, 0.0), 1.0), ROUNDED)
        shares = self.shares if at <= max(self.shares, default=0.0) else (*self.shares, at)
        return Looks(shares, final or at >= 1.0, self.part, self.power)


def before_any_look(ends_before: int = 0, *, may_go_on: bool = False) -> Looks:
    """Return what the looks of one review may spend, so that all reviews of a gate together keep alpha.

    A review that the budget ends can be gone on with by a larger one, which looks again. It leaves a part for that, and
    spends the rest sooner, since it may ask more than it will be given.

    Args:
        ends_before: Reviews of the same candidate that smaller budgets ended.
        may_go_on: Whether a larger budget than this one would let the gate be asked further.
    """
    part = FOR_MORE**ends_before
    return Looks(part=part * (1 - FOR_MORE), power=SOONER) if may_go_on else Looks(part=part)


def nominal_level(alpha: float, looks: Looks) -> float:
    """Return the level at which the present look tests, so that all looks so far spend what they may of alpha.

    0 where there was no look, or its share is 0.
    """
    if not looks.shares or looks.shares[-1] <= 0.0:
        return 0.0
    levels = _levels(looks)
    return float(np.exp(np.interp(math.log(alpha * looks.part), np.log(_ALPHAS), np.log(levels))))


def level_at_least(alpha: float, looks: Looks) -> float:
    """Return a level that the present look's nominal one is not below: what it may spend beyond the look before it.

    It takes no recursion. A motion that crosses first at this look crosses at it.
    """
    if not looks.shares:
        return 0.0
    spent = [share**looks.power for share in looks.shares]
    return alpha * looks.part * ((1.0 if looks.final else spent[-1]) - (spent[-2] if len(spent) > 1 else 0.0))


def p_at_any_look(p_value: float, looks: Looks) -> float:
    """Return the least alpha at which the present look would have refuted a claim that it refutes at `p_value`.

    The least of such numbers over all looks is a p-value that holds at every look.
    Source: Liu and Anderson 2008, JASA 103(484).
    """
    if not looks.shares or looks.shares[-1] <= 0.0:
        return 1.0
    levels = _levels(looks)
    if p_value > levels[-1]:
        return 1.0
    found = float(np.exp(np.interp(math.log(max(p_value, LEAST_LEVEL)), np.log(levels), np.log(_ALPHAS))))
    return min(1.0, found / looks.part)


def _levels(looks: Looks) -> Array:
    """Return the present look's nominal level for each alpha of the grid."""
    earlier, share = looks.shares[:-1], looks.shares[-1]
    spent = 1.0 if looks.final else share**looks.power
    crossing = _crossing(earlier, share, round(spent, 9), looks.power)
    levels: Array = np.maximum(norm_cdf(-crossing), LEAST_LEVEL * 1e-6)
    return levels


@dataclass(frozen=True, slots=True)
class _State:
    """Where the standardized estimate may be after a look that refuted nothing: points and weights, shapes (A, n)."""

    points: Array
    weights: Array


@lru_cache(maxsize=4096)
def _crossing(earlier: tuple[float, ...], share: float, spent: float, power: float) -> Array:
    """Return what the standardized estimate must exceed at this look, for each alpha, shape (A,)."""
    before = earlier[-1] ** power if earlier else 0.0
    chance = _ALPHAS * (spent - before)
    if not earlier:
        first: Array = norm_isf(chance)
        return first
    state = _state(earlier, power)
    least, most = np.full(len(_ALPHAS), -3.0), np.full(len(_ALPHAS), 12.0)
    scale = math.sqrt(share - earlier[-1])
    shifted = state.points * math.sqrt(earlier[-1])
    for _ in range(_BISECTIONS):
        middle = (least + most) / 2
        above = norm_cdf((shifted - middle[:, None] * math.sqrt(share)) / scale)
        too_much = (state.weights * above).sum(axis=1) > chance
        least, most = np.where(too_much, middle, least), np.where(too_much, most, middle)
    crossing: Array = (least + most) / 2
    return crossing


@lru_cache(maxsize=1024)
def _state(shares: tuple[float, ...], power: float) -> _State:
    """Return the distribution of the standardized estimate after these looks, none of which refuted anything."""
    earlier, share = shares[:-1], shares[-1]
    crossing = _crossing(earlier, share, round(share**power, 9), power)
    steps = np.linspace(0.0, 1.0, _POINTS)
    points = _FARTHEST + (crossing - _FARTHEST)[:, None] * steps
    if not earlier:
        density = norm_pdf(points)
    else:
        state = _state(earlier, power)
        scale = math.sqrt(share - earlier[-1])
        density = np.empty_like(points)
        for row in range(len(points)):
            apart = points[row][:, None] * math.sqrt(share) - state.points[row] * math.sqrt(earlier[-1])
            density[row] = np.exp(-0.5 * (apart / scale) ** 2) @ state.weights[row]
        density *= math.sqrt(share) / (scale * math.sqrt(2 * math.pi))
    width = (crossing - _FARTHEST)[:, None] / (_POINTS - 1)
    inner = np.ones(_POINTS)
    inner[[0, -1]] = 0.5
    return _State(points, density * width * inner)
