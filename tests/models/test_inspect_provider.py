"""Models of Inspect's providers, through its OpenAI-compatible provider."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from aiohttp import web

from conftest import Endpoint
from seatrial.errors import CallFailed, ModelError
from seatrial.models import inspect_provider, open_models
from seatrial.policy import ModelSpec
from seatrial.types import Item, Message, Request

ITEM = Item("i", "s", (Message("user", "Is it?"), Message("assistant", "Yes."), Message("user", "Sure?")))


@pytest.fixture(autouse=True)
def _address(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point Inspect's OpenAI-compatible provider at the simulated endpoint."""
    monkeypatch.setenv("SIM_API_KEY", "k")
    monkeypatch.setenv("SIM_BASE_URL", endpoint.url)


@pytest.mark.slow
async def test_a_real_provider_of_inspect() -> None:
    """Inspect's OpenAI-compatible provider reaches an endpoint, with settings, tokens and log-probabilities."""
    (model,) = open_models(ModelSpec(model="openai-api/sim/small", system="plain", price_in=1e6))
    async with model:
        response = await model.ask(Request(ITEM, max_tokens=1, top_logprobs=3))
    assert response.text == "Yes, of course."
    assert response.first[0][0] == "No"
    assert response.usage.cost == 7.0


@pytest.mark.slow
async def test_without_logprobs_it_says_what_to_set(endpoint: Endpoint) -> None:
    """A provider that gives no log-probabilities ends a probe with what to change."""
    endpoint.logprobs = False
    (model,) = open_models(ModelSpec(model="openai-api/sim/small"))
    async with model:
        with pytest.raises(ModelError, match="logprobs: 0"):
            await model.ask(Request(ITEM, max_tokens=1, top_logprobs=3))


@pytest.mark.slow
async def test_a_failing_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a provider raises becomes a failed call, or the end of the review where the key is wrong."""
    (model,) = open_models(ModelSpec(model="openai-api/sim/small", logprobs=0))

    class WrongKeyError(Exception):
        status_code = 401

    for error, kind in ((ValueError("odd"), CallFailed), (WrongKeyError("key"), ModelError)):

        async def fail(*args: object, error: Exception = error, **kwargs: object) -> None:
            raise error

        monkeypatch.setattr(model._model, "generate", fail)  # type: ignore[attr-defined]
        with pytest.raises(kind, match=str(error)):
            await model.ask(Request(ITEM))


@pytest.mark.slow
async def test_no_key_that_the_policy_does_not_name_goes_to_its_address(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's own variable holds the key of another address; a server that wants one is told how it is named."""
    monkeypatch.setenv("SIM_API_KEY", "secret-123")
    endpoint.fault = lambda body, n: web.json_response({"error": {"message": "who are you?"}}, status=401)
    for named in (None, "SIM_API_KEY"):
        spec = ModelSpec(model="openai-api/sim/small", base_url=endpoint.url, api_key_env=named, logprobs=0)
        (model,) = open_models(spec)
        async with model:
            with pytest.raises(ModelError, match="who are you") as told:
                await model.ask(Request(ITEM))
        assert ("with api_key_env" in str(told.value)) == (named is None)
    assert endpoint.headers == ["Bearer none", "Bearer secret-123"]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"model": "openai/small"}, None),
        ({"model": "openai/small", "base_url": "https://api.openai.com/v1"}, None),
        ({"model": "openai/small", "base_url": "https://api.openai.com.example.org/v1"}, inspect_provider.NO_KEY),
        ({"model": "anthropic/small", "base_url": "https://api.openai.com/v1"}, inspect_provider.NO_KEY),
    ],
)
def test_a_providers_own_key_is_for_its_own_address(settings: dict[str, str], key: str | None) -> None:
    """None leaves the key to the provider's package, which then uses its own address too."""
    assert inspect_provider.key_of(ModelSpec.model_validate(settings)) == key


@pytest.mark.slow
async def test_plain_http_beyond_this_machine_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """Once a model, with what to give instead."""
    (model,) = open_models(ModelSpec(model="openai-api/sim/small", base_url="http://gpu-box:8000/v1"))
    async with model:
        pass
    assert any("http://gpu-box:8000/v1 is plain http" in line for line in caplog.messages)


def test_an_unknown_provider() -> None:
    """A provider that Inspect does not know is refused in a sentence."""
    with pytest.raises(ModelError, match="nosuch"):
        open_models(ModelSpec(model="nosuch/model"))


def test_a_missing_key() -> None:
    """A key's variable that is not set is named."""
    with pytest.raises(ModelError, match="NO_SUCH_VAR_X is not set"):
        open_models(ModelSpec(model="openai-api/sim/small", api_key_env="NO_SUCH_VAR_X"))


def test_without_inspect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without inspect-ai the message says how to get it, and what needs none."""
    monkeypatch.setitem(sys.modules, "inspect_ai.model", None)
    with pytest.raises(ModelError, match=r"seatrial\[inspect\]"):
        open_models(ModelSpec(model="anthropic/claude"))


async def test_what_is_not_the_answer_is_kept_apart(endpoint: Endpoint) -> None:
    """Thinking that Inspect parses, or leaves in the text, is no part of the answer."""
    (model,) = open_models(ModelSpec(model="openai-api/sim/small", logprobs=0))
    async with model:
        for message in ({"content": "<think>hm</think>Yes."}, {"content": "Yes.", "reasoning_content": "hm"}):

            def answer(body: dict[str, Any], n: int, message: dict[str, str] = message) -> web.Response:
                made = endpoint.body(body)
                made["choices"][0]["message"] = {"role": "assistant", **message}
                return web.json_response(made)

            endpoint.fault = answer
            said = await model.ask(Request(ITEM))
            assert (said.text, said.thinking) == ("Yes.", "hm")


async def test_a_refused_parameter_is_told_with_its_setting(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's words and the setting end the review; the environment's values are not shown."""
    monkeypatch.setenv("TEAM", "hush-hush")

    def refuse(body: dict[str, Any], n: int) -> web.Response:
        message = f"Unsupported value: 'temperature' does not support 0, {body['user']}"
        return web.json_response({"error": {"message": message, "param": "temperature"}}, status=400)

    endpoint.fault = refuse
    (model,) = open_models(ModelSpec(model="openai-api/sim/small", logprobs=0, extra_body={"user": "${TEAM}"}))
    async with model:
        with pytest.raises(ModelError, match=r"'temperature' does not support 0, \*\*\*.*temperature: null") as told:
            await model.ask(Request(ITEM))
    assert not isinstance(told.value, CallFailed)
