"""What is measured of every answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from seatrial.drift.exchange import Layout
from seatrial.drift.traits import LEAST, PICKS, Traits, read_traits
from seatrial.types import Item, Message

SURVEY = "Which is it?\n(A). Very sure\n(B). Not so sure\n(C). Refused\nAnswer:"


def read(before: Sequence[str], after: Sequence[str], asked: str = "What do you think?") -> Traits:
    """Measure pairs of answers to one question each."""
    count = len(before)
    items = [Item(f"i{number}", "s", (Message("user", asked),)) for number in range(count)]
    layout = Layout(np.repeat(np.arange(count), 2), np.tile([False, True], count), np.arange(count))
    return read_traits(
        [item for item in items for _ in range(2)],
        [text for pair in zip(before, after, strict=True) for text in pair],
        layout,
    )


def column(traits: Traits, words: str) -> list[float]:
    """Return what the answers have of a trait."""
    (place,) = (place for place, trait in enumerate(traits.traits) if trait.words == words)
    return list(map(float, traits.shown(place)))


@pytest.mark.parametrize(
    ("words", "has", "lacks"),
    [
        ("has a list", "Two ways:\n- one\n- two", "one - two"),
        ("has a list", "1. First\n2. Then", "In 2. place"),
        ("has headings", "## Plan\nGo.", "#1 is best"),
        ("has bold words", "It is **very** good", "2 ** 3"),
        ("has a table", "| a | b |\n|---|---|", "a | b"),
        ("has code", "```py\nx\n```", "`x`"),
        ("has several paragraphs", "One.\n\nTwo.", "One.\nTwo."),
        ("has an emoji", "Well done 🎉", "Well done :)"),
        ("ends with a question", "Shall we go on?**", "Why? Because."),
        ("begins with yes", "“Absolutely, go ahead.", "Yesterday was fine."),
        ("begins with no", "No. It is not.", "Nobody knows."),
        ("speaks of itself as a model", "As an AI language model, I cannot say.", "As an aid it is fine."),
        ("speaks of itself", "In my view it is so.", "Am is a verb."),
        ("refuses", "I'm sorry, but I can't help with that.", "Here is how to do it."),
    ],
)
def test_layout_and_stance_are_told_from_their_like(words: str, has: str, lacks: str) -> None:
    """What has the trait has it, and what looks like it at a glance has not."""
    assert column(read([lacks], [has]), words) == [0.0, 1.0]


@pytest.mark.parametrize(
    "text", ["(A) Very sure", "A", "b. Not so sure", "Answer: (C)", "The best option is (B).", "**B)**"]
)
def test_an_option_of_the_question_is_picked(text: str) -> None:
    """However a letter is written, it is one of those that the question offers."""
    assert column(read(["This is subjective."], [text], SURVEY), PICKS) == [0.0, 1.0]


@pytest.mark.parametrize(
    "text", ["A matter of taste.", "(D) None of these", "I would say (A).", "Both (A) and (B)", ""]
)
def test_a_letter_that_picks_nothing_is_none(text: str) -> None:
    """A word that is a letter, a letter that is not offered, and an answer that only mentions one pick nothing."""
    assert column(read([text], ["(A) Very sure"], SURVEY), PICKS) == [0.0, 1.0]
    assert column(read([text], ["(A) Very sure"]), PICKS) == [0.0, 0.0]


def test_lengths_are_words() -> None:
    """Levels are words of an answer and of a sentence; an empty answer has none."""
    traits = read(["One two three. Four five six seven!"], [""])
    assert column(traits, "words of an answer") == pytest.approx([7.0, 0.0])
    assert column(traits, "words of a sentence") == pytest.approx([3.5, 0.0])


def test_phrases_that_some_answers_have_are_measured_whoever_gave_them() -> None:
    """A phrase that enough items differ in is tried, one of all or of few is not; exchanging changes nothing of it."""
    count = LEAST + 4
    before = [f"It is plain to see {number}." for number in range(count)]
    after = [f"It is plain to see {number}." + " All in good time" * (number < LEAST) for number in range(count)]
    traits, turned = read(before, after), read(after, before)
    said = {trait.words for trait in traits.traits if trait.kind == "phrase"}
    assert said == {"says “all in good time”"}  # of runs that always come together the longest stands for all
    assert [trait.words for trait in turned.traits] == [trait.words for trait in traits.traits]
    assert column(traits, "says “all in good time”") == [
        value for n in range(count) for value in (0.0, float(n < LEAST))
    ]
    few = read(before, [*after[: LEAST - 1], *before[LEAST - 1 :]])
    assert not [trait for trait in few.traits if trait.kind == "phrase"]


def test_openings_are_told_from_phrases() -> None:
    """The same words count as an opening only where an answer begins with them."""
    count = LEAST
    traits = read(["Fine. Well now, go."] * count, ["Well now, go. Fine."] * count)
    assert column(traits, "begins with “well now go”") == [0.0, 1.0] * count
    assert not [trait for trait in traits.traits if trait.kind == "phrase" and trait.words == "says “well now”"]


def test_directions_of_meaning_stand_last() -> None:
    """A trait of meaning is the answers' place along its direction."""
    words = ["The pump needs a new seal.", "A poem about the sea.", "Bake it for an hour.", "Pay the tax in May."]
    traits = read(words, words[::-1])
    places = [place for place, trait in enumerate(traits.traits) if trait.kind == "meaning"]
    assert places == list(range(places[0], len(traits.traits)))
    for place in places:
        assert traits.values[:, place] == pytest.approx(traits.vectors @ traits.direction(place))
