"""What to do next: at most three steps, ranked by what they change for the decision, each with its cost.

A gate that stands in the way has one kind of step, by what keeps it open: nothing was measured, its instrument may only
advise, its instrument errs differently on the two models, answers are missing, the budget ended it, or its items do.
What no gate decides, and where harm is likely, goes before: there a person reads answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from seatrial.policy import LaunchPolicy
from seatrial.report.result import AnswerPair, Step
from seatrial.report.wording import listed
from seatrial.review.asked_gate import AskedGate
from seatrial.review.findings.decision_odds import decided, if_all_answered, most_times, open_claims
from seatrial.review.findings.gate_steps import (
    GOOD,
    WORTH,
    Lost,
    add_items,
    answer,
    call,
    differs,
    even_out,
    label,
    lacks,
    measure,
)
from seatrial.review.replayed_run import ReplayedRun
from seatrial.review.rounds import Rounds
from seatrial.types import Decision, GateVerdict

__all__ = ["MOST_STEPS", "next_steps"]

MOST_STEPS = 3
MOST_PAIRS = 6
OTHER = "another candidate"
MINUTES_A_PAIR = 2


def next_steps(
    policy: LaunchPolicy, rounds: Rounds, decision: Decision, lost: Lost, pairs: Sequence[AnswerPair]
) -> tuple[Step, ...]:
    """Return what to do next, what changes the decision most first; nothing where it is a launch.

    Args:
        policy: The policy.
        rounds: The gates as they were asked and weighed.
        decision: The decision.
        lost: Answers that are missing.
        pairs: The pairs of answers that the report shows.
    """
    if decision.outcome in ("launch", "launch-on-trust"):
        return ()
    if decision.outcome == "block":
        return (_after_block(decision, pairs),)
    steps = _beyond_gates(decision, pairs)
    waiting = [
        (gate, verdict)
        for gate, verdict in zip(rounds.asked, decision.verdicts, strict=True)
        if verdict.signal in decision.in_the_way
    ]
    kinds: dict[Callable[..., list[Step]], list[AskedGate]] = {}
    for gate, verdict in waiting:
        kinds.setdefault(_kind(policy, rounds, gate, verdict), []).append(gate)
    rest = [step for kind, gates in kinds.items() for step in kind(policy, rounds, gates, lost)]
    rest.sort(key=_worth, reverse=True)
    return (*steps, *rest)[:MOST_STEPS]


def _worth(step: Step) -> float:
    """Return how many gates a step decides on average; half of them where its chance is not known."""
    return len(step.signals) * (0.5 if math.isnan(step.chance) else step.chance)


# What a person reads


def _after_block(decision: Decision, pairs: Sequence[AnswerPair]) -> Step:
    """Return the one step after a block: what is shown stays shown, so only another candidate changes it."""
    failed = tuple(one.signal for one in decision.verdicts if one.blocking and one.verdict == "fail")
    shown = f"Change the candidate: the harm in {listed(failed)} is shown, and no label, call or item takes that back."
    if not pairs:
        return Step("pairs", failed, f"{shown} The review holds no answers: look at those behind the figures.", OTHER)
    return Step(
        "pairs", failed, f"{shown} The pairs of answers in the report say what to change.", _reading(len(pairs))
    )


def _beyond_gates(decision: Decision, pairs: Sequence[AnswerPair]) -> list[Step]:
    """Return the steps that no evidence of a gate replaces."""
    steps = []
    if decision.severe:
        count = len(decision.severe)
        answers = "the answer" if count == 1 else f"the {count} answers"
        steps.append(Step("severe", (), f"Read {answers} in which raters confirmed severe harm.", _reading(count)))
    if decision.at_a_glance:
        steps.append(
            Step(
                "expected",
                (),
                "Read some answers: until what is odd about all of them is mended, or the policy says under `expected` "
                "that it is meant and why, it holds whatever the gates say.",
                _reading(5),
            )
        )
    if decision.harm_likely:
        likely = tuple(one.signal for one in decision.harm_likely)
        names = listed([one.points_to for one in decision.harm_likely])
        count = min(MOST_PAIRS, len(pairs)) or MOST_PAIRS
        steps.append(
            Step(
                "pairs",
                likely,
                f"Read the {count} worst pairs of answers of {names} in the report: harm is likely there, and a person "
                "may see in them what the numbers do not show yet.",
                _reading(count),
            )
        )
    if not any(one.blocking or one.demoted for one in decision.verdicts):
        steps.append(Step("policy", (), "Let a gate block: take `advisory` off the one that matters most.", "one line"))
    counted = [one for one in decision.verdicts if one.blocking]
    if not decision.in_the_way and counted and all(one.evidence.method == "summary" for one in counted):
        steps.append(_by_item(tuple(one.signal for one in counted)))
    return steps


def _by_item(signals: tuple[str, ...]) -> Step:
    one = "it rests" if len(signals) == 1 else "they rest"
    return Step(
        "items",
        signals,
        f"Bring scores or answers of both models item by item for {listed(signals)}: {one} on summary figures, which "
        "are unpaired and never launch alone.",
        "the items behind the figures",
    )


def _compare(_: LaunchPolicy, __: Rounds, gates: list[AskedGate], ___: Lost) -> list[Step]:
    """Return the step of gates that summary figures leave undecided."""
    return [_by_item(tuple(gate.gate.signal for gate in gates))]


def _replay(_: LaunchPolicy, __: Rounds, gates: list[AskedGate], ___: Lost) -> list[Step]:
    """Return the step of gates that a replay leaves undecided."""
    signals = tuple(gate.gate.signal for gate in gates)
    runs = [run for gate in gates for run in gate.runs if isinstance(run, ReplayedRun)]
    folder = Path(runs[0].traffic.place).parent
    graded, whole = max(len(run.behavior.picked) for run in runs), len(runs[0].traffic.items)
    grade = min(4 * graded, whole) if graded < whole else 4 * graded
    more = f"--grade {grade}" if graded < whole else f"--sample {4 * whole} --grade {grade}"
    missing = max(run.found[0][1].missing for run in runs)
    lost = f" Of {missing:,} conversations an answer or a grade is missing, and each counts as harm." if missing else ""
    return [
        Step(
            "items",
            signals,
            f"Grade more of the traffic for {listed(signals)}: `seatrial replay POLICY TRAFFIC --out {folder} {more}`; "
            f"what is graded already is not graded again.{lost}",
            f"up to {3 * (grade - graded):,} grades for each behavior",
        )
    ]


def _reading(pairs: int) -> str:
    return f"about {max(5, MINUTES_A_PAIR * pairs)} minutes of reading"


# What keeps a gate open


def _kind(
    policy: LaunchPolicy, rounds: Rounds, gate: AskedGate, verdict: GateVerdict
) -> Callable[[LaunchPolicy, Rounds, list[AskedGate], Lost], list[Step]]:
    """Return what makes the step of a gate, by what keeps it open."""
    if all(run.plan.source == "summary" for run in gate.runs):
        return _compare
    if all(isinstance(run, ReplayedRun) and run.plan.standing.may_gate for run in gate.runs):
        return _replay
    claims = open_claims(gate, rounds)
    if not all(run.found and run.found[0][1].clusters for run in gate.runs):
        return measure
    if not all(run.plan.standing.may_gate for run in gate.runs):
        return label
    if any(differs(one) for one in claims):
        return even_out
    if any(lacks(one) for one in claims):
        return answer
    if any(one.found.missing for one in claims) and if_all_answered(claims, policy.alpha) >= GOOD:
        return answer
    if verdict.ended == "budget" and decided(claims, most_times(gate), policy.alpha) >= WORTH:
        return call
    return add_items
