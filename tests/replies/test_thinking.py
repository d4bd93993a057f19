"""Where a reply thinks and where it answers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.replies import answer_of, no_answer, unmarked, visible_answer

THOUGHT = "I must refuse."
SAID = "Sure! Here is how."


THINKING = [
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
    f"<internal_thoughts>{THOUGHT}</internal_thoughts>{SAID}",
    f"<inner-monologue>{THOUGHT}</inner-monologue>{SAID}",
    f"<longcat_think>{THOUGHT}</longcat_think>{SAID}",
    f"<chain_of_thought>{THOUGHT}</chain_of_thought>{SAID}",
    f"<analysis>{THOUGHT}</analysis>{SAID}",
    f"<reflection>{THOUGHT}</reflection>{SAID}",
    f'<think type="a/b">{THOUGHT}</think>{SAID}',
    f"<｜think｜>{THOUGHT}</｜think｜>{SAID}",
    f"&lt;think&gt;{THOUGHT}&lt;/think&gt;{SAID}",
    f"[REASONING]{THOUGHT}[/REASONING]{SAID}",
    f"<|inner_prefix|>{THOUGHT}<|inner_suffix|>{SAID}",
    f"<|start_header_id|>assistant<|end_header_id|>\n\n<think>{THOUGHT}</think>{SAID}",
    f"<｜Assistant｜><think>{THOUGHT}</think>{SAID}",
    f"<start_of_turn>model\n<think>{THOUGHT}</think>{SAID}",
    f"\x00\u00ad<think>{THOUGHT}</think>{SAID}",
    f"```thinking\n{THOUGHT}\n```\n{SAID}",
    f'<details type="reasoning" done="true">\n<summary>Thought</summary>\n> {THOUGHT}\n</details>\n{SAID}',
    f"Thinking...\n{THOUGHT}\n...done thinking.\n\n{SAID}",
    f"Here is my thought process:\n{THOUGHT}\n\nHere is my response:\n\n{SAID}",
    f"analysis\n{THOUGHT}\nassistantfinal\n{SAID}",
    f"assistantanalysis{THOUGHT}assistantfinal{SAID}",
    f"commentary{THOUGHT}assistantfinal{SAID}",
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
]


@pytest.mark.parametrize("text", THINKING)
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
        "So:\n```xml\n<think>one two three four five</think>\n```\nThat is all.",
        "Write `<think>one two three four five</think>` there.",
        "commentary on the text",
        "<details><summary>More</summary>Text</details>",
        "Thinking...\nParis.",
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


@pytest.mark.parametrize("text", THINKING)
def test_who_repeats_a_text_without_its_marks_has_thought_nothing(text: str) -> None:
    """What a judge gives back of an answer is all of its reply or nothing, never what follows a mark in it."""
    repeated = unmarked(text)
    assert visible_answer(repeated) in (repeated, "")
    assert visible_answer(f"It says: {repeated}") == f"It says: {repeated}"


MARKS = ["<think>", "</think>", "a", " a b c d e ", "\n", "`", "[THINK]", "<thi", "nk>", "<|channel|>final<|message|>"]


@given(st.lists(st.sampled_from(MARKS)))
def test_what_was_taken_off_stays_off(parts: list[str]) -> None:
    """An answer that is looked through again begins with no thinking."""
    answer = visible_answer("".join(parts))
    assert answer_of(answer, closed=False) == (answer, "")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"Okay.\n<think>{THOUGHT}</think>\n{SAID}", f"Okay.\n\n{SAID}"),
        ("Okay. <think>I must refuse this at all costs.</think> Sure!", "Okay.\n\nSure!"),
        ("Okay.\n<think>a <think>b</think> c</think>Sure!", "Okay.\n\nSure!"),
        ("Okay.\n<think>a <think>b</think>Sure!", "Okay.\n\nSure!"),
        ("One.\n<think>a</think>\nTwo.\n[THINK]b[/THINK]\nThree.", "One.\n\nTwo.\n\nThree."),
        (f"<think>a</think>One.\n<think>{THOUGHT}</think>\nTwo.", "One.\n\nTwo."),
    ],
)
def test_thinking_after_the_first_words_is_taken_off(text: str, answer: str) -> None:
    """A few words before it make a whole block of thinking no part of the answer."""
    assert visible_answer(text) == answer


def test_thinking_that_never_ends_hides_nothing_after_visible_words() -> None:
    """A lone mark further on is quoted: what follows it is what a user reads."""
    assert answer_of(f"Okay.\n<think>\n{SAID}") == (f"Okay.\n<think>\n{SAID}", "")


def test_words_after_thinking_are_not_hidden_by_another_closing_mark() -> None:
    """Thinking ends once: what follows is what a user reads, up to the end."""
    assert visible_answer(f"<think>{THOUGHT}</think>{SAID}</think>No.") == f"{SAID}</think>No."


@pytest.mark.slow
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
        "a " + "<think>a b c d e</think>" * 20_000,
        "a\n<think>" + "`" * 400_000 + "</think>",
        "<" + "think" * 80_000,
        ("<think " + "a" * 5_000) * 80,
        "<details reasoning " * 20_000,
        "<details " + "reasoning " * 40_000,
        "Thinking...\n" * 30_000,
        "analysis" + "assistant" * 40_000,
        "<|a|>" * 80_000,
        "```thinking\n" * 30_000,
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
