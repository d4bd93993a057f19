"""Reading JSON Lines."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.formats.jsonl import DoubledKey, json_lines, json_value, unique


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text(), st.text(), min_size=1), max_size=5))
def test_what_was_written_is_read(rows: list[dict[str, str]]) -> None:
    """Any text survives, the marks that Unicode takes for line ends included."""
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    assert [content for _, content in json_lines(text)] == rows


def test_a_line_separator_within_a_string_is_no_line_end() -> None:
    """U+2028 and U+0085 stand in answers of real models; the numbers of later lines stay right."""
    found = list(json_lines('{"text": "one\u2028two\u0085three"}\r\n\n[1]\n{"text": '))
    assert found[0] == (1, {"text": "one\u2028two\u0085three"})
    assert found[1] == (3, "expected a JSON object")
    assert found[2][0] == 4
    assert "not JSON" in str(found[2][1])


def test_bottomless_nesting_is_an_answer() -> None:
    """A hostile line does not end in a traceback."""
    assert "nested too deep" in str(next(iter(json_lines("[" * 200_000)))[1])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{broken", "not JSON: Expecting property name enclosed in double quotes at column 2"),
        ('{"a": "half', "not JSON: Unterminated string starting at column 7"),
        ('{"a": 1} {"b": 2}', "not JSON: Extra data at column 10"),
        ("null", "expected a JSON object"),
        ('"words"', "expected a JSON object"),
        ("7", "expected a JSON object"),
    ],
)
def test_a_mistake_is_told_and_the_lines_after_it_are_read(line: str, words: str) -> None:
    """What is wrong is said with its column, and one broken line costs no other."""
    assert list(json_lines(f'{{"a": 1}}\n{line}\n\n{{"b": 2}}')) == [(1, {"a": 1}), (2, words), (4, {"b": 2})]


@pytest.mark.parametrize("text", ["", "\n\n", " \t\r\n"])
def test_blank_lines_hold_nothing(text: str) -> None:
    """A file of blank lines has no rows and no mistakes."""
    assert list(json_lines(text)) == []


def test_a_key_that_stands_twice_is_no_record() -> None:
    """Python would keep the last of two values without a word; no line with two is read, however deep they stand."""
    for line in ('{"a": 1, "a": 2}', '{"b": [{"a": 1, "a": 1}]}'):
        assert list(json_lines(line)) == [(1, "two columns are called 'a'; rename one or take it out")]


def test_an_object_of_very_many_keys_is_read_in_a_second() -> None:
    """A doubled key among hundreds of thousands is found at once, not after comparing each with each."""
    keys = [(f"k{number}", 1) for number in range(200_000)]
    before = time.process_time()
    assert len(unique(keys)) == 200_000
    with pytest.raises(DoubledKey, match="'k199999'"):
        unique([*keys, keys[-1]])
    assert time.process_time() - before < 2


def test_a_number_beyond_any_float_stays_as_it_is_written() -> None:
    """Two of them are two; NaN is a float, for tools write it bare."""
    assert json_value("[1e400, -2e400, 1e-400, 2.5]") == ["1e400", "-2e400", 0.0, 2.5]
    found = json_value("NaN")
    assert found != found
    assert list(json_lines('{"id": 1e400}\n{"id": 2e400}')) == [(1, {"id": "1e400"}), (2, {"id": "2e400"})]
