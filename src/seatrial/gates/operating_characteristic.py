"""What a policy could see, before anything is asked: its operating characteristic.

For each gate and each size of harm, simulated reviews say how often the gate would pass, fail or stay undecided with
this budget. How much answers differ from cluster to cluster is not known beforehand: it is taken from an earlier
review where there is one, else assumed by the kind of instrument, and the plan says which.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from seatrial.gates.chances import RUNS, Simulated, centered, chances
from seatrial.gates.claims import claims
from seatrial.gates.plan import GatePlan
from seatrial.gates.weigh import in_true_harm
from seatrial.observations import PairedTable, gate_pairs
from seatrial.policy import LaunchPolicy
from seatrial.stats.betting import upper_bounds
from seatrial.stats.power import mde_betting, mde_fixed, required_betting
from seatrial.stats.seeding import generator
from seatrial.types import ROLES

__all__ = ["SIZES", "BlindGate", "GateOutlook", "Outlook", "blind_gates", "outlook", "smallest_visible_margin"]

SIZES = (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Sizes of harm, in margins."""
MOST_CLUSTERS = 20_000
FEWEST_SEEN = 20
"""Clusters that an earlier review must have seen for its spread to be used."""
ASSUMED_SD = {"probe": 0.06, "text": 0.25, "match": 0.45}
"""Assumed standard deviation of a cluster's difference, by kind of instrument; others as `match`, a right-or-wrong
scale on which one answer in five changes."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GateOutlook:
    """What one gate could see.

    Attributes:
        signal: The gate.
        margin: Its margin.
        clusters: Clusters that the budget lets it ask.
        calls: Calls that these take, on both models.
        mde: Smallest change of true harm that it sees at the policy's power; of the readings, where its instrument has
            no record.
        needed: Clusters that it needs for its margin at the policy's power; None if more than can be thought of.
        needed_calls: Calls that these take.
        basis: Where the spread of the differences comes from.
        outcomes: Size in margins → chance of (pass, fail, undecided).
        advice: Why its instrument may only advise, if so: then it neither passes nor fails.
    """

    signal: str
    margin: float
    blocking: bool
    clusters: int
    calls: int
    mde: float
    needed: int | None
    needed_calls: int | None
    basis: str
    outcomes: tuple[tuple[float, tuple[float, float, float]], ...]
    advice: str = ""

    @property
    def blind(self) -> bool:
        """Whether it could not see its own margin at the policy's power."""
        return not self.mde <= self.margin


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a policy could see: its gates, and the decision for each size of harm in each gate, the others unchanged.

    Attributes:
        gates: The gates.
        decisions: Gate → for each size of harm in it alone, the chance of (launch, hold, block).
        calls: Calls that the whole plan may take.
        budget: Calls that the policy allows.
    """

    gates: tuple[GateOutlook, ...]
    decisions: tuple[tuple[str, tuple[tuple[float, tuple[float, float, float]], ...]], ...]
    calls: int
    budget: int


def outlook(policy: LaunchPolicy, plans: Sequence[GatePlan], earlier: pl.DataFrame | None = None) -> Outlook:
    """Return the policy's operating characteristic.

    Args:
        policy: The policy.
        plans: Its gates, ready to be asked.
        earlier: Observations of an earlier review, whose spread is used for the gates that it covers.
    """
    wanted = sum(_cost(plan, len(plan.clusters)) for plan in plans if plan.source == "live")
    share = min(1.0, policy.budget.calls / wanted) if wanted else 1.0
    simulated = [_simulated(plan, share, earlier) for plan in plans]
    family = max(1, sum(gate.claims for plan, (gate, _) in zip(plans, simulated, strict=True) if plan.gate.blocking))
    gates = tuple(
        _gate(policy, plan, gate, basis, family) for plan, (gate, basis) in zip(plans, simulated, strict=True)
    )
    blocking = [gate for gate in gates if gate.blocking]
    return Outlook(gates, _decisions(blocking), sum(gate.calls for gate in gates), policy.budget.calls)


def _cost(plan: GatePlan, clusters: int) -> int:
    items = sum(len(cluster) for cluster in plan.clusters[:clusters])
    return items * plan.first_draws * len(ROLES)


def _gate(policy: LaunchPolicy, plan: GatePlan, gate: Simulated, basis: str, family: int) -> GateOutlook:
    rng = generator(policy.seed, "outlook", plan.gate.signal)
    calls = _cost(plan, gate.clusters) if gate.live else 0
    level, flat = gate.shows.ruling_out(policy.alpha)
    mde = _mde(gate.residuals, gate.clusters, gate.reach, level, policy.power, gate.live, rng)
    needed = None
    if plan.gate.margin * flat > 0:
        needed = _needed(gate.residuals, plan.gate.margin * flat, gate.reach, level, policy.power, gate.live, rng)
    per_cluster = calls / gate.clusters if gate.clusters else 0.0
    return GateOutlook(
        plan.gate.signal,
        plan.gate.margin,
        plan.gate.blocking,
        gate.clusters,
        calls,
        in_true_harm(mde, gate.shows, policy.alpha, gate.reach),
        needed,
        None if needed is None else math.ceil(needed * per_cluster),
        basis,
        tuple((size, chances(gate, size * plan.gate.margin, policy.alpha, family, rng, RUNS)) for size in SIZES),
        "" if plan.standing.may_gate else plan.standing.why,
    )


def _simulated(plan: GatePlan, share: float, earlier: pl.DataFrame | None) -> tuple[Simulated, str]:
    """Return a gate as it is simulated, and where its spread comes from."""
    low, high = plan.signal.bounds
    table = _seen_before(plan, earlier)
    residuals, levels, basis = _spread(plan, table)
    live = plan.source == "live"
    clusters = len(plan.clusters) if not live else int(share * len(plan.clusters))
    names: list[str] = [cluster[0].use_case for cluster in plan.clusters[:clusters]]
    if plan.source == "evidence" and table is not None:
        clusters = len(table.clusters.unique())
        names = table.use_cases.cast(pl.String).to_list()[:clusters]
    use_cases = None
    if plan.gate.per == "use_case" and len(names) == clusters:
        use_cases = np.unique(names, return_inverse=True)[1].astype(np.int64)
    held = plan.standing
    limit = math.nan if plan.gate.limit is None else plan.signal.harm(plan.gate.limit)
    if not math.isnan(limit) and table is None:
        basis += "; the level beside its limit is assumed to be half of what the limit allows"
    return (
        Simulated(
            residuals,
            high - low,
            plan.gate.margin,
            clusters,
            live,
            held.shows.or_exact,
            held.faked,
            held.may_gate,
            use_cases,
            limit,
            levels,
            plan.signal.harm_bounds[0],
        ),
        basis,
    )


def _seen_before(plan: GatePlan, earlier: pl.DataFrame | None) -> PairedTable | None:
    """Return what an earlier review saw of a gate's signal, if it was enough to go by."""
    if earlier is None or not (earlier["signal"] == plan.signal.name).any():
        return None
    table = gate_pairs(earlier, plan.signal.name)
    return table if len(_differences(plan, table)[0]) >= FEWEST_SEEN else None


