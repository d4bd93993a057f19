"""What a policy's gates come to in a replay: behaviors to look for, and what cannot be looked for in traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatrial.collect.judging import Judges
from seatrial.errors import PolicyError
from seatrial.evidence.replay.behaviors import Behavior, behaviors_of
from seatrial.formats.nearest import did_you_mean
from seatrial.gates.plan import plan_gates
from seatrial.gates.replayed import KIND
from seatrial.instruments.records import Records, load_records
from seatrial.models import Model, open_models
from seatrial.policy import LaunchPolicy
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import ROLES, Role

__all__ = ["Wanted", "check_policy", "wanted"]

LEAST_MARGIN = 1e-9
"""Of a gate that is only planned: on any scale it is a margin, and nothing is decided by it."""


def check_policy(policy: LaunchPolicy) -> None:
    """See that a policy can be replayed before anything is read or asked.

    Raises:
        PolicyError: none of its gates can be looked for in traffic, or it names no models that answer.
        SeatrialError: it cannot be planned.
    """
    if not policy.baseline.answers or not policy.candidate.answers:
        raise PolicyError("a replay asks models, and this policy compares scores; name two models")
    models: dict[Role, Model] = dict(zip(ROLES, open_models(policy.baseline, policy.candidate), strict=True))
    if not all(model.live for model in models.values()):
        raise PolicyError("a replay asks models, and this policy compares recorded answers; name two models")
    records = load_records(policy.records)
    wanted(policy, models, records, Judges(policy.judges, records, policy.budget.judge_calls))


@dataclass(frozen=True)
class Wanted:
    """What a policy's gates come to in a replay.

    Attributes:
        behaviors: What to look for.
        left_out: Gate → why it cannot be looked for in traffic.
        suites: What its gates ask, each once.
    """

    behaviors: tuple[Behavior, ...]
    left_out: Mapping[str, str]
    suites: tuple[Suite, ...]


def wanted(policy: LaunchPolicy, models: Mapping[Role, Model], records: Records, judges: Judges) -> Wanted:
    """Return what to look for.

    Raises:
        PolicyError: none of the policy's gates can be looked for in traffic.
    """
    rates = {gate.signal: gate for gate in policy.gates if gate.signal.startswith(KIND)}
    plans = plan_gates(_of_suites(policy, tuple(rates)), models, None, records, judges.judge)
    behaviors, left_out = behaviors_of(plans, records)
    behaviors = [one.under(rates[one.name]) if one.name in rates else one for one in behaviors]
    if not behaviors:
        told = "; ".join(f"{gate}: {why}" for gate, why in left_out.items())
        raise PolicyError(f"none of its gates can be looked for in traffic: {told}")
    suites = {plan.suite.signal: plan.suite for plan in plans if plan.suite is not None}
    return Wanted(tuple(behaviors), left_out, tuple(suites.values()))


def _of_suites(policy: LaunchPolicy, rates: Sequence[str]) -> LaunchPolicy:
    """Return a policy whose gates on rates in traffic are gates on the suites by whose rubric these are graded.

    A suite that is gated already, alone or in a family, is graded as that gate says.

    Raises:
        PolicyError: no suite has the name of a rate.
    """
    gates = {gate.signal: gate for gate in policy.gates if gate.signal not in rates}
    places = find_suites(policy.suites)
    families = {gate.family: gate.suites for gate in gates.values() if gate.family}
    for name in rates:
        suites = [suite for suite in places if suite.partition("/")[2] == name.removeprefix(KIND)]
        if not suites:
            known = [f"{KIND}{suite.partition('/')[2]}" for suite in places]
            hint = did_you_mean(name, known, "`seatrial suites list` names them.")
            raise PolicyError(f"gate {name}: no suite has this name; {hint}")
        family = load_suite(places[suites[0]]).family
        named = families.get(family)
        if suites[0] in gates or (named is not None and (not named or suites[0] in named)):
            continue
        own = next(gate for gate in policy.gates if gate.signal == name)
        gates[suites[0]] = own.model_copy(update={"signal": suites[0], "margin": LEAST_MARGIN, "limit": None})
    return policy.model_copy(update={"gates": list(gates.values())})
