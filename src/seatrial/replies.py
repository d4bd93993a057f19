"""What of a model's reply is its answer, and why there is none.

Every answer passes here, for `types.Response` asks when it is made: those of live models, plugins, files, tables and
stores alike. Thinking is taken off only at the start of a reply, where models think; a tag further on is quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "Malformed",
    "NoAnswer",
    "Reply",
    "Why",
    "answer_of",
    "cut",
    "no_answer",
    "reply_of",
    "unmarked",
    "visible_answer",
    "why",
]

NoAnswer = Literal["", "thinking", "cut", "filter", "tool", "empty"]
"""Why a reply holds no answer; empty where it holds one."""


class Malformed(ValueError):
    """A reply that is none: says what came instead of text."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider sent: text (which may still begin with thinking), thinking sent apart, and how it ended."""

    text: str
    thinking: str = ""
    stop: str = "stop"


# How models mark their thinking

MOST = 100
"""A reply that begins to think more often than this never leaves its thinking."""
QUOTES = ('""', "''", "“”", "‘’")

_NAMES = r"(?:\w+:)?(?:(?:ant)?think(?:ing)?|thoughts?|reason(?:ing)?|scratchpad|inner_monologue)"
_PAIRS = (
    (rf"<\|?{_NAMES}(?:\s[^<>/]*)?\|?>", rf"<\|?/\|?{_NAMES}\s*\|?>"),
    (r"\[think(?:ing)?\]", r"\[/think(?:ing)?\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|start_thinking\|>", r"<\|end_thinking\|>"),
    (r"<\|channel>thought\b", r"<channel\|>"),
    (r"<unused94>(?:thought\b)?", r"<unused95>"),
)
_ANY_OPEN = "|".join(begin for begin, _ in _PAIRS)
_ANY_CLOSE = "|".join(end for _, end in _PAIRS)
_MARK = re.compile(rf"(?P<open>{_ANY_OPEN})|(?P<close>{_ANY_CLOSE})", re.IGNORECASE)
_KINDS = tuple(re.compile(rf"(?P<open>{begin})|(?P<close>{end})", re.IGNORECASE) for begin, end in _PAIRS)
_LEAD = re.compile(r"(?:[\s\ufeff\u200b\u200c\u200d\u2060]|<\|im_start\|>(?:assistant)?|<\|assistant\|>|<s>)*")

_SIGNS = re.compile(rf"{_ANY_OPEN}|{_ANY_CLOSE}|<\|(?:channel|message|start|end|return|im_end)\|>", re.IGNORECASE)

# Harmony: `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…`
_CHANNEL = re.compile(
    r"<\|channel\|>\s*(?P<name>\w++)[^<]*+(?:<\|constrain\|>[^<]*+)?<\|message\|>(?P<said>.*?)"
    r"(?=<\|(?:end|call|return|start|channel)\|>|\Z)",
    re.DOTALL,
)
_HARMONY = re.compile(r"(?:<\|start\|>\s*assistant\s*)?<\|channel\|>")
_FINAL = re.compile(r"(?:<\|end\|>)?(?:<\|start\|>\s*assistant)?<\|channel\|>\s*final\s*<\|message\|>")
_ENDS = re.compile(r"(?:\s*+>\|(?:dne|nruter|dne_mi)\|<)+")
"""The signs that end a reply, read backwards, so that those within it are not looked at."""
# The same where the server has taken the special tokens out and left the words between them.
_BARE = re.compile(r"analysis(?=[A-Z])")
_BARE_FINAL = "assistantfinal"


def answer_of(text: str, *, closed: bool = True) -> tuple[str, str]:
    """Return the answer in a reply and the thinking before it; an empty answer where the thinking never ends.

    Args:
        text: The reply.
        closed: Whether a closing mark without an opening one ends thinking too, as where a template has opened it.
    """
    rest, thinking = text, list[str]()
    while _marked(rest) and (found := _divided(rest, closed)) is not None:
        if len(thinking) == MOST:
            return "", text
        thought, rest = found
        thinking.append(thought.strip())
        closed = False
    return rest, "\n\n".join(filter(None, thinking))


def _marked(text: str) -> bool:
    """Return whether a text holds what every mark of thinking begins with; most hold none, and are done then."""
    return "<" in text or "[" in text or "◁" in text or "analysis" in text


def visible_answer(text: str) -> str:
    """Return the answer in a reply, without thinking."""
    return answer_of(text)[0]


