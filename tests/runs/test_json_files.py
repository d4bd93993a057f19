"""Files of JSON that other tools wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatrial.errors import EvidenceError
from seatrial.runs import json_files
from seatrial.runs.json_files import (
    digest_of,
    first_of,
    id_of,
    json_file,
    json_list,
    json_object,
    json_rows,
    mapping,
    messages_of,
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": 1', "no JSON.*; copy or export it again"),
        (b'{"a": 1, "a": 2}', "'a'; rename one or take it out$"),
        (b"[1]", "no object.*; copy or export it again"),
        (b"[" * 200_000, "nested too deep"),
        (b'{"a": "\xff"}', "no JSON"),
        (b"", "no JSON"),
    ],
)
def test_what_is_no_object_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    """Half a file, a key that stands twice, a list, bottomless nesting, bytes that are no text, nothing."""
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(EvidenceError, match=rf"a\.json.*{words}"):
        json_file(tmp_path / "a.json", "")


def test_bare_nan_is_read() -> None:
    """Inspect writes it where a sample has no score; strict readers fail there."""
    assert str(json_object(Path("a"), "a", b'{"value": NaN}')["value"]) == "nan"


def test_a_file_that_is_too_large_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is looked at before it is read."""
    (tmp_path / "a.json").write_text('{"a": 1}')
    monkeypatch.setattr(json_files, "LIMIT", 7)
    with pytest.raises(EvidenceError, match="convert it"):
        json_file(tmp_path / "a.json", "convert it")
    with pytest.raises(EvidenceError, match=r"b\.json: no such file"):
        json_file(tmp_path / "b.json", "")
    monkeypatch.undo()
    with pytest.raises(EvidenceError, match="cannot be read"):
        json_file(tmp_path, "")


def test_a_list_is_no_object_and_an_object_no_list() -> None:
    """Each is refused in the other's place."""
    assert json_list(Path("a"), "b", b"[1]") == [1]
    with pytest.raises(EvidenceError, match="a: b is no list"):
        json_list(Path("a"), "b", b"{}")


def test_rows_keep_their_line_numbers_and_bad_lines_end_nothing(tmp_path: Path) -> None:
    """A mark at the start, blank lines, bytes that are no text, a separator within a string, half a last line."""
    path = tmp_path / "a.jsonl"
    lines = [b'\xef\xbb\xbf{"n": 1}', b"", b'{"n": "\xff"}', '{"n": "x\u2028y"}'.encode(), b'{"n": 5}\r', b'{"n": ']
    path.write_bytes(b"\n".join(lines))
    found = list(json_rows(path))
    assert found[:4] == [(1, {"n": 1}), (3, "not UTF-8"), (4, {"n": "x\u2028y"}), (5, {"n": 5})]
    assert found[4][0] == 6 and "not JSON" in str(found[4][1])
    with pytest.raises(EvidenceError, match="no such file"):
        list(json_rows(tmp_path / "b.jsonl"))


def test_small_readings() -> None:
    """A mapping or an empty one; the first value that is there; a digest that does not hang on the order of keys."""
    assert mapping([1]) == {} and mapping({"a": 1}) == {"a": 1}
    assert first_of({"a": None, "b": "", "c": 0, "d": 1}, ("a", "b", "c", "d")) == "0"
    assert first_of({}, ("a",)) == ""
    assert digest_of({"a": 1, "b": "\ud800"}) == digest_of({"b": "\ud800", "a": 1}) != digest_of({"a": 1})


@pytest.mark.parametrize("prompt", ["plain", "[1] first", '["a"]', '[{"role": "user"}]', "[]", "[" * 200_000])
def test_text_that_is_no_list_of_messages_is_one_message(prompt: str) -> None:
    """Nothing of a prompt is lost because it looks like JSON."""
    assert messages_of(prompt) == (("user", prompt),)


def test_messages_in_json_are_messages() -> None:
    """A chat comes with its roles."""
    chat = [{"role": "system", "content": "Count."}, {"role": "user", "content": "1 + 1?"}]
    assert messages_of(json.dumps(chat)) == (("system", "Count."), ("user", "1 + 1?"))
    assert messages_of(None) == ()


def test_ids_are_words_and_nothing_is_none() -> None:
    """One number is one id however it is written; what is no float stays as it stands; NaN and null are no id."""
    assert [id_of(one) for one in (7, 7.0, " 7 ", "007", "1e400", [3], True)] == [
        "7",
        "7",
        "7",
        "007",
        "1e400",
        "[3]",
        "true",
    ]
    assert [id_of(one) for one in (None, float("nan"), "", " ")] == [""] * 4
    assert json_object(Path("a"), "a", b'{"a": 1e400, "b": 2e400}') == {"a": "1e400", "b": "2e400"}
