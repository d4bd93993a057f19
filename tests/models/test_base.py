"""What every model offers, whoever answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import Endpoint
from seatrial.errors import EvidenceError, ModelError
from seatrial.models import open_models
from seatrial.models.base import Model
from seatrial.models.inspect_provider import InspectModel
from seatrial.models.openai_compatible import OpenAICompatibleModel
from seatrial.models.transcripts import TranscriptsModel
from seatrial.policy import ModelSpec
from seatrial.types import Item, Message, Request

ITEM = Item("i", "s", (Message("user", "Hi?"),), use_case="work")


def _specs(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[type, ModelSpec]:
    (tmp_path / "a.jsonl").write_text('{"prompt": "Hi?", "completion": "Yes, of course."}\n', encoding="utf-8")
    monkeypatch.setenv("SIM_API_KEY", "hunter2")
    monkeypatch.setenv("SIM_BASE_URL", endpoint.url)
    return {
        OpenAICompatibleModel: ModelSpec(
            model="openai-compatible/sim", base_url=endpoint.url, api_key_env="SIM_API_KEY", system="plain"
        ),
        InspectModel: ModelSpec(model="openai-api/sim/small", logprobs=0, system="plain"),
        TranscriptsModel: ModelSpec(model=f"transcripts/{tmp_path / 'a.jsonl'}"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", [OpenAICompatibleModel, InspectModel, TranscriptsModel], ids=lambda one: one.__name__)
async def test_every_model_keeps_the_contract(
    kind: type, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each provider gives a model that answers under the item's name, says what decides its answers, and no secret."""
    (model,) = open_models(_specs(endpoint, tmp_path, monkeypatch)[kind])
    assert isinstance(model, kind)
    assert isinstance(model, Model)
    identity: dict[str, Any] = json.loads(model.identity)
    assert identity["model"]
    assert "hunter2" not in model.identity + model.name
    assert model.concurrency >= 1
    async with model as entered:
        assert entered is model
        answer = await model.ask(Request(ITEM))
    assert (answer.item, answer.suite, answer.draw, answer.text) == ("i", "s", 0, "Yes, of course.")
    assert answer.usage.cost == 0.0
    assert model.live is (kind is not TranscriptsModel)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "anthropic/x", "adapter": "a.gguf"}, "`adapter` works with the embedded model only"),
        ({"model": "transcripts/a.jsonl", "opening": "Well,"}, "this provider cannot begin an answer"),
        ({"model": "scores/a.csv"}, "scores hold numbers, not answers, and cannot be asked"),
    ],
)
def test_settings_that_a_provider_has_no_use_for_are_refused(settings: dict[str, Any], words: str) -> None:
    """A setting is followed or refused; none is left out in silence."""
    with pytest.raises(ModelError, match=words):
        open_models(ModelSpec.model_validate(settings))


def test_models_come_in_the_order_in_which_they_were_named(tmp_path: Path) -> None:
    """The baseline is the first and the candidate the second, whatever their providers."""
    (tmp_path / "a.csv").write_text("prompt,completion\nHi?,Yes\n", encoding="utf-8")
    recorded = ModelSpec(model=f"transcripts/{tmp_path / 'a.csv'}")
    asked = ModelSpec(model="openai-compatible/sim", base_url="http://h/v1")
    assert [model.live for model in open_models(asked, recorded)] == [True, False]
    assert [model.live for model in open_models(recorded, asked)] == [False, True]
    with pytest.raises(EvidenceError, match="no such file"):
        open_models(asked, ModelSpec(model=f"transcripts/{tmp_path / 'none.csv'}"))
