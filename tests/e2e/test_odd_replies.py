"""Servers that send what is no chat completion: no traceback, no block, and every call counted with its reason."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import stamina
from aiohttp import web
from benchmarks.odd_replies import ODD_REPLIES, of_judges, of_models
from inspect_ai.model import ChatCompletionChoice, ChatMessageAssistant, ModelOutput, ModelUsage

from conftest import Command, Endpoint
from seatrial.errors import ModelError
from seatrial.models.inspect_provider import InspectModel
from seatrial.policy import ModelSpec
from seatrial.types import ROLES, Item, Message, Request

LEAST = 200


@pytest.fixture(autouse=True)
def _one_try() -> Iterator[None]:
    """Wait for no server to get better."""
    stamina.set_testing(True, attempts=1)
    yield
    stamina.set_testing(False)


def _item(number: int) -> Item:
    return Item(f"i{number}", "s", (Message("user", f"Question {number}?"),))


def test_there_are_enough_of_them() -> None:
    """Shapes, types, sizes, encodings and statuses."""
    assert len(ODD_REPLIES) >= LEAST


@pytest.mark.parametrize("probed", [False, True], ids=["text", "log-probabilities"])
async def test_every_odd_reply_is_an_answer_or_a_failure_with_a_reason(probed: bool) -> None:
    """Of a model; what is kept of it can be read by an instrument, and again from the file."""
    found = await of_models(probed)
    assert (found.broken, found.unsaid) == ([], [])
    assert found.answers > 20
    assert found.answers + found.failed + found.ended == len(ODD_REPLIES)


async def test_every_odd_reply_of_a_judge_is_no_grade_and_says_why() -> None:
    """None of them holds a score."""
    found = await of_judges()
    assert (found.broken, found.unsaid, found.answers) == ([], [], 0)
    assert found.failed + found.ended == len(ODD_REPLIES)


async def test_every_odd_reply_through_inspect_is_an_answer_or_a_failure_with_a_reason(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the provider's package makes of it, or whatever it raises."""
    name = ""
    endpoint.fault = lambda body, n: ODD_REPLIES[name]()
    monkeypatch.setenv("SIM_API_KEY", "k")
    spec = ModelSpec(model="openai-api/sim/small", base_url=endpoint.url, api_key_env="SIM_API_KEY", logprobs=0)
    async with InspectModel(spec) as model:
        model._model.config.max_retries = 0
        for name in [one for one in ODD_REPLIES if not one.startswith("status")][::20]:
            await _said_or_told(model, name)


@pytest.mark.parametrize(
    "field", ["choices", "choice", "message", "content", "stop_reason", "logprobs", "usage", "tokens"]
)
async def test_whatever_inspect_passes_on_is_an_answer_or_a_failure_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """Its classes do not check what a provider puts into them later."""
    monkeypatch.setenv("SIM_API_KEY", "k")
    model = InspectModel(ModelSpec(model="openai-api/sim/small", base_url="http://127.0.0.1:9/v1", logprobs=0))
    for value in (
        None,
        True,
        42,
        -1,
        1e308,
        10**400,
        math.nan,
        "",
        "x",
        "\ud800",
        [],
        [[]],
        {},
        {"type": {}},
        object(),
    ):

        async def give(*_: object, value: Any = value, **__: object) -> ModelOutput:
            return _output(field, value)

        monkeypatch.setattr(model._model, "generate", give)
        await _said_or_told(model, f"{field} {value!r}")


def _output(field: str, value: Any) -> ModelOutput:
    """Return an output of Inspect that holds a value where none of its kind belongs."""
    made: dict[str, Any] = {"content": "Yes.", "stop_reason": "stop", "logprobs": None, "tokens": 3} | {field: value}
    message = ChatMessageAssistant.model_construct(content=made["content"], role="assistant")
    choice = ChatCompletionChoice.model_construct(
        message=made.get("message", message), stop_reason=made["stop_reason"], logprobs=made["logprobs"]
    )
    usage = ModelUsage.model_construct(input_tokens=made["tokens"], output_tokens=made["tokens"])
    return ModelOutput.model_construct(
        choices=made.get("choices", [made.get("choice", choice)]), usage=made.get("usage", usage), error=None
    )


async def _said_or_told(model: InspectModel, name: str) -> None:
    try:
        said = await model.ask(Request(_item(0)))
    except ModelError as error:
        assert len(str(error)) > 20, name
    else:
        assert isinstance(said.text, str), name
        assert isinstance(said.usage.tokens_in, int), name


def test_a_review_of_odd_replies_neither_breaks_nor_blocks(
    seatrial: Command, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Each of its calls is an answer or is counted as missing, with the reason, where both models send the same."""
    hopeless = ("status 3", "status 40", "status 402", "status 429, odd", "encoded: web page", "code: ")
    made = [name for name in ODD_REPLIES if not name.startswith(hopeless)]
    sent: dict[str, int] = {}

    def answer(body: dict[str, Any], number: int) -> web.Response | None:
        place = sent.setdefault(body["messages"][-1]["content"], len(sent))
        return ODD_REPLIES[made[place // 2 % len(made)]]() if place % 2 else None

    endpoint.fault = answer
    side = f'{{model: openai-compatible/m, base_url: "{endpoint.url}", logprobs: 0}}'
    (tmp_path / "policy.yaml").write_text(
        f"name: odd\nbaseline: {side}\ncandidate: {side}\nbudget: {{calls: 800}}\n"
        "gates: [{signal: behavior/unearned-praise, margin: 0.2}]\n",
        encoding="utf-8",
    )
    done = seatrial("review", "policy.yaml", "--out", tmp_path / "out")
    assert done.code == 3, done.err
    assert "Traceback" not in done.err
    decision = json.loads((tmp_path / "out" / "decision.json").read_text(encoding="utf-8"))
    assert all(len(one["reason"]) > 20 for one in decision["unanswered"])
    read = pl.read_parquet(tmp_path / "out" / "observations.parquet")
    assert len(sent) > 100
    for role in ROLES:
        missing = sum(one["answers"] for one in decision["unanswered"] if one["role"] == role)
        assert missing + read.filter(pl.col("role") == role).height == len(sent)
        assert missing > 20
