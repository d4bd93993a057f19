"""How far each gate is asked on in the next round, under what the budget still allows.

A pure function of what is known before a round: the same gates and the same budget give the same round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Round", "allocate"]

Places = dict[str, int]
"""Suite → how far it is asked on in its order."""


class Asked(Protocol):
    """What a gate must say to be given a part of a round."""

    def next_places(self) -> Places:
        """Return how far each of its suites would be asked on before it is weighed."""
        ...

    def cost(self, places: Places) -> int:
        """Return the calls that this takes."""
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """The next round.

    Attributes:
        places: For each gate, in order, how far its suites are asked on; empty where it gets nothing.
        last: Whether the budget pays for no more after it.
    """

    places: tuple[Places, ...]
    last: bool


def allocate(gates: Sequence[Asked], remaining: int) -> Round:
    """Return the next round: every gate up to its next look, or if the budget cannot pay for that, the same part of it.

    Such a part is the last that is paid for, so that it is a last look: what a gate may err is spent then.

    Args:
        gates: All live gates that are not decided.
        remaining: Live calls that the budget still allows.
    """
    wanted = [gate.next_places() for gate in gates]
    costs = [gate.cost(places) for gate, places in zip(gates, wanted, strict=True)]
    if sum(costs) <= remaining:
        return Round(tuple(wanted), last=False)
    part = remaining / sum(costs)
    given = []
    for gate, places in zip(gates, wanted, strict=True):
        shrunk = _payable(gate, {name: int(part * count) for name, count in places.items()}, remaining)
        remaining -= gate.cost(shrunk)
        given.append(shrunk)
    return Round(tuple(given), last=True)


def _payable(gate: Asked, places: Mapping[str, int], remaining: int) -> Places:
    """Return the places, fewer where they cost more than what remains."""
    left = dict(places)
    while any(left.values()) and gate.cost(left) > remaining:
        widest = max(left, key=lambda name: left[name])
        left[widest] -= 1
    return {name: count for name, count in left.items() if count}
