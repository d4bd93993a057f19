"""The margins, draws and calls that a policy takes to launch what is unchanged.

First calls are found, since they cost money and nothing else; only where no number of calls that is tried reaches the
policy's power are margins widened, and only those of the gates that stand in the way. What may only advise is not
changed: no call and no margin lets it gate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from seatrial.gates.chances import Course, course
from seatrial.gates.plan import GatePlan
from seatrial.gates.simulated_gates import launches_nothing, simulated_gates
from seatrial.gates.simulated_reviews import whole_reviews
from seatrial.policy import Gate, LaunchPolicy
from seatrial.stats.seeding import generator

__all__ = ["MOST_TIMES", "Solution", "solve"]

MOST_TIMES = 16
"""Calls are tried up to so many times the policy's budget."""
WIDER = 1.25
"""A margin that cannot be seen is widened by this, again and again."""
WIDEST = 0.25
"""No margin is widened beyond this share of its scale: a gate so wide promises nothing."""
REVIEWS = 200

PlansOf = Callable[[LaunchPolicy], Sequence[GatePlan]]


@dataclass(frozen=True, slots=True)
class Solution:
    """A policy that reaches its power, or comes as near as it can.

    Attributes:
        policy: The policy with other calls or margins, or as it was.
        launches: Chance that an unchanged model launches under it, demoted gates left aside.
        changes: What was changed, one sentence each.
        cannot: What cannot be reached, and why, one sentence each.
    """

    policy: LaunchPolicy
    launches: float
    changes: tuple[str, ...]
    cannot: tuple[str, ...]


