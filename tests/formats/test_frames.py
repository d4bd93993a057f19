"""Reading tables as frames: words that become numbers where one is wanted, and frames that are there already."""

from __future__ import annotations

import json
import math
import os
import resource
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.formats.frames import as_name, as_number, as_whole, frame_of, read_frame, reading, write_frame
from seatrial.formats.tables import TableReader


class Refused(Exception):
    """What the reader is told to raise."""


READER = TableReader("scores", Refused, {})


def _converted(values: list[Any], whole: bool = False, dtype: Any = None) -> list[float | None]:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    made = (as_whole if whole else as_number)(pl.col("x"), frame.schema["x"])
    return frame.select(made).to_series().to_list()


def test_one_table_in_three_formats_is_one_frame(tmp_path: Path) -> None:
    """Ids stay as they are written, whatever they look like; a blank cell of a CSV is what null is elsewhere."""
    rows = [{"item": "007", "score": "1e0"}, {"item": "7", "score": None}, {"item": "true", "score": " 2"}]
    (tmp_path / "t.csv").write_text("item,score\n007,1e0\n7,\ntrue, 2\n", encoding="utf-8")
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    pl.DataFrame(rows).write_parquet(tmp_path / "t.parquet")
    for suffix in ("csv", "jsonl", "parquet"):
        assert read_frame(READER, tmp_path / f"t.{suffix}").rows(named=True) == rows


def test_what_json_holds_becomes_words_one_by_one(tmp_path: Path) -> None:
    """A whole number among fractions stays whole, and what is no text reads as JSON writes it; late columns count."""
    values = [1, 2.5, True, None, "", [1, "é"], {"a": None}]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps({"x": value}) for value in values) + '\n{"y": 1}')
    frame = read_frame(READER, tmp_path / "t.jsonl")
    assert frame["x"].to_list() == ["1", "2.5", "true", None, "", '[1, "é"]', '{"a": null}', None]
    assert frame["y"].to_list() == [None] * 7 + ["1"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_long_file_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """No row is lost or doubled where one batch ends and the next begins, nor a column that only a later batch has."""
    monkeypatch.setattr("seatrial.formats.frames.BATCH", 2)
    numbers = [str(number) for number in range(count)]
    (tmp_path / "t.csv").write_text("x\n" + "\n".join(numbers), encoding="utf-8")
    assert read_frame(READER, tmp_path / "t.csv")["x"].to_list() == numbers
    (tmp_path / "t.jsonl").write_text("\n".join(f'{{"x": {number}}}' for number in numbers) + '\n{"y": 1}')
    read = read_frame(READER, tmp_path / "t.jsonl")
    assert (read["x"].to_list(), read["y"].to_list()) == ([*numbers, None], [None] * count + ["1"])


def test_a_header_alone_is_a_table(tmp_path: Path) -> None:
    """A CSV without rows has its columns, as Parquet without rows has."""
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf\nitem,score\n")
    pl.DataFrame(schema={"item": pl.String, "score": pl.String}).write_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.parquet"):
        frame = read_frame(READER, tmp_path / name)
        assert (frame.columns, len(frame)) == (["item", "score"], 0)


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_text_file_without_rows_is_refused(tmp_path: Path, name: str) -> None:
    """An empty file is a sentence, not a frame without columns."""
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(Refused, match=r"is empty$"):
        read_frame(READER, tmp_path / name)


def test_parquet_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    """What the library says of a broken file, or even its panic, comes in the exception that was handed in."""
    (tmp_path / "t.parquet").write_bytes(b"PAR1" * 5)
    with pytest.raises(Refused, match=r"t\.parquet: cannot be read: [^\n]+$"):
        read_frame(READER, tmp_path / "t.parquet")
    with pytest.raises(Refused, match=r"no\.parquet: no such file$"):
        read_frame(READER, tmp_path / "no.parquet")
    with pytest.raises(Refused, match=r"^t: cannot be read: oh$"), reading("t", Refused):
        raise pl.exceptions.PanicException("oh\nno")


@given(st.lists(st.floats() | st.integers(-(2**53), 2**53), min_size=1, max_size=9))
def test_a_number_in_words_is_that_number(values: list[float]) -> None:
    """The words that Python writes for numbers become the same numbers, to the last bit."""
    made = _converted([str(value) for value in values])
    assert all(
        one == value or (one is not None and math.isnan(one) and math.isnan(value))
        for one, value in zip(made, map(float, values), strict=True)
    )


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=9))
def test_whole_numbers_stay_exact(values: list[int]) -> None:
    """No whole number of 64 bits passes through a float, in words or not."""
    assert _converted([str(value) for value in values], whole=True) == values
    assert _converted(values, whole=True) == values


@pytest.mark.parametrize(
    ("words", "number", "whole"),
    [
        (["1.0", " 2 ", "+3", "1e1"], [1.0, 2.0, 3.0, 10.0], [1, 2, 3, 10]),
        (["1.5", "x", "", "1,5", "1_0", None], [1.5, None, None, None, None, None], [None] * 6),
        (["True", "false", None], [1.0, 0.0, None], [1, 0, None]),
        (["true", "0.5"], [None, 0.5], [None, None]),
        (["1e300", "-inf"], [1e300, -math.inf], [None, None]),
    ],
)
def test_words_that_say_a_number(words: list[str | None], number: list[float | None], whole: list[int | None]) -> None:
    """Spaces, signs and exponents count; truth counts where a column holds nothing else; other words are null."""
    assert _converted(words) == number
    assert _converted(words, whole=True) == whole


