"""What one row of a log holds, in each format that is read: OpenAI, WildChat, ShareGPT, Langfuse, LangSmith, spans."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from seatrial.evidence.replay.conversation import Raw, Role, Turn, turns_of
from seatrial.formats.jsonl import json_value

__all__ = ["NO_CALL", "UNKNOWN", "raws_of"]

UNKNOWN = "a row is in no format that is read"
NO_CALL = "it is no call of a model (a span, an event or a tool)"
BROKEN = "what it holds of the conversation is no JSON that can be read"
Row = Mapping[str, Any]
Found = Raw | str

_INDEXED = re.compile(r"llm\.(input|output)_messages\.(\d+)\.message\.(role|content|tool_calls\b.*)")
_CUT = re.compile(r"""\s*(?:\[\s*)?\{\s*"(?:role|messages|content|choices|lc|type)"\s*:""")
"""How JSON of messages begins; as plain text it is one that was cut short."""
_EVENTS = {"gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant"}
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""Numbers this large are nano-, micro- and milliseconds since 1970."""


def raws_of(row: Row, users: Mapping[str, str]) -> Iterator[Found]:
    """Yield what a row holds: most hold one conversation, a batch of spans as many as it has calls.

    Args:
        row: The row.
        users: Trace → user, from the traces of a log that keeps them apart.
    """
    spans = list(_spans(row))
    if spans:
        for span in spans:
            yield _span(span)
        return
    reader = next((read for fits, read in _READERS if fits(row)), None)
    if reader is None:
        yield UNKNOWN
    elif reader is _langfuse:
        yield _langfuse(row, users)
    else:
        yield reader(row)


def _loaded(value: object) -> object:
    """Return what a text of JSON holds; other values, and other text, as they are."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[", '"')):
        return value
    try:
        return json_value(value)
    except (RecursionError, ValueError):
        return value


def _time(*values: object) -> float:
    """Return the first of some values that is a time, in seconds since 1970; NaN where none is."""
    for value in values:
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0:
            return float(value) / next((unit for least, unit in _UNITS if value >= least), 1.0)
        if isinstance(value, str):
            if re.fullmatch(r"\d{9,20}(\.\d+)?", value.strip()):
                return _time(float(value))
            try:
                found = datetime.fromisoformat(value.strip().replace(" UTC", "+00:00"))
            except ValueError:
                continue
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return math.nan


def _word(*values: object) -> str:
    """Return the first of some values that is a name or a number, as text."""
    for value in values:
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def _object(value: object) -> Row:
    found = _loaded(value)
    return found if isinstance(found, Mapping) else {}


def _messages(value: object, role: Role) -> list[Turn]:
    """Return what a call was given or gave as turns, whichever way it is wrapped; plain text is one of `role`."""
    found = _loaded(value)
    for _ in range(4):
        if isinstance(found, Mapping) and "role" not in found and "kwargs" not in found and "type" not in found:
            found = _loaded(next((found[key] for key in _WRAPPED if found.get(key)), None))
        elif isinstance(found, list) and len(found) == 1 and isinstance(found[0], list):
            found = found[0]  # LangChain: a batch of one
        elif isinstance(found, list) and found and isinstance(found[0], Mapping) and "message" in found[0]:
            found = [one.get("message") for one in found[:1]]  # choices or generations: the first was shown
        else:
            break
    if isinstance(found, str):
        return [Turn(role, found, BROKEN if _CUT.match(found) else "")]
    listed = found if isinstance(found, list) else [found] if isinstance(found, Mapping) else []
    return [
        Turn(role, turn.text, "") if not turn.role and not _names_role(one) else turn
        for one, turn in zip(listed, turns_of(listed), strict=True)
    ]


_WRAPPED = (
    *("messages", "message", "choices", "generations", "input", "inputs", "output", "outputs", "completion"),
    *("prompt", "query", "question", "answer", "response", "text", "content"),
)
"""Keys under which a call's messages stand, the first that is there."""


def _names_role(message: object) -> bool:
    return not isinstance(message, Mapping) or any(key in message for key in ("role", "from", "type", "id"))


# OpenAI: examples of chats, stored completions, requests with their responses.


def _is_openai(row: Row) -> bool:
    return any(isinstance(_loaded(row.get(key)), list | Mapping) for key in ("messages", "request", "body"))


def _openai(row: Row) -> Found:
    request = _object(row.get("request")) or _object(row.get("body")) or row
    request = _object(request.get("body")) or request
    response = _object(row.get("response")) or row
    response = _object(response.get("body")) or response
    turns = _messages(request.get("messages"), "user")
    if response.get("choices"):
        turns += _messages(response.get("choices"), "assistant")
    return Raw(
        tuple(turns),
        _word(row.get("conversation_id"), row.get("session_id"), row.get("custom_id"), row.get("id")),
        _word(row.get("user_id"), row.get("user"), request.get("user"), _object(row.get("metadata")).get("user_id")),
        _time(row.get("timestamp"), row.get("created_at"), row.get("time"), response.get("created")),
        _word(request.get("model") if request is not row or "choices" not in row else row.get("requested_model")),
        _word(response.get("model") if response is not row or "choices" in row else None),
        _word(row.get("language")),
    )


# WildChat and ShareGPT


def _wildchat(row: Row) -> Found:
    held = row["conversation"]
    turns = turns_of(held)
    said = [one for one in held if isinstance(one, Mapping)]
    times = [when for when in (_time(one.get("timestamp")) for one in said) if math.isfinite(when)]
    users = [one.get("hashed_ip") for one in [*said, row] if one.get("hashed_ip")]
    model = _word(row.get("model"))
    return Raw(
        tuple(turns),
        _word(row.get("conversation_hash"), row.get("conversation_id")),
        _word(*users),
        _time(row.get("timestamp"), *times[-1:]),
        "",
        model,
        _word(row.get("language")),
        any(later < earlier for earlier, later in pairwise(times)),
    )


def _sharegpt(row: Row) -> Found:
    return Raw(tuple(turns_of(row["conversations"])), _word(row.get("id")), served=_word(row.get("model")))


# Langfuse and LangSmith: one row an observation or a run, of which only calls of a model are conversations.


def _langfuse(row: Row, users: Mapping[str, str]) -> Found:
    if str(row.get("type", "GENERATION")).upper() != "GENERATION":
        return NO_CALL
    trace = _word(row.get("trace_id"), row.get("traceId"))
    parameters = _object(row.get("model_parameters", row.get("modelParameters")))
    return Raw(
        (*_messages(row.get("input"), "user"), *_messages(row.get("output"), "assistant")),
        _word(row.get("session_id"), row.get("sessionId"), trace),
        _word(row.get("user_id"), row.get("userId"), users.get(trace)),
        _time(row.get("end_time"), row.get("endTime"), row.get("start_time"), row.get("startTime")),
        _word(row.get("provided_model_name"), row.get("model"), parameters.get("model")),
        _word(_object(row.get("metadata")).get("response_model")),
    )


def _langsmith(row: Row) -> Found:
    if str(row.get("run_type")) != "llm":
        return NO_CALL
    if row.get("error"):
        return "the call failed"
    extra = _object(row.get("extra"))
    metadata, asked = _object(extra.get("metadata")), _object(extra.get("invocation_params"))
    outputs = _object(row.get("outputs"))
    return Raw(
        (*_messages(row.get("inputs"), "user"), *_messages(row.get("outputs"), "assistant")),
        _word(*(metadata.get(key) for key in ("thread_id", "session_id", "conversation_id")), row.get("trace_id")),
        _word(metadata.get("user_id"), metadata.get("user")),
        _time(row.get("end_time"), row.get("start_time")),
        _word(asked.get("model"), asked.get("model_name"), metadata.get("ls_model_name")),
        _word(_object(outputs.get("llm_output")).get("model_name"), outputs.get("model")),
    )


# Spans: OpenTelemetry's conventions for generative models, and OpenInference as Phoenix writes it.


def _spans(row: Row) -> Iterator[Row]:
    """Yield the spans of an export, or the one that a row is."""
    for resource in row.get("resourceSpans") or ():
        for scope in _object(resource).get("scopeSpans") or ():
            yield from (one for one in _object(scope).get("spans") or () if isinstance(one, Mapping))
    if "resourceSpans" not in row and "attributes" in row:
        yield row


def _attributes(listed: object) -> dict[str, Any]:
    """Return attributes by their full names: of a list of keys and values, of an object, or of objects in objects."""
    found: dict[str, Any] = {}
    listed = _loaded(listed)
    if isinstance(listed, list):
        pairs = [(one.get("key"), _any_value(one.get("value"))) for one in listed if isinstance(one, Mapping)]
    else:
        pairs = list(listed.items()) if isinstance(listed, Mapping) else []
    for key, value in pairs:
        if isinstance(value, Mapping) and not str(key).endswith("messages"):
            found.update({f"{key}.{inner}": held for inner, held in _attributes(value).items()})
        else:
            found[str(key)] = value
    return found


def _any_value(value: object) -> object:
    """Return what OTLP wraps by its type."""
    if not isinstance(value, Mapping):
        return value
    if "arrayValue" in value:
        return [_any_value(one) for one in _object(value["arrayValue"]).get("values") or ()]
    if "kvlistValue" in value:
        return _attributes(_object(value["kvlistValue"]).get("values"))
    return next(iter(value.values()), None)


def _span(span: Row) -> Found:
    held = _attributes(span.get("attributes"))
    given = held.get("gen_ai.input.messages", held.get("llm.input_messages"))
    gave = held.get("gen_ai.output.messages", held.get("llm.output_messages"))
    turns = [
        *(_messages(held.get("gen_ai.system_instructions"), "system") if "gen_ai.system_instructions" in held else ()),
        *_messages(_unwrapped(given) or _indexed(held, "input") or _of_events(span), "user"),
        *_messages(_unwrapped(gave) or _indexed(held, "output"), "assistant"),
    ]
    if not turns:
        return NO_CALL
    return Raw(
        tuple(turns),
        _word(held.get("gen_ai.conversation.id"), held.get("session.id"), span.get("traceId"), span.get("trace_id")),
        _word(held.get("user.id"), held.get("enduser.id")),
        _time(span.get("endTimeUnixNano"), span.get("end_time"), span.get("startTimeUnixNano"), span.get("start_time")),
        _word(held.get("gen_ai.request.model"), held.get("llm.model_name")),
        _word(held.get("gen_ai.response.model")),
    )


def _unwrapped(messages: object) -> list[object]:
    """Return messages without OpenInference's `message.` before each key."""
    found = _loaded(messages)
    if not isinstance(found, list):
        return []
    return [
        {str(key).removeprefix("message."): value for key, value in (_object(one.get("message")) or one).items()}
        if isinstance(one, Mapping)
        else one
        for one in found
    ]


def _indexed(held: Mapping[str, Any], side: str) -> list[object]:
    """Return messages that stand as `llm.input_messages.0.message.role` and the like."""
    found: dict[int, dict[str, Any]] = {}
    for key, value in held.items():
        if (match := _INDEXED.fullmatch(key)) and match[1] == side:
            found.setdefault(int(match[2]), {})[match[3].split(".")[0]] = value
    return [found[number] for number in sorted(found)]


def _of_events(span: Row) -> list[object]:
    """Return the messages of older spans: an event each."""
    found: list[object] = []
    for event in span.get("events") or ():
        one = _object(event)
        held = {**_object(one.get("body")), **_attributes(one.get("attributes"))}
        name = str(one.get("name", ""))
        if name in _EVENTS:
            found.append({"role": _EVENTS[name], "content": held.get("content", held.get("gen_ai.prompt"))})
        elif name == "gen_ai.choice":
            message = _object(held.get("message"))
            found.append({"role": "assistant", "content": message.get("content", held.get("message.content"))})
        elif name == "gen_ai.tool.message":
            found.append({"role": "tool", "content": ""})
    return found


_READERS: Sequence[tuple[Callable[[Row], bool], Callable[..., Found]]] = (
    (lambda row: isinstance(row.get("conversation"), list), _wildchat),
    (lambda row: isinstance(row.get("conversations"), list), _sharegpt),
    (lambda row: "run_type" in row, _langsmith),
    (lambda row: ("trace_id" in row or "traceId" in row) and ("input" in row or "output" in row), _langfuse),
    (_is_openai, _openai),
)
