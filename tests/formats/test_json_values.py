"""Values as JSON holds them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from seatrial.formats.json_values import with_null, with_words


@dataclass(frozen=True, slots=True)
class Point:
    """A value with a number, and another inside."""

    at: float
    inside: tuple[Point, ...] = ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.slow
@given(VALUES)
def test_every_value_is_strict_json(value: Any) -> None:
    """No number without a word in JSON is left: any other program can read what is written."""
    for made in (with_null(value), with_words(value)):
        assert json.loads(json.dumps(made, allow_nan=False)) == made


@given(st.lists(st.floats()))
def test_words_are_read_back_as_the_numbers_that_they_were(numbers: list[float]) -> None:
    """Every number, NaN and infinities too, comes back from a file as it was."""
    text = json.dumps(with_words(numbers), allow_nan=False)
    np.testing.assert_array_equal(TypeAdapter(list[float]).validate_json(text), numbers)


@pytest.mark.parametrize(("number", "word"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_a_number_without_a_word_is_null_or_spelled(number: float, word: str) -> None:
    """Whether Python's own float or numpy's, alone or inside a value."""
    for same in (number, np.float64(number)):
        assert (with_null(same), with_words(same)) == (None, word)
        value = {"a": [same, (same, 1.0)], "b": Point(same, (Point(2.0),))}
        assert with_null(value) == {"a": [None, [None, 1.0]], "b": _point(None)}
        assert with_words(value) == {"a": [word, [word, 1.0]], "b": _point(word)}


def _point(at: str | None) -> dict[str, Any]:
    return {"at": at, "inside": [{"at": 2.0, "inside": []}]}


def test_paths_mappings_and_keys_keep_their_meaning() -> None:
    """A path is its text, any mapping an object with its keys in their order; a class is no value of its own."""
    assert with_null(MappingProxyType({"b": Path("x") / "y", "a": 1})) == {"b": "x/y", "a": 1}
    assert list(with_words({"b": 0, "a": 0})) == ["b", "a"]
    assert with_words({0.5: True}) == {0.5: True}
    assert with_null(Point) is Point
