"""The answers of recorded runs as a file of transcripts, which instruments, judges and people can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.formats.whole_files import write_whole
from seatrial.runs.recorded_run import RecordedRun, Written

__all__ = ["write_answers"]

SPEAKERS = ("system", "developer", "user", "assistant")
"""Roles that a transcript holds; what tools say is none of it."""


def write_answers(runs: Sequence[RecordedRun], path: Path) -> int:
    """Return how many answers of one side were written as JSON Lines, an answer a row, with its scores as columns.

    Items of several tasks are told apart by the task's name. An answer to a question that the run does not keep, or in
    which a tool speaks, is left out.

    Raises:
        EvidenceError: the runs hold no such answer, or the file cannot be written.
    """
    lines = [
        json.dumps(row, ensure_ascii=False)
        for run in runs
        for row in _rows(run, f"{run.task}/" if len(runs) > 1 else "")
    ]
    if not lines:
        held = ", ".join(str(run.path) for run in runs)
        raise EvidenceError(f"{held}: no answer with its question is in it; leave out --answers")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvidenceError(f"{path.parent}: cannot be made: {error.strerror or error}; name another folder") from error
    write_whole(path, "\n".join(lines) + "\n", EvidenceError)
    return len(lines)


def _rows(run: RecordedRun, prefix: str) -> Iterator[dict[str, Any]]:
    places: dict[str, tuple[str, str]] = {}
    values: dict[tuple[str, int], dict[str, float]] = {}
    columns = ("score", "item", "draw", "value", "cluster", "use_case")
    for score, item, draw, value, cluster, use_case in run.scores.select(columns).iter_rows():
        places[item] = cluster, use_case
        if value is not None:
            values.setdefault((item, draw), {})[f"score {score}"] = value
    for one in run.answers:
        if one.question and all(role in SPEAKERS for role, _ in one.question):
            cluster, use_case = places.get(one.item, (one.item, "general"))
            head = {"item": prefix + one.item, "draw": one.draw, "cluster": prefix + cluster, "use_case": use_case}
            yield {**head, "messages": _messages(one), **values.get((one.item, one.draw), {})}


def _messages(one: Written) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in (*one.question, ("assistant", one.answer))]
