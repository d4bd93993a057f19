"""What a provider sends as a reply, how it ended, and why there is no answer in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.replies import Malformed, cut, how_ended, no_answer, reply_of, why

PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Paris"}]


@pytest.mark.parametrize(
    ("message", "text", "thinking", "stop"),
    [
        ({"content": "Paris."}, "Paris.", "", "stop"),
        ({"content": None}, "", "", "stop"),
        ({}, "", "", "stop"),
        ({"content": [*PARTS, {"type": "text", "text": "."}]}, "Paris.", "hm", "stop"),
        ({"content": [{"type": "reasoning", "summary": [{"text": "hm"}]}]}, "", "hm", "stop"),
        ({"content": ["Paris", {"text": "."}]}, "Paris.", "", "stop"),
        ({"content": []}, "", "", "stop"),
        ({"content": "", "reasoning_content": "Hm"}, "", "Hm", "stop"),
        ({"content": "Paris.", "reasoning": "Hm", "reasoning_content": "Hm"}, "Paris.", "Hm", "stop"),
        ({"content": None, "refusal": "I cannot."}, "I cannot.", "", "stop"),
        ({"content": [{"type": "refusal", "refusal": "I cannot."}]}, "I cannot.", "", "stop"),
        ({"content": None, "tool_calls": [{"id": "1"}]}, "", "", "tool_calls"),
        ({"content": [{"type": "tool_use", "name": "search"}]}, "", "", "tool_calls"),
        ({"content": "Paris.", "tool_calls": []}, "Paris.", "", "stop"),
    ],
)
def test_a_message_is_read_whatever_its_parts(message: dict[str, Any], text: str, thinking: str, stop: str) -> None:
    """Text parts are joined, thinking is kept apart, and a refusal is an answer."""
    made = reply_of(message, None)
    assert (made.text, made.thinking, made.stop) == (text, thinking, stop)


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        "Paris.",
        {"content": 42},
        {"content": True},
        {"content": {"text": "Paris."}},
        {"content": [42]},
        {"content": [None]},
        {"content": [{"type": "text", "text": None}]},
        {"content": [{"type": ["text"], "text": "Paris."}]},
        {"content": [{"type": "image_url", "image_url": "x"}]},
    ],
)
def test_what_is_no_text_is_refused_with_what_came(message: Any) -> None:
    """A malformed message is no answer, and is told in letters that can be seen."""
    with pytest.raises(Malformed) as told:
        reply_of(message)
    shown = message["content"] if isinstance(message, dict) else message
    assert json.dumps(shown[0] if isinstance(shown, list) and shown else shown) in str(told.value)


@pytest.mark.slow
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda one: st.lists(one) | st.dictionaries(
    st.sampled_from(["content", "type", "text", "thinking", "refusal", "tool_calls", "reasoning"]), one)))  # fmt: skip
def test_any_message_is_text_or_malformed(message: Any) -> None:
    """Nothing that JSON can hold ends in another error."""
    try:
        made = reply_of(message, message)
    except Malformed as error:
        assert str(error).isprintable()
    else:
        json.dumps([made.text, made.thinking, made.stop])


@pytest.mark.parametrize(
    ("text", "thinking", "stop", "kind"),
    [
        ("Yes.", "", "stop", ""),
        ("Yes.", "hm", "stop", ""),
        ("Yes", "", "length", ""),
        ("", "hm", "length", "thinking"),
        (" \n", "hm", "stop", "thinking"),
        ("", "", "max_tokens", "cut"),
        ("", "", "stop", "empty"),
        ("", "", "content_filter", "filter"),
        ("Sure", "", "SAFETY", "filter"),
        ("", "hm", "content_filter", "filter"),
        ("", "", "refusal", "filter"),
        ("I cannot.", "", "refusal", ""),
        ("Let me look.", "", "tool_calls", "tool"),
        ("", "", "tool_use", "tool"),
        ("Sure", "", "FinishReason.SAFETY", "filter"),
        ("Sure", "", "content-filter", "filter"),
        ("Sure", "", '["content_filter"]', "filter"),
        ("Sure", "", "IMAGE_SAFETY", "filter"),
        ("Sure", "", "ERROR_TOXIC", "filter"),
        ("Sure", "", "toolUse", "tool"),
        ("Sure", "", "MALFORMED_FUNCTION_CALL", "tool"),
        ("Sure", "", "error", "fault"),
        ("", "", "abort", "fault"),
        ("", "", "model_context_window_exceeded", "cut"),
        ("Yes.", "", "eos_token", ""),
    ],
)
def test_how_a_reply_ended_says_whether_it_is_an_answer(text: str, thinking: str, stop: str, kind: str) -> None:
    """Cut off after visible text it is one; withheld, spent on thinking or on a tool's call it is none."""
    assert no_answer(text, thinking, stop) == kind


@pytest.mark.parametrize(
    ("stop", "word"),
    [
        *[(stop, "length") for stop in ("max_tokens", "MAX_TOKENS", "FinishReason.MAX_TOKENS", "maxTokens", "Length")],
        *[(stop, "content_filter") for stop in ("content_filter", "contentFilter", "FINISH_REASON_SAFETY")],
        *[(stop, stop) for stop in ("stop", "refusal", "end_turn", "unknown")],
    ],
)
def test_an_end_has_one_word_however_it_is_spelled(stop: str, word: str) -> None:
    """What providers and their packages call by many names is told apart by what it is."""
    assert how_ended(stop) == word
    assert reply_of({"content": "Sure"}, stop).stop == word


def test_each_reason_names_what_to_set() -> None:
    """Advice names the setting and the model; a recorded answer can only be recorded anew."""
    assert "max_tokens" in why("thinking", whose="the candidate").advice
    assert "the candidate" in why("cut", whose="the candidate").advice
    assert "record" in why("thinking", recorded=True).advice
    assert "logprobs: 0" in why("thinking", probed=True).advice
    assert "filter" in why("filter").reason
    assert "tool" in why("tool").reason
    assert "fault" in why("fault").reason
    assert why("empty").advice == ""
    assert cut("MAX_TOKENS")
    assert not cut("stop")
