"""Large text is streamed, and says what small text says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.evidence.feedback import scan
from seatrial.evidence.feedback.log import Asked, Log, collected, read_log

Simulate = Callable[..., pl.DataFrame]
COLUMNS = ("row", "user", "conversation", "arm", "time", "up", "down", "benefit", "use_case")


def _rows(log: Log) -> list[tuple[object, ...]]:
    return collected(log.path, log.frame.select(COLUMNS).sort("row")).rows()


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_streamed_text_is_what_read_text_is(
    simulate: Simulate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The same rows, users and conversations, with blank cells, spaces and letters beyond ASCII."""
    frame = simulate(50).with_columns(
        pl.col("time").dt.to_string("%Y-%m-%dT%H:%M:%SZ"),
        pl.format(" {}é ", "user").alias("user"),
        pl.when(pl.col("thumb") != "none").then("thumb"),
    )
    path = tmp_path / name
    if name.endswith(".csv"):
        frame.rename({"user": " user "}).write_csv(path)
    else:
        frame.write_ndjson(path)
    read = _rows(read_log(path, Asked()))
    monkeypatch.setattr(scan, "STREAMED", 0)
    assert _rows(read_log(path, Asked())) == read
    assert len(read) == len(frame)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("log.csv", "user,arm,thumb,arm\na,baseline,up,x\n", "log.csv:1: two columns are called 'arm'"),
        ("log.csv", 'user,arm,thumb\na,baseline,up\nb,candidate,"up\n', "cannot be read"),
        ("log.csv", "user,arm,thumb\na,baseline,up,x\n", "cannot be read"),
        ("log.csv", "user,arm,thumb\n", "holds no rows"),
        ("log.csv", "\xff\xfe", "cannot be read|no column"),
        ("log.jsonl", '{"user": "a", "arm": \n', "cannot be read"),
    ],
)
def test_a_broken_streamed_file_is_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, says: str
) -> None:
    """What the streaming reader stumbles over is said in words, with the file."""
    monkeypatch.setattr(scan, "STREAMED", 0)
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(EvidenceError, match=says):
        read_log(tmp_path / name, Asked())


def test_what_is_no_file_is_a_message(tmp_path: Path) -> None:
    """A folder, nothing at all, and another ending."""
    (tmp_path / "folder.parquet").mkdir()
    for name, says in (("folder.parquet", "is a folder"), ("none.parquet", "no such file"), ("log.xlsx", "come as")):
        with pytest.raises(EvidenceError, match=says):
            scan.scan_log(tmp_path / name, [])
