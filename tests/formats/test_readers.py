"""Readers that other packages register."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import EvidenceError
from seatrial.formats.readers import GROUP, has_reader
from seatrial.formats.tables import TableReader

VOTES = TableReader("votes", EvidenceError, {"item": ("item",), "vote": ("vote",)}, ("item", "vote"))


class _Entry:
    value = "package.module:read"

    def __init__(self, read: Callable[[Path], Any]) -> None:
        self._read = read

    def load(self) -> Callable[[Path], Any]:
        return self._read


def _register(monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], Any]) -> None:
    def entries(group: str, name: str) -> list[_Entry]:
        return [_Entry(read)] if (group, name) == (GROUP, "log") else []

    monkeypatch.setattr(metadata, "entry_points", entries)


def _two_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        yield number, dict(zip(("item", "vote"), line.split("|"), strict=True))


def test_a_registered_ending_is_read_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows come with their places, and columns are found under their usual names."""
    _register(monkeypatch, _two_rows)
    path = tmp_path / "votes.LOG"
    path.write_text("q1|left\nq2|right\n", encoding="utf-8")
    assert (has_reader(".log"), has_reader(".txt")) == (True, False)
    rows = VOTES.named_rows(path, {})
    assert [(row.place, row.text("item"), row.text("vote")) for row in rows] == [
        (f"{path}:1", "q1", "left"),
        (f"{path}:2", "q2", "right"),
    ]


def _raises(path: Path) -> Any:
    raise ValueError("line 3 is cut off; export it again")


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (_raises, "line 3 is cut off; export it again"),
        (lambda path: [1, 2], "fails"),
        (lambda path: [("one", {"item": "a"})], "no pairs of a number and a row's cells"),
        (lambda path: None, "fails"),
    ],
)
def test_a_reader_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], Any], words: str
) -> None:
    """The message has the file, the reader and what it says; nothing it raises gets through."""
    _register(monkeypatch, read)
    path = tmp_path / "votes.log"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"votes\.log") as caught:
        VOTES.named_rows(path, {})
    assert "package.module:read (seatrial.readers)" in str(caught.value)
    assert words in str(caught.value)


def test_an_ending_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    """The message lists what can be read."""
    path = tmp_path / "votes.log"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"votes come as \.csv, .*, not \.log"):
        VOTES.named_rows(path, {})