def _differences(plan: GatePlan, table: PairedTable) -> tuple[Array, Array]:
    """Return each cluster's change of harm, and the candidate's own harm, where they are known."""
    gate = plan.gate.model_copy(update={"per": None, "limit": 0.0})
    change, level = claims(gate, plan.signal, table, None)
    return change.seen[~np.isnan(change.seen)], level.seen[~np.isnan(level.seen)]


def _spread(plan: GatePlan, table: PairedTable | None) -> tuple[Array, Array, str]:
    """Return differences of clusters moved to mean 0, harm of an unchanged candidate, and where both come from."""
    if table is not None:
        seen, levels = _differences(plan, table)
        reach = plan.signal.bounds[1] - plan.signal.bounds[0]
        return centered(seen, -reach, reach), levels, f"the spread of {len(seen)} clusters seen before"
    kind = plan.signal.instrument.name.split("/")[0]
    low, high = plan.signal.bounds
    sd = ASSUMED_SD.get(kind, ASSUMED_SD["match"]) * (high - low) * (0.5 if plan.signal.contrast else 1.0)
    if kind in ("probe", "text"):
        grid = (np.arange(200) + 0.5) / 200
        drawn: Array = sd * norm.ppf(grid)
        return drawn, _assumed_levels(plan), f"assumed: differences of {kind} instruments spread by {sd:g}"
    share = (sd / (high - low)) ** 2
    steps = np.zeros(200)
    changed = round(200 * share / 2)
    steps[:changed], steps[200 - changed :] = high - low, low - high
    return steps, _assumed_levels(plan), f"assumed: one answer in {1 / share:.0f} changes"


