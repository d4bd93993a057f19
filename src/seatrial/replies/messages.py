"""What a provider sends as a reply: its text, how it ended, and why there is no answer in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

__all__ = ["Malformed", "NoAnswer", "Reply", "Why", "cut", "how_ended", "no_answer", "reply_of", "why"]

NoAnswer = Literal["", "thinking", "cut", "filter", "tool", "fault", "empty"]
"""Why a reply holds no answer; empty where it holds one."""


class Malformed(ValueError):
    """A reply that is none: says what came instead of text."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider sent: text (which may still begin with thinking), thinking sent apart, and how it ended."""

    text: str
    thinking: str = ""
    stop: str = "stop"


# How a reply ended

LENGTH = {"length", "max_tokens", "model_length", "max_output_tokens", "max_new_tokens", "max_length", "incomplete"}
LENGTH |= {"model_context_window_exceeded", "context_length_exceeded", "error_limit"}
FILTER = {"content_filter", "content_filtered", "safety", "blocklist", "prohibited_content", "recitation", "spii"}
FILTER |= {"guardrail_intervened", "error_toxic", "blocked", "content_blocked", "moderation"}
FILTER |= {"image_safety", "image_prohibited_content", "image_recitation"}
TOOL = {"tool_calls", "tool_use", "tool_call", "function_call", "malformed_function_call", "unexpected_tool_call"}
TOOL |= {"pause_turn"}
FAULT = {"error", "abort", "aborted", "cancelled", "canceled", "failed", "timeout", "insufficient_system_resource"}
_WORDS = ((LENGTH, "length"), (FILTER, "content_filter"), (TOOL, "tool_calls"), (FAULT, "error"))
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=1000)
def how_ended(stop: str) -> str:
    """Return how a reply ended in one word, where providers and their packages have many spellings.

    `FinishReason.SAFETY`, `content-filter` and `IMAGE_SAFETY` are all `content_filter`. What is not known stays.
    """
    word = _HUMP.sub("_", stop.strip().strip("[]\"' ").rpartition(".")[2]).casefold()
    word = re.sub(r"[\s-]+", "_", word).removeprefix("finish_reason_").removeprefix("stop_reason_")
    return next((own for words, own in _WORDS if word in words), stop.strip().casefold())


def cut(stop: str) -> bool:
    """Return whether a reply ended at its longest length."""
    return how_ended(stop) == "length"


def no_answer(text: str, thinking: str, stop: str) -> NoAnswer:
    """Return why a reply whose thinking was taken off holds no answer; empty where it holds one.

    A reply that a filter, a tool's call or a fault ended is none, whatever words came first. One that was cut off after
    visible text is an answer.
    """
    ended = how_ended(stop)
    if ended == "content_filter" or (ended == "refusal" and not text.strip()):
        return "filter"
    if ended == "tool_calls":
        return "tool"
    if ended == "error":
        return "fault"
    if text.strip():
        return ""
    if thinking.strip():
        return "thinking"
    return "cut" if cut(stop) else "empty"


@dataclass(frozen=True, slots=True)
class Why:
    """Why there is no answer, and what to set so that there is one; both in words."""

    reason: str
    advice: str = ""


def why(kind: NoAnswer, *, probed: bool = False, recorded: bool = False, whose: str = "the model") -> Why:
    """Return why a reply holds no answer.

    Args:
        kind: As `no_answer` says.
        probed: Whether one token was asked for, to read its alternatives.
        recorded: Whether the reply comes from a file, so that it can only be recorded anew.
        whose: Whose settings to change: the baseline, the candidate, a judge.
    """
    anew = f"record {whose}'s answers anew with" if recorded else f"give {whose}"
    more = f"{anew} a larger `generation: {{max_tokens: …}}`" if not recorded else f"{anew} a larger `max_tokens`"
    match kind:
        case "thinking" if probed:
            return Why(
                "it thinks before it answers, so its first token is not its answer's",
                f"set `logprobs: 0` for both models, so that an instrument reads {whose}'s text",
            )
        case "thinking":
            return Why("cut off while still thinking, before any answer", more)
        case "cut":
            return Why("cut off at `max_tokens` before any visible text", more)
        case "filter":
            return Why(
                "withheld by a content filter",
                f"set the content filter of {whose}'s endpoint as its users have it, or leave these items out",
            )
        case "tool":
            return Why("asked for a tool instead of answering", f"serve {whose} without tools")
        case "fault":
            return Why("broken off by a fault of its server", f"ask {whose} again")
        case _:
            return Why("empty answer")


