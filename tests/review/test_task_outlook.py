"""What a plan can say of tasks that have not run."""

from __future__ import annotations

import polars as pl
import pytest

from seatrial.errors import PolicyError
from seatrial.observations import from_frame
from seatrial.policy import LaunchPolicy
from seatrial.review.task_outlook import foreseen

MODEL = {"model": "openai/a"}
TASK = {"task": "inspect_evals/gsm8k"}


def _policy(*signals: str, evidence: tuple[object, ...] = (TASK,)) -> LaunchPolicy:
    gates = [{"signal": name, "margin": 0.1} for name in signals]
    made = {"name": "p", "baseline": MODEL, "candidate": MODEL, "evidence": list(evidence), "gates": gates}
    return LaunchPolicy.model_validate(made)


def _seen(*signals: str) -> pl.DataFrame:
    rows = [
        {"signal": signal, "role": role, "item": "q", "value": 1.0}
        for signal in signals
        for role in ("baseline", "candidate")
    ]
    return from_frame(pl.DataFrame(rows), None)


def test_a_policy_without_tasks_is_planned_as_it_is() -> None:
    """Nothing is left out, and nothing said."""
    policy = _policy("eval/gsm8k.match", evidence=())
    found = foreseen(policy, None, None)
    assert (found.policy, found.evidence, found.notes) == (policy, None, ())


def test_gates_on_a_task_are_left_out_and_named() -> None:
    """The others stay; what was brought is no task's."""
    policy = _policy("benchmark/facts", "eval/gsm8k.match", "eval/brought")
    found = foreseen(policy, _seen("eval/brought"), None)
    assert [gate.signal for gate in found.policy.gates] == ["benchmark/facts", "eval/brought"]
    assert "no part of these calls" in found.notes[0]
    assert found.notes[1].startswith("Left out of this plan: eval/gsm8k.match, of which nothing is known")


def test_an_earlier_review_stands_for_what_is_to_come() -> None:
    """Its observations of tasks are planned with, and none of its others."""
    policy = _policy("benchmark/facts", "eval/gsm8k.match")
    found = foreseen(policy, None, _seen("benchmark/facts", "eval/gsm8k.match"))
    assert found.policy.gates == policy.gates
    assert found.evidence is not None
    assert found.evidence["signal"].cast(str).unique().to_list() == ["eval/gsm8k.match"]
    assert len(found.notes) == 1


def test_nothing_to_plan_is_said() -> None:
    """A policy of tasks alone is told what makes it one that can be planned."""
    with pytest.raises(PolicyError, match=r"nothing to plan before inspect_evals/gsm8k has run.*plan --from"):
        foreseen(_policy("eval/gsm8k.match"), None, None)