def _divided(text: str, closed: bool) -> tuple[str, str] | None:
    """Return the thinking that a text begins with and what follows; None where it begins with none."""
    begun = _LEAD.sub("", text, count=1)
    if _HARMONY.match(begun):
        return _harmony(begun)
    if _BARE.match(begun):
        thought, _, said = begun.removeprefix("analysis").partition(_BARE_FINAL)
        return thought, said.lstrip()
    end = _closed(begun)
    if end is not None and end[0] == end[1]:
        return _MARK.sub("", begun, count=1).strip() or begun, ""
    if end is not None:
        return _MARK.sub("", begun[: end[0]], count=1), _LEAD.sub("", begun[end[1] :], count=1)
    lone = _lone_close(text) if closed else None
    return None if lone is None else (text[: lone[0]], _ended(text[lone[1] :]).lstrip())


def _ended(text: str) -> str:
    """Return a text without the signs that end it."""
    found = _ENDS.match(text[::-1])
    return text[: len(text) - found.end()] if found else text


def _closed(text: str) -> tuple[int, int] | None:
    """Return where thinking that begins the text ends, and where what follows begins; None where none begins it."""
    kind = next((marks for marks in _KINDS if (first := marks.match(text)) and first["open"]), None)
    if kind is None:
        return None
    depth, last = 0, (len(text), len(text))
    for place, mark in enumerate(kind.finditer(text)):
        if place and _quoted(text, mark):
            continue
        if mark["open"]:
            depth += 1
            continue
        depth, last = depth - 1, mark.span()
        if depth == 0:
            break
    # Thinking that only mentions an opening mark never comes out even: it ends at the last closing one.
    return last


def _lone_close(text: str) -> tuple[int, int] | None:
    """Return the span of the first closing mark that no opening one comes before; None without one."""
    depth = 0
    final = _FINAL.search(text)
    for mark in _MARK.finditer(text):
        if _quoted(text, mark):
            continue
        depth += 1 if mark["open"] else -1
        if depth < 0:
            return mark.span()
    return final.span() if final else None


def _quoted(text: str, mark: re.Match[str]) -> bool:
    """Return whether a mark stands between backticks, or between quotation marks that open and close with it."""
    start, end = mark.span()
    around = text[start - 1 : start] + text[end : end + 1]
    return around == "``" or (around in QUOTES and not text[start - 2 : start - 1].strip(" \n\t("))


def _harmony(text: str) -> tuple[str, str]:
    said = [(found["name"].lower(), found["said"].strip()) for found in _CHANNEL.finditer(text)]
    thinking = "\n\n".join(words for name, words in said if name != "final")
    return (thinking if said else text), "\n\n".join(words for name, words in said if name == "final")


def unmarked(text: str) -> str:
    """Return a text in which no mark of thinking is one: whoever repeats it seems to have thought nothing."""
    return _SIGNS.sub(lambda mark: f"{mark.group()[0]} {mark.group()[1:]}", text)


# How a reply ended

LENGTH = {"length", "max_tokens", "model_length", "max_output_tokens", "max_new_tokens"}
FILTER = {"content_filter", "content_filtered", "safety", "blocklist", "prohibited_content", "recitation", "spii"}
FILTER |= {"guardrail_intervened"}
TOOL = {"tool_calls", "tool_use", "tool_call", "function_call"}


def cut(stop: str) -> bool:
    """Return whether a reply ended at its longest length."""
    return stop.lower() in LENGTH


def no_answer(text: str, thinking: str, stop: str) -> NoAnswer:
    """Return why a reply whose thinking was taken off holds no answer; empty where it holds one.

    A reply that a filter or a tool's call ended is none, whatever words came first. One that was cut off after visible
    text is an answer.
    """
    if stop.lower() in FILTER or (stop.lower() == "refusal" and not text.strip()):
        return "filter"
    if stop.lower() in TOOL:
        return "tool"
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
    apart = next((words for name in _APART if message.get(name) and (words := _words(message[name]))), "")
    ended = stop.strip() if isinstance(stop, str) and stop.strip() else "stop"
    refusal = message.get("refusal")
    if not text.strip() and isinstance(refusal, str) and refusal.strip():
        return Reply(refusal, apart or parts)
    called = called or bool(message.get("tool_calls") or message.get("function_call"))
    if not text.strip() and called:
        ended = "tool_calls"
    return Reply(text, "\n\n".join(dict.fromkeys(filter(None, (apart, parts)))), ended)


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