def test_types_that_only_look_like_numbers() -> None:
    """A category is read by its word, not by its number in a list; a date is no number; a half draw no draw."""
    assert _converted(["0.5", "0.25"], dtype=pl.Categorical()) == [0.5, 0.25]
    assert _converted([True, False]) == [1.0, 0.0]
    assert _converted([1.0, 1.5, math.nan], whole=True) == [1, None, None]
    frame = pl.DataFrame({"x": ["2025-04-25"]}).select(pl.col("x").str.to_date())
    assert frame.select(as_number(pl.col("x"), frame.schema["x"])).item() is None


@pytest.mark.parametrize(
    ("cells", "names", "number"),
    [
        (pl.Series([[1, 2], None, []]), ["[1, 2]", None, "[]"], [None] * 3),
        (pl.Series([{"a": 1.5}, None, {"a": None}]), ['{"a": 1.5}', None, '{"a": null}'], [None] * 3),
        (pl.Series([[date(2026, 1, 2)]]), ['["2026-01-02"]'], [None]),
        (pl.Series([b"7", b"\xff", None]), ["7", None, None], [7.0, None, None]),
        (pl.Series([date(2026, 1, 2)]), ["2026-01-02"], [None]),
        (pl.Series(["7", "b"], dtype=pl.Categorical), ["7", "b"], [7.0, None]),
        (pl.Series([Decimal("7.50")]), ["7.50"], [7.5]),
    ],
)  # fmt: skip
def test_any_type_is_words_and_a_number_or_none(cells: pl.Series, names: list[Any], number: list[Any]) -> None:
    """Lists and objects read as JSON writes them, as from a text file; bytes that are no text say nothing."""
    frame = cells.alias("cell").to_frame().lazy()
    kind, column = cells.dtype, pl.col("cell")
    found = frame.select(as_name(column, kind).alias("name"), as_number(column, kind).alias("number")).collect()
    assert found["name"].to_list() == names
    assert found["number"].to_list() == number


def test_a_polars_frame_is_taken_as_it_is() -> None:
    """Nothing is copied or cast."""
    frame = pl.DataFrame({"item": [1]})
    assert frame_of(frame, "t", Refused) is frame


def test_a_pandas_frame_says_what_its_file_would() -> None:
    """Numbers stay numbers, all else becomes words, and each of pandas' ways to say nothing is null."""
    pandas = pytest.importorskip("pandas", reason="pandas comes with the extra `train`")
    frame = pandas.DataFrame(
        {
            "item": ["007", None, 7],
            "value": [0.1, float("nan"), 3],
            "draw": pandas.array([0, None, 2], dtype="Int64"),
            "flag": [True, False, True],
            "kind": pandas.Categorical(["a", None, "b"]),
            "day": pandas.to_datetime(["2025-04-25", None, "2025-04-26"]),
            5: [1, 2, 3],
        },
        index=[9, 9, 9],
    )
    assert frame_of(frame, "t", Refused).to_dict(as_series=False) == {
        "item": ["007", None, "7"],
        "value": [0.1, None, 3.0],
        "draw": ["0", None, "2"],
        "flag": [True, False, True],
        "kind": ["a", None, "b"],
        "day": ["2025-04-25 00:00:00", None, "2025-04-26 00:00:00"],
        "5": [1, 2, 3],
    }
    with pytest.raises(Refused, match="t: two columns are called 'a'"):
        frame_of(pandas.DataFrame([[1, 2]], columns=["a", "a"]), "t", Refused)
    with pytest.raises(Refused, match=r"t: cannot be read: .*surrogate"):
        frame_of(pandas.DataFrame({"a": ["\ud83d"]}, dtype=object), "t", Refused)


@pytest.mark.parametrize("given", [None, [{"item": 1}], pl.Series([1])])
def test_what_is_no_frame_is_refused(given: Any) -> None:
    """Lists and the like are named by their type."""
    with pytest.raises(Refused, match=r"t: expected a DataFrame of polars or pandas, not (NoneType|list|Series)$"):
        frame_of(given, "t", Refused)


def test_a_frame_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """Under a name of any bytes; where it cannot be written, what was there stays and nothing lies beside it."""
    path = tmp_path / os.fsdecode(b"f\xff.parquet")
    write_frame(pl.DataFrame({"x": [1]}), path, Refused)
    before = path.read_bytes()
    assert pl.read_parquet(before)["x"].to_list() == [1]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(Refused, match="cannot be written: File too large"):
            write_frame(pl.DataFrame({"x": list(range(9_999))}), path, Refused)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_rows_that_each_have_columns_of_their_own_are_refused(tmp_path: Path) -> None:
    """A table of all of them would be as wide as it is long."""
    lines = "".join(f'{{"item": "i", "k{number}": 1}}\n' for number in range(12_000))
    (tmp_path / "t.jsonl").write_text(lines, encoding="utf-8")
    with pytest.raises(Refused, match=r"t\.jsonl: has 12,001 columns, and 10,000 are read at most"):
        read_frame(READER, tmp_path / "t.jsonl")
