"""Which answers are one and the same."""

from __future__ import annotations

import numpy as np

from seatrial.review.findings.like_answers import groups_of_like
from seatrial.review.findings.text_faults import plain_words

WORDS = [f"word{number}" for number in range(400)]


def test_the_same_words_are_one_group_and_none_is_none() -> None:
    """Equal answers share a number, others do not, and an empty one is like no other."""
    found = groups_of_like([plain_words(text) for text in ("Yes.", "yes", "No.", "", "…")])
    assert found[0] == found[1] != found[2]
    assert found[3:] == [-1, -1]


def test_long_answers_that_differ_by_little_are_one_group() -> None:
    """A constant text with the number of the question in it is the same answer; other texts of its length are not."""
    rng = np.random.default_rng(3)
    text = [WORDS[place] for place in rng.permutation(400)[:60]]
    alike = [[*text, f"n{number}"] for number in range(50)]
    apart = [[WORDS[place] for place in rng.permutation(400)[:60]] for _ in range(40)]
    found = groups_of_like([*alike, *apart])
    assert len(set(found[:50])) == 1
    assert len(set(found)) == 41


def test_short_answers_are_the_same_or_are_not() -> None:
    """The answers to two sums have most words in common and are two answers."""
    assert len(set(groups_of_like([plain_words(f"The answer is {sum}.") for sum in range(30)]))) == 30


def test_many_short_answers_that_differ_by_a_word_are_one_group() -> None:
    """The same sentence with another word at its end is one answer, unless both sides answer in that form."""
    same = [plain_words(f"I think that it depends on many things, so ask an expert first, {n}.") for n in range(40)]
    other = [
        plain_words(f"Number {n} has {n + 3} parts, and part {n * 7} of them is the one that {n} counts.")
        for n in range(40)
    ]
    groups = groups_of_like([*other, *same], 40)
    assert len(set(groups[40:])) == 1
    assert len(set(groups[:40])) == 40
    assert len(set(groups_of_like([*same, *same[::-1]], 40))) == 40
    assert len(set(groups_of_like([*other, *same[:2], *other], 42))) == 42
