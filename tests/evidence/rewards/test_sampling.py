"""Completions of the present model, scored by every signal and behavior."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from seatrial.collect import Progress
from seatrial.errors import EvidenceError, PolicyError
from seatrial.evidence.rewards.sampling import sample, score
from seatrial.evidence.rewards.training_plan import TrainingPlan, load_plan, plan_items
from seatrial.policy import Generation
from seatrial.types import Response

PLAN = """
name: recorded
model: {model: transcripts/answers.jsonl, generation: {temperature: 1.0}}
prompts: {file: prompts.jsonl}
completions: 2
signals:
  short: {kind: length, words: 2}
mixes:
  now: {short: 1}
behaviors: [text/length]
"""


def _lines(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _plan(folder: Path) -> TrainingPlan:
    prompts = [f"Question {number}?" for number in range(3)]
    (folder / "prompts.jsonl").write_text(_lines([{"prompt": one} for one in prompts]), encoding="utf-8")
    rows = [{"prompt": one, "completion": "word " * (2 + 2 * draw), "draw": draw} for one in prompts for draw in (0, 1)]
    (folder / "answers.jsonl").write_text(_lines(rows), encoding="utf-8")
    path = folder / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return load_plan(path)


def test_every_completion_gets_a_row_with_all_that_is_said_of_it(tmp_path: Path) -> None:
    """Two completions of three prompts are six rows; rewards and behaviors are those of the texts."""
    plan = _plan(tmp_path)
    items = plan_items(plan)
    texts = ["one two", "one two three four"]
    answers = [Response(item.id, item.suite, draw, text) for item in items for draw, text in enumerate(texts)]
    table = score(plan, items, answers)
    assert len(table) == 6
    assert table["reward/short"].to_list() == [0.0, -1.0] * 3
    assert table["prompt"].n_unique() == 3
    assert [name for name in table.columns if name.startswith("behavior/")] == ["behavior/text/length"]


def test_a_model_that_repeats_itself_is_refused(tmp_path: Path) -> None:
    """At temperature 0 every completion of a prompt would be the same, and nothing could be learnt from them."""
    plan = _plan(tmp_path)
    cold = plan.model.model_copy(update={"model": "embedded/smollm2-135m", "generation": Generation()})
    with pytest.raises(PolicyError, match="temperature is 0"):
        sample(plan, tmp_path / "out", Progress("off"), model=cold)


def test_one_completion_of_a_prompt_is_too_few(tmp_path: Path) -> None:
    """A prompt with a single answer has nothing to be compared with."""
    plan = _plan(tmp_path)
    items = plan_items(plan)
    with pytest.raises(EvidenceError):
        score(plan, items, [Response(items[0].id, items[0].suite, 0, "one")])


def test_a_completion_that_never_leaves_its_thinking_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is left out of the table, and counted with what to set."""
    plan = _plan(tmp_path)
    rows = [
        {"prompt": f"Question {number}?", "completion": "<think>hm" if number == 2 else f"word {draw}", "draw": draw}
        for number in range(3)
        for draw in (0, 1)
    ]
    (tmp_path / "answers.jsonl").write_text(_lines(rows), encoding="utf-8")
    assert len(sample(plan, tmp_path / "out", Progress("lines"))) == 4
    assert "2 of 6 completions hold no answer, first: cut off while still thinking" in capsys.readouterr().err
