"""OpenAI-compatible endpoints: what is sent, what is read, and what happens when they misbehave."""

from __future__ import annotations

import gzip
import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
import stamina
from aiohttp import web

from conftest import Endpoint
from seatrial.errors import CallFailed, ModelError
from seatrial.models import open_models, openai_compatible
from seatrial.policy import Generation, ModelSpec
from seatrial.types import Item, Message, Request, Response

ITEM = Item("i", "s", (Message("user", "Is it?"),))
PROBE = Request(ITEM, max_tokens=1, top_logprobs=3)


async def _ask(endpoint: Endpoint, request: Request = PROBE, **settings: Any) -> Response:
    (model,) = open_models(ModelSpec(model="openai-compatible/sim", base_url=endpoint.url, **settings))
    async with model:
        return await model.ask(request)


async def test_reads_text_first_token_and_usage(endpoint: Endpoint) -> None:
    """The first token's alternatives come back likeliest first, with tokens and cost."""
    response = await _ask(endpoint, price_in=2e6, price_out=1e6)
    assert [token for token, _ in response.first] == ["No", "Yes", "The"]
    assert math.isclose(sum(math.exp(logprob) for _, logprob in response.first), 1.0)
    assert (response.usage.tokens_in, response.usage.cost) == (7, 17.0)
    assert response.served == ("sim", "")


async def test_sends_system_settings_and_seed_by_draw(endpoint: Endpoint) -> None:
    """The system prompt, the sampler's settings and a seed for each draw are part of the request."""
    seen: list[dict[str, Any]] = []

    def watch(body: dict[str, Any], n: int) -> None:
        seen.append(body)

    endpoint.fault = watch
    generation = Generation(temperature=0.7, top_p=0.9, seed=5)
    await _ask(endpoint, Request(ITEM, draw=2), system="plain", generation=generation)
    (body,) = seen
    assert body["messages"][0] == {"role": "system", "content": "plain"}
    assert (body["temperature"], body["top_p"], body["seed"], body["max_tokens"]) == (0.7, 0.9, 7, 64)
    assert "logprobs" not in body


@pytest.mark.parametrize("given_back", ["Well then, yes.", " yes."], ids=["whole", "rest only"])
async def test_an_opening_is_the_last_turn_and_stands_in_the_answer(endpoint: Endpoint, given_back: str) -> None:
    """The model goes on from the opening; the answer holds it once, whether or not the server gives it back."""
    seen: list[dict[str, Any]] = []

    def watch(body: dict[str, Any], n: int) -> web.Response:
        seen.append(body)
        made = endpoint.body(body)
        made["choices"][0]["message"]["content"] = given_back
        return web.json_response(made)

    endpoint.fault = watch
    response = await _ask(endpoint, Request(ITEM), opening="Well then,")
    assert seen[0]["messages"][-1] == {"role": "assistant", "content": "Well then,"}
    assert response.text == "Well then, yes."


async def test_an_opening_by_variant_leaves_other_sides_free(endpoint: Endpoint) -> None:
    """Only the answers to the variant that the opening names begin with its words; the identity holds them."""
    specs = [
        ModelSpec(model="openai-compatible/sim", base_url=endpoint.url, opening=opening)
        for opening in ({"mine": "Lovely,"}, {"mine": "Grim,"}, None)
    ]
    praising, *others = open_models(*specs)
    async with praising:
        mine, theirs = [
            await praising.ask(Request(Item(side, "s", ITEM.messages, variant=side))) for side in ("mine", "theirs")
        ]
    assert mine.text.startswith("Lovely,")
    assert theirs.text == "Yes, of course."
    assert len({praising.identity, *(model.identity for model in others)}) == 3


def test_providers_that_cannot_begin_an_answer_refuse() -> None:
    """An opening for recorded answers or another provider's model is an error, not left out in silence."""
    for name in ("transcripts/answers.jsonl", "anthropic/some-model"):
        with pytest.raises(ModelError, match="cannot begin an answer"):
            open_models(ModelSpec(model=name, opening="Well,"))


