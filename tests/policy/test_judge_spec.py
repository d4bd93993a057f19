"""A judge as a policy names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from seatrial.errors import PolicyError
from seatrial.policy import JudgeSpec, ModelSpec, parse_policy
from seatrial.policy.judge_spec import resolved_judge

MODEL = ModelSpec(model="openai-compatible/judge")


def test_a_judge_that_is_a_model_is_tried_unless_it_is_turned_off() -> None:
    """On by default for models, off for all else."""
    assert JudgeSpec(model=MODEL).starts
    assert not JudgeSpec(model=MODEL, starter=False).starts
    assert not JudgeSpec(scores=Path("s.jsonl")).starts
    assert not JudgeSpec(members=["a"]).starts


@pytest.mark.parametrize("more", [{"starter": True}, {"beside": "other"}])
def test_what_can_be_asked_nothing_new_cannot_be_tried(more: dict[str, object]) -> None:
    """A file of scores takes neither a trial nor a second model."""
    with pytest.raises(ValidationError, match="a judge that is a model"):
        JudgeSpec.model_validate({"scores": "s.jsonl", **more})


@pytest.mark.parametrize("beside", ["a", "none", "read"])
def test_a_second_judge_is_another_model_of_the_policy(beside: str) -> None:
    """Not the judge itself, none that is missing, and no file."""
    text = (
        "name: p\njudges:\n  a: {model: {model: openai-compatible/a}, beside: %s}\n  read: {scores: s.jsonl}\n"
        "gates: [{signal: behavior/pushback, margin: 0.1}]\n"
    )
    with pytest.raises(PolicyError, match="another judge that is a model"):
        parse_policy(text % beside)
    assert parse_policy((text % "b").replace("read: {scores: s.jsonl}", "b: {model: {model: x/b}}")).judges["a"].beside


def test_paths_are_those_beside_the_policy(tmp_path: Path) -> None:
    """A file of scores is looked for in the policy's folder."""
    assert resolved_judge(JudgeSpec(scores=Path("s.jsonl")), tmp_path).scores == tmp_path / "s.jsonl"
    assert resolved_judge(JudgeSpec(model=MODEL), tmp_path).model == MODEL
