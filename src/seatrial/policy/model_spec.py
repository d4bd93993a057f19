"""A model as a file names it: which one, how it is set up, and with which settings it answers."""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from seatrial.errors import ModelError, PolicyError
from seatrial.formats.bounded import read_text
from seatrial.formats.letters import unread
from seatrial.formats.yaml import StrictModel
from seatrial.policy.addresses import checked_address

__all__ = ["Generation", "ModelSpec", "Turn", "from_environment", "resolved_model"]

NUMBERS = ("scores", "evidence")
"""Providers that stand for numbers; of `evidence/…` nothing is known but what the policy's evidence says."""


SET_ELSEWHERE = {
    "model": "model",
    "messages": "system, examples and opening",
    "temperature": "generation: {temperature: …}",
    "top_p": "generation: {top_p: …}",
    "seed": "generation: {seed: …}",
    "max_tokens": "generation: {max_tokens: …}",
    "max_completion_tokens": "generation: {max_tokens: …}, which is sent under the name that the server takes",
    "logprobs": "logprobs",
    "top_logprobs": "logprobs",
    "response_format": "structured: false of a judge",
}
"""Fields of a request that settings of their own decide, by which they are set."""
UNREADABLE = ("stream", "n")
"""Fields that would change the shape of a reply."""
SECRET = re.compile(r"authori[sz]ation|api[-_]?key|token$|secret|password|cookie|credential", re.IGNORECASE)
"""Names of headers whose values are secret."""
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


Address = Annotated[
    str, AfterValidator(checked_address), Field(json_schema_extra={"pattern": "^https?://[^/@?#]+(/[^?#]*)?$"})
]


class Generation(StrictModel):
    """Settings of the sampler. Greedy by default, so that a draw is reproducible where the backend allows it.

    A temperature, `top_p` or seed of None is not sent: the server's own holds, as models want that refuse others.
    """

    temperature: float | None = Field(0.0, ge=0.0, le=5.0)
    top_p: float | None = Field(None, gt=0.0, le=1.0)
    seed: int | None = 20250425
    max_tokens: int | None = Field(None, ge=1, le=32_768)


class Turn(StrictModel):
    """One turn of an example."""

    role: Literal["user", "assistant"]
    content: str = Field(min_length=1)