async def test_the_key_is_sent_and_never_told(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key travels in the header and is no part of the identity."""
    monkeypatch.setenv("SIM_KEY", "secret-123")
    (model,) = open_models(ModelSpec(model="openai-compatible/sim", base_url=endpoint.url, api_key_env="SIM_KEY"))
    async with model:
        await model.ask(PROBE)
    assert endpoint.headers == ["Bearer secret-123"]
    assert "secret" not in model.identity


@pytest.mark.parametrize("answers", [True, False])
async def test_the_key_of_openai_is_sent_to_no_other_address(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    """Unless the policy names it; a server that wants a key is answered by what to set."""
    monkeypatch.setenv("OPENAI_API_KEY", "secret-123")
    if not answers:
        endpoint.fault = lambda body, n: web.Response(status=401, text="who are you?")
        with pytest.raises(ModelError, match="Name the environment variable of its key with api_key_env"):
            await _ask(endpoint)
        assert endpoint.headers == [""]
        return
    await _ask(endpoint)
    await _ask(endpoint, api_key_env="OPENAI_API_KEY")
    assert endpoint.headers == ["", "Bearer secret-123"]


def test_the_key_of_openai_is_sent_to_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its own address it needs no name."""
    monkeypatch.setenv("OPENAI_API_KEY", "secret-123")
    keys = [
        openai_compatible.OpenAICompatibleModel(ModelSpec(model="openai-compatible/gpt", base_url=url))._key
        for url in ("https://api.openai.com/v1", "http://api.openai.com/v1", "https://api.openai.com.example.org/v1")
    ]
    assert keys == ["secret-123", "", ""]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirection_is_followed(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """A key in a header goes to the address of the policy alone, and where the server points is told."""
    monkeypatch.setenv("SIM_KEY", "secret-123")
    to = {"Location": f"{endpoint.url.replace('127.0.0.1', 'localhost')}/chat/completions"}
    endpoint.fault = lambda body, n: web.Response(status=status, headers=to)
    with pytest.raises(ModelError, match=rf"another address \({status}\): http://localhost:.* give it as base_url"):
        await _ask(endpoint, headers={"X-Key": "${SIM_KEY}"})
    assert endpoint.count == 1


async def test_plain_http_beyond_this_machine_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """Once a model, with what to give instead; not for this machine."""
    for url in ("http://gpu-box:8000/v1", "http://127.0.0.1:8000/v1", "https://gpu-box/v1"):
        (model,) = open_models(ModelSpec(model="openai-compatible/sim", base_url=url))
        async with model:
            pass
    (line,) = caplog.messages
    assert "http://gpu-box:8000/v1 is plain http" in line
    assert "with https" in line


def _flaky(status: int, times: int, **headers: str) -> Callable[[dict[str, Any], int], web.Response | None]:
    return lambda body, n: web.Response(status=status, text="later", headers=headers) if n <= times else None


FAILED_ABOVE = {"choices": [{"error": {"code": 502, "message": "bad gateway"}, "message": {"content": ""}}]}
RATE = {"error": {"message": "Rate limit reached. Try again in 1s. Add a way to pay: https://api.test/billing"}}


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        _flaky(429, 2, **{"Retry-After": "0.1"}),
        _flaky(500, 1),
        lambda body, n: web.Response(text='{"choices": [{"mess') if n == 1 else None,
        lambda body, n: web.json_response({"error": "odd"}) if n == 1 else None,
        lambda body, n: web.json_response({"error": "the model is loading"}) if n < 5 else None,
        lambda body, n: web.json_response(FAILED_ABOVE) if n == 1 else None,
        lambda body, n: web.json_response(RATE, status=429, headers={"Retry-After": "0.1"}) if n == 1 else None,
    ],
    ids=["429", "500", "half JSON", "no choices", "loading", "choice with an error", "limit that names billing"],
)
async def test_passing_faults_are_tried_again(endpoint: Endpoint, fault: Any) -> None:
    """Busy servers and broken answers are asked again until they answer."""
    endpoint.fault = fault
    assert (await _ask(endpoint)).text == "Yes, of course."
    assert endpoint.count >= 2


