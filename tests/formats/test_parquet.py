"""Parquet within bounds: what a file comes to, and what is refused before it is unpacked."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.errors import EvidenceError
from seatrial.formats import parquet
from seatrial.formats.frames import read_frame
from seatrial.formats.parquet import TooLarge, held, json_rows, scan_parquet, unpacked_size
from seatrial.formats.tables import TableReader
from seatrial.observations import read_observations


class Refused(Exception):
    """What the reader is told to raise."""


READER = TableReader("rows", Refused, {"item": ("item",)}, ("item",))


def _written(frame: pl.DataFrame, **how: Any) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file, **how)
    return file.getvalue()


def _refused(content: bytes, path: Path) -> str:
    """Return what is said of a file, which is the same by rows and as a frame."""
    path.write_bytes(content)
    with pytest.raises(Refused) as as_rows:
        list(READER.rows(path))
    with pytest.raises(Refused) as as_frame:
        read_frame(READER, path)
    assert str(as_rows.value) == str(as_frame.value)
    return str(as_rows.value)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.text(max_size=40), st.none() | st.floats(), st.booleans()), min_size=1, max_size=60),
    st.sampled_from(["uncompressed", "zstd", "snappy", "gzip", "lz4"]),
    st.integers(1, 20),
    st.booleans(),
)
def test_the_size_is_at_least_what_comes_out(
    rows: list[tuple[str, float | None, bool]], compression: str, group: int, statistics: bool
) -> None:
    """By the pages' own headers, in any compression and any groups of rows; nothing of a row is lost by counting."""
    frame = pl.DataFrame(rows, schema=["item", "score", "seen"], orient="row")
    content = _written(frame, compression=compression, row_group_size=group, statistics=statistics)
    size = unpacked_size(content)
    pages = 3 * -(-len(rows) // group)
    assert size >= parquet.VALUE * 3 * len(rows) + parquet.PAGE * pages
    assert size <= (parquet.PAGE + 4096) * 2 * pages + 400 * len(rows)
    assert scan_parquet(content).collect().equals(frame, null_equal=True)


def test_a_page_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few thousand bytes that come to megabytes are refused by their own headers, before any is unpacked."""
    content = _written(pl.DataFrame({"item": ["x" * 1_000_000, "y"] * 20}), compression="zstd")
    assert len(content) < 20_000
    assert unpacked_size(content) > 1_000_000
    monkeypatch.setattr(parquet, "LARGEST", 900_000)
    monkeypatch.setattr(pl, "scan_parquet", None)
    said = _refused(content, tmp_path / "t.parquet")
    assert "t.parquet: comes to 0.0 GB or more once it is unpacked, and 0.0 GB are read at most; split it" in said


ONE = "x" * 10_000
REPEATED = {
    "text": pl.Series("item", [ONE] * 5000),
    "categories": pl.Series("item", [ONE] * 5000, dtype=pl.Categorical),
    "bytes": pl.Series("item", [ONE.encode()] * 5000),
    "lists": pl.Series("item", [[ONE]] * 5000),
    "messages": pl.Series("item", [[{"role": "user", "content": ONE}]] * 5000),
}


@pytest.mark.parametrize("kind", REPEATED)
def test_text_that_a_file_holds_once_counts_as_often_as_it_comes_out(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dictionary's words, in columns of text, of categories, of bytes and within lists, are counted row by row."""
    content = _written(pl.DataFrame([REPEATED[kind]]))
    monkeypatch.setattr(parquet, "LARGEST", 45_000_000)
    monkeypatch.setattr(parquet, "unpacked_size", lambda content: 0)
    assert "comes to 0.1 GB or more once it is unpacked" in _refused(content, tmp_path / "t.parquet")
    monkeypatch.setattr(parquet, "LARGEST", 60_000_000)
    assert held(scan_parquet(content).collect()).height == 5000


def test_observations_are_counted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that a file of observations holds once, and thousands of rows bear, is refused as in any other file."""
    monkeypatch.setattr(parquet, "LARGEST", 45_000_000)
    numbers = {"signal": "s/a", "role": "baseline", "value": 1.0, "draw": range(5000), "item": "i", "cluster": ONE}
    for kind in (pl.String, pl.Categorical):
        pl.DataFrame(numbers).with_columns(pl.col("cluster").cast(kind)).write_parquet(tmp_path / "o.parquet")
        with pytest.raises(EvidenceError, match=r"o\.parquet: comes to 0\.1 GB or more once it is unpacked"):
            read_observations(tmp_path / "o.parquet")


@pytest.mark.slow
def test_rows_that_take_no_room_in_the_file_count(tmp_path: Path) -> None:
    """Hundreds of millions of empty cells in a small file are refused by their number."""
    content = _written(pl.DataFrame({"item": pl.repeat(None, 300_000_000, dtype=pl.Boolean, eager=True)}))
    assert len(content) < 1_000_000
    assert "comes to 2.1 GB or more" in _refused(content, tmp_path / "t.parquet")


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda inner: b"PAR1" + inner + b"\x08\0\0\0PAR1"))
def test_what_is_no_parquet_is_refused(content: bytes) -> None:
    """Whatever the bytes, the count ends, and ends in the exception that all readers of Parquet have."""
    with pytest.raises((pl.exceptions.PolarsError, TooLarge)):
        scan_parquet(content).collect()


def test_a_file_that_says_nonsense_of_itself_is_refused_or_read() -> None:
    """Whichever byte of a file is another, it is read or refused, never counted for ever."""
    content = _written(pl.DataFrame({"item": ["a", "b"], "score": [1.0, None]}))
    for place in range(len(content)):
        changed = content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]
        try:
            assert unpacked_size(changed) >= 0
        except pl.exceptions.PolarsError as refused:
            assert str(refused) == str(parquet.NOT_PARQUET)


def test_rows_come_in_their_order() -> None:
    """More rows than are written out at once are all there, and an empty file has none."""
    frame = pl.DataFrame({"item": [f"line\n{number}" for number in range(2 * parquet.ROWS + 1)]})
    lines = list(json_rows(_written(frame)))
    assert lines == [line for line in frame.write_ndjson().split("\n") if line]
    assert list(json_rows(_written(frame.clear()))) in ([], [""])
