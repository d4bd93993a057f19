"""Any endpoint that speaks OpenAI's chat completions: OpenAI, vLLM, llama.cpp, Ollama, most gateways.

It is called over aiohttp directly, which is several times faster than a client library with many calls in
flight. Busy servers, broken connections and half answers are tried again for a few minutes; what cannot get
better (a wrong key, a wrong address, a parameter that the server refuses) ends the review at once. Nothing that the
policy sets is left out because a server refuses it; only the longest answer goes under the name that the server takes.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
import stamina

from seatrial.errors import CallFailed, ModelError
from seatrial.models.busy import AT_ONCE, Busy, Pace, again
from seatrial.models.chat_body import decoded, excerpt, first_token, nothing, served_by, tokens
from seatrial.models.identity import identity_of
from seatrial.models.refusals import (
    error_in,
    filtered,
    key_refused,
    other_length,
    out_of_quota,
    passes,
    passing,
    ran_out,
    refused_by_name,
    refused_parameter,
    seconds_to_wait,
    setting_for,
    wanted,
)
from seatrial.policy import ModelSpec, from_environment
from seatrial.policy.addresses import ON_THE_WAY, OPENAI_KEY, is_openai, is_readable_on_the_way
from seatrial.replies import Malformed, answer_of, reply_of
from seatrial.types import Request, Response, Usage

__all__ = ["OpenAICompatibleModel"]

RETRY_SECONDS = 180.0
"""How long one call is tried again before it counts as failed: longer than a minute of 429."""
CALL_SECONDS = 600.0
LARGEST_BODY = 32 * 2**20
CONCURRENCY = 16
WHOLE_CHARACTER = 8
SECONDS_BETWEEN_WORDS = 30.0
STRANGE = 3
"""Replies that are no chat completions after which a server that has given none is taken for none that does."""
FOR_THIS_CALL = (400, 403, 422, 451)
"""Statuses with which servers refuse what one call asks."""
LOG = logging.getLogger("seatrial")


class OpenAICompatibleModel:
    """A model behind an OpenAI-compatible endpoint."""

    live = True

    def __init__(self, spec: ModelSpec) -> None:
        """Use the endpoint of `spec`.

        Raises:
            ModelError: there is no address, or the variable of the key is not set.
        """
        if spec.base_url is None:
            raise ModelError(
                f"{spec.model}: give its address, e.g. base_url: http://localhost:8000/v1 (up to and with /v1)"
            )
        self.name = spec.model
        self.logprobs = spec.logprobs
        self.concurrency = spec.concurrency or CONCURRENCY
        self.max_tokens = spec.generation.max_tokens
        self.identity = identity_of(spec, base_url=spec.base_url.rstrip("/"))
        self._spec = spec
        self._system = spec.system
        self._url = f"{spec.base_url.rstrip('/')}/chat/completions"
        self._key_name = spec.api_key_env or (OPENAI_KEY if is_openai(spec.base_url) else "")
        self._key = os.environ.get(self._key_name, "")
        if spec.api_key_env and not self._key:
            raise ModelError(f"{spec.model}: the environment variable {spec.api_key_env} is not set")
        secrets = {self._key} - {""}
        self._body: dict[str, Any] = from_environment(spec.extra_body, spec.model, secrets)
        self._headers: dict[str, str] = from_environment(spec.headers, spec.model, secrets)
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._length = "max_tokens"
        self._accepted: set[str] = set()
        self._unknown: dict[str, str] = {}
        self._extra: dict[str, Any] = {}
        self._session: aiohttp.ClientSession | None = None
        self._answered = False
        self._strange = 0
        self._gives_logprobs = False
        self._pace = Pace(spec.requests_per_minute)
        self._next_word = 0.0

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        if is_readable_on_the_way(self._url):
            LOG.warning("%s: %s", self.name, ON_THE_WAY.format(self._spec.base_url))
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.concurrency),
            timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
            headers=headers | self._headers,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, request: Request) -> Response:
        """Return the answer to `request`.

        Raises:
            CallFailed: it failed for good after its retries.
            ModelError: no call can succeed.
        """
        began = time.monotonic()
        body = await self._answer(request)
        if request.top_logprobs and not first_token(body["choices"][0]):
            # A first token that is only part of a character (an emoji's first byte) comes without its
            # alternatives until the character is whole.
            body = await self._answer(replace(request, max_tokens=WHOLE_CHARACTER))
        return self._parsed(request, body, time.monotonic() - began)

    async def _answer(self, request: Request) -> dict[str, Any]:
        """Return the decoded body of an answer, after as many tries as it takes."""
        try:
            try:
                body = await self._call(request)
            except Busy as error:
                body = await self._again(request, error)
        except Busy as error:
            raise CallFailed(f"{self.name}: {error} (tried again for {RETRY_SECONDS:.0f} s).") from error
        self._answered = True
        return body

    async def _again(self, request: Request, failed: Busy) -> dict[str, Any]:
        """Return the body of a call whose first try failed; only such calls bear the cost of the library that waits."""
        error: Busy | None = failed
        async for attempt in stamina.retry_context(
            on=again, attempts=None, timeout=RETRY_SECONDS, wait_initial=0.5, wait_max=20.0
        ):
            with attempt:
                try:
                    if error is not None:
                        raise error
                    body = await self._call(request)
                except Busy as failed:
                    error = None
                    self._say(failed)
                    raise
        return body

    def _say(self, error: Busy) -> None:
        """Tell why a call is made again, at most once in a while: it may take minutes."""
        now = time.monotonic()
        if error.wait != AT_ONCE and now >= self._next_word:
            self._next_word = now + SECONDS_BETWEEN_WORDS
            LOG.warning("%s: %s; trying again for up to %.0f s.", self.name, str(error).rstrip("."), RETRY_SECONDS)

    def _payload(self, request: Request) -> dict[str, Any]:
        settings = self._spec.generation
        shown = [{"role": turn.role, "content": turn.content} for turn in self._spec.examples]
        messages = shown + [{"role": turn.role, "content": turn.content} for turn in request.item.messages]
        if self._system is not None:
            messages.insert(0, {"role": "system", "content": self._system})
        if opening := self._spec.opening_for(request.item.variant):
            messages.append({"role": "assistant", "content": opening})
        payload: dict[str, Any] = {
            "model": self._spec.target,
            "messages": messages,
            self._length: request.max_tokens if request.top_logprobs else settings.max_tokens or request.max_tokens,
            **self._body,
            **self._extra,
        }
        if settings.temperature is not None:
            payload["temperature"] = settings.temperature
        if settings.top_p is not None:
            payload["top_p"] = settings.top_p
        if settings.seed is not None:
            payload["seed"] = settings.seed + request.draw
        if request.top_logprobs:
            payload |= {"logprobs": True, "top_logprobs": min(request.top_logprobs, self.logprobs)}
        if request.numbers:
            schema = {"name": "grade", "strict": True, "schema": request.schema}
            payload["response_format"] = {"type": "json_schema", "json_schema": schema}
        return payload

    async def _call(self, request: Request) -> dict[str, Any]:
        """Make one try and return the decoded body."""
        if self._session is None:
            raise RuntimeError("the model was not entered")
        await self._pace.wait()
        payload = self._payload(request)
        try:
            async with self._session.post(self._url, json=payload, allow_redirects=False) as reply:
                text = await self._text(reply)
                if 300 <= reply.status < 400:
                    self._sent_on(reply.status, reply.headers.get("Location", ""))
                if reply.status in FOR_THIS_CALL and (ran_out(text) or filtered(text)):
                    return nothing("length" if ran_out(text) else "content_filter")
                if reply.status != 200:
                    self._refuse(reply.status, text, reply.headers.get("Retry-After"), payload)
        except aiohttp.ClientConnectorError as error:
            if not self._answered:
                raise ModelError(
                    f"{self.name}: no connection to {self._spec.base_url}: {error.os_error.strerror or error}. "
                    "Is the server running, and is base_url right?"
                ) from error
            raise Busy("the connection was refused") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            if "content-encoding" in str(error):  # packed as it does not say, or as nobody asked for
                self._give_up(str(error))
            raise Busy(f"the connection broke: {type(error).__name__}") from error
        body = self._body_of(text, payload)
        self._accepted |= payload.keys()
        return body

    def _body_of(self, text: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body of a success, unless it holds an error, a web page or no chat completion."""
        try:
            body = json.loads(text)
            held = error_in(body)
            if held is None:
                body["choices"][0]["message"]
        except (ValueError, RecursionError, KeyError, IndexError, TypeError) as error:
            self._give_up(text)
            raise Busy(f"the answer is not a chat completion: {self._excerpt(text)}") from error
        if held is not None:
            status, said_so = (429, True) if out_of_quota(text) else held
            if filtered(text):
                return nothing("content_filter")
            if not said_so and not refused_by_name(text, self._sent(payload)):
                self._give_up(text)
                raise Busy(f"the server answered with an error: {self._excerpt(text)}")
            self._refuse(status, text, None, payload)
        return dict(body)

    def _give_up(self, text: str) -> None:
        """End the review where a server has never answered but with what is no answer, and says not that this passes.

        Raises:
            ModelError: it is a web page, or the last of several replies of which none was an answer.
        """
        page = text.lstrip()[:1] == "<"
        if self._answered or (passing(text) and not page):
            return
        self._strange += 1
        if page or self._strange >= STRANGE:
            raise ModelError(
                f"{self.name}: {self._url} answered with {'a web page' if page else 'no chat completion'}: "
                f"{self._excerpt(text)} Is base_url right, up to and with /v1, are the model's name and its key, and "
                "does a login stand before it?"
            )

    async def _text(self, reply: aiohttp.ClientResponse) -> str:
        """Return the body as text, unless it never ends."""
        parts, size = [], 0
        while part := await reply.content.readany():
            size += len(part)
            if size > LARGEST_BODY:
                raise CallFailed(f"{self.name}: the answer exceeds {LARGEST_BODY:,} bytes.")
            parts.append(part)
        return decoded(b"".join(parts), reply.charset)

    def _refuse(self, status: int, text: str, retry_after: str | None, payload: Mapping[str, Any]) -> None:
        said = self._excerpt(text)
        if status in (401, 403):
            told = key_refused(status, self._key_name)
            raise ModelError(f"{self.name}: {self._spec.base_url} {told} The server said: {said}")
        if status == 404:
            raise ModelError(
                f"{self.name}: {self._url} was not found (404): {said}. Check the model's name and base_url."
            )
        if status == 402 or (status == 429 and out_of_quota(text)):
            raise ModelError(
                f"{self.name}: {self._spec.base_url} takes no more calls ({status}): {said} Raise the quota or "
                "pay, then run the same command again: what was answered is kept."
            )
        sent = self._sent(payload)
        if passes(status) and not (status >= 500 and refused_by_name(text, sent - self._accepted)):
            wait = seconds_to_wait(retry_after, datetime.now(UTC))
            if wait is not None and wait > RETRY_SECONDS:
                raise ModelError(
                    f"{self.name}: {self._spec.base_url} asks to wait {math.ceil(wait / 60):,} minutes ({status}): "
                    f"{said} Run the same command again then: what was answered is kept."
                )
            raise Busy(f"the server answered {status}: {said}", wait)
        refused = refused_parameter(text, sent)
        if not refused:
            told = f"{self.name}: the server refused the request ({status}): {said}"
            lacking = wanted(text, payload.keys())
            raise ModelError(f"{told} To go on, {lacking}.") if lacking and not self._accepted else CallFailed(told)
        if refused == self._length or refused in self._unknown:
            self._rename(refused, text)
        told = f"{self.name}: the server refused `{refused}` ({status}): {said} To go on, {setting_for(refused)}."
        raise CallFailed(told) if refused in self._accepted else ModelError(told)

    def _sent_on(self, status: int, where: str) -> None:
        """Follow no redirection: a key or a prompt goes to the address that the policy names, and to no other."""
        raise ModelError(
            f"{self.name}: {self._url} sends on to another address ({status}): {self._excerpt(where)} Nothing was sent "
            "there. If it is right, give it as base_url, up to and with /v1."
        )

    def _sent(self, payload: Mapping[str, Any]) -> set[str]:
        """Return the names of the parameters that a server may refuse."""
        return payload.keys() - {"model", "messages"} - self._extra.keys()

    def _rename(self, refused: str, text: str) -> None:
        """Have the call made again with the longest answer under its other name, unless the server knows neither."""
        other = other_length(text, refused)
        if not other:
            return
        self._unknown[refused] = self._excerpt(text)
        if other in self._unknown:
            raise ModelError(
                f"{self.name}: the server takes the longest answer under no name. Of `{other}` it said: "
                f"{self._unknown[other]} Of `{refused}`: {self._unknown[refused]}"
            )
        self._length = other
        raise Busy(f"the server does not know `{refused}`", AT_ONCE)

    def _excerpt(self, text: str) -> str:
        """Return the beginning of what a server sent, without what must not be shown."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return excerpt(text)

    def _parsed(self, request: Request, body: dict[str, Any], seconds: float) -> Response:
        """Return the answer in a decoded body, whatever else that holds."""
        try:
            return self._read(request, body, seconds)
        except ModelError:
            raise
        except Malformed as error:
            raise CallFailed(f"{self.name}: the answer is not a chat completion: {error}.") from error
        except Exception as error:  # what servers send has no end
            told = self._excerpt(f"{type(error).__name__}: {error}")
            raise CallFailed(f"{self.name}: the answer cannot be read: {told}") from error

    def _read(self, request: Request, body: dict[str, Any], seconds: float) -> Response:
        choice, usage = body["choices"][0], body.get("usage")
        said = reply_of(choice["message"], choice.get("finish_reason"))
        first = first_token(choice)
        self._gives_logprobs = self._gives_logprobs or bool(first)
        if request.top_logprobs and not self._gives_logprobs and said.text:
            raise ModelError(
                f"{self.name}: gave no log-probabilities. Set `logprobs: 0` for this model; instruments that read "
                "text are used then."
            )
        counts = usage if isinstance(usage, dict) else {}
        tokens_in, tokens_out = tokens(counts.get("prompt_tokens")), tokens(counts.get("completion_tokens"))
        cost = (tokens_in * self._spec.price_in + tokens_out * self._spec.price_out) / 1e6
        text, thinking = answer_of(said.text, closed=False)
        text = f" {text}" if thinking and text else text  # what stood between is gone with the thinking
        thinking = "\n\n".join(filter(None, (said.thinking, thinking)))
        return Response(
            request.item.id,
            request.item.suite,
            request.draw,
            self._whole(request, text).lstrip() if thinking else self._whole(request, text),
            first,
            said.stop,
            Usage(tokens_in, tokens_out, seconds, cost),
            thinking=thinking or None,
            served=served_by(body),
        )

    def _whole(self, request: Request, text: str) -> str:
        """Return an answer with its opening, which some servers give back and others do not; nothing is no answer."""
        opening = self._spec.opening_for(request.item.variant)
        return text if text.startswith(opening) or not text.strip() else opening + text
