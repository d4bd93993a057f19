"""Who is asked next, how many clusters and how often, under what the budget still allows.

Pure functions of what is known before a round: the same gates and the same budget give the same round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatrial.gates.schedule import round_size
from seatrial.stats.power import best_draws
from seatrial.types import ROLES

__all__ = ["MOST_DRAWS", "OpenGate", "Share", "allocate"]

MOST_DRAWS = 8
"""Answers asked of one item and model under `draws: auto`, at most."""


@dataclass(frozen=True, slots=True)
class OpenGate:
    """What is known of a live gate that is not decided.

    Attributes:
        signal: Its name.
        items: Items in each cluster that was not asked yet, in the order in which they are asked.
        asked: Clusters asked so far.
        draws: Answers asked of each item in the last round, or to be asked in the first.
        chance: Chance that asking all that remains would decide it.
        variances: Variance of a cluster's difference from drawing its answers once, and from all else; None where
            draws are not to be chosen from them.
    """

    signal: str
    items: tuple[int, ...]
    asked: int = 0
    draws: int = 1
    chance: float = 1.0
    variances: tuple[float, float] | None = None

    def calls(self, clusters: int) -> int:
        """Return the calls, on both models, that the next clusters take."""
        return sum(self.items[:clusters]) * self.draws * len(ROLES)

    @property
    def most(self) -> int:
        """Calls that all remaining clusters take."""
        return self.calls(len(self.items))


@dataclass(frozen=True, slots=True)
class Share:
    """A gate's part of the next round: so many clusters, each item asked `draws` times; 0 where nothing is left."""

    signal: str
    clusters: int
    draws: int


def allocate(gates: Sequence[OpenGate], remaining: int) -> list[Share]:
    """Return the next round: a share for each gate that is asked now, in the order in which they are paid for.

    Gates are asked whole clusters; where the rest of the budget does not pay for everyone's next round, all rounds
    shrink alike.

    Args:
        gates: All live gates that are not decided.
        remaining: Live calls that the budget still allows.
    """
    chosen = _with_draws(_most_useful_first(gates, remaining), remaining)
    wanted = sum(gate.calls(_round(gate)) for gate in chosen)
    part = min(1.0, remaining / wanted) if wanted else 1.0
    shares = []
    for gate in chosen:
        clusters = _affordable(gate, int(part * _round(gate)) or 1, remaining)
        remaining -= gate.calls(clusters)
        shares.append(Share(gate.signal, clusters, gate.draws))
    return shares


def _round(gate: OpenGate) -> int:
    return round_size(gate.asked, len(gate.items))


def _most_useful_first(gates: Sequence[OpenGate], remaining: int) -> list[OpenGate]:
    """Return the gates to ask now: all, or if the budget cannot pay for all, the likeliest to be decided per call.

    The less promising half waits; it is asked once the others are decided, or with what they leave.
    """
    if len(gates) < 2 or sum(gate.most for gate in gates) <= remaining or not all(gate.asked for gate in gates):
        return list(gates)
    ranked = sorted(gates, key=lambda gate: gate.chance / gate.most, reverse=True)
    return ranked[: (len(ranked) + 1) // 2]


def _with_draws(gates: Sequence[OpenGate], remaining: int) -> list[OpenGate]:
    """Return the gates, each with how often its next items are asked, from what its answers so far tell.

    The number depends on earlier rounds only, and a cluster's mean harm does not depend on it, so the sequences
    stay valid.
    """
    once = sum(gate.most // gate.draws for gate in gates)
    return [
        gate
        if gate.variances is None
        else replace(gate, draws=best_draws(*gate.variances, remaining // max(once, 1), MOST_DRAWS))
        for gate in gates
    ]


def _affordable(gate: OpenGate, clusters: int, remaining: int) -> int:
    while clusters and gate.calls(clusters) > remaining:
        clusters -= 1
    return clusters
