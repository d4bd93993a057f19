"""Gates as they are simulated before anything is asked: what their chances depend on, and where it is known from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.gates.claims import claims
from seatrial.gates.plan import GatePlan
from seatrial.gates.schedule import Method
from seatrial.gates.summary_figures import like_figures
from seatrial.gates.verdicts import claim_weights
from seatrial.observations import gate_pairs
from seatrial.policy import LaunchPolicy
from seatrial.stats.distributions import norm_ppf
from seatrial.stats.instruments import EXACT, Slope
from seatrial.stats.resampling import centered
from seatrial.types import ROLES

__all__ = ["SimulatedGate", "SimulatedSuite", "assumed_sd", "launches_nothing", "simulated_gates"]

FEWEST_SEEN = 20
"""Clusters that an earlier review must have seen for its spread to be used."""
ASSUMED_SD = {"probe": 0.06, "text": 0.25, "match": 0.45}
"""Assumed standard deviation of a cluster's difference, by kind of instrument; others as `match`, a right-or-wrong
scale on which one answer in five changes."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SimulatedSuite:
    """One suite of a gate, as far as chances depend on it.

    Attributes:
        residuals: Differences of clusters asked once, moved to mean 0, in readings, shape (n,).
        reach: Largest difference that the scale allows.
        margin: Largest rise of true harm tolerated in it, on its scale.
        clusters: How many it has.
        most: How many times they may be asked, all together; `clusters` where each is asked once.
        calls: Calls that asking one of them once takes.
        shows: What its readings show of a true change.
        faked: Change of true harm that error which differs between two models could fake.
        may_gate: Whether its instrument may gate at all.
        why: Why it may not, if so.
        may_go_on: Whether a larger budget would let it be asked further.
        use_cases: Use case of each cluster, shape (clusters,); None where nothing is claimed in each.
        limit: What the candidate's own harm must stay below, on the scale of `levels`; NaN without a limit.
        levels: The candidate's own harm, unchanged, in clusters like those to come; empty without a limit.
        least: Least value of the scale of levels.
    """

    residuals: Array
    reach: float
    margin: float
    clusters: int
    most: int
    calls: float = 2.0
    shows: Slope = EXACT
    faked: float = 0.0
    may_gate: bool = True
    why: str = ""
    may_go_on: bool = False
    use_cases: NDArray[np.str_] | None = None
    limit: float = math.nan
    levels: Array | None = None
    least: float = 0.0

    @property
    def claims(self) -> int:
        """How many statements it makes."""
        groups = 1 if self.use_cases is None else 1 + len(np.unique(self.use_cases))
        return groups * (1 if math.isnan(self.limit) else 2)


@dataclass(frozen=True, slots=True)
class SimulatedGate:
    """One gate of a policy: its suite, or the suites of its family.

    Attributes:
        suites: The suites.
        method: How it is weighed.
        margin: Largest rise of harm tolerated in the mean over a family's suites, as a share of their scales; NaN where
            it gates one suite.
        use_case_margin: Largest rise tolerated in each use case over a family's suites, likewise; NaN without one.
        head: What its mean may err, of what showing harm may err in all.
        guard: The same for each statement about a part.
        alone: Both where all other gates have passed.
        last: What its last open statement may err where all others have passed.
    """

    suites: tuple[SimulatedSuite, ...]
    method: Method
    margin: float = math.nan
    use_case_margin: float = math.nan
    head: float = 1.0
    guard: float = 1.0
    alone: tuple[float, float] = (1.0, 1.0)
    last: float = 1.0

    @property
    def is_family(self) -> bool:
        """Whether it gates a mean over suites."""
        return not math.isnan(self.margin)

    @property
    def cases(self) -> list[str]:
        """The use cases that a family makes a statement about, over its suites that may gate."""
        if math.isnan(self.use_case_margin):
            return []
        held = [suite.use_cases for suite in self.suites if suite.may_gate and suite.use_cases is not None]
        return sorted({str(case) for cases in held for case in cases})


def assumed_sd(instrument: str) -> float:
    """Return the assumed standard deviation of a cluster's difference, as a share of its scale."""
    return ASSUMED_SD.get(instrument.split("/")[0], ASSUMED_SD["match"])


