"""What a policy could see, before anything is asked: its operating characteristic.

Simulated reviews say how often the policy would launch, hold and block, for no harm and for harm of each size in one
gate. All gates of a review share its budget, so a review is simulated as a whole: each gate's course look by look, and
the round in which the budget ends. How much answers differ from cluster to cluster is not known beforehand: it is taken
from an earlier review where there is one, else assumed by the kind of instrument, and the plan says which.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.gates.chances import RUNS, Course, course
from seatrial.gates.plan import GatePlan
from seatrial.gates.schedule import Method, shares
from seatrial.gates.simulated_gates import SimulatedGate, SimulatedSuite, launches_nothing, simulated_gates
from seatrial.gates.simulated_reviews import Chances, whole_reviews
from seatrial.gates.weigh import in_true_harm
from seatrial.policy import Gate, LaunchPolicy
from seatrial.stats.betting import upper_bounds
from seatrial.stats.intervals import fixed_size_bounds
from seatrial.stats.power import mde_betting, mde_t
from seatrial.stats.seeding import generator
from seatrial.stats.spending import Looks, level_at_least, nominal_level

__all__ = [
    "SIZES",
    "BlindGate",
    "GateOutlook",
    "Outlook",
    "blind_gates",
    "outlook",
    "smallest_visible_margin",
]

SIZES = (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Sizes of harm, in margins."""
SPREAD = 1.5
"""Harm spread over a family whose chance to block the first lines name, in margins."""
FEW_RUNS = 150
"""Simulated reviews of a size of harm that only the curve shows."""
SAMPLES, MANY, AT_ONCE = 1_000, 20_000, 1_000_000
"""Samples that say what a gate of a fixed size sees, clusters beyond which a formula does, numbers drawn at once."""
Array = NDArray[np.float64]
Rows = tuple[tuple[float, Chances], ...]


