"""What a policy says of a judge: its specification, what decides its scores, and the file of a recorded one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from seatrial.errors import EvidenceError, PolicyError
from seatrial.formats.bounded import LARGEST, read_text
from seatrial.formats.jsonl import json_lines
from seatrial.formats.letters import unread
from seatrial.policy import JudgeSpec
from seatrial.replies import visible_answer

__all__ = ["judge_identity", "judge_spec", "recorded_scores"]


def judge_spec(specs: Mapping[str, JudgeSpec], name: str) -> JudgeSpec:
    """Return the specification of a judge.

    Raises:
        PolicyError: there is none of that name.
    """
    if name not in specs:
        known = ", ".join(sorted(specs)) or "none"
        raise PolicyError(f"no judge is called {name!r}; `judges:` in the policy declares {known}")
    return specs[name]


def judge_identity(spec: JudgeSpec) -> str:
    """Return what decides a judge's scores, without what a key or an address would give away."""
    if spec.members:
        return f"members {' '.join(spec.members)}"
    if spec.model is None:
        return f"scores {spec.scores.name if spec.scores else ''}"
    sent = {name for name in ("extra_body", "headers") if getattr(spec.model, name)}
    settings = spec.model.model_dump(mode="json", include={"model", "adapter", "adapter_scale", "generation", *sent})
    return json.dumps(settings | {"structured": spec.structured})


def recorded_scores(path: Path) -> dict[tuple[str, str], float]:
    """Return a recorded judge's scores; a line of JSONL holds `item`, `answer` (the graded text) and `score`, 0 to 10.

    Raises:
        EvidenceError: it cannot be read, a line is wrong, or an answer has two scores.
    """
    try:
        content = read_text(path, LARGEST)
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(unread(path, error)) from error
    found: dict[tuple[str, str], float] = {}
    for place, row in json_lines(content):
        if isinstance(row, str):
            raise EvidenceError(f"{path}:{place}: {row}")
        item, answer, score = row.get("item"), row.get("answer"), row.get("score")
        if not isinstance(item, str) or not isinstance(answer, str):
            raise EvidenceError(f"{path}:{place}: a line needs `item` and `answer` as text")
        if isinstance(score, bool) or not isinstance(score, int | float) or score != score:
            raise EvidenceError(f"{path}:{place}: `score` is not a number")
        if not 0 <= score <= 10:
            raise EvidenceError(f"{path}:{place}: the score {score!s:.20} is outside 0 to 10")
        if found.setdefault((item, visible_answer(answer)), float(score)) != score:
            raise EvidenceError(f"{path}:{place}: item {item}: the same answer has two scores")
    return found
