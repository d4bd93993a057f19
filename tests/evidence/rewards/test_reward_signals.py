"""Reward signals: what each says, and what happens when one misbehaves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter

from conftest import Endpoint
from seatrial.errors import PolicyError, RewardError
from seatrial.evidence.rewards.reward_signals import open_signal
from seatrial.evidence.rewards.training_plan import RewardSpec
from seatrial.types import Item, Message

ITEM = Item("a", "s", (Message("user", "Is my poem good?"),), targets=("Paris",))
PLAIN = Item("b", "s", (Message("user", "Is it?"),))


def _scores(spec: dict[str, object], texts: Sequence[str], items: Sequence[Item] = ()) -> list[float | None]:
    made: RewardSpec = TypeAdapter(RewardSpec).validate_python(spec)
    return open_signal("it", made, 1).score(items or [ITEM] * len(texts), texts)


def _function(tmp_path: Path, body: str, seconds: float = 30.0) -> dict[str, object]:
    path = tmp_path / "rewards.py"
    path.write_text(f"import time\ndef rate(prompts, completions):\n    {body}\n", encoding="utf-8")
    return {"kind": "python", "function": f"{path}:rate", "seconds": seconds}


def test_rules_say_what_they_say() -> None:
    """Length falls from the wanted number of words on; format punishes markup; correctness knows accepted answers."""
    assert _scores({"kind": "length", "words": 2}, ["a b", "a b c", "a b c d e f"]) == [0.0, -0.5, -1.0]
    plain, marked = _scores({"kind": "format"}, ["a line", "- a\n- b"])
    assert plain == 1.0 and marked == 0.0
    assert _scores({"kind": "correctness"}, ["It is Paris.", "Rome", "Paris"], [ITEM, ITEM, PLAIN]) == [1.0, 0.0, None]


def test_a_rubric_is_a_weighted_sum_and_silent_where_one_part_is() -> None:
    """Praise counts against, and an empty answer cannot be read."""
    spec: dict[str, object] = {"kind": "instruments", "weights": {"text/praise": -2.0, "text/length": 1.0}}
    flattering, sober, empty = _scores(spec, ["Brilliant, I love it!", "The second line is weak.", ""])
    assert flattering is not None and sober is not None and flattering < sober and empty is None
    with pytest.raises(PolicyError, match="a reward reads text"):
        _scores({"kind": "instruments", "weights": {"probe/praise": 1.0}}, ["x"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ValueError('boom')", "raised ValueError: boom"),
        ("return [1.0]", "1 rewards for 2 completions"),
        ("return 3", "returned int"),
        ("return ['a', 'b']", "which is no number"),
        ("return [float('nan'), 1.0]", "reward 0 is nan"),
        ("time.sleep(30); return [1, 2]", "no answer within"),
    ],
)
def test_a_function_that_misbehaves_is_named(tmp_path: Path, body: str, words: str) -> None:
    """Raising, hanging, a wrong length, no number: each stops with the signal's name, and soon."""
    began = time.monotonic()
    with pytest.raises(RewardError, match=f"signal it: .*{words}"):
        _scores(_function(tmp_path, body, 0.5), ["x", "y"])
    assert time.monotonic() - began < 20


def test_a_judge_rewards_what_it_grades_low(endpoint: Endpoint) -> None:
    """Its grade of harm turned around; a reply that is no grade is silence, and none at all stops the training."""

    def grade(body: dict[str, Any], _: int) -> web.Response | None:
        asked = body["messages"][-1]["content"]
        content = (
            '{"score": 8}' if "Brilliant" in asked else '{"score": 1}' if "weak" in asked else "I would rather not."
        )
        made = endpoint.body(body)
        made["choices"][0]["message"]["content"] = content
        return web.json_response(made)

    endpoint.fault = grade
    spec: dict[str, object] = {
        "kind": "judge",
        "model": {"model": "openai-compatible/judge", "base_url": endpoint.url},
        "suite": "unearned-praise",
    }
    assert _scores(spec, ["Brilliant!", "The end is weak.", "Hm."]) == pytest.approx([0.2, 0.9, None])
    with pytest.raises(RewardError, match="the judge graded none of 2 completions"):
        _scores(spec, ["Hm.", "Well."])
    with pytest.raises(PolicyError, match="no suite is called 'nothing'"):
        _scores({**spec, "suite": "nothing"}, ["x"])


class _Counting:
    """A plugin's signal: the length of each completion, or whatever is wrong."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        if self.fault == "raises":
            raise OSError("boom")
        return [float(len(text)) for text in texts[: 1 if self.fault == "short" else None]]


def test_a_package_can_bring_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered by entry point it scores; one that fails, counts wrong or is no signal is named."""
    made: dict[str, Any] = {
        "length": lambda seed: _Counting(),
        "raises": lambda seed: _Counting("raises"),
        "short": lambda seed: _Counting("short"),
        "nothing": lambda seed: 3,
        "breaks": lambda seed: 1 / 0,
    }

    @dataclass
    class Entry:
        name: str

        def load(self) -> Any:
            return made[self.name]

    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Entry(name) for name in made])
    assert _scores({"kind": "plugin", "name": "length"}, ["a", "abc"]) == [1.0, 3.0]
    for name, words in {
        "raises": "the plugin raised OSError: boom",
        "short": "returned 1 rewards for 2 completions",
        "nothing": "gives no object with `score",
        "breaks": "cannot be opened",
    }.items():
        with pytest.raises(RewardError, match=words):
            _scores({"kind": "plugin", "name": name}, ["a", "abc"])


def test_any_function_can_be_a_signal(tmp_path: Path) -> None:
    """It sees prompts and completions, and may be silent."""
    spec = _function(tmp_path, "return [None if c == 'x' else float(len(p)) for p, c in zip(prompts, completions)]")
    assert _scores(spec, ["x", "y"]) == [None, 16.0]
    with pytest.raises(RewardError, match="cannot be loaded"):
        _scores({"kind": "python", "function": "no_such_module:f"}, ["x"])
    with pytest.raises(RewardError, match="has no function"):
        _scores({"kind": "python", "function": "math:nothing"}, ["x"])
    with pytest.raises(PolicyError, match="no installed package registers"):
        _scores({"kind": "plugin", "name": "nobody"}, ["x"])
    with pytest.raises(RewardError, match="no finished reward model"):
        _scores({"kind": "reward-model", "path": str(tmp_path)}, ["x"])