def _assumed_levels(plan: GatePlan) -> Array:
    """Return harm of clusters at either end of the scale, whose mean is half of what a limit allows."""
    least, most = plan.signal.harm_bounds
    limit = most if plan.gate.limit is None else plan.signal.harm(plan.gate.limit)
    harmful = round(100 * (limit - least) / (most - least))
    return np.repeat([most, least], [harmful, 200 - harmful])


def _mde(
    residuals: Array, clusters: int, reach: float, alpha: float, power: float, live: bool, rng: np.random.Generator
) -> float:
    if clusters < 2:
        return math.inf
    if live:
        return mde_betting(residuals, -reach, reach, alpha, power, rng, n=clusters)
    sample = rng.choice(residuals, size=clusters)
    return mde_fixed(sample, -reach, reach, alpha, power, rng)


def _needed(
    residuals: Array,
    margin: float,
    reach: float,
    alpha: float,
    power: float,
    live: bool,
    rng: np.random.Generator,
) -> int | None:
    """Return the fewest clusters that see the margin, to within 2 %."""
    if live:
        return required_betting(residuals, margin, -reach, reach, alpha, power, rng)

    def sees(count: int) -> bool:
        return _mde(residuals, count, reach, alpha, power, live, np.random.default_rng(0)) <= margin

    high = 8
    while not sees(high):
        high *= 2
        if high > MOST_CLUSTERS:
            return None
    low = high // 2
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if sees(middle) else (middle, high)
    return high


def _decisions(
    gates: Sequence[GateOutlook],
) -> tuple[tuple[str, tuple[tuple[float, tuple[float, float, float]], ...]], ...]:
    unchanged: Mapping[str, tuple[float, float, float]] = {gate.signal: dict(gate.outcomes)[0.0] for gate in gates}
    rows = []
    for gate in gates:
        others = [unchanged[other.signal] for other in gates if other is not gate]
        all_pass = math.prod(chances[0] for chances in others)
        none_fails = math.prod(1 - chances[1] for chances in others)
        sizes = []
        for size, (passes, fails, _) in gate.outcomes:
            launch, block = passes * all_pass, 1 - (1 - fails) * none_fails
            sizes.append((size, (launch, max(0.0, 1 - launch - block), block)))
        rows.append((gate.signal, tuple(sizes)))
    return tuple(rows)


def smallest_visible_margin(clusters: int, reach: float, alpha: float) -> float:
    """Return the smallest margin that a live gate can rule out even if no two answers differ.

    Args:
        clusters: Clusters that it asks.
        reach: Largest change that its scale allows.
        alpha: Error rate of the bound.
    """
    return float(upper_bounds(np.zeros((1, clusters)), -reach, reach, alpha)[0])


@dataclass(frozen=True, slots=True)
class BlindGate:
    """A live gate that cannot see its margin even if no two answers differ: no assumption is needed.

    Attributes:
        signal: The gate.
        margin: Its margin.
        least: The smallest margin that so many equal clusters can rule out.
        clusters: How many it asks.
    """

    signal: str
    margin: float
    least: float
    clusters: int

    def __str__(self) -> str:
        """It as a warning."""
        return (
            f"{self.signal} cannot see its margin of {self.margin:g}: even if nothing differed, {self.clusters} "
            f"clusters rule out changes from {self.least:.3f} up. `seatrial plan` says what it would take."
        )


def blind_gates(policy: LaunchPolicy, plans: Sequence[GatePlan]) -> list[BlindGate]:
    """Return the live gates that cannot see their margin even if no two answers differ."""
    found = []
    for plan in plans:
        if plan.source != "live":
            continue
        reach = plan.signal.bounds[1] - plan.signal.bounds[0]
        count = len(plan.clusters)
        least = smallest_visible_margin(count, reach, policy.alpha)
        if least >= plan.gate.margin:
            found.append(BlindGate(plan.gate.signal, plan.gate.margin, least, count))
    return found