def solve(
    policy: LaunchPolicy,
    plans_of: PlansOf,
    earlier: pl.DataFrame | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Solution:
    """Return the policy with the calls and margins that its power takes.

    Args:
        policy: The policy.
        plans_of: Gives the plans of a policy.
        earlier: Observations of an earlier review, whose spread is used.
        say: Told each step.
    """
    plans = plans_of(policy)
    cannot, scales = _demoted(plans), {plan.gate.signal: plan.signal.bounds for plan in plans}
    found, launches = policy, 0.0
    tried = _tried(policy)
    for widened in range(1, 12):
        for calls in tried:
            found = _with_calls(found, calls)
            say(f"{calls:,} calls")
            launches, in_the_way = _launches(found, plans_of(found), earlier)
            if launches >= policy.power or not in_the_way:
                if widened > 1:
                    found, launches = _with_fewer_calls(found, launches, _tried(policy)[:-1], plans_of, earlier, say)
                return Solution(found, launches, _changes(policy, found), tuple(cannot))
        wider = _wider(found, in_the_way, scales)
        if wider is None:
            break
        say(f"wider margins for {', '.join(sorted(in_the_way))}, step {widened}")
        found, tried = wider, tried[-1:]
    names = ", ".join(sorted(in_the_way))
    cannot.append(
        f"An unchanged model launches with {100 * launches:.0f} % at most: with {tried[-1]:,} calls and margins of "
        f"{WIDEST:g} of the scale, {names} would still often be undecided. More clusters or a better instrument help."
    )
    return Solution(found, launches, _changes(policy, found), tuple(cannot))


def _demoted(plans: Sequence[GatePlan]) -> list[str]:
    """Return which gates should block and cannot, and why: one sentence or two for each instrument that reads them."""
    own: dict[str, list[GatePlan]] = {}
    read: dict[str, dict[str, list[str]]] = {}
    whys: dict[str, list[str]] = {}
    for plan in plans:
        name, reader = plan.answers_to, plan.signal.instrument.name
        own.setdefault(name, []).append(plan)
        if plan.gate.blocking and not plan.standing.may_gate:
            read.setdefault(reader, {}).setdefault(name, []).append(plan.gate.signal)
            whys.setdefault(reader, []).append(plan.standing.why)
    said = []
    for reader, gates in read.items():
        names = [
            name if len(suites) == len(own[name]) else f"{name} ({', '.join(suites)})" for name, suites in gates.items()
        ]
        more = "" if len(set(whys[reader])) == 1 else " (so for the first; `seatrial instruments` has the others)"
        said.append(
            f"{', '.join(names)}: {reader} may only advise, whatever is asked. {whys[reader][0]}{more} On labelled "
            f"answers its error can be measured: seatrial instruments calibrate labels.csv -i {reader}"
        )
    return said


def _tried(policy: LaunchPolicy) -> list[int]:
    """Return the numbers of calls to try: the budget itself, then more by halves and whole times."""
    steps = [1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, float(MOST_TIMES)]
    return [policy.budget.calls, *(_rounded(policy.budget.calls * step) for step in steps)]


def _with_calls(policy: LaunchPolicy, calls: int) -> LaunchPolicy:
    return policy.model_copy(update={"budget": policy.budget.model_copy(update={"calls": calls})})


def _with_fewer_calls(
    policy: LaunchPolicy,
    launches: float,
    tried: Sequence[int],
    plans_of: PlansOf,
    earlier: pl.DataFrame | None,
    say: Callable[[str], None],
) -> tuple[LaunchPolicy, float]:
    """Return the policy with the fewest calls that reach its power under its margins, and how often it launches."""
    for calls in tried:
        say(f"{calls:,} calls")
        fewer = _with_calls(policy, calls)
        found, _ = _launches(fewer, plans_of(fewer), earlier)
        if found >= policy.power:
            return fewer, found
    return policy, launches


def _rounded(calls: float) -> int:
    return math.ceil(calls / 100) * 100 if calls >= 1000 else math.ceil(calls)


def _launches(
    policy: LaunchPolicy, plans: Sequence[GatePlan], earlier: pl.DataFrame | None
) -> tuple[float, frozenset[str]]:
    """Return how often an unchanged model launches, and which gates pass too seldom for it; demoted ones left aside."""
    courses: dict[str, Course] = {}
    blocking = []
    for gate, (made, _) in zip(policy.gates, simulated_gates(policy, plans, earlier), strict=True):
        # Gates that only advise are asked too, and their calls are gone.
        courses[gate.signal] = course(made, 0.0, policy.alpha, generator(policy.seed, "solve", gate.signal), REVIEWS)
        if gate.blocking and all(suite.may_gate for suite in made.suites):
            blocking.append(gate.signal)
    if not blocking or launches_nothing(plans):
        return 0.0, frozenset()
    (launch, _, _), _ = whole_reviews(courses, blocking, policy.budget.calls)
    each = policy.power ** (1 / len(blocking))
    return launch, frozenset(name for name in blocking if courses[name].chances[0] < each) or frozenset(blocking)


def _wider(
    policy: LaunchPolicy, names: frozenset[str], scales: Mapping[str, tuple[float, float]]
) -> LaunchPolicy | None:
    """Return the policy with wider margins for some gates; None where they are as wide as they may be."""
    gates = [
        _widened(gate, *((0.0, 1.0) if gate.family else scales[gate.signal])) if gate.signal in names else gate
        for gate in policy.gates
    ]
    return None if gates == policy.gates else policy.model_copy(update={"gates": gates})


def _widened(gate: Gate, low: float, high: float) -> Gate:
    """Return the gate with a wider margin on a scale from low to high."""

    def wider(margin: float) -> float:
        share = margin / (high - low)
        wanted = max(share, min(WIDEST, math.ceil(round(100 * WIDER * share, 6)) / 100))
        return margin if wanted == share else wanted * (high - low)

    suite = None if gate.suite_margin is None else wider(gate.suite_margin)
    return gate.model_copy(update={"margin": wider(gate.margin), "suite_margin": suite})


def _changes(before: LaunchPolicy, after: LaunchPolicy) -> tuple[str, ...]:
    """Return what differs between two policies in calls and margins."""
    said = []
    if before.budget.calls != after.budget.calls:
        said.append(f"budget: {before.budget.calls:,} calls become {after.budget.calls:,}")
    for old, new in zip(before.gates, after.gates, strict=True):
        if old.margin != new.margin:
            said.append(f"{old.signal}: the margin {old.margin:g} becomes {new.margin:g}")
        if old.suite_margin != new.suite_margin:
            said.append(f"{old.signal}: the suite_margin {old.suite_margin:g} becomes {new.suite_margin:g}")
    return tuple(said)