@pytest.mark.slow
async def test_a_lasting_fault_fails_the_call(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stays busy fails the call, with what it said."""
    monkeypatch.setattr(openai_compatible, "RETRY_SECONDS", 1.0)
    endpoint.fault = lambda body, n: web.Response(status=503, text="overloaded")
    with pytest.raises(CallFailed, match=r"503: overloaded"):
        await _ask(endpoint)


@pytest.mark.parametrize(
    ("status", "words"), [(401, "without a key.*with api_key_env"), (404, "model's name and base_url")]
)
async def test_hopeless_faults_end_the_review(endpoint: Endpoint, status: int, words: str) -> None:
    """A wrong key or address is an error of the model, and says what to set."""
    endpoint.fault = lambda body, n: web.Response(status=status, text="no")
    with pytest.raises(ModelError, match=words):
        await _ask(endpoint)


QUOTA = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda: web.json_response(QUOTA, status=429), r"takes no more calls \(429\).*exceeded your current quota"),
        (lambda: web.json_response(QUOTA), "Raise the quota or pay"),
        (lambda: web.json_response({"error": {"message": "No auth credentials", "code": 401}}), "api_key_env"),
        (lambda: web.Response(text="<!doctype html><title>Log in</title>"), "web page.*Is base_url right"),
        (lambda: web.Response(status=402, text="pay"), r"takes no more calls \(402\): pay"),
        (lambda: web.json_response({"error": {"message": "not in your country"}}, status=403), "not in your country"),
        (lambda: web.Response(status=429, headers={"Retry-After": "7200"}, text="later"), "asks to wait 120 minutes"),
        (
            lambda: web.Response(status=503, headers={"Retry-After": "Fri, 31 Dec 2100 00:00:00 GMT"}, text="down"),
            r"asks to wait [\d,]+ minutes \(503\): down",
        ),
    ],
    ids=[
        *("quota", "quota in a success", "key in a success", "login", "to pay", "forbidden", "two hours", "a date"),
    ],
)
async def test_what_waiting_does_not_mend_ends_the_review_at_once(
    endpoint: Endpoint, reply: Callable[[], web.Response], words: str
) -> None:
    """With the server's words and what to do, after one call."""
    endpoint.fault = lambda body, n: reply()
    with pytest.raises(ModelError, match=words):
        await _ask(endpoint)
    assert endpoint.count == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda: web.Response(text="Please log in."), "no chat completion: Please log in. Is base_url right"),
        (lambda: web.json_response({"error": "model 'sim' not found"}), "model 'sim' not found"),
        (lambda: web.json_response({"code": "InvalidApiKey", "message": "Invalid API-key."}), "Invalid API-key"),
        (lambda: web.json_response({"choices": None, "base_resp": {"status_msg": "login fail"}}), "login fail"),
        (lambda: web.Response(body=b"nothing packed", headers={"Content-Encoding": "gzip"}), "no chat completion"),
    ],
    ids=["login in words", "error without a status", "error as the body", "error beside choices", "not packed"],
)
async def test_a_server_that_never_answers_ends_the_review_soon(
    endpoint: Endpoint, reply: Callable[[], web.Response], words: str
) -> None:
    """With its words, where they say nothing of a state that passes; a server that has answered is tried again."""
    with stamina.set_testing(True, attempts=20):  # without the waits
        endpoint.fault = lambda body, n: reply() if n <= openai_compatible.STRANGE else None
        with pytest.raises(ModelError, match=words):
            await _ask(endpoint)
        endpoint.fault = lambda body, n: reply() if 1 < n < 6 else None
        endpoint.count = 0
        (model,) = open_models(ModelSpec(model="openai-compatible/sim", base_url=endpoint.url))
        async with model:
            for _ in range(2):
                assert (await model.ask(PROBE)).text == "Yes, of course."


