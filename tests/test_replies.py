"""What of a reply is its answer, and why there is none."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.replies import Malformed, answer_of, cut, no_answer, reply_of, visible_answer, why

THOUGHT = "I must refuse."
SAID = "Sure! Here is how."


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{THOUGHT}</think>\n{SAID}",
        f"\n\n <think>\n{THOUGHT}\n</think>\n\n{SAID}",
        f"\ufeff<THINK>{THOUGHT}</Think>{SAID}",
        f"<thinking>{THOUGHT}</thinking>{SAID}",
        f"<thought>{THOUGHT}</thought>{SAID}",
        f"<reasoning>{THOUGHT}</reasoning>{SAID}",
        f"<scratchpad>{THOUGHT}</scratchpad>{SAID}",
        f"<seed:think>{THOUGHT}</seed:think>{SAID}",
        f'<think time="3">{THOUGHT}</think>{SAID}',
        f"[THINK]{THOUGHT}[/THINK]{SAID}",
        f"◁think▷{THOUGHT}◁/think▷{SAID}",
        f"<|begin_of_thought|>{THOUGHT}<|end_of_thought|>{SAID}",
        f"<|START_THINKING|>{THOUGHT}<|END_THINKING|>{SAID}",
        f"<|im_start|>assistant\n<think>{THOUGHT}</think>{SAID}",
        f"{THOUGHT}</think>\n{SAID}",
        f"{THOUGHT}\n</thinking>\n\n{SAID}",
        f"{THOUGHT}[/THINK]{SAID}",
        f"</think>{SAID}",
        f"<think>\n\n</think>\n\n{SAID}",
        f"<think>{THOUGHT}</think><think>{THOUGHT}</think>{SAID}",
        f"<think>{THOUGHT}</think>\n<reasoning>{THOUGHT}</reasoning>\n{SAID}",
        f"<think>a <think>{THOUGHT}</think> b</think>{SAID}",
        f"<think>May I write <think>? {THOUGHT}</think>{SAID}",
        f"<think>It ends with `</think>`. {THOUGHT}</think>{SAID}",
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>{SAID}<|return|>",
        f"<|start|>assistant<|channel|>analysis<|message|>{THOUGHT}<|end|>"
        f"<|start|>assistant<|channel|>final <|constrain|>text<|message|>{SAID}",
        f"{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>{SAID}<|return|>",
        f"analysis{THOUGHT}assistantfinal{SAID}",
    ],
)
def test_thinking_at_the_start_is_taken_off(text: str) -> None:
    """However a model marks it, its thinking is kept apart and never read as its answer."""
    answer, thinking = answer_of(text)
    assert answer == SAID
    assert THOUGHT in thinking or THOUGHT not in text


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{THOUGHT}",
        f"<think>{THOUGHT}</t",
        f"<thinking>\n{THOUGHT}\n",
        f"[THINK]{THOUGHT}",
        f"<think>{THOUGHT}</think>",
        f"<think>{THOUGHT}</think>\n<think>{THOUGHT}",
        f"{THOUGHT}</think>",
        f"<|channel|>analysis<|message|>{THOUGHT}",
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>commentary<|message|>{THOUGHT}",
        "<|channel|>analysis",
        f"analysis{THOUGHT}",
        "<think>",
    ],
)
def test_a_reply_that_never_leaves_its_thinking_has_no_answer(text: str) -> None:
    """Its words are not an answer, whatever they say."""
    answer, thinking = answer_of(text)
    assert not answer.strip()
    assert no_answer(answer, thinking or text, "stop") == "thinking"


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        "",
        "  indented",
        "Use <think>…</think> around thinking.",
        "```xml\n<think>a</think>\n```\nThat is all.",
        "The tag `</think>` ends it.",
        'Write "</think>" at the end.',
        "<b>Bold</b> text [1] is fine.",
        "analysis of variance is a method.",
        "x < y and [think about it](http://a.b)",
    ],
)
def test_an_answer_about_marks_stays_as_it_is(text: str) -> None:
    """What is quoted further on is part of the answer."""
    assert answer_of(text) == (text, "")


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", "\n", "`", "[THINK]", "<|channel|>final<|message|>"])))
def test_what_was_taken_off_stays_off(parts: list[str]) -> None:
    """An answer that is looked through again begins with no thinking."""
    answer = visible_answer("".join(parts))
    assert answer_of(answer, closed=False) == (answer, "")


def test_words_after_thinking_are_not_hidden_by_another_closing_mark() -> None:
    """Thinking ends once: what follows is what a user reads, up to the end."""
    assert visible_answer(f"<think>{THOUGHT}</think>{SAID}</think>No.") == f"{SAID}</think>No."


@pytest.mark.parametrize(
    "text", ["<think></think>" * 100_000, "<think>" * 200_000, " " * 1_000_000 + "<", "</think>" * 9_999]
)
def test_a_hostile_reply_is_read_in_no_time(text: str) -> None:
    """Neither many marks nor long gaps make reading slow, and none of them is an answer in words."""
    assert not visible_answer(text).replace("</think>", "").strip(" <")


@pytest.mark.parametrize(
    "text",
    [
        "a</think>" + "<|end|>" * 40_000 + "x",
        "a</think>" + "<|im_end|> \n" * 40_000 + "x",
        "<|channel|>" + "a" * 400_000,
        ("<|channel|>" + "a" * 5_000) * 80,
        "x" + "<|start|>" * 40_000,
        "x" + ("<|channel|>final" + " " * 5_000) * 80,
        "<" * 400_000,
        ("<" + "a" * 5_000) * 80,
    ],
)
def test_the_time_that_a_reply_takes_grows_with_its_length_alone(text: str) -> None:
    """Signs in a row, names without an end and signs that end nothing are looked at once."""
    before = time.process_time()
    answer_of(text)
    assert time.process_time() - before < 2


def test_an_end_that_stands_within_an_answer_stays() -> None:
    """Only the last signs of a reply end it."""
    assert visible_answer(f"hm</think>{SAID}<|end|> No.<|return|>\n<|im_end|>") == f"{SAID}<|end|> No."


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
    ],
)
def test_how_a_reply_ended_says_whether_it_is_an_answer(text: str, thinking: str, stop: str, kind: str) -> None:
    """Cut off after visible text it is one; withheld, spent on thinking or on a tool's call it is none."""
    assert no_answer(text, thinking, stop) == kind


def test_each_reason_names_what_to_set() -> None:
    """Advice names the setting and the model; a recorded answer can only be recorded anew."""
    assert "max_tokens" in why("thinking", whose="the candidate").advice
    assert "the candidate" in why("cut", whose="the candidate").advice
    assert "record" in why("thinking", recorded=True).advice
    assert "logprobs: 0" in why("thinking", probed=True).advice
    assert "filter" in why("filter").reason
    assert "tool" in why("tool").reason
    assert why("empty").advice == ""
    assert cut("MAX_TOKENS")
    assert not cut("stop")