def launches_nothing(plans: Sequence[GatePlan]) -> bool:
    """Return whether nothing but summary figures speaks for a launch: they block alone, and launch nothing alone."""
    return {plan.source for plan in plans if plan.gate.blocking and plan.standing.may_gate} == {"summary"}


def simulated_gates(
    policy: LaunchPolicy, plans: Sequence[GatePlan], earlier: pl.DataFrame | None = None
) -> list[tuple[SimulatedGate, str]]:
    """Return each gate of the policy as it is simulated, and where the spread of its differences comes from."""
    found: list[tuple[SimulatedGate, str]] = []
    for gate in policy.gates:
        own = [plan for plan in plans if (plan.answers_to) == gate.signal]
        each = gate.per == "use_case" or gate.use_case_margin is not None
        suites = [_simulated(plan, earlier, in_use_cases=each) for plan in own]
        made = SimulatedGate(
            tuple(suite for suite, _ in suites),
            "looks" if any(plan.method == "looks" for plan in own) else own[0].method,
            gate.margin if gate.family else math.nan,
            math.nan if gate.use_case_margin is None else gate.use_case_margin,
        )
        found.append((made, "; ".join(dict.fromkeys(basis for _, basis in suites))))
    # Gates whose instruments may only advise are corrected by themselves, as those that the policy wants to advise.
    blocks = [
        gate.blocking and any(suite.may_gate for suite in made.suites)
        for gate, (made, _) in zip(policy.gates, found, strict=True)
    ]
    weighed = []
    for (made, basis), own_kind in zip(found, blocks, strict=True):
        same = [one for (one, _), kind in zip(found, blocks, strict=True) if kind == own_kind]
        level = 1 - policy.alpha if sum(len(_guards(one)) for one in same) > 1 else 1.0
        (head, guard), alone = _weights(same, level), _weights([made], level)
        weighed.append((replace(made, head=head, guard=guard, alone=alone, last=level), basis))
    return weighed


def _weights(gates: Sequence[SimulatedGate], level: float) -> tuple[float, float]:
    """Return what a mean and what a statement about a part may err, of alpha, where these gates are open."""
    guards = [guard for one in gates for guard in _guards(one)]
    weights = dict(zip(guards, claim_weights(guards), strict=True))
    return weights.get(False, 1.0) * level, weights.get(True, 1.0) * level


def _guards(gate: SimulatedGate) -> list[bool]:
    """Return of each statement of a gate whether it is about a part."""
    if gate.is_family:
        return [False, *[True] * (len(gate.suites) + len(gate.cases))]
    suite = gate.suites[0]
    heads = 1 if math.isnan(suite.limit) else 2
    return [False] * heads + [True] * (suite.claims - heads)


def _simulated(plan: GatePlan, earlier: pl.DataFrame | None, *, in_use_cases: bool) -> tuple[SimulatedSuite, str]:
    """Return a gate's suite as it is simulated, and where the spread of its differences comes from."""
    seen = _seen_before(plan, earlier)
    residuals, levels, basis = _spread(plan, seen)
    low, high = plan.signal.bounds
    clusters, names = len(plan.clusters), np.array([cluster[0].use_case for cluster in plan.clusters])
    if plan.summary is not None:
        clusters = plan.summary.items
    if plan.source == "evidence" and seen is not None:
        table = gate_pairs(seen, plan.signal.name)
        (whole,) = claims(plan.gate.model_copy(update={"per": None, "limit": None}), plan.signal, table, None)
        clusters, names = len(whole.best), whole.use_cases
    held = plan.standing
    limit = math.nan if plan.gate.limit is None else plan.signal.harm(plan.gate.limit)
    if not math.isnan(limit) and seen is None and plan.summary is None:
        basis += "; the level beside its limit is assumed to be half of what the limit allows"
    live = plan.source == "live"
    return (
        SimulatedSuite(
            residuals,
            high - low,
            plan.gate.margin,
            clusters,
            plan.most if live else clusters,
            plan.calls / clusters if live and clusters else 0.0,
            held.shows.or_exact,
            held.faked,
            held.may_gate,
            "" if held.may_gate else held.why,
            live and plan.most < clusters * plan.depth,
            names.astype(str) if in_use_cases else None,
            limit,
            levels,
            plan.signal.harm_bounds[0],
        ),
        basis,
    )