class ModelSpec(StrictModel):
    """A model as the policy names it.

    Attributes:
        model: `PROVIDER/NAME`, `openai-compatible/NAME`, `embedded/smollm2-135m`, `transcripts/PATH` or
            `scores/PATH`.
        system: A system prompt, or the path of a file that holds one.
        adapter: A LoRA adapter as GGUF (embedded model only).
        adapter_scale: How far the adapter is turned on, 0 to 1.
        base_url: Address of an OpenAI-compatible endpoint, up to and with `/v1`, without a password or a query.
        api_key_env: Name of the environment variable that holds the key; never the key itself. Without it,
            `OPENAI_API_KEY` is sent to OpenAI's own address and to no other.
        name: Which model of a `scores/` or `transcripts/` table with several, by its column `model`.
        columns: Which columns of a recorded table hold `item`, `prompt`, `completion`, `messages`, `targets`, `score`,
            `model`, `draw`, `cluster`, `use_case`, `signal`.
        concurrency: Calls in flight at once.
        requests_per_minute: An upper bound on the rate of calls, where the provider sets one.
        logprobs: How many first-token alternatives to ask an endpoint for; 0 where it gives none.
        extra_body: More fields of each request, sent as they are; `${NAME}` stands for an environment variable, whose
            value is never stored or shown.
        headers: More headers of each request; `${NAME}` as above, and nothing else where the value is a secret.
        price_in: US dollars for a million tokens in.
        price_out: US dollars for a million tokens out.
        generation: Settings of the sampler.
        examples: Turns that come before every conversation, as in a few-shot prompt: user and assistant by turns.
        opening: Words that every answer begins with, from which the model goes on; or, by an item's variant, words for
            answers to that side only.
    """

    model: str = Field(min_length=3, pattern=r"^[^/\s]+/.+$")
    system: str | None = None
    adapter: Path | None = None
    adapter_scale: float = Field(1.0, ge=0.0, le=1.0)
    base_url: Address | None = None
    api_key_env: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    name: str | None = None
    columns: dict[str, str] = {}
    concurrency: int | None = Field(None, ge=1, le=4096)
    requests_per_minute: float | None = Field(None, gt=0)
    logprobs: int = Field(20, ge=0, le=200)
    extra_body: dict[str, Any] = {}
    headers: dict[str, str] = {}
    price_in: float = Field(0.0, ge=0.0)
    price_out: float = Field(0.0, ge=0.0)
    generation: Generation = Generation()
    examples: list[Turn] = []
    opening: str | dict[str, str] | None = None

    @model_validator(mode="after")
    def _by_turns(self) -> ModelSpec:
        wanted = ["user", "assistant"] * (len(self.examples) // 2 + 1)
        roles = [turn.role for turn in self.examples]
        if len(roles) % 2 or roles != wanted[: len(roles)]:
            raise ValueError("examples: give turns of user and assistant by turns, the assistant's last")
        return self

    @field_validator("extra_body")
    @classmethod
    def _said_once(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name, said in value.items():
            if SECRET.search(name) and isinstance(said, str) and not VARIABLE.search(said):
                raise ValueError(_not_here(name))
            if name in SET_ELSEWHERE:
                raise ValueError(f"`{name}` is set by {SET_ELSEWHERE[name]}, not by extra_body")
            if name in UNREADABLE:
                raise ValueError(f"`{name}` would change the shape of the reply; leave it out")
        return value

    @field_validator("headers")
    @classmethod
    def _no_secret(cls, value: dict[str, str]) -> dict[str, str]:
        """Refuse a secret in the policy, of which a review keeps a copy, and what no header can be."""
        for name, said in value.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or any(ord(sign) < 32 for sign in said):
                raise ValueError(
                    f"{name!r} is no header: a name of letters, digits and dashes, and a value of one line"
                )
            if SECRET.search(name) and not VARIABLE.search(said):
                raise ValueError(_not_here(name))
        return value

    @field_validator("opening", mode="before")
    @classmethod
    def _ends_on_a_word(cls, value: Any) -> Any:
        """Refuse a space at the end, after which a model would read its next word as none that begins a word."""
        for words in value.values() if isinstance(value, dict) else [] if value is None else [value]:
            if not isinstance(words, str) or words != words.rstrip() or not words:
                raise ValueError("an opening is words, or `variant: words`, with no space or line break after them")
        return value

    def opening_for(self, variant: str) -> str:
        """Return the words with which an answer to an item of this variant begins; empty where it is left free."""
        words = self.opening.get(variant) if isinstance(self.opening, dict) else self.opening
        return words or ""

    @property
    def provider(self) -> str:
        """The part before the first slash."""
        return self.model.split("/", 1)[0]

    @property
    def target(self) -> str:
        """The part after the first slash: a model's name or a path."""
        return self.model.split("/", 1)[1]

    @property
    def recorded(self) -> bool:
        """Whether all that is known of it was there before the review: answers, scores or other evidence."""
        return self.provider in ("transcripts", *NUMBERS)

    @property
    def answers(self) -> bool:
        """Whether it answers, live or from a file; scores and evidence hold numbers only."""
        return self.provider not in NUMBERS


def _not_here(name: str) -> str:
    return (
        f"`{name}` holds a secret, and a policy is copied into its review: put it into an environment variable and "
        f'write {name}: "${{NAME}}"'
    )


def from_environment(value: Any, whose: str, found: set[str]) -> Any:
    """Return a value with each `${NAME}` in its texts, however deep, replaced by that environment variable.

    Args:
        value: Of `extra_body` or `headers`.
        whose: The model, for the message.
        found: Takes up what was put in, so that it can be kept out of messages.

    Raises:
        ModelError: a variable is not set.
    """
    if isinstance(value, dict):
        return {name: from_environment(held, whose, found) for name, held in value.items()}
    if isinstance(value, list):
        return [from_environment(held, whose, found) for held in value]
    if not isinstance(value, str):
        return value

    def put_in(variable: re.Match[str]) -> str:
        held = os.environ.get(variable[1], "")
        if not held:
            raise ModelError(f"{whose}: the environment variable {variable[1]} is not set")
        found.add(held)
        return held

    return VARIABLE.sub(put_in, value)


def resolved_model(spec: ModelSpec, folder: Path) -> ModelSpec:
    """Return a model with its relative paths made absolute and its system prompt read from its file.

    Raises:
        PolicyError: the system prompt's file cannot be read, or is empty.
    """
    changes: dict[str, Any] = {}
    if spec.recorded and spec.provider != "evidence":
        changes["model"] = f"{spec.provider}/{folder / spec.target}"
    if spec.adapter is not None:
        changes["adapter"] = folder / spec.adapter
    if spec.system is not None and _looks_like_a_path(spec.system):
        path = folder / spec.system
        try:
            changes["system"] = read_text(path).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError(f"the system prompt {unread(path, error)}") from error
        if not changes["system"]:
            raise PolicyError(f"the system prompt {path} is empty; leave `system` out to have none")
    return spec.model_copy(update=changes)


def _looks_like_a_path(text: str) -> bool:
    """Return whether a `system` entry names a file: one word that ends in .md or .txt."""
    return not any(character.isspace() for character in text) and text.endswith((".md", ".txt"))
