"""Whether what `seatrial plan` promises comes out: a gate's chance to pass, and the change that it could see.

A plan is made from the spread of one earlier review, as `seatrial plan --from` makes it; whether it is kept is found on
new reviews of the same population, weighed at the looks of a live gate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.validity import ALPHA, Cell, Rate, missed
from seatrial.gates.operating_characteristic import GateOutlook, outlook
from seatrial.gates.plan import GatePlan
from seatrial.gates.schedule import Method, looks
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import standing
from seatrial.observations import to_frame
from seatrial.policy import Budget, Gate, LaunchPolicy, SignalSpec
from seatrial.stats.betting import log_wealth_paths
from seatrial.stats.intervals import out_of_sight
from seatrial.types import ROLES, Item, Message, Observation

__all__ = ["EARLIER", "KINDS", "POWER", "Promise", "promises"]

Array = NDArray[np.float64]
POWER = 0.9
SEEN = 400
"""Clusters of the earlier review."""
EARLIER = 5
"""Earlier reviews that a plan is made from, each by itself: what it says depends on which it was."""
GATES: dict[Method, tuple[int, float]] = {"looks": (120, 2.5), "betting": (800, 3.2), "fixed": (400, 2.5)}
"""Clusters of a gate, and its margin in standard errors of its mean: so that it passes often, and not always."""
BEYOND = 1.3
"""Least margin, in shares that so few clusters could have changed by in full without one showing it."""
KINDS = (("binary", 0.3), ("ordinal", 0.3), ("continuous", 0.5), ("heavy tail", 0.3))


@dataclass(frozen=True, slots=True)
class Promise:
    """How often an unchanged candidate passes, and how often that was promised, for one kind of scores.

    Attributes:
        kind: The scores.
        method: How the gate is weighed.
        margin: Its margin.
        promised: Chance to pass that the plan says, mean over the earlier reviews.
        passes: How often new reviews pass.
        seen: Smallest change that the plan says is seen with 90 % power, mean over the earlier reviews.
        at_seen: How often new reviews pass were that the margin.
    """

    kind: str
    method: Method
    margin: float
    promised: float
    passes: Rate
    seen: float
    at_seen: Rate


def promises(kind: str, base: float, runs: int, seed: int) -> list[Promise]:
    """Return what was promised and kept for one kind of scores, a row a method.

    Args:
        kind: The scores.
        base: Their base rate.
        runs: New reviews of a gate, all earlier reviews together.
        seed: Seed of all of them.
    """
    rng = np.random.default_rng([seed, *kind.encode()])
    unchanged = Cell(kind, SEEN, 0.3, 1, base).population(0.0)
    unchanged = np.clip(unchanged - unchanged.mean(), -1, 1)
    margins = {
        method: max(by * float(unchanged.std()) / math.sqrt(count), BEYOND * float(out_of_sight(count, ALPHA)))
        for method, (count, by) in GATES.items()
    }
    said: dict[Method, list[GateOutlook]] = {method: [] for method in GATES}
    passed, at_seen = dict.fromkeys(GATES, 0), dict.fromkeys(GATES, 0)
    for _ in range(EARLIER):
        planned = _planned(rng.choice(unchanged, SEEN), margins)
        for method, (clusters, _) in GATES.items():
            x = rng.choice(unchanged, (runs // EARLIER, clusters))
            passed[method] += _passing(method, x, margins[method], margins[method])
            at_seen[method] += _passing(method, x, planned[method].mde, margins[method])
            said[method].append(planned[method])
    total = runs // EARLIER * EARLIER
    return [
        Promise(
            kind,
            method,
            margins[method],
            float(np.mean([dict(one.outcomes)[0.0][0] for one in found])),
            Rate(passed[method], total),
            float(np.mean([one.mde for one in found])),
            Rate(at_seen[method], total),
        )
        for method, found in said.items()
    ]


def _planned(seen: Array, margins: dict[Method, float]) -> dict[Method, GateOutlook]:
    """Return what a plan says of one gate a method, each by itself, from the differences of an earlier review."""
    found = {}
    for method, margin in margins.items():
        name = f"behavior/{method}"
        signal, count = declared_signal(name, SignalSpec()), GATES[method][0]
        gate, known = Gate(signal=name, margin=margin), standing(signal.instrument, name, {})
        clusters = tuple((Item(str(number), name, (Message("user", "?"),)),) for number in range(count))
        plan = GatePlan(gate, signal, "recorded" if method == "fixed" else "live", clusters, standing=known, most=count)
        if plan.method != method:
            raise RuntimeError(f"a gate on {count} clusters is weighed by {plan.method}, not by {method}")
        policy = LaunchPolicy(name="promise", alpha=ALPHA, power=POWER, gates=[gate], budget=Budget(calls=10**6))
        earlier = to_frame(
            [
                Observation(name, role, f"i{number}", f"c{number}", 0, max(sign * value, 0.0))
                for role, sign in zip(ROLES, (-1.0, 1.0), strict=True)
                for number, value in enumerate(seen.tolist())
            ]
        )
        (found[method],) = outlook(policy, [plan], earlier).gates
    return found


def _passing(method: Method, x: Array, margin: float, aim: float) -> int:
    """Return how many rows pass a margin at the looks of a review; bets are aimed at the gate's own."""
    if not math.isfinite(margin):
        return len(x)
    if method == "betting":
        paths = log_wealth_paths(x, margin, -1, 1, "less", aim=aim)[:, looks(x.shape[1])]
        return int((paths.max(axis=1) >= -math.log(ALPHA)).sum())
    return int(missed(method, x, 0.0, margin)[2])