def _seen_before(plan: GatePlan, earlier: pl.DataFrame | None) -> pl.DataFrame | None:
    """Return what an earlier review saw of a gate's signal, if it was enough to go by."""
    if earlier is None:
        return None
    seen = earlier.filter(pl.col("signal") == plan.signal.name)
    return seen if len(seen) and len(_differences(plan, seen)[0]) >= FEWEST_SEEN else None


def _differences(plan: GatePlan, seen: pl.DataFrame) -> tuple[Array, Array]:
    """Return each cluster's change of harm, and the candidate's own harm, where they are known."""
    gate = plan.gate.model_copy(update={"per": None, "limit": 0.0})
    change, level = claims(gate, plan.signal, gate_pairs(seen, plan.signal.name), None)
    return change.seen[~np.isnan(change.seen)], level.seen[~np.isnan(level.seen)]


def _once(plan: GatePlan, seen: pl.DataFrame) -> list[pl.DataFrame]:
    """Return what was seen in parts of as many answers to an item as the gate takes at once.

    An earlier review may have asked its clusters again and again; the mean of all answers spreads less than those that
    come in at once, and these are what is simulated.
    """
    if plan.source == "evidence":
        return [seen]
    times = plan.at_once if plan.source == "live" else max(1, round(_recorded_answers(plan)))
    return seen.with_columns(part=pl.col("draw") // times).partition_by("part", maintain_order=True, include_key=False)


def _spread(plan: GatePlan, seen: pl.DataFrame | None) -> tuple[Array, Array, str]:
    """Return differences of clusters moved to mean 0, harm of an unchanged candidate, and where both come from."""
    if seen is not None:
        count = len(_differences(plan, seen)[0])
        changes, levels = (
            np.concatenate(one) for one in zip(*(_differences(plan, part) for part in _once(plan, seen)), strict=True)
        )
        reach = plan.signal.bounds[1] - plan.signal.bounds[0]
        return centered(changes, -reach, reach), levels, f"the spread of {count} clusters seen before"
    if plan.summary is not None:
        return *like_figures(plan.signal, plan.summary), "the standard errors of the summary figures"
    kind = plan.signal.instrument.name.split("/")[0]
    low, high = plan.signal.bounds
    times = _recorded_answers(plan)
    fewer, each = 1 / math.sqrt(times), f", of {times:.3g} answers each" if times > 1 else ""
    sd = assumed_sd(plan.signal.instrument.name) * (high - low) * (0.5 if plan.signal.contrast else 1.0)
    if kind in ("probe", "text"):
        grid = (np.arange(200) + 0.5) / 200
        drawn: Array = fewer * sd * norm_ppf(grid)
        return drawn, _assumed_levels(plan), f"assumed: differences of {kind} instruments spread by {sd:g}{each}"
    share = (sd / (high - low)) ** 2
    steps = np.zeros(200)
    changed = round(200 * share / 2)
    steps[:changed], steps[200 - changed :] = high - low, low - high
    return fewer * steps, _assumed_levels(plan), f"assumed: one answer in {1 / share:.0f} changes{each}"


def _recorded_answers(plan: GatePlan) -> float:
    """Return how many answers to an item count at once where both models are recorded; 1 where one is asked."""
    held = [plan.recorded.get(role, {}) for role in ROLES]
    if plan.source != "recorded" or not all(held):
        return 1.0
    return len(ROLES) / sum(sum(1 / max(1, count) for count in one.values()) / len(one) for one in held)


def _assumed_levels(plan: GatePlan) -> Array:
    """Return harm of clusters at either end of the scale, whose mean is half of what a limit allows."""
    least, most = plan.signal.harm_bounds
    limit = most if plan.gate.limit is None else plan.signal.harm(plan.gate.limit)
    harmful = round(100 * (limit - least) / (most - least))
    return np.repeat([most, least], [harmful, 200 - harmful])
