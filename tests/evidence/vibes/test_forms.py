"""What a rater's page may send, and what keeps a rating from being kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from seatrial.evidence.vibes.forms import LONGEST, MOST_TURNS, TAGS, Asked, Said, wrong_with
from seatrial.web.guard import LARGEST

FINAL = {"version": 0, "off_left": 0, "off_right": 0, "preference": 0, "done": True}


@pytest.mark.parametrize(
    "sent",
    [
        {"version": 0},
        {"version": 7, "note": "x" * 10_000},
        {"version": 0, "off_left": 3, "off_right": 0, "preference": -3},
        {"version": 0, "preference": 3, "tags": ["a"] * 20, "seconds": 86_400.0},
        {"version": 0, "tab": "a-Z_9" * 8, "step": 1_000_000},
        {"version": 0, "off_left": None, "off_right": None, "preference": None},
    ],
)
def test_what_a_page_sends_is_read(sent: dict[str, Any]) -> None:
    """Everything but the version may be missing, and all ends of all scales are within them."""
    said = Said.model_validate_json(json.dumps(sent))
    assert said.model_dump() == {**Said(version=0).model_dump(), **sent}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", -1), ("version", None), ("note", "x" * 10_001), ("note", None), ("off_left", 4), ("off_left", -1),
        ("off_right", 1.5), ("preference", 4), ("preference", -4), ("tags", ["a"] * 21), ("tags", ["a" * 41]),
        ("tags", "flattery"), ("seconds", -0.1), ("seconds", 86_401.0), ("tab", "a" * 41), ("tab", "<b>"),
        ("step", -1), ("step", 1_000_001), ("done", "perhaps"), ("rater", "ben"),
    ],
)  # fmt: skip
def test_what_no_page_sends_is_refused(field: str, value: Any) -> None:
    """Off the scale, too long, of another type, or a field that there is not: refused by its name."""
    with pytest.raises(ValidationError) as refused:
        Said.model_validate_json(json.dumps({"version": 0, field: value}))
    assert refused.value.errors()[0]["loc"][0] == field


@pytest.mark.parametrize("lacking", ["off_left", "off_right", "preference"])
def test_a_final_rating_says_all_three(lacking: str) -> None:
    """Whether something is off with each answer, and which is preferred; a draft may leave them open."""
    said = {**FINAL, lacking: None}
    assert "say of both answers" in wrong_with(Said.model_validate(said))
    assert wrong_with(Said.model_validate({**said, "done": False})) == ""
    assert wrong_with(Said.model_validate(FINAL)) == ""


@pytest.mark.parametrize(
    "tag", [*TAGS, "love bombing", "naïve", "über-cold", "a", "9 to 5", "its/it's", "日本語", "x" * 40]
)
def test_a_tag_of_words_is_kept(tag: str) -> None:
    """Our own tags and words of any script."""
    assert wrong_with(Said(version=0, tags=[tag])) == ""


@pytest.mark.parametrize("tag", ["", " ", "-x", "<b>", "a<b", 'a"b', "a&b", "a\nb", "a;b", "_x", "a\n"])
def test_a_tag_of_marks_is_refused(tag: str) -> None:
    """What could be read as markup, or is no word at all, and the refusal says which tag it was."""
    assert repr(tag) in wrong_with(Said(version=0, tags=["flattery", tag]))


@pytest.mark.parametrize(("turn", "text"), [(0, "x"), (MOST_TURNS - 1, "x" * LONGEST)])
def test_words_for_both_models_are_read(turn: int, text: str) -> None:
    """From the first turn to the last, and up to the longest question."""
    assert Asked(turn=turn, text=text).text == text


@pytest.mark.parametrize(
    "sent",
    [
        {"turn": -1, "text": "x"}, {"turn": MOST_TURNS, "text": "x"}, {"turn": 0, "text": ""},
        {"turn": 0, "text": "x" * (LONGEST + 1)}, {"text": "x"}, {"turn": 0}, {"turn": 0, "text": "x", "model": "a"},
    ],
)  # fmt: skip
def test_a_conversation_has_an_end(sent: dict[str, Any]) -> None:
    """No turn after the last, no empty or endless question, nothing besides."""
    with pytest.raises(ValidationError):
        Asked.model_validate(sent)


def test_the_longest_rating_passes_the_guard() -> None:
    """A note of the longest length in which every letter is escaped still fits into a request."""
    longest = {**FINAL, "note": "\u0001" * 10_000, "tags": ["日" * 40] * 20, "tab": "a" * 40, "seconds": 86_400.0}
    assert len(json.dumps(longest).encode()) <= LARGEST
    assert len(json.dumps({"turn": 0, "text": "\U0001f600" * LONGEST}).encode()) <= LARGEST
