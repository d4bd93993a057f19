"""What a policy decides on the stored observations of a past review, and what it could not weigh.

The gates, their evidence and the decision are those of a review. Two things are not. What was asked while it was looked
at left each bound only a part of alpha; that part is found again from the bound that the review came to, and holds for
any other alpha or margin. And a gate of which nothing was observed then is never a pass: it leaves the decision open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from seatrial.backtest.stored import StoredReview, signal_of, standing_of
from seatrial.errors import SeatrialError
from seatrial.gates.claims import Claim, Statement
from seatrial.gates.plan import GatePlan
from seatrial.gates.verdicts import WeighedClaim, WeighedGate, decide, verdicts
from seatrial.gates.weigh import evidence
from seatrial.instruments import Signal
from seatrial.instruments.records import Records
from seatrial.observations import is_outside
from seatrial.policy import Gate, LaunchPolicy, margin_fits
from seatrial.review.asked_gate import AskedGate
from seatrial.review.gate_run import GateRun
from seatrial.stats.distributions import norm_cdf, norm_isf
from seatrial.stats.instruments import Slope
from seatrial.suites import Suite
from seatrial.types import ClaimVerdict, Decision, Evidence, GateVerdict, Outcome

__all__ = ["Reweighed", "Weighing", "reweigh", "unknown"]

Now = Literal["launch", "launch-on-trust", "hold", "block", "unknown"]
ANY: tuple[Outcome, ...] = ("launch", "hold", "block")
LEAST_PART = 1e-4
"""Part of alpha that a bound was left, at least; one that shows nothing tells no more."""
STEPS = 4
"""Steps by which the part of alpha that a bound was left is found; two come near enough."""


@dataclass(frozen=True, slots=True)
class Reweighed:
    """What a policy would have decided.

    Attributes:
        outcome: The decision; `unknown` where it might have launched and might not.
        possible: All decisions that it may have come to, whatever was not observed.
        reason: In a sentence.
        verdicts: Of all gates; inconclusive where a gate could not be weighed.
        not_weighed: Gate that could not be weighed → why.
        as_then: Whether the policy asks the very same as the one of then, whose decision stands.
    """

    outcome: Now
    possible: tuple[Outcome, ...]
    reason: str
    verdicts: tuple[GateVerdict, ...] = ()
    not_weighed: Mapping[str, str] | None = None
    as_then: bool = False

    @property
    def kept_back(self) -> bool | None:
        """Whether it would not have been launched; None where that is not known."""
        launches = [one in ("launch", "launch-on-trust") for one in self.possible]
        return None if any(launches) and not all(launches) else not any(launches)

    @property
    def in_the_way(self) -> tuple[str, ...]:
        """The gates that were weighed and stand in the way of a launch."""
        lacking = self.not_weighed or {}
        return tuple(one.signal for one in self.verdicts if _stops(one) and one.signal not in lacking)


def _stops(one: GateVerdict) -> bool:
    return one.demoted or (one.blocking and one.verdict != "pass")


def unknown(reason: str) -> Reweighed:
    """Return that nothing can be said of a release."""
    return Reweighed("unknown", ANY, reason)


@dataclass(frozen=True, slots=True)
class Weighing:
    """What past reviews are weighed with.

    Attributes:
        policy: The policy.
        suites: Signal → its suite.
        records: Instrument → what is known of its error.
    """

    policy: LaunchPolicy
    suites: Mapping[str, Suite]
    records: Records


def reweigh(weighing: Weighing, review: StoredReview) -> Reweighed:
    """Return what a policy decides on a past review's observations.

    Args:
        weighing: The policy, with suites and records.
        review: The review.
    """
    policy, then = weighing.policy, review.content.policy
    if _asks(policy) == _asks(then):
        was = review.content.decision
        return Reweighed(was.outcome, (was.outcome,), was.reason, was.verdicts, {}, as_then=True)
    weighed, lacking = [], {}
    for gate in policy.gates:
        found, why = _weighed(gate, weighing, review)
        weighed.append(found)
        if why:
            lacking[gate.signal] = why
    made = verdicts(weighed, policy.alpha)
    lacking = {one.signal: lacking[one.signal] for one in made if one.signal in lacking and one.verdict != "fail"}
    return _decided(policy, review, made, lacking)


def _asks(policy: LaunchPolicy) -> dict[str, object]:
    """Return what of a policy decides on given observations."""
    gates = [gate.model_dump(exclude={"labels"}) for gate in policy.gates]
    named = {gate.signal for gate in policy.gates}
    signals = {name: spec.model_dump(include={"harmful", "bounds"}) for name, spec in policy.signals.items()}
    told = {name: spec for name, spec in signals.items() if name in named}
    return {"gates": gates, "alpha": policy.alpha, "signals": told, "expected": set(policy.expected)}


def _decided(
    policy: LaunchPolicy, review: StoredReview, made: Sequence[GateVerdict], lacking: Mapping[str, str]
) -> Reweighed:
    seen = [replace(one, expected=policy.expected.get(one.measure, "")) for one in review.content.glances]  # type: ignore[call-overload]  # measures are the policy's
    odd = [one.said for one in seen if one.holds]
    severe = review.content.decision.severe
    whole = decide(made, severe, odd)
    counting = [one.signal for one in made if one.blocking and one.signal in lacking]
    if whole.outcome == "block" or not counting:
        return Reweighed(whole.outcome, (whole.outcome,), whole.reason, tuple(made), lacking)
    known = [one for one in made if one.signal not in counting]
    rest = decide(known, severe, odd)
    told = f"Not observed then: {', '.join(counting)}."
    if rest.outcome == "hold" and _holds_by_itself(known, rest):
        return Reweighed("hold", ("hold", "block"), f"{rest.reason} {told}", tuple(made), lacking)
    return Reweighed("unknown", ANY, told, tuple(made), lacking)


def _holds_by_itself(known: Sequence[GateVerdict], rest: Decision) -> bool:
    """Return whether what was observed keeps it back, and not only that too little was."""
    return bool(rest.severe or rest.at_a_glance or any(_stops(one) for one in known))


def _weighed(gate: Gate, weighing: Weighing, review: StoredReview) -> tuple[WeighedGate, str]:
    """Return a gate with what its observations show, and why it could not be weighed (in full); empty where it was."""
    names, absent = _asked(gate, weighing, review)
    plans, problems = [], [f"{name} was not observed then" for name in absent]
    for name in names:
        plan = _plan(gate, name, weighing, review)
        if isinstance(plan, str):
            problems.append(plan)
        else:
            plans.append(plan)
    why = "; ".join(problems)
    if not plans:
        nothing = WeighedClaim(Statement("margin", gate.margin), Evidence())
        return WeighedGate(gate, "", (nothing,)), why
    runs = [GateRun(plan, review.observations[plan.signal.name]) for plan in plans]
    asked = AskedGate(gate, runs)
    asked.look(weighing.policy.alpha, 1)
    alpha, before = weighing.policy.alpha, review.content.policy.alpha
    for run in runs:
        then = _turned(review, run.plan.signal)
        run.found = _as_left(run.found, run.plan.standing.shows, alpha, before, then)
    asked.found = _as_left(asked.found, asked.slope, alpha, before, review.verdicts.get(gate.signal))
    reads = frozenset(plan.signal.name for plan in plans if review.asked_of_suite(plan.signal.name))
    return replace(asked.weighed(), reads=reads), why


def _asked(gate: Gate, weighing: Weighing, review: StoredReview) -> tuple[list[str], list[str]]:
    """Return the signals that a gate reads and the review observed, and those that it did not."""
    names = [gate.signal]
    if gate.family:
        members = sorted(name for name, suite in weighing.suites.items() if suite.family == gate.family)
        names = gate.suites or members or [gate.signal]
    there = [name for name in names if name in review.observations]
    return there, [name for name in names if name not in there]


def _plan(gate: Gate, name: str, weighing: Weighing, review: StoredReview) -> GatePlan | str:
    """Return a gate's suite as a review has it, or why it cannot be weighed."""
    try:
        signal = signal_of(name, review, weighing.policy, weighing.suites)
    except SeatrialError as error:
        return f"{name}: {error}"
    held = review.verdicts.get(name)
    if gate.instrument and review.asked_of_suite(name) and held is not None and held.instrument != gate.instrument:
        return f"{name} was read by {held.instrument}, not by {gate.instrument}"
    if not review.observations[name].filter(is_outside(signal.bounds)).is_empty():
        low, high = signal.bounds
        return f"{name} holds numbers outside [{low:g}, {high:g}]: declare its bounds under `signals`"
    if not margin_fits(gate.margin, signal.bounds):
        return f"{name}: the margin {gate.margin:g} does not fit its scale"
    if gate.family:
        low, high = signal.bounds
        margin = (gate.suite_margin or gate.margin) * (high - low)
        own = Gate(signal=name, margin=margin, advisory=gate.advisory, trust=gate.trust)
    else:
        own = gate
    standing = standing_of(name, review, gate.trust or "", weighing.records)
    return GatePlan(own, signal, "evidence", standing=standing, family=gate.signal if gate.family else "")


