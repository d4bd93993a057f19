"""Event logs of OpenAI evals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatrial.errors import EvidenceError
from seatrial.runs.openai_evals import read_openai_evals

SPEC = {"spec": {"eval_name": "quiz.dev.v0", "base_eval": "quiz", "split": "dev", "completion_fns": ["m-1"]}}


def _events(folder: Path, *events: object, end: str = "") -> Path:
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events) + end, encoding="utf-8")
    return path


def _event(item: str, kind: str, **data: object) -> dict[str, object]:
    return {"run_id": "r", "event_id": 0, "sample_id": item, "type": kind, "data": data}


def test_matches_and_metrics_are_scores(tmp_path: Path) -> None:
    """Several events of one sample are its answer and its scores; a second match is a second draw."""
    path = _events(
        tmp_path,
        SPEC,
        _event("q.1", "sampling", prompt=[{"role": "user", "content": "2 + 2?"}], sampled=["4"]),
        _event("q.1", "match", correct=True, expected="4", picked="4"),
        _event("q.1", "match", correct=False, expected="4", picked="5"),
        _event("q.2", "metrics", f1=0.25, sampled="words"),
        {"final_report": {"accuracy": 0.5}},
        end='{"run_id": "r", "sam',
    )
    run = read_openai_evals(path)
    rows = run.scores.select("score", "item", "draw", "value").rows()
    assert rows == [("accuracy", "q.1", 0, 1.0), ("accuracy", "q.1", 1, 0.0), ("f1", "q.2", 0, 0.25)]
    assert (run.task, run.model, run.stated, run.ended) == ("quiz", "m-1", {"accuracy": 0.5}, "")
    assert (run.answers[0].answer, run.answers[0].question) == ("4", (("user", "2 + 2?"),))
    assert run.unread == {"a line that is not whole": 1}
    assert run.scores["digest"][0]


def test_a_log_without_an_end_says_so(tmp_path: Path) -> None:
    """A run that was killed has no final report; one without a score is none."""
    assert read_openai_evals(_events(tmp_path, SPEC, _event("a", "match", correct=1))).ended == "it has no final report"
    with pytest.raises(EvidenceError, match="no event of type"):
        read_openai_evals(_events(tmp_path, SPEC))
    with pytest.raises(EvidenceError, match="no such file"):
        read_openai_evals(tmp_path / "none.jsonl")


def test_what_is_of_another_form_is_left_out(tmp_path: Path) -> None:
    """A specification or report that is no object ends in no traceback, and two ids beyond any float stay two."""
    lines = "".join(
        f'{{"sample_id": {one}, "type": "match", "data": {{"correct": true}}}}\n' for one in ("1e400", "2e400", "NaN")
    )
    path = tmp_path / "log.jsonl"
    path.write_text('{"spec": [1]}\n{"final_report": 3}\n' + lines)
    run = read_openai_evals(path)
    assert run.scores["item"].to_list() == ["1e400", "2e400"]
    assert (run.task, run.ended) == ("", "it has no final report")


def test_a_sample_that_was_asked_and_not_scored_is_missing(tmp_path: Path) -> None:
    """An error and a sample without any score count as missing, as in a run that ended in the middle of one."""
    events = (
        _event("a", "sampling", prompt="1?", sampled=["1"]),
        _event("a", "match", correct=True),
        _event("b", "sampling", prompt="2?", sampled=["2"]),
        _event("c", "error", type="timeout", message="no answer"),
    )
    run = read_openai_evals(_events(tmp_path, SPEC, *events, {"final_report": {"accuracy": 1.0}}))
    assert run.scores.select("item", "value", "reason").rows() == [
        ("a", 1.0, ""),
        ("b", None, "no score"),
        ("c", None, "the sample ended in an error"),
    ]


def test_a_word_among_numbers_is_missing(tmp_path: Path) -> None:
    """A metric that is a number elsewhere; what is a word throughout is no score."""
    events = [_event(item, "metrics", f1=value, why="because") for item, value in (("a", "n/a"), ("b", 0.5))]
    run = read_openai_evals(_events(tmp_path, SPEC, *events))
    assert run.scores.select("score", "item", "value", "reason").rows() == [
        ("f1", "b", 0.5, ""),
        ("f1", "a", None, "not a number: 'n/a'"),
    ]


def test_several_samplings_of_a_sample_are_told_apart(tmp_path: Path) -> None:
    """What was sampled first is the answer; a judge's words come after it."""
    events = [_event("a", "sampling", prompt="1?", sampled=[text]) for text in ("one", "the answer is right")]
    run = read_openai_evals(_events(tmp_path, SPEC, *events, _event("a", "match", correct=True), end="{half"))
    assert [(one.draw, one.answer) for one in run.answers] == [(0, "one"), (1, "the answer is right")]
    assert run.told[0].startswith("The first line that is not whole is line 5: not JSON")
