"""An answer as a line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.collect.answer_lines import UNREADABLE, Answer, answer_of, at_a_glance, entry_of, line_of
from seatrial.types import Response, Usage

KEY = "0a" * 32
PLAIN = Answer(Response("i", "s", 0, "Yes.", usage=Usage(1, 2, 0.5, 1e-07)), datetime(2026, 1, 2, tzinfo=UTC))

words = st.text(st.characters(codec=None))


@given(item=words, text=words, thinking=words, served=st.tuples(words, words), seconds=st.floats(0, 1e30))
def test_what_is_known_at_a_glance_is_what_reading_finds(
    item: str, text: str, thinking: str, served: tuple[str, str], seconds: float
) -> None:
    """Whatever the letters, the line is whole for the glance and for the reader, and both find the same."""
    said = Response(item, "s", 3, text, usage=Usage(1, 2, seconds), thinking=thinking, served=served)
    line = line_of(KEY, "judge", Answer(said, PLAIN.at))[:-1]
    whole = json.dumps(json.loads(line), ensure_ascii=False)
    assert line == whole.encode("utf-8", "surrogatepass"), "it is what a library would have written"
    found = at_a_glance(line)
    assert found == (KEY, item)
    assert answer_of(entry_of(line), "") == Answer(said, PLAIN.at)


@pytest.mark.parametrize(
    "answer",
    [
        replace(PLAIN, review="other"),
        replace(PLAIN, at=None),
        replace(PLAIN, response=replace(PLAIN.response, first=(("Yes", -0.5),))),
        replace(PLAIN, response=replace(PLAIN.response, labels=(("a", "b"),))),
    ],
)
def test_what_is_rarer_is_read(answer: Answer) -> None:
    """Answers of other reviews, without a date, with probabilities or labels are read in full."""
    line = line_of(KEY, "judge", answer)[:-1]
    assert at_a_glance(line) is None
    assert answer_of(entry_of(line), "") == answer


@given(place=st.integers(0, 400), letter=st.sampled_from('"\\{}[],:\n\x00x9 '))
def test_a_line_that_was_damaged_is_never_known_at_a_glance(place: int, letter: str) -> None:
    """One letter changed anywhere: what is still known at a glance can be read."""
    line = line_of(KEY, "judge", PLAIN)[:-1].decode()
    damaged = line[: place % len(line)] + letter + line[place % len(line) + 1 :]
    found = at_a_glance(damaged.encode())
    if found is not None:
        entry = entry_of(damaged.encode())
        assert (entry["key"], answer_of(entry, "").response.item) == found


def test_what_is_no_text_is_unreadable() -> None:
    """Bytes that are no UTF-8 are an error that the store knows."""
    with pytest.raises(UNREADABLE):
        at_a_glance(b"\xff")
