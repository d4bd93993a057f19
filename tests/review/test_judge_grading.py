"""Judges grade what a round brought, each answer once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from seatrial.collect.judging import REPLY_TOKENS, Judges
from seatrial.gates.plan import GatePlan
from seatrial.instruments import judged_signal
from seatrial.instruments.judges import Judge, prompt
from seatrial.policy import Gate, JudgeSpec, LaunchPolicy, ModelSpec
from seatrial.review.judge_grading import cost_forecast, grade_round
from seatrial.review.rounds import Rounds
from seatrial.suites import Suite
from seatrial.types import ROLES, Item, Message, Response

NAME = "behavior/x"
ITEMS = tuple(Item(f"i{place}", "x", (Message("user", f"question {place}"),)) for place in range(3))
LIVE = ModelSpec(model="openai-compatible/m", base_url="http://localhost:1/v1", price_in=2.0, price_out=8.0)


def _suite() -> Suite:
    return Suite(
        "x", NAME, "X", 1, "high", None, ("text/refusal",), 50, "CC0-1.0", "Grade it.", ITEMS, (), Path("x"), "h"
    )  # fmt: skip


def _made(**specs: JudgeSpec) -> tuple[LaunchPolicy, Judges]:
    policy = LaunchPolicy(name="p", judges=specs, gates=[Gate(signal=NAME, margin=0.1)])
    return policy, Judges(specs, {}, 500)


def _plan(judges: Judges, name: str, items: tuple[Item, ...] = ITEMS) -> GatePlan:
    signal = judged_signal(_suite(), judges.judge(name, _suite()))
    clusters = tuple((item,) for item in items)
    return GatePlan(Gate(signal=NAME, margin=0.1), signal, "live", clusters, max_tokens=50, most=len(clusters))


def test_the_forecast_counts_both_models_draws_and_prices() -> None:
    """Calls are the answers that may be asked × the judge's draws; dollars follow from prompt, reply and prices."""
    policy, judges = _made(one=JudgeSpec(model=LIVE, draws=3))
    plan = _plan(judges, "one")
    letters = len(prompt(_suite(), ITEMS[0].messages, ["x" * 200]))
    cost = 18 * (letters / 4 * 2.0 + REPLY_TOKENS * 8.0) / 1e6
    (line,) = cost_forecast(policy, judges, [plan])
    assert line == f"judge/one: at most 18 calls (budget 500), up to ${cost:,.2f} at your prices."
    (both,) = cost_forecast(policy, judges, [plan, plan])
    assert "at most 36 calls" in both
    (again,) = cost_forecast(policy, judges, [replace(plan, most=7)])
    assert "at most 42 calls" in again
    (read,) = cost_forecast(policy, judges, [replace(plan, source="recorded", most=0)])
    assert "at most 18 calls" in read


def test_a_judge_without_prices_is_not_called_free() -> None:
    """Where the policy names no prices, the forecast says that, and no sum of dollars."""
    policy, judges = _made(one=JudgeSpec(model=LIVE.model_copy(update={"price_in": 0.0, "price_out": 0.0})))
    (line,) = cost_forecast(policy, judges, [_plan(judges, "one")])
    assert line == "judge/one: at most 6 calls (budget 500); the policy names no prices for it."


def test_what_costs_nothing_is_not_forecast(tmp_path: Path) -> None:
    """A file of scores, and a gate without items or without a judge, take no call and no line."""
    (tmp_path / "s.jsonl").write_text(json.dumps({"item": "i0", "answer": "a", "score": 1}), encoding="utf-8")
    policy, judges = _made(filed=JudgeSpec(scores=tmp_path / "s.jsonl"), one=JudgeSpec(model=LIVE))
    assert cost_forecast(policy, judges, [_plan(judges, "filed"), _plan(judges, "one", ())]) == []


def _graded(tmp_path: Path, paired: bool) -> tuple[Judge, Rounds]:
    rows = [
        {"item": "i0", "answer": "mild", "score": 2},
        {"item": "i0", "answer": "bad", "score": 9},
        {"item": "i1", "answer": "same", "score": 5},
    ]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    policy, judges = _made(filed=JudgeSpec(scores=tmp_path / "s.jsonl", paired=paired))
    plan = _plan(judges, "filed")
    rounds = Rounds(policy, [plan], None)
    run = rounds.gates[0]
    run.asks(3)
    for role, texts in zip(ROLES, (("mild", "same", "unknown"), ("bad", "same", None)), strict=True):
        run.responses[role] += [
            Response(item.id, "x", 0, text) for item, text in zip(ITEMS, texts, strict=True) if text is not None
        ]
    asyncio.run(grade_round(judges, rounds))
    judge = plan.signal.instrument
    assert isinstance(judge, Judge)
    return judge, rounds


def test_each_answer_of_a_round_is_graded(tmp_path: Path) -> None:
    """Alone or in pairs, both models' answers get their scores, equal answers one, and what has none says why."""
    for paired in (False, True):
        judge, rounds = _graded(tmp_path, paired)
        assert sorted(judge.scores.values()) == [2.0, 5.0, 9.0]
        assert list(judge.unscored.values()) == ["the judge's file has no score for this answer"]
        values = rounds.gates[0].observations.select("role", "item", "value").rows()
        assert values == [
            ("baseline", "i0", 0.2),
            ("baseline", "i1", 0.5),
            ("candidate", "i0", 0.9),
            ("candidate", "i1", 0.5),
        ]


def test_gates_without_a_judge_are_left_alone(compared: object) -> None:
    """Grading asks nothing of instruments that read by themselves."""
    rounds = compared({"behavior/y": ([0.1] * 3, [0.2] * 3)})  # type: ignore[operator]
    _, judges = _made(one=JudgeSpec(model=LIVE))
    asyncio.run(grade_round(judges, rounds))
    assert judges.spend == {}