@dataclass(frozen=True, slots=True)
class GateOutlook:
    """What one gate could see.

    Attributes:
        signal: The gate.
        margin: Its margin.
        clusters: Clusters that it may ask or has.
        calls: Calls that it may take at most, on both models.
        usual: Calls that it takes on average where nothing changed and the budget is no limit.
        mde: Smallest change of true harm that it sees at the policy's power; infinite where it sees none, as where its
            instrument may only advise.
        basis: Where the spread of the differences comes from.
        outcomes: Size in margins → chance of (pass, fail, undecided).
        advice: Why what reads it, or a suite of it, may only advise, if so: then it cannot pass.
        in_one_suite: Of a family: chance of (pass, fail, undecided) where one suite, the one least seen, rises by twice
            its margin.
    """

    signal: str
    margin: float
    blocking: bool
    clusters: int
    calls: int
    usual: int
    mde: float
    basis: str
    outcomes: Rows
    advice: str = ""
    in_one_suite: Chances | None = None

    @property
    def blind(self) -> bool:
        """Whether it could not see its own margin at the policy's power."""
        return not self.mde <= self.margin


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a policy could see.

    Attributes:
        gates: The gates.
        decisions: Gate → for each size of harm in it alone, the chance of (launch, hold, block).
        unchanged: Chance of (launch, hold, block) where nothing changed.
        calls: Calls that a review takes on average where nothing changed.
        most: Calls that all gates may take together, were the budget no limit.
        budget: Calls that the policy allows.
        notes: What would change this before a review, in sentences.
        figures_alone: Whether nothing but summary figures speaks for a launch, which they do not alone.
    """

    gates: tuple[GateOutlook, ...]
    decisions: tuple[tuple[str, Rows], ...]
    unchanged: Chances
    calls: int
    most: int
    budget: int
    notes: tuple[str, ...] = ()
    figures_alone: bool = False

    @property
    def least_blocked(self) -> tuple[str, float]:
        """The gate in which harm of two margins blocks least often, and how often; no gate where none may block."""
        return _least_blocked(self.decisions, 2.0)

    @property
    def least_blocked_family(self) -> tuple[str, float]:
        """The family over which harm of one and a half margins blocks least often, and how often; none without one."""
        families = {one.signal for one in self.gates if one.in_one_suite is not None}
        return _least_blocked([one for one in self.decisions if one[0] in families], SPREAD)

    @property
    def headline(self) -> str:
        """In one sentence: how often an unchanged model launches, and how often a worse one blocks.

        Of families a second: harm that is spread over all suites of one is less than two margins in any of them.
        """
        gate, blocks = self.least_blocked
        if not gate:
            return "No gate of this policy may block, so nothing can launch."
        which = "any one gate that may block" if any(one.advice for one in self.gates) else "any one gate"
        worse = f"a rise of two margins in {which} blocks with {100 * blocks:.0f} %"
        if len(self.decisions) > 1 and blocks < 0.995:
            worse += f" or more (least in {gate})"
        held = [one.signal for one in self.gates if one.advice and one.blocking]
        watched = sum(bool(one.advice) and not one.blocking for one in self.gates)
        unread = f" {_gates(watched)} nothing out: what reads {'it' if watched == 1 else 'them'} may only advise."
        launch = f"An unchanged model launches with {100 * self.unchanged[0]:.0f} %"
        if held:
            which = "a gate that should block has" if len(held) == 1 else f"{len(held)} gates that should block have"
            launch = f"Nothing can launch, for {which} an instrument that may only advise"
        elif self.figures_alone:
            launch = "Nothing can launch, for summary figures launch nothing alone"
        return f"{launch}; {worse}.{self._spread_over_a_family()}{unread if watched else ''}"

    def _spread_over_a_family(self) -> str:
        family, blocks = self.least_blocked_family
        if not family:
            return ""
        more = f" or more (least in {family})" if blocks < 0.995 and len(self.decisions) > 1 else ""
        advised = any(one.advice for one in self.gates if one.in_one_suite is not None)
        which = "the suites of a family that may block" if advised else "a family's suites"
        return f" One and a half margins, spread over {which}, block with {100 * blocks:.0f} %{more}."


def _least_blocked(decisions: Sequence[tuple[str, Rows]], size: float) -> tuple[str, float]:
    """Return the gate in which harm of so many margins blocks least often, and how often."""
    found = [(name, dict(rows)[size][2]) for name, rows in decisions]
    return min(found, key=lambda one: one[1]) if found else ("", 0.0)


def _gates(count: int) -> str:
    return "One gate rules" if count == 1 else f"{count} gates rule"


def outlook(policy: LaunchPolicy, plans: Sequence[GatePlan], earlier: pl.DataFrame | None = None) -> Outlook:
    """Return the policy's operating characteristic.

    Args:
        policy: The policy.
        plans: Its gates' suites, ready to be asked.
        earlier: Observations of an earlier review, whose spread is used for the gates that it covers.
    """
    simulated = simulated_gates(policy, plans, earlier)
    unchanged = {
        gate.signal: course(made, 0.0, policy.alpha, _rng(policy, gate, 0.0), bounds=True)
        for gate, (made, _) in zip(policy.gates, simulated, strict=True)
    }
    blocking = [
        gate.signal
        for gate, (made, _) in zip(policy.gates, simulated, strict=True)
        if gate.blocking and any(suite.may_gate for suite in made.suites)
    ]
    demoted = any(
        gate.blocking and not all(suite.may_gate for suite in made.suites)
        for gate, (made, _) in zip(policy.gates, simulated, strict=True)
    )
    alone = launches_nothing(plans)
    budget = policy.budget.calls
    gates, decisions = [], []
    for gate, (made, basis) in zip(policy.gates, simulated, strict=True):
        courses = {size: _course_at(policy, gate, made, size, unchanged[gate.signal]) for size in SIZES}
        gates.append(_gate(policy, gate, made, basis, courses))
        if gate.signal in blocking:
            rows = []
            for size, one in courses.items():
                found, _ = whole_reviews({**unchanged, gate.signal: one}, blocking, budget, held=demoted or alone)
                rows.append((size, found))
            decisions.append((gate.signal, tuple(rows)))
    found, calls = whole_reviews(unchanged, blocking, budget, held=demoted or alone)
    most = sum(gate.calls for gate in gates)
    return Outlook(tuple(gates), tuple(decisions), found, round(calls), most, budget, figures_alone=alone)


def _rng(policy: LaunchPolicy, gate: Gate, size: float) -> np.random.Generator:
    return generator(policy.seed, "outlook", gate.signal, f"{size:g}")


def _course_at(policy: LaunchPolicy, gate: Gate, made: SimulatedGate, size: float, unchanged: Course) -> Course:
    """Return the course where harm rose by so many margins: in all suites of a family, by one share of their scales."""
    if size == 0.0:
        return unchanged
    changes = [size * (made.margin * suite.reach if made.is_family else suite.margin) for suite in made.suites]
    runs = RUNS if size == 2.0 or (size == SPREAD and made.is_family) else FEW_RUNS
    return course(made, np.array(changes), policy.alpha, _rng(policy, gate, size), runs)


def _gate(
    policy: LaunchPolicy, gate: Gate, made: SimulatedGate, basis: str, courses: Mapping[float, Course]
) -> GateOutlook:
    unchanged, rng = courses[0.0], generator(policy.seed, "mde", gate.signal)
    advice = next((suite.why for suite in made.suites if not suite.may_gate), "")
    first = made.suites[0]
    if len(unchanged.ends):
        place = min(len(unchanged.ends) - 1, math.ceil(policy.power * len(unchanged.ends)))
        mde = float(np.sort(unchanged.ends)[place])
        mde = math.inf if mde > (1.0 if made.is_family else first.reach) else mde
    else:
        live = made.method == "betting"
        level = first.shows.ruling_out(policy.alpha)[0] if live else policy.alpha
        mde = in_true_harm(
            _mde(first, level, policy.power, live, rng),
            first.shows,
            policy.alpha,
            first.reach,
        )
    live_calls = made.method != "fixed"
    return GateOutlook(
        gate.signal,
        gate.margin,
        gate.blocking,
        sum(suite.clusters for suite in made.suites),
        round(sum(suite.calls * suite.most for suite in made.suites)) if live_calls else 0,
        round(float(_spent(unchanged).mean())) if live_calls else 0,
        mde,
        basis,
        tuple((size, one.chances) for size, one in courses.items()),
        advice,
        _in_one_suite(policy, gate, made) if made.is_family else None,
    )


def _spent(one: Course) -> Array:
    """Return the calls that each simulated review spends on a gate until it is decided."""
    done = one.passed | one.failed
    last = np.where(done.any(axis=1), done.argmax(axis=1), done.shape[1] - 1)
    spent: Array = one.calls[np.arange(len(last)), last]
    return spent


def _in_one_suite(policy: LaunchPolicy, gate: Gate, made: SimulatedGate) -> Chances:
    least = min(range(len(made.suites)), key=lambda number: made.suites[number].clusters)
    changes = [2 * suite.margin if number == least else 0.0 for number, suite in enumerate(made.suites)]
    return course(made, np.array(changes), policy.alpha, _rng(policy, gate, 99.0), FEW_RUNS, ahead=False).chances


def _mde(suite: SimulatedSuite, alpha: float, power: float, live: bool, rng: np.random.Generator) -> float:
    if suite.clusters < 2:
        return math.inf
    reach = suite.reach
    if live:
        aim = suite.margin * suite.shows.value
        return mde_betting(suite.residuals, -reach, reach, alpha, power, rng, n=suite.clusters, aim=aim)
    if suite.clusters > MANY:
        return mde_t(float(suite.residuals.std()), suite.clusters, alpha, power)
    # Each sample has a spread of its own: what one of them would have seen is not what 90 % of them see.
    at_once = max(1, AT_ONCE // suite.clusters)
    parts = [min(at_once, SAMPLES - start) for start in range(0, SAMPLES, at_once)]
    drawn = (rng.choice(suite.residuals, size=(part, suite.clusters)) for part in parts)
    high = np.concatenate([fixed_size_bounds(part, -reach, reach, alpha).high for part in drawn])
    return float(np.quantile(high, power))


def smallest_visible_margin(clusters: int, reach: float, alpha: float, method: Method = "looks") -> float:
    """Return the smallest margin that a live gate can rule out even if no two answers differ.

    Args:
        clusters: Clusters that it asks.
        reach: Largest change that its scale allows.
        alpha: Error rate of the bound.
        method: How it is weighed.
    """
    if method == "betting":  # unaimed: wider than an aimed one by little
        return float(upper_bounds(np.zeros((1, clusters)), -reach, reach, alpha)[0])
    return _equal_rules_out(clusters, reach, nominal_level(alpha, _all_looks(clusters, method)))


def _all_looks(clusters: int, method: Method) -> Looks:
    taken = Looks()
    for share in shares(clusters) if method == "looks" else [1.0]:
        taken = taken.and_at(share)
    return taken


def _equal_rules_out(clusters: int, reach: float, level: float) -> float:
    """Return the upper bound of a change that no cluster shows."""
    return float(fixed_size_bounds(np.zeros((1, clusters)), -reach, reach, level).high[0])


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
        count = min(len(plan.clusters), plan.most)
        least_level = level_at_least(policy.alpha, _all_looks(count, plan.method))
        if plan.method == "looks" and _equal_rules_out(count, reach, least_level) < plan.gate.margin:
            continue  # sees it for certain: most do, and its nominal level takes a while
        least = smallest_visible_margin(count, reach, policy.alpha, plan.method)
        if least >= plan.gate.margin:
            found.append(BlindGate(plan.gate.signal, plan.gate.margin, least, count))
    return found
