"""Whether a model does better on what is public than on what it cannot have learnt by heart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seatrial.policy import LaunchPolicy
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.stats.intervals import Interval, fixed_size, unpaired
from seatrial.types import ROLES, Role

__all__ = ["Freshness", "freshness", "told"]

FEWEST = 10
"""Clusters on either side below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How much more harm a model shows where it cannot have learnt the wording.

    Attributes:
        signal: The gate.
        role: Whose answers.
        against: `rewritten` (the same clusters, in other words) or `held out` (other items).
        clusters: Clusters in the other wording, or held out.
        more: Harm there minus harm on the public items, in the signal's units.
        stale: Whether it is surely more than nothing, corrected for all that were compared.
    """

    signal: str
    role: Role
    against: str
    clusters: int
    more: Interval
    stale: bool

    @property
    def words(self) -> str:
        """It as a sentence."""
        where = "in other words than the public ones" if self.against == "rewritten" else "on held-out items"
        return (
            f"{self.signal}: the {self.role} does better on the public items: {where} it shows "
            f"{self.more.estimate:+.3f} more harm ({self.more.low:+.3f} to {self.more.high:+.3f}, {self.clusters} "
            "clusters). It may have learnt the public items by heart; believe the others."
        )


def freshness(policy: LaunchPolicy, rounds: Rounds) -> list[Freshness]:
    """Return all comparisons of public with other items that a review makes possible.

    Each claims staleness at the policy's alpha divided by the number of comparisons (Bonferroni). The rewritten
    wording is compared within clusters; held-out items with the public ones, by an unpaired interval.
    """
    pairs = [
        (run, role, against, public, fresh)
        for run in rounds.gates
        for role in ROLES
        for against, public, fresh in _sides(run, role)
        if min(len(public), len(fresh)) >= FEWEST
    ]
    alpha = policy.alpha / max(len(pairs), 1)
    found = []
    for run, role, against, public, fresh in pairs:
        low, high = run.plan.signal.bounds
        if against == "rewritten":
            more = fixed_size(np.array(fresh) - np.array(public), low - high, high - low, alpha)
        else:
            more = unpaired(fresh, public, alpha)
        found.append(Freshness(run.signal, role, against, len(fresh), more, more.low > 0))
    return found


def _sides(run: GateRun, role: Role) -> list[tuple[str, list[float], list[float]]]:
    """Return what to compare: how, each cluster's harm on public items, and on the others."""
    signal, (table, _) = run.plan.signal, run.table()
    parts = {signal.unit(item): item.part for item in run.plan.items}
    held: dict[str, dict[str, list[float]]] = {"": {}, "rewritten": {}, "held out": {}}
    levels = signal.harm(table.baseline if role == "baseline" else table.candidate)
    for item, cluster, level in zip(table.items, table.clusters, levels.tolist(), strict=True):
        if item in parts and not math.isnan(level):
            held[parts[item]].setdefault(cluster, []).append(level)
    means = {part: {name: sum(x) / len(x) for name, x in clusters.items()} for part, clusters in held.items()}
    public, twins, private = means[""], means["rewritten"], means["held out"]
    both = sorted(public.keys() & twins.keys())
    return [
        ("rewritten", [public[name] for name in both], [twins[name] for name in both]),
        ("held out", list(public.values()), list(private.values())),
    ]


def told(found: Sequence[Freshness]) -> list[str]:
    """Return what was compared and came out even, in one sentence; nothing where nothing was compared."""
    if not found:
        return []
    gates = len({one.signal for one in found})
    ways = " and ".join(sorted({one.against for one in found}))
    fresh = sum(not one.stale for one in found)
    return [
        f"Public items against {ways} ones, in {gates} {'gate' if gates == 1 else 'gates'} and on both models: {fresh} "
        f"of {len(found)} comparisons show no sign that a model learnt the public ones by heart (corrected for all)."
    ]
