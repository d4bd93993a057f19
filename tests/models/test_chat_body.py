"""What the body of a chat completion holds besides the answer."""

from __future__ import annotations

from typing import Any

import pytest

from seatrial.models.chat_body import decoded, excerpt, first_token, served_by, tokens


@pytest.mark.parametrize(
    ("value", "count"),
    [(7, 7), (7.9, 7), (-3, 0), (True, 0), ("7", 0), (None, 0), (float("nan"), 0), (1e308, 0), (10**400, 0)],
)
def test_a_count_of_tokens_is_a_count_or_unknown(value: Any, count: int) -> None:
    """Words, truth values, what is no finite number and what nobody could count are none."""
    assert tokens(value) == count


@pytest.mark.parametrize("odd", [0.5, True, None, "−1", float("nan"), float("-inf"), 10**400, -(10**400)])
def test_only_logarithms_of_probabilities_are_alternatives(odd: Any) -> None:
    """The likeliest first, whatever stands between."""
    alternatives = [{"token": "a", "logprob": -2}, {"token": "x", "logprob": odd}, {"token": "b", "logprob": -0.5}]
    assert first_token({"logprobs": {"content": [{"top_logprobs": alternatives}]}}) == (("b", -0.5), ("a", -2.0))
    others: list[Any] = [None, [], {"content": None}, {"content": [7]}, {"content": [{"top_logprobs": 7}]}]
    for held in others:
        assert first_token({"logprobs": held}) == ()


def test_an_excerpt_is_one_line_of_letters_that_can_be_seen() -> None:
    """What a server sent is cut, and never moves the cursor."""
    assert excerpt("a\n\x1b[2Jb\u202e  c") == "a [2Jb c"
    assert excerpt(" \n") == "(empty)"
    assert len(excerpt("x" * 500)) == 201


def test_a_body_is_utf_8_or_what_the_server_says() -> None:
    """A mark of its beginning is no letter; where neither fits, what cannot be read is replaced."""
    assert decoded("\ufeffé".encode(), None) == "é"
    assert decoded("é".encode(), "latin-1") == "é"
    assert decoded("é".encode("latin-1"), "latin-1") == "é"
    assert decoded("é".encode("utf-16"), "utf-16") == "é"
    assert decoded(b"a\xe9", "nonsense") == "a\ufffd"


def test_what_served_a_reply_is_two_names_or_nothing() -> None:
    """The model and the system fingerprint, where they are words, and never at any length."""
    assert served_by({"model": "gpt-x-0613", "system_fingerprint": "fp_1"}) == ("gpt-x-0613", "fp_1")
    assert served_by({"model": None, "system_fingerprint": ["fp_1"]}) == ("", "")
    assert served_by({"model": "a\x1b[2J\nb"}) == ("a[2Jb", "")
    assert served_by({}) == ("", "")
    assert len(served_by({"model": "x" * 10_000})[0]) == 200