@pytest.mark.parametrize("status", [200, 400, 403, 422])
async def test_what_a_filter_stopped_is_a_missing_answer_with_its_reason(endpoint: Endpoint, status: int) -> None:
    """However many of them: the server works, and other conversations are answered."""
    said = {
        "error": {"message": "The response was filtered by the content management policy.", "code": "content_filter"}
    }
    endpoint.fault = lambda body, n: web.json_response(said, status=status)
    answer = await _ask(endpoint)
    assert (answer.text, answer.no_answer) == ("", "filter")


@pytest.mark.slow
async def test_why_a_call_is_made_again_is_told_once_in_a_while(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """The server's words, and no line of the library that tries again."""
    endpoint.fault = _flaky(500, 3)
    await _ask(endpoint)
    (line,) = caplog.messages
    assert "the server answered 500: later; trying again" in line


async def test_a_mark_before_the_body_and_numbers_beyond_all_bounds_are_read(endpoint: Endpoint) -> None:
    """A byte-order mark is no fault, and a count of tokens that no machine can hold is unknown."""
    body = '{"choices": [{"message": {"content": "Paris."}}], "usage": {"prompt_tokens": %s, "completion_tokens": 7}}'
    endpoint.fault = lambda _, n: web.Response(body=b"\xef\xbb\xbf" + (body % ("9" * 400)).encode())
    answer = await _ask(endpoint, Request(ITEM))
    assert (answer.text, answer.usage.tokens_in, answer.usage.tokens_out) == ("Paris.", 0, 7)


async def test_a_refused_connection(endpoint: Endpoint) -> None:
    """Nobody listening is said at once, with the address."""
    spec = ModelSpec(model="openai-compatible/sim", base_url="http://127.0.0.1:9/v1")
    (model,) = open_models(spec)
    async with model:
        with pytest.raises(ModelError, match=r"no connection to http://127.0.0.1:9/v1"):
            await model.ask(PROBE)


async def test_a_very_long_answer_is_kept_whole(endpoint: Endpoint) -> None:
    """An answer of 200 kB arrives as it is."""

    def long(body: dict[str, Any], n: int) -> web.Response:
        made = endpoint.body(body)
        made["choices"][0]["message"]["content"] = "é" * 200_000
        return web.json_response(made)

    endpoint.fault = long
    assert len((await _ask(endpoint)).text) == 200_000


async def test_an_endless_answer_fails_the_call(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the limit is refused instead of filling the memory."""
    monkeypatch.setattr(openai_compatible, "LARGEST_BODY", 1000)
    endpoint.fault = lambda body, n: web.Response(text="x" * 100_000)
    with pytest.raises(CallFailed, match="exceeds"):
        await _ask(endpoint)


@pytest.mark.slow
async def test_a_packed_answer_counts_as_it_comes_out(endpoint: Endpoint) -> None:
    """Some hundred kB of gzip that stand for hundreds of MB end the call, and are never unpacked whole."""
    packed = gzip.compress(bytes(300_000_000), 1)
    endpoint.fault = lambda body, n: web.Response(
        body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )
    tracemalloc.start()
    try:
        with pytest.raises(CallFailed, match="exceeds 33,554,432 bytes"):
            await _ask(endpoint)
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()


async def test_an_empty_answer_is_an_answer(endpoint: Endpoint) -> None:
    """No content is an empty text, for the instruments to refuse."""

    def empty(body: dict[str, Any], n: int) -> web.Response:
        return web.json_response({"choices": [{"message": {"content": None}}]})

    endpoint.fault = empty
    assert (await _ask(endpoint, Request(ITEM))).text == ""


@pytest.mark.parametrize(
    ("message", "text", "thinking", "kind"),
    [
        ({"content": "<think>hm</think>Yes."}, "Yes.", "hm", ""),
        ({"content": "hm\n</think>\n\nYes."}, "Yes.", "hm", ""),
        ({"content": "<think>hm"}, "", "hm", "thinking"),
        ({"content": "", "reasoning_content": "hm"}, "", "hm", "thinking"),
        ({"content": "<think>b</think>Yes.", "reasoning": "a"}, "Yes.", "a\n\nb", ""),
        ({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yes."}]}, "Yes.", "hm", ""),
        ({"content": "Yes.", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}, "Yes.", "hm", ""),
        ({"content": "Yes.", "thinking_blocks": [{"type": "thinking", "thinking": "hm"}]}, "Yes.", "hm", ""),
        ({"content": [{"type": "reasoning.summary", "summary": "hm"}, "Yes."]}, "Yes.", "hm", ""),
        ({"content": None, "refusal": "I cannot."}, "I cannot.", "", ""),
        ({"content": None, "tool_calls": [{"id": "1"}]}, "", "", "tool"),
    ],
)
async def test_what_is_not_the_answer_is_kept_apart(
    endpoint: Endpoint, message: dict[str, Any], text: str, thinking: str, kind: str
) -> None:
    """Thinking, wherever a server puts it, is no part of the answer; a refusal is one, a tool's call is none."""
    endpoint.fault = lambda body, n: web.json_response({"choices": [{"message": message}]})
    said = await _ask(endpoint, Request(ITEM))
    assert (said.text, said.thinking, said.no_answer) == (text, thinking, kind)


@pytest.mark.parametrize(
    ("opening", "content", "text"),
    [
        ("Well then,", "<think>hm</think> yes.", "Well then, yes."),
        ("Well then,", "", ""),
        ("<think>\n</think>", " yes.", "yes."),
        ("<think>", "hm</think> yes.", "yes."),
    ],
)
async def test_an_opening_does_not_hide_thinking(endpoint: Endpoint, opening: str, content: str, text: str) -> None:
    """Thinking is taken off before or with the opening, and an opening alone is no answer."""
    endpoint.fault = lambda body, n: web.json_response({"choices": [{"message": {"content": content}}]})
    assert (await _ask(endpoint, Request(ITEM), opening=opening)).text == text


@pytest.mark.parametrize("message", [None, "Yes.", {"content": 42}, {"content": [{"type": "image_url"}]}])
async def test_a_malformed_message_fails_the_call_at_once(endpoint: Endpoint, message: Any) -> None:
    """What came is told, and asking again would bring it again."""
    endpoint.fault = lambda body, n: web.json_response({"choices": [{"message": message}]})
    with pytest.raises(CallFailed, match=r"is not a chat completion: .* but "):
        await _ask(endpoint, Request(ITEM))
    assert endpoint.count == 1


@pytest.mark.parametrize("usage", [None, [5, 7], "5", {"prompt_tokens": "5 tokens"}, {"prompt_tokens": -1}, {"x": []}])
async def test_a_usage_that_holds_no_numbers_is_unknown(endpoint: Endpoint, usage: Any) -> None:
    """Tokens that are not told cost nothing and break nothing."""

    def odd(body: dict[str, Any], n: int) -> web.Response:
        return web.json_response({"choices": [{"message": {"content": "Yes."}}], "usage": usage})

    endpoint.fault = odd
    said = await _ask(endpoint, Request(ITEM), price_in=1e6)
    assert (said.text, said.usage.tokens_in, said.usage.cost) == ("Yes.", 0, 0.0)


@pytest.mark.parametrize(
    "logprobs",
    [
        "x",
        [],
        {"content": "x"},
        {"content": ["x"]},
        {"content": [{"top_logprobs": "x"}]},
        {"content": [{"top_logprobs": [None, {"token": "Yes", "logprob": None}, {"token": "No", "logprob": "x"}]}]},
        {"content": [{"top_logprobs": [{"logprob": -0.1}, {"token": "Yes", "logprob": 3.0}]}]},
    ],
)
async def test_alternatives_without_a_probability_are_left_out(endpoint: Endpoint, logprobs: Any) -> None:
    """What is no log-probability is none, and where nothing is left it says what to set."""
    choice = {"message": {"content": "Yes."}, "logprobs": logprobs}
    endpoint.fault = lambda body, n: web.json_response({"choices": [choice]})
    with pytest.raises(ModelError, match="logprobs: 0"):
        await _ask(endpoint)


async def test_without_logprobs_it_says_what_to_set(endpoint: Endpoint) -> None:
    """A probe over an endpoint that gives no log-probabilities ends with what to change in the policy."""
    endpoint.logprobs = False
    with pytest.raises(ModelError, match="logprobs: 0"):
        await _ask(endpoint)


async def test_part_of_a_character_is_asked_again(endpoint: Endpoint) -> None:
    """Where the first token is only part of a character, a few more tokens bring its alternatives."""

    def torn(body: dict[str, Any], n: int) -> web.Response | None:
        if body["max_tokens"] == 1:
            return web.json_response({"choices": [{"message": {"content": "\ufffd"}}]})
        return None

    endpoint.fault = torn
    assert (await _ask(endpoint)).first


async def test_calls_keep_the_pace(endpoint: Endpoint) -> None:
    """With a bound on the rate, calls start no faster."""
    (model,) = open_models(ModelSpec(model="openai-compatible/sim", base_url=endpoint.url, requests_per_minute=600))
    import time

    began = time.monotonic()
    async with model:
        for _ in range(4):
            await model.ask(PROBE)
    assert time.monotonic() - began >= 0.29


def test_settings_that_cannot_work() -> None:
    """No address, no key, an adapter on an endpoint: each says what to do."""
    cases = (
        (ModelSpec(model="openai-compatible/x"), "give its address"),
        (ModelSpec(model="openai-compatible/x", base_url="http://h/v1", api_key_env="NO_SUCH_VAR_X"), "is not set"),
        (ModelSpec(model="openai-compatible/x", base_url="http://h/v1", adapter="a.gguf"), "embedded model only"),
        (ModelSpec(model="scores/a.csv"), "cannot be asked"),
    )
    for spec, words in cases:
        with pytest.raises(ModelError, match=words):
            open_models(spec)


async def test_it_must_be_entered() -> None:
    """Asking before entering is a programming error."""
    (model,) = open_models(ModelSpec(model="openai-compatible/x", base_url="http://h/v1"))
    with pytest.raises(RuntimeError):
        await model.ask(PROBE)


def test_examples_come_before_every_conversation_and_are_part_of_the_identity() -> None:
    """A few-shot prompt is sent as turns, changes what answers are found again, and must end with the assistant."""
    turns = [{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "2"}]
    plain = ModelSpec(model="openai-compatible/m", base_url="http://127.0.0.1:1/v1")
    shown = ModelSpec.model_validate({**plain.model_dump(), "examples": turns})
    sent = openai_compatible.OpenAICompatibleModel(shown)._payload(
        Request(Item("i", "s", (Message("user", "2 + 2?"),)))
    )["messages"]
    assert [turn["content"] for turn in sent] == ["1 + 1?", "2", "2 + 2?"]
    assert (
        openai_compatible.OpenAICompatibleModel(shown).identity
        != openai_compatible.OpenAICompatibleModel(plain).identity
    )
    with pytest.raises(ValueError, match="by turns"):
        ModelSpec.model_validate({**plain.model_dump(), "examples": turns[:1]})


def _knows_only(*known: str) -> Callable[[dict[str, Any], int], web.Response | None]:
    def answer(body: dict[str, Any], _: int) -> web.Response | None:
        for name in ("max_tokens", "max_completion_tokens"):
            if name in body and name not in known:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                return web.json_response({"error": {"message": message, "param": name}}, status=400)
        return None

    return answer


@pytest.mark.parametrize("known", ["max_tokens", "max_completion_tokens"])
async def test_the_longest_answer_goes_under_the_name_that_the_server_knows(endpoint: Endpoint, known: str) -> None:
    """It is renamed once, with the same number, and never left out."""
    endpoint.fault = _knows_only(known)
    (model,) = open_models(ModelSpec(model="openai-compatible/sim", base_url=endpoint.url))
    async with model:
        for draw in range(3):
            assert (await model.ask(Request(ITEM, draw, max_tokens=99))).text == "Yes, of course."
    assert endpoint.count == 3 + (known != "max_tokens")


async def test_a_server_that_knows_no_longest_answer_ends_the_review(endpoint: Endpoint) -> None:
    """Both refusals are told."""
    endpoint.fault = _knows_only()
    with pytest.raises(ModelError, match=r"under no name.*'max_tokens'.*'max_completion_tokens'"):
        await _ask(endpoint)


@pytest.mark.parametrize(
    ("status", "said", "first", "later"),
    [
        (400, {"error": "temperature: not so"}, r"temperature: not so.*temperature: null", "temperature: null"),
        (
            422,
            {"detail": [{"loc": ["body", "tenant"], "msg": "Field required", "type": "missing"}]},
            r"Field required.*set `extra_body: \{tenant: …\}`",
            "Field required",
        ),
    ],
    ids=["refused", "wanted"],
)
async def test_a_parameter_is_told_with_its_setting_and_not_left_out(
    endpoint: Endpoint, status: int, said: dict[str, Any], first: str, later: str
) -> None:
    """One that a server refuses, or wants: before a call was ever answered it ends the review; afterwards one call."""

    def refuse(body: dict[str, Any], n: int) -> web.Response | None:
        return web.json_response(said, status=status) if n in (1, 3) else None

    endpoint.fault = refuse
    (model,) = open_models(ModelSpec(model="openai-compatible/sim", base_url=endpoint.url))
    async with model:
        with pytest.raises(ModelError, match=first) as ended:
            await model.ask(PROBE)
        await model.ask(PROBE)
        with pytest.raises(CallFailed, match=later):
            await model.ask(PROBE)
    assert not isinstance(ended.value, CallFailed)


async def test_what_is_null_is_not_sent(endpoint: Endpoint) -> None:
    """A temperature and a seed of null leave both to the server."""
    seen: list[dict[str, Any]] = []
    endpoint.fault = lambda body, n: seen.append(body)
    await _ask(endpoint, generation=Generation(temperature=None, seed=None))
    assert not seen[0].keys() & {"temperature", "seed", "top_p"}


async def test_more_fields_and_headers_pass_through_and_secrets_stay_out(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of the environment are sent, and stand in no identity and no message, even if the server repeats them."""
    monkeypatch.setenv("TEAM", "hush-hush")
    seen: list[dict[str, Any]] = []

    def answer(body: dict[str, Any], n: int) -> web.Response | None:
        seen.append(body)
        return None if n == 1 else web.Response(status=400, text=f"no: {endpoint.headers[-1]} {body['user']}")

    endpoint.fault = answer
    spec = ModelSpec(
        model="openai-compatible/sim",
        base_url=endpoint.url,
        extra_body={"reasoning_effort": "low", "user": "${TEAM}", "deep": [{"er": "${TEAM}"}]},
        headers={"Authorization": "Basic ${TEAM}"},
    )
    (model,) = open_models(spec)
    async with model:
        await model.ask(PROBE)
        with pytest.raises(CallFailed, match=r"no: Basic \*\*\* \*\*\*"):
            await model.ask(PROBE)
    assert (seen[0]["reasoning_effort"], seen[0]["user"], seen[0]["deep"]) == (
        "low",
        "hush-hush",
        [{"er": "hush-hush"}],
    )
    assert endpoint.headers[0] == "Basic hush-hush"
    assert "hush" not in model.identity
    (plain,) = open_models(spec.model_copy(update={"extra_body": {}}))
    assert plain.identity != model.identity
    monkeypatch.delenv("TEAM")
    with pytest.raises(ModelError, match="environment variable TEAM is not set"):
        open_models(spec)


async def test_a_server_that_calls_running_out_an_error(endpoint: Endpoint) -> None:
    """Thinking until the longest length is an answer that is missing, however the server tells it."""
    words = "Could not finish the message because max_tokens or model output limit was reached."
    endpoint.fault = lambda body, n: web.json_response({"error": {"message": words}}, status=400)
    assert (await _ask(endpoint, Request(ITEM))).no_answer == "cut"


def test_the_longest_answer_is_no_part_of_the_identity() -> None:
    """What a longer answer does not change is found again."""
    short, long = open_models(
        *(
            ModelSpec(model="openai-compatible/x", base_url="http://h/v1", generation=Generation(max_tokens=length))
            for length in (64, 512)
        )
    )
    assert short.identity == long.identity
