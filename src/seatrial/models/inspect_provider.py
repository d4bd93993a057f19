"""Every provider that Inspect knows: anthropic, google, bedrock, hf, vllm, mistral, and so on."""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from seatrial.errors import CallFailed, ModelError
from seatrial.models.chat_body import first_token, served_by, tokens
from seatrial.models.identity import identity_of
from seatrial.models.refusals import refused_parameter, setting_for
from seatrial.policy import ModelSpec, from_environment
from seatrial.policy.addresses import ON_THE_WAY, OPENAI_KEY, UNNAMED, is_openai, is_readable_on_the_way
from seatrial.replies import reply_of
from seatrial.types import Request, Response, Usage

if TYPE_CHECKING:
    from inspect_ai.model import GenerateConfig, ModelOutput, ResponseSchema

__all__ = ["InspectModel", "key_of"]

CONCURRENCY = 10
LOG = logging.getLogger("seatrial")
NO_KEY = "none"
"""Sent where the policy gives an address and no key, so that no other key is."""
SENT_AS = {"response_schema": "response_format"}
"""What Inspect calls otherwise than the settings of a policy do."""


class InspectModel:
    """A model reached through `inspect_ai.model.get_model`, which brings its own retries."""

    live = True

    def __init__(self, spec: ModelSpec) -> None:
        """Resolve the provider.

        Raises:
            ModelError: inspect-ai or the provider's package is missing, or the name or key is refused.
        """
        try:
            from inspect_ai.model import GenerateConfig, get_model
        except ImportError as error:
            raise ModelError(
                f'{spec.model}: needs inspect-ai; install it with: pip install "seatrial[inspect]". '
                "An OpenAI-compatible endpoint needs nothing: openai-compatible/NAME with base_url."
            ) from error
        self.name = spec.model
        self.identity = identity_of(spec, base_url=spec.base_url, through="inspect")
        self.logprobs = spec.logprobs
        self.concurrency = spec.concurrency or CONCURRENCY
        self._spec = spec
        settings = spec.generation
        self.max_tokens = settings.max_tokens
        key = key_of(spec)
        secrets = {key or ""} - {"", NO_KEY}
        self._no_key = key == NO_KEY
        body = from_environment(spec.extra_body, spec.model, secrets)
        headers = from_environment(spec.headers, spec.model, secrets)
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._accepted: set[str] = set()
        config = GenerateConfig(
            temperature=settings.temperature,
            top_p=settings.top_p,
            extra_body=body or None,
            extra_headers=headers or None,
            max_connections=self.concurrency,
            max_retries=8,
            timeout=600,
        )
        try:
            self._model = get_model(spec.model, config=config, base_url=spec.base_url, api_key=key, memoize=False)
        except Exception as error:  # providers raise whatever their packages raise
            raise ModelError(f"{spec.model}: {_sentence(error)}") from error

    async def __aenter__(self) -> Self:
        """Start nothing; warn of an address to which everything goes in the open."""
        if self._spec.base_url is not None and is_readable_on_the_way(self._spec.base_url):
            LOG.warning("%s: %s", self.name, ON_THE_WAY.format(self._spec.base_url))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the provider's connections."""
        await self._model.__aexit__(kind, error, trace)

    async def ask(self, request: Request) -> Response:
        """Return the answer to `request`.

        Raises:
            CallFailed: the call failed for good.
            ModelError: no call can succeed.
        """
        from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, GenerateConfig

        kinds = {"user": ChatMessageUser, "assistant": ChatMessageAssistant, "system": ChatMessageSystem}
        turns = [kinds[turn.role](content=turn.content) for turn in self._spec.examples]
        turns += [kinds[turn.role](content=turn.content) for turn in request.item.messages]
        if self._spec.system is not None:
            turns.insert(0, ChatMessageSystem(content=self._spec.system))
        settings = self._spec.generation
        config = GenerateConfig(
            max_tokens=request.max_tokens if request.top_logprobs else settings.max_tokens or request.max_tokens,
            seed=None if settings.seed is None else settings.seed + request.draw,
        )
        if request.top_logprobs:
            config = config.merge(GenerateConfig(logprobs=True, top_logprobs=min(request.top_logprobs, self.logprobs)))
        if request.numbers:
            config = config.merge(GenerateConfig(response_schema=_schema(request)))
        began = time.monotonic()
        try:
            output = await self._model.generate(turns, config=config)
        except Exception as error:  # providers raise whatever their packages raise
            raise self._sorted(error, self._sent(config)) from error
        self._accepted |= self._sent(config)
        return self._parsed(request, output, time.monotonic() - began)

    def _sent(self, config: GenerateConfig) -> set[str]:
        """Return the names of the parameters that a call sends, as servers call them."""
        settings = {"temperature": self._spec.generation.temperature, "top_p": self._spec.generation.top_p}
        named = config.model_dump(exclude_none=True).keys() | {
            one for one, held in settings.items() if held is not None
        }
        return {SENT_AS.get(name, name) for name in named} | self._spec.extra_body.keys()

    def _sorted(self, error: Exception, sent: set[str]) -> CallFailed | ModelError:
        """Return the error as one that ends the review, or one that ends the call."""
        status, said = getattr(error, "status_code", None), _sentence(error)
        for secret in self._secrets:
            said = said.replace(secret, "***")
        if status in (401, 403, 404) or type(error).__name__ in ("AuthenticationError", "PrerequisiteError"):
            return ModelError(f"{self.name}: {said}{f' {UNNAMED}' if self._no_key and status != 404 else ''}")
        refused = refused_parameter(said, sent) if status in (400, 422) else ""
        if not refused:
            return CallFailed(f"{self.name}: {said}")
        told = f"{self.name}: the server refused `{refused}` ({status}): {said} To go on, {setting_for(refused)}."
        return CallFailed(told) if refused in self._accepted else ModelError(told)

    def _parsed(self, request: Request, output: ModelOutput, seconds: float) -> Response:
        """Return the answer in what the provider's package made of a reply, whatever that is."""
        try:
            return self._read(request, output, seconds)
        except ModelError:
            raise
        except Exception as error:  # packages pass on what servers send
            raise CallFailed(f"{self.name}: the answer cannot be read: {_sentence(error)}") from error

    def _read(self, request: Request, output: ModelOutput, seconds: float) -> Response:
        if output.error or not output.choices:
            raise CallFailed(f"{self.name}: {output.error or 'no answer'}")
        choice: Any = output.choices[0]
        said = reply_of(choice.message.model_dump(), output.stop_reason)
        first = first_token({"logprobs": choice.logprobs.model_dump()}) if choice.logprobs else ()
        if request.top_logprobs and not first:
            raise ModelError(
                f"{self.name}: gave no log-probabilities. Set `logprobs: 0` for this model; instruments that read "
                "text are used then."
            )
        usage = output.usage
        tokens_in, tokens_out = (tokens(usage.input_tokens), tokens(usage.output_tokens)) if usage else (0, 0)
        cost = (tokens_in * self._spec.price_in + tokens_out * self._spec.price_out) / 1e6
        return Response(
            request.item.id,
            request.item.suite,
            request.draw,
            said.text,
            first,
            said.stop,
            Usage(tokens_in, tokens_out, seconds, cost),
            thinking=said.thinking or None,
            served=served_by({"model": output.model, **(output.metadata or {})}),
        )


def _schema(request: Request) -> ResponseSchema:
    from inspect_ai.model import ResponseSchema
    from inspect_ai.util import JSONSchema

    return ResponseSchema(name="grade", json_schema=JSONSchema.model_validate(request.schema), strict=True)


def key_of(spec: ModelSpec) -> str | None:
    """Return the key to send; None for that of the provider's own variable, which goes to its own address alone.

    Raises:
        ModelError: the variable that the policy names is not set.
    """
    import os

    if spec.api_key_env is not None:
        key = os.environ.get(spec.api_key_env)
        if not key:
            raise ModelError(f"{spec.model}: the environment variable {spec.api_key_env} is not set")
        return key
    if spec.base_url is None or (spec.provider == "openai" and is_openai(spec.base_url)):
        return None
    if spec.provider == "openai-compatible" and is_openai(spec.base_url):
        return os.environ.get(OPENAI_KEY) or NO_KEY
    return NO_KEY


def _sentence(error: Exception) -> str:
    """Return the message of a foreign exception as one line, without markup."""
    import re

    said = str(getattr(error, "provider_message", "") or error)  # without the request, which Inspect puts before it
    text = " ".join(re.sub(r"\[/?[a-z ]*\]", "", said).split()) or type(error).__name__
    return text[:400]
