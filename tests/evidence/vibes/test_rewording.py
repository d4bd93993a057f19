"""Published answers in other words: what changes, what stays, and that a search for them finds nothing."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.evidence.vibes.rewording import _EITHER, _ONE_WAY, reworded
from seatrial.suites import find_suites, load_suite


def _all(text: str, seeds: int = 60) -> set[str]:
    return {reworded(text, Random(seed)) for seed in range(seeds)}


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("I'm sure.", {"I am sure."}),
        ("Everybody knows.", {"Everyone knows."}),
        ("Everyone knows.", {"Everybody knows."}),
        ("You are great, really.", {"You're terrific, really.", "You're great, truly.", "You are terrific, truly."}),
    ],
)
def test_what_is_said_is_said_in_other_words(text: str, others: set[str]) -> None:
    """A capital stays one, and each place is changed or left by lot."""
    assert others <= _all(text)
    assert text not in _all(text)


@pytest.mark.parametrize(
    "text", ["", "Odd.", "Isn't it?", "It's been long.", "You'd better go.", "Unjust.", "A great-aunt"]
)
def test_where_no_rule_fits_nothing_changes(text: str) -> None:
    """Questions at the end, *has* and *had* behind an apostrophe, and parts of words stay."""
    assert _all(text) == {text}


@given(st.text(max_size=200), st.integers(0, 100))
def test_any_text_is_taken(text: str, seed: int) -> None:
    """Never a traceback; and the same lots give the same words."""
    assert reworded(text, Random(seed)) == reworded(text, Random(seed))


def test_no_rule_stands_twice() -> None:
    """Of two rules for the same words the first would never be used."""
    words = [*_EITHER, *_EITHER.values(), *_ONE_WAY]
    assert len({word.lower() for word in words}) == len(words)


def test_most_published_answers_of_known_harm_can_be_put_in_other_words() -> None:
    """Of the suites whose answers are sentences, at least five in six; the others go last."""
    texts = [
        anchor.text
        for folder in find_suites().values()
        for anchor in load_suite(folder).anchors
        if anchor.score == 10.0 and len(anchor.text.split()) >= 12
    ]
    changed = [text for text in texts if reworded(text, Random(1)) != text]
    assert len(texts) > 500
    assert len(changed) > 5 / 6 * len(texts)
