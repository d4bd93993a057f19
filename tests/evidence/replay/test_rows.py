"""What one row of each format holds."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from seatrial.evidence.replay.conversation import Conversation, Raw, conversation_of
from seatrial.evidence.replay.rows import BROKEN, NO_CALL, UNKNOWN, raws_of

U = {"role": "user", "content": "q"}
A = {"role": "assistant", "content": "a"}
OTEL_U = {"role": "user", "parts": [{"type": "text", "content": "q"}]}
OTEL_A = {"role": "assistant", "parts": [{"type": "text", "content": "a"}], "finish_reason": "stop"}
LC_U = {"lc": 1, "type": "constructor", "id": ["langchain", "HumanMessage"], "kwargs": {"content": "q"}}
LC_A = {"lc": 1, "type": "constructor", "id": ["langchain", "AIMessage"], "kwargs": {"content": "a"}}
EVENTS = [
    {"name": "gen_ai.user.message", "attributes": {"gen_ai.prompt": "q"}},
    {"name": "gen_ai.choice", "body": {"message": {"content": "a"}}},
]


def _otlp(**held: object) -> dict[str, Any]:
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in held.items()]
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "t", "attributes": attributes}]}]}]}


ROWS: dict[str, dict[str, Any]] = {
    "openai, an example": {"messages": [U, A]},
    "openai, a stored completion": {"model": "m", "messages": [U], "choices": [{"message": A}]},
    "openai, request and response": {
        "request": {"model": "m", "messages": [U]},
        "response": {"choices": [{"message": A}]},
    },
    "openai, a batch": {
        "custom_id": "1",
        "body": {"messages": [U]},
        "response": {"body": {"choices": [{"message": A}]}},
    },
    "wildchat": {"conversation_hash": "h", "model": "m", "conversation": [U, A]},
    "sharegpt": {"id": "1", "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
    "langfuse, text": {"trace_id": "t", "type": "GENERATION", "input": "q", "output": "a"},
    "langfuse, text of JSON": {"trace_id": "t", "input": json.dumps([U]), "output": json.dumps(A)},
    "langfuse, wrapped": {"traceId": "t", "input": {"messages": [U]}, "output": {"choices": [{"message": A}]}},
    "langsmith, LangChain": {
        "run_type": "llm",
        "inputs": {"messages": [[LC_U]]},
        "outputs": {"generations": [[{"text": "a", "message": LC_A}]]},
    },
    "langsmith, OpenAI": {
        "run_type": "llm",
        "inputs": json.dumps({"messages": [U]}),
        "outputs": json.dumps({"choices": [{"message": A}]}),
    },
    "otel, text of JSON": {
        "attributes": {"gen_ai.input.messages": json.dumps([OTEL_U]), "gen_ai.output.messages": json.dumps([OTEL_A])}
    },
    "otel, an export": _otlp(
        **{"gen_ai.input.messages": json.dumps([OTEL_U]), "gen_ai.output.messages": json.dumps([OTEL_A])}
    ),
    "otel, events": {"attributes": {}, "events": EVENTS},
    "phoenix": {"attributes": {"llm": {"input_messages": [{"message": U}], "output_messages": [{"message": A}]}}},
    "phoenix, flat": {
        "attributes": {
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "q",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "a",
        }
    },
}


def _one(row: dict[str, Any]) -> Raw:
    (found,) = raws_of(row, {})
    assert isinstance(found, Raw), found
    return found


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_question_and_its_answer_are_read_from_every_format(row: dict[str, Any]) -> None:
    """The user's turn is the user's, and the answer the model's."""
    made = conversation_of(_one(row))
    assert isinstance(made, Conversation), made
    assert [(one.role, one.content) for one in made.messages] == [("user", "q")]
    assert made.answer == "a"


def test_the_model_that_answered_is_told_from_the_one_that_was_asked_for() -> None:
    """The swap that nobody is told of."""
    span = _otlp(
        **{
            "gen_ai.input.messages": json.dumps([OTEL_U]),
            "gen_ai.request.model": "m",
            "gen_ai.response.model": "n",
            "gen_ai.conversation.id": "c",
            "user.id": "u",
        }
    )
    found = _one(span)
    assert (found.requested, found.served, found.id, found.user) == ("m", "n", "c", "u")
    chat = {
        "request": {"model": "m", "messages": [U]},
        "response": {"model": "n", "created": 1700000000, "choices": []},
    }
    assert (_one(chat).requested, _one(chat).served, _one(chat).time) == ("m", "n", 1700000000.0)


def test_wildchat_is_of_users_and_its_clock_may_run_backwards() -> None:
    """Users are known by their hashed address."""
    row = {
        "conversation_hash": "h",
        "model": "m",
        "timestamp": "2024-01-02T00:00:00+00:00",
        "language": "German",
        "conversation": [
            {**U, "hashed_ip": "ip", "timestamp": "2024-01-02T00:00:00"},
            {**A, "timestamp": "2024-01-01T00:00:00"},
        ],
    }
    found = _one(row)
    assert (found.id, found.user, found.language, found.backwards, found.served) == ("h", "ip", "German", True, "m")
    assert found.time == 1704153600.0


def test_the_user_of_a_trace_is_that_of_its_calls() -> None:
    """Langfuse's older exports keep users with the traces."""
    (found,) = raws_of({"trace_id": "t", "input": "q", "output": "a"}, {"t": "ann"})
    assert isinstance(found, Raw) and found.user == "ann"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"question": "q"}, UNKNOWN),
        ({"trace_id": "t", "type": "SPAN", "input": "q", "output": "a"}, NO_CALL),
        ({"run_type": "chain", "inputs": {}, "outputs": {}}, NO_CALL),
        ({"attributes": {"http.method": "GET"}}, NO_CALL),
        ({"run_type": "llm", "error": "timeout", "inputs": {"messages": [U]}}, "the call failed"),
    ],
)
def test_what_is_no_conversation_is_said(row: dict[str, Any], why: str) -> None:
    """A row of another tool, a span, a chain, a call that failed."""
    assert list(raws_of(row, {})) == [why]


def test_messages_cut_short_are_no_question() -> None:
    """Half of a JSON is not taken for what a user said."""
    found = _one({"trace_id": "t", "input": '[{"role": "user", "content": "wh', "output": "a"})
    assert conversation_of(found) == BROKEN


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (1700000000, 1.7e9),
        (1700000000000, 1.7e9),
        ("1700000000000000000", 1.7e9),
        ("2023-11-14T22:13:20Z", 1.7e9),
        ("2023-11-14 22:13:20", 1.7e9),
        ("yesterday", math.nan),
        (-5, math.nan),
        (True, math.nan),
        (None, math.nan),
    ],
)
def test_times_are_read_in_any_unit(written: object, seconds: float) -> None:
    """Seconds, milliseconds, nanoseconds, ISO; what is no time is none."""
    assert _one({"messages": [U, A], "timestamp": written}).time == pytest.approx(seconds, nan_ok=True)