def _turned(review: StoredReview, signal: Signal) -> GateVerdict | None:
    """Return what a review came to in a signal, turned to the end that is harm now; None where it was not weighed."""
    held = review.verdicts.get(signal.name)
    if held is None or all(one.harmful == signal.harmful for one in review.content.named if one.signal == signal.name):
        return held
    claims = [one for one in held.claims if not one.label.startswith("limit")]
    turned = [replace(one.evidence, low=-one.evidence.high, high=-one.evidence.low) for one in claims]
    pairs = zip(claims, turned, strict=True)
    return replace(held, claims=tuple(replace(claim, evidence=found) for claim, found in pairs))


def _as_left(
    found: Sequence[tuple[Claim, Evidence]], slope: Slope, alpha: float, before: float, then: GateVerdict | None
) -> list[tuple[Claim, Evidence]]:
    """Return evidence at the part of alpha that the looks of then left to each bound.

    Args:
        found: Claims, with their evidence as if all had been there at once.
        slope: What their numbers show of a true change.
        alpha: The policy's error rate.
        before: That of the policy of then.
        then: What the review came to; None where it weighed nothing of it.
    """
    whole = _parts(found[0][0], slope, before, then.claims[0]) if found and then is not None and then.claims else (1, 1)
    made = []
    for claim, one in found:
        own = None if then is None else next((c for c in then.claims if c.label == claim.statement.label), None)
        same = claim is found[0][0] or own is None
        upper, lower = whole if same or own is None else _parts(claim, slope, before, own)
        if (upper, lower) == (1, 1) or one.clusters == 0:
            made.append((claim, one))
            continue
        left = evidence(claim, "fixed", upper * alpha, slope, showing=lower * alpha)
        made.append((claim, replace(left, p_value=min(1.0, left.p_value / lower), method="looks")))
    return made


def _parts(claim: Claim, slope: Slope, alpha: float, then: ClaimVerdict) -> tuple[float, float]:
    """Return the parts of alpha at which fixed evidence has the upper and the lower bound that a review came to."""
    was = then.evidence
    if was.clusters == 0 or len(claim.seen) == 0:
        return 1.0, 1.0

    one = evidence(claim, "fixed", alpha, slope)
    wanted = np.array([was.high - one.estimate, one.estimate - was.low])
    parts, reached = np.ones(2), np.array([one.high - one.estimate, one.estimate - one.low])
    narrow = wanted > reached * (1 + 1e-6) + 1e-12
    for _ in range(STEPS if narrow.any() else 0):
        depth = norm_isf(parts * alpha) * np.where(reached > 0, wanted / np.maximum(reached, 1e-12), 1.0)
        parts = np.where(narrow, np.clip(norm_cdf(-depth) / alpha, LEAST_PART, 1.0), 1.0)
        one = evidence(claim, "fixed", float(parts[0]) * alpha, slope, showing=float(parts[1]) * alpha)
        reached = np.array([one.high - one.estimate, one.estimate - one.low])
    return float(parts[0]), float(parts[1])
