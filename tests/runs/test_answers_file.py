"""The answers of recorded runs as transcripts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import EvidenceError
from seatrial.models.transcripts import TranscriptsModel
from seatrial.policy import ModelSpec
from seatrial.runs.answers_file import write_answers
from seatrial.runs.recorded_run import RecordedRun, RunScores, Written


def _run(task: str = "quiz", speaker: str = "user") -> RecordedRun:
    made = RunScores()
    for item in ("a", "b"):
        for draw in range(2):
            made.add("tone", item, draw, None if (item, draw) == ("b", 1) else draw / 2, cluster="g", use_case="small")
    said = [Written(item, draw, ((speaker, f"Ask {item}?"),), f"{item}{draw}") for item in "ab" for draw in range(2)]
    return RecordedRun(Path("a.json"), "Inspect", task, "m", made.frame(), answers=tuple(said))


def test_a_reader_of_transcripts_gets_every_answer(tmp_path: Path) -> None:
    """By item and draw, with cluster, use case and scores; a number that is missing is no label."""
    path = tmp_path / "new" / "baseline.jsonl"
    assert write_answers([_run()], path) == 4
    model = TranscriptsModel(ModelSpec(model=f"transcripts/{path}"))
    assert [(item.id, item.cluster, item.use_case) for item in model.items()] == [
        ("a", "g", "small"),
        ("b", "g", "small"),
    ]
    assert [answer.text for item in model.items() for answer in model.answers(item)] == ["a0", "a1", "b0", "b1"]
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [row.get("score tone") for row in rows] == [0.0, 0.5, 0.0, None]


def test_tasks_keep_their_items_apart(tmp_path: Path) -> None:
    """The same id in two tasks is two items, in groups of their own."""
    assert write_answers([_run("one"), _run("two")], tmp_path / "a.jsonl") == 8
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {(row["item"], row["cluster"]) for row in rows} == {
        ("one/a", "one/g"), ("one/b", "one/g"), ("two/a", "two/g"), ("two/b", "two/g")
    }  # fmt: skip


@pytest.mark.parametrize("run", [replace(_run(), answers=()), _run(speaker="tool")])
def test_a_run_without_answers_says_so(tmp_path: Path, run: RecordedRun) -> None:
    """None is kept, or a tool speaks in each: no file is left that looks like a run."""
    with pytest.raises(EvidenceError, match="no answer with its question is in it; leave out --answers"):
        write_answers([run], tmp_path / "a.jsonl")
    assert not (tmp_path / "a.jsonl").exists()
