"""Scores as numbers."""

from __future__ import annotations

import math

import pytest

from seatrial.runs.numbers import NO_SCORE, number_of

WORDS = {"c": 1.0, "p": 0.5, "yes": 1.0}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0),
        (-2.5, -2.5),
        (True, 1.0),
        (False, 0.0),
        ("1e-2", 0.01),
        (" .5 ", 0.5),
        ("-3.", -3.0),
        ("+4E+1", 40.0),
        ("C", 1.0),
        ("p", 0.5),
        (" Yes ", 1.0),
    ],
)
def test_numbers_and_words_are_read(value: object, number: float) -> None:
    """Numbers, truth values, numbers in text, and the tool's own words in any case."""
    assert number_of(value, WORDS) == (number, "")


@pytest.mark.parametrize("value", [None, "", "  ", "NaN", "none", "null"])
def test_no_score_is_no_zero(value: object) -> None:
    """What stands for nothing is missing, with the reason."""
    assert number_of(value, WORDS) == (None, NO_SCORE)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, "1e999"])
def test_what_is_not_finite_is_not_scored(value: object) -> None:
    """NaN, infinity, and a whole number beyond any float."""
    number, reason = number_of(value, WORDS)
    assert number is None
    assert "not scored" in reason


@pytest.mark.parametrize("value", ["7/10", "72 %", "1,5", "0x10", "1_000", "seven", "maybe", [1], {"a": 1}])
def test_no_number_is_guessed(value: object) -> None:
    """A share, a percentage, a comma or a list is refused, and the reason shows what stood there."""
    number, reason = number_of(value, WORDS)
    assert number is None
    assert reason == f"not a number: {value!r}"


def test_a_long_text_is_shortened_in_the_reason() -> None:
    """A whole answer in the place of a score does not fill the report."""
    assert len(number_of("word " * 1000, {})[1]) < 60
