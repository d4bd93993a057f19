"""Reviews small enough to be made by hand: recorded answers that carry their own scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from seatrial.collect import Failure
from seatrial.gates.plan import GatePlan, Source
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import standing
from seatrial.policy import Gate, LaunchPolicy, SignalSpec
from seatrial.review.rounds import Rounds
from seatrial.types import ROLES, Item, Message, Request, Response

Scores = Sequence["float | str | None"]


@pytest.fixture
def compared() -> Callable[..., Rounds]:
    """Return what makes rounds that were weighed: signal → both models' scores of its items, one item a cluster.

    None is an item without an answer, an empty string an answer that could not be read.
    """

    def make(
        scores: dict[str, tuple[Scores, Scores]],
        *,
        source: Source = "recorded",
        use_cases: Sequence[str] = ("general",),
        parts: Sequence[str] = ("",),
        gate: dict[str, Any] | None = None,
        **options: Any,
    ) -> Rounds:
        plans = []
        for name, sides in scores.items():
            signal = declared_signal(name, SignalSpec(column="score"))
            items = [
                Item(
                    f"i{place}",
                    name,
                    (Message("user", f"question {place}"),),
                    use_case=use_cases[place % len(use_cases)],
                    cluster=f"c{place // len(parts)}",
                    part=parts[place % len(parts)],  # type: ignore[arg-type]
                )
                for place in range(len(sides[0]))
            ]
            clusters: dict[str, list[Item]] = {}
            for item in items:
                clusters.setdefault(item.cluster, []).append(item)
            made = Gate.model_validate({"signal": name, "margin": 0.1, **(gate or {})})
            known = standing(signal.instrument, name, {})
            whole = tuple(map(tuple, clusters.values()))
            plans.append(GatePlan(made, signal, source, whole, standing=known, most=len(whole)))
        policy = LaunchPolicy(name="p", gates=[plan.gate for plan in plans], **options)
        rounds = Rounds(policy, plans, None)
        for run, sides in zip(rounds.gates, scores.values(), strict=True):
            run.asks(run.remaining)
            for role, given in zip(ROLES, sides, strict=True):
                for item, score in zip(run.plan.items, given, strict=True):
                    run.calls += 1
                    if score is None:
                        run.failures.append(Failure(role, Request(item), "the call failed"))
                        continue
                    said, labels = f"{role} on {item.id}", (("score", str(score)),)
                    run.responses[role].append(Response(item.id, item.suite, 0, said, labels=labels))
        for asked in rounds.asked:
            asked.going_on()
        rounds.weigh()
        return rounds

    return make


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a policy over two files of recorded answers, and returns its path."""

    def write(
        before: Sequence[float] = (0.2, 0.3) * 30,
        after: Sequence[float] = (0.2, 0.3) * 30,
        *,
        name: str = "policy",
        margin: float = 0.1,
        extra: str = "",
    ) -> Path:
        for side, scores in (("baseline", before), ("candidate", after)):
            rows = [
                {"item": f"q{place}", "prompt": f"Question {place}?", "completion": f"{side}: {place}", "score": score}
                for place, score in enumerate(scores)
            ]
            (tmp_path / f"{name}-{side}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        path = tmp_path / f"{name}.yaml"
        path.write_text(
            f"name: Recorded {name}!\n"
            f"baseline: {{model: transcripts/{name}-baseline.jsonl}}\n"
            f"candidate: {{model: transcripts/{name}-candidate.jsonl}}\n"
            "signals: {behavior/x: {column: score}}\n"
            f"gates: [{{signal: behavior/x, margin: {margin}}}]\n{extra}",
            encoding="utf-8",
        )
        return path

    return write