# What providers send

_TEXT = {None, "text", "output_text"}
_THINKING = {"thinking", "reasoning", "reasoning_content", "reasoning_text", "redacted_thinking", "thought"}
_THINKING |= {"reasoning.text", "reasoning.summary", "reasoning.encrypted", "summary_text", "thinking_delta"}
_CALLS = {"tool_use", "tool_call", "function_call"}
_APART = (
    *("reasoning_content", "reasoning", "thinking", "reasoning_text", "reasoning_details", "thinking_blocks"),
    *("thoughts", "thought"),
)
EXCERPT = 200


def reply_of(message: object, stop: object = None) -> Reply:
    """Return what a message of a chat completion says.

    Text parts are joined and parts that are thinking kept apart; a `refusal` is the answer where there is no other.

    Args:
        message: The decoded message, with `content` and whatever the provider adds.
        stop: Why it ended, as the provider says; nothing counts as `stop`.

    Raises:
        Malformed: the message or its content is no text.
    """
    if not isinstance(message, Mapping):
        raise Malformed(f"the message is no object but {_shown(message)}")
    text, parts, called = _joined(message.get("content"))
    apart = "" if message.keys().isdisjoint(_APART) else _apart(message)
    ended = how_ended(stop) if isinstance(stop, str) and stop.strip() else "stop"
    refusal = message.get("refusal")
    if not text.strip() and isinstance(refusal, str) and refusal.strip():
        return Reply(refusal, apart or parts)
    called = called or bool(message.get("tool_calls") or message.get("function_call"))
    if not text.strip() and called:
        ended = "tool_calls"
    return Reply(text, "\n\n".join(dict.fromkeys(filter(None, (apart, parts)))), ended)


def _apart(message: Mapping[str, Any]) -> str:
    """Return the thinking that a message holds beside its content."""
    return next((words for name in _APART if message.get(name) and (words := _words(message[name]))), "")


def _joined(content: object) -> tuple[str, str, bool]:
    """Return the text of a message's content, its thinking, and whether a part of it calls a tool."""
    if content is None or isinstance(content, str):
        return content or "", "", False
    if not isinstance(content, Sequence):
        raise Malformed(f"the content is no text but {_shown(content)}")
    text, thinking, called = [], [], False
    for part in content:
        held: Mapping[str, Any] = part if isinstance(part, Mapping) else {"text": part}
        kind = held.get("type")
        said = held.get("refusal") if kind == "refusal" else held.get("text")
        if not isinstance(kind, str | None):
            raise Malformed(f"a part of the content is no text but {_shown(part)}")
        if kind in _THINKING:
            thinking.append(_words(held))
        elif kind in _CALLS:
            called = True
        elif (kind in _TEXT or kind == "refusal") and isinstance(said, str):
            text.append(said)
        else:
            raise Malformed(f"a part of the content is no text but {_shown(part)}")
    return "".join(text), "\n\n".join(filter(None, thinking)), called


def _words(value: object, depth: int = 8) -> str:
    """Return all text in a part that is thinking, however deep it lies."""
    if isinstance(value, str):
        return value.strip()
    if depth == 0:
        return ""
    held: Sequence[object] = ()
    if isinstance(value, Mapping):
        held = [value.get(name) for name in ("thinking", "reasoning", "summary", "content", "text", "data")]
    elif isinstance(value, Sequence):
        held = value
    return "\n".join(filter(None, (_words(one, depth - 1) for one in held)))


def _shown(value: object) -> str:
    """Return what came, in one line of letters that can be seen."""
    words = json.dumps(value, ensure_ascii=False, default=repr)
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return words if len(words) <= EXCERPT else words[:EXCERPT] + "…"
