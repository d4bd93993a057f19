"""Event logs of OpenAI evals: a specification, a final report, and one event a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.formats.jsonl import json_lines
from seatrial.runs.json_files import digest_of, id_of, mapping
from seatrial.runs.numbers import number_of
from seatrial.runs.recorded_run import Fact, RecordedRun, RunScores, Written

__all__ = ["read_openai_evals"]

MATCH = "accuracy"
"""What the events of type `match` are called together, as in the final report."""
WORDS = {"true": 1.0, "false": 0.0, "y": 1.0, "n": 0.0, "c": 1.0, "i": 0.0}


def read_openai_evals(path: Path) -> RecordedRun:
    """Return the run in a log.

    Raises:
        EvidenceError: the file cannot be read, or holds no events.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path}: cannot be read: {error}") from error
    spec: Mapping[str, Any] = {}
    report: Mapping[str, Any] = {}
    made, unread, answers = RunScores(), Counter[str](), list[Written]()
    asked: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {}
    seen: Counter[tuple[str, str]] = Counter()
    rows = 0
    for _, line in json_lines(text):
        rows += 1
        if isinstance(line, str):
            unread["a line that is not whole"] += 1
            continue
        spec, report = mapping(line.get("spec")) or spec, mapping(line.get("final_report")) or report
        item, kind, data = id_of(line.get("sample_id")), line.get("type"), line.get("data")
        if not item or not isinstance(data, Mapping):
            continue
        if kind == "sampling":
            question = _question(data.get("prompt"))
            asked.setdefault(item, (question, digest_of(question) if question else ""))
            answers.append(Written(item, 0, question, _answer(data.get("sampled"))))
        found = {MATCH: data.get("correct")} if kind == "match" else data if kind == "metrics" else {}
        for name, value in found.items():
            number, reason = number_of(value, WORDS)
            if kind == "metrics" and reason.startswith("not a number"):
                continue  # beside its numbers an event tells in words what they rest on
            draw = seen[item, name]
            seen[item, name] += 1
            digest = asked.get(item, ((), ""))[1]
            made.add(str(name), item, draw, number, reason=reason, digest=digest)
    if not made.score:
        raise EvidenceError(f"{path}: no event of type `match` or `metrics` is in it")
    facts: dict[Fact, object] = {"task": spec.get("eval_name"), "dataset": spec.get("split")}
    models = spec.get("completion_fns")
    stated = {name: float(value) for name, value in report.items() if isinstance(value, int | float)}
    return RecordedRun(
        path,
        "OpenAI evals",
        str(spec.get("base_eval") or spec.get("eval_name") or ""),
        ", ".join(map(str, models)) if isinstance(models, list) else "",
        made.frame(),
        {name: str(value) for name, value in facts.items() if value},
        answers=tuple(answers),
        stated={name: value for name, value in stated.items() if name in made.score},
        unread=unread,
        ended="" if report else "it has no final report",
        rows=rows,
    )


def _question(prompt: object) -> tuple[tuple[str, str], ...]:
    if isinstance(prompt, str):
        return (("user", prompt),)
    listed = prompt if isinstance(prompt, list) else []
    return tuple((str(one.get("role")), str(one.get("content"))) for one in listed if isinstance(one, dict))


def _answer(sampled: object) -> str:
    first = sampled[0] if isinstance(sampled, list) and sampled else sampled
    return first if isinstance(first, str) else ""
