"""Has judges grade the answers of a review's gates, a round at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from seatrial.collect.judge_specs import judge_spec
from seatrial.collect.judging import REPLY_TOKENS, Judges, Task
from seatrial.gates.plan import GatePlan
from seatrial.instruments.judges import Judge, prompt, telling_anchors
from seatrial.policy import LaunchPolicy
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.types import ROLES

__all__ = ["cost_forecast", "grade_round", "question_scales"]


def cost_forecast(policy: LaunchPolicy, judges: Judges, plans: Sequence[GatePlan]) -> list[str]:
    """Return what the judges may take at most, one line a judge, before the first answer is graded."""
    most: dict[str, tuple[int, float]] = {}
    for plan in plans:
        judge = plan.signal.instrument
        if not isinstance(judge, Judge):
            continue
        name = judge.name.partition("/")[2]
        spec = judge_spec(policy.judges, name)
        calls = judges.calls(judge, _answers(plan) + len(telling_anchors(judge.suite))) if plan.items else 0
        set_lengths = [model.generation.max_tokens for model in (policy.baseline, policy.candidate)]
        answer = "x" * 4 * max(length or plan.max_tokens for length in set_lengths)
        letters = len(prompt(judge.suite, plan.items[0].messages, [answer])) if plan.items else 0
        cost = 0.0
        if spec.model is not None:
            reply = spec.model.generation.max_tokens or REPLY_TOKENS
            cost = calls * (letters / 4 * spec.model.price_in + reply * spec.model.price_out) / 1e6
        before = most.get(name, (0, 0.0))
        most[name] = before[0] + calls, before[1] + cost
    return [
        f"judge/{name}: at most {calls:,} calls (budget {judges.remaining:,})"
        + (f", up to ${cost:,.2f} at your prices." if cost else "; the policy names no prices for it.")
        for name, (calls, cost) in most.items()
        if calls
    ]


def _answers(plan: GatePlan) -> int:
    """Return how many answers of both models a gate may read at most."""
    times = plan.most / len(plan.clusters) if plan.source == "live" else 1.0
    return math.ceil(len(ROLES) * len(plan.items) * times)


async def grade_round(judges: Judges, rounds: Rounds) -> None:
    """Grade all answers of gates that judges read and that have no score yet."""
    for run in rounds.gates:
        judge = run.plan.signal.instrument
        if isinstance(judge, Judge):
            await judges.grade(judge, _tasks(judge, run))


async def question_scales(judges: Judges, rounds: Rounds) -> None:
    """Let the gates only advise whose judge does not seem to use the scale that it was told."""
    for run in rounds.gates:
        judge = run.plan.signal.instrument
        if isinstance(judge, Judge) and (doubt := await judges.scale_doubt(judge)):
            held = replace(run.plan.standing, may_gate=False, trust="", why=f"{doubt} So it may only advise.")
            run.plan = replace(run.plan, standing=held)


def _tasks(judge: Judge, run: GateRun) -> list[Task]:
    """Return what to grade of a gate: each answer by itself, or both models' answers to an item together."""
    items = {item.id: item for item in run.plan.items}
    sides = [{(one.item, one.draw): one.text for one in run.responses[role]} for role in ROLES]
    if not judge.paired:
        return [Task(items[key[0]], (text,)) for side in sides for key, text in side.items()]
    return [
        Task(items[key[0]], tuple(dict.fromkeys(side[key] for side in sides if key in side)))
        for key in dict.fromkeys([*sides[0], *sides[1]])
    ]
