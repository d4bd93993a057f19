"""Reading tables by rows: what comes out, and where a mistake stands."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.formats.tables import BY_POLICY, COLUMNS, Row, TableReader, listed


class Refused(Exception):
    """What the reader is told to raise."""


READER = TableReader("votes", Refused, {"item": ("item", "id"), "vote": ("vote",)}, ("item",))
POLICY = TableReader("scores", Refused, {"item": ("item", "id"), "score": ("score",)}, ("item", "score"), BY_POLICY)


def _parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


BYTES = _parquet(pl.DataFrame({"a": [b"\xff"]}))
GOOD = _parquet(pl.DataFrame({"a": [f"{number * 7919 % 1009}" for number in range(999)]}))
BROKEN = GOOD[:100] + bytes(200) + GOOD[300:]
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
JSON = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.lists(TEXT, max_size=2)


def _cells(content: bytes, name: str) -> list[dict[str, Any]]:
    return [dict(row.cells) for row in READER.rows(Path(name), content)]


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_a_csv_comes_back_as_it_was_written(rows: list[tuple[str, str]], end: str) -> None:
    """Every cell is the text that another writer put there, whatever marks it holds; nothing becomes a number."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([("item", "vote"), *rows])
    assert _cells(file.getvalue().encode(), "t.csv") == [{"item": item, "vote": vote} for item, vote in rows]


@given(st.lists(st.dictionaries(TEXT, JSON, max_size=3), max_size=5), st.booleans())
def test_json_comes_back_as_it_was_written(rows: list[dict[str, Any]], escaped: bool) -> None:
    """JSON Lines and a JSON list give the values that stand in them, each row with the columns it has."""
    written = [json.dumps(row, ensure_ascii=escaped) for row in rows]
    assert _cells("\n".join(written).encode(), "t.jsonl") == rows
    assert _cells(f"[{', '.join(written)}]".encode(), "t.json") == rows


@given(st.binary(max_size=60), st.sampled_from([".csv", ".jsonl", ".json"]))
def test_no_bytes_end_in_a_traceback(content: bytes, suffix: str) -> None:
    """Whatever a text file holds is rows or the exception that was handed in."""
    try:
        assert all(isinstance(row, Row) for row in READER.rows(Path(f"t{suffix}"), content))
    except Refused as refused:
        assert str(refused).startswith(f"t{suffix}")


def test_parquet_gives_what_json_lines_would(tmp_path: Path) -> None:
    """Lists, numbers and nothing come as JSON has them; a date as text; a number that is none as nothing."""
    path = tmp_path / "t.parquet"
    rows: list[dict[str, Any]] = [
        {"item": 1, "messages": [{"role": "user", "content": "é"}], "score": 0.1, "kind": "a", "raw": b"x"},
        {"item": 2, "messages": None, "score": float("nan"), "kind": None, "raw": None},
    ]
    pl.DataFrame(rows).with_columns(
        pl.date(2025, 4, 25).alias("day"), pl.col("kind").cast(pl.Categorical())
    ).write_parquet(path)
    made = list(READER.rows(path))
    assert [row.place for row in made] == [f"{path}: row 1", f"{path}: row 2"]
    assert [dict(row.cells) for row in made] == [
        {**rows[0], "raw": "x", "day": "2025-04-25"},
        {**rows[1], "score": None, "day": "2025-04-25"},
    ]


@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("t.csv", 'item,vote\n"two\nlines",a\nb,c\n', ["t.csv:2", "t.csv:4"]),
        ("t.csv", "\nitem,vote\n\na,b\n\n\nc,d\n", ["t.csv:4", "t.csv:7"]),
        ("t.csv", "item,vote\r\na,b\r\nc,d", ["t.csv:2", "t.csv:3"]),
        ("t.csv", "item,vote\ra,b\r", ["t.csv:2"]),
        ("t.jsonl", '{"item": "a\u2028b"}\n\n{}\n', ["t.jsonl:1", "t.jsonl:3"]),
        ("t.json", '[{"item": 1},\n{"item": 2}]', ["t.json: record 1", "t.json: record 2"]),
    ],
)
def test_a_row_knows_where_it_begins(name: str, text: str, places: list[str]) -> None:
    """The place is the line on which a row begins, counted as an editor counts them; blank lines are no rows."""
    rows = list(READER.rows(Path(name), text.encode()))
    assert [row.place for row in rows] == places
    assert [row.number for row in rows] == [int(place.split()[-1].split(":")[-1]) for place in places]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json"])
def test_a_byte_order_mark_is_no_part_of_the_table(suffix: str) -> None:
    """What Excel puts before the first letter is skipped in every kind of text."""
    content = {".csv": b"item\na\n", ".jsonl": b'{"item": "a"}', ".json": b'[{"item": "a"}]'}[suffix]
    assert _cells(b"\xef\xbb\xbf" + content, f"t{suffix}") == [{"item": "a"}]


def test_a_cell_may_be_as_long_as_an_answer() -> None:
    """A cell above the limit of Python's own reader of CSV is read whole."""
    long = "x" * 1_000_000
    assert _cells(f"item,vote\na,{long}\n".encode(), "t.csv") == [{"item": "a", "vote": long}]


def test_half_a_letter_is_met_only_where_it_is_half() -> None:
    """An escaped pair of surrogates is one letter; one alone is refused with its line, in keys and lists too."""
    assert _cells(b'{"item": "\\ud83d\\ude00"}', "t.jsonl") == [{"item": "😀"}]
    for line in (b'{"item": [{"x": "\\ud83d"}]}', b'{"\\uDE00": 1}'):
        with pytest.raises(Refused, match=r"t\.jsonl:2: holds '\\ud.+', half of a letter"):
            _cells(b"{}\n" + line, "t.jsonl")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"item,vote,item\na,b,c\n", r"^t\.csv:1: two columns are called 'item'; rename one or take it out$"),
        ("t.csv", b"item,vote\na,b\nc\n", r"^t\.csv:3: has not as many fields as the header: 1, not 2$"),
        ("t.csv", b"item,vote\na,b,c\n", r"^t\.csv:2: has not as many fields as the header: 3, not 2$"),
        ("t.csv", b'item,vote\na,b\n"c,d\n\ne,f\n', r"^t\.csv:3: not valid CSV: a quotation mark is opened and never"),
        ("t.csv", b'item,vote\n"a"x,b\n', r"^t\.csv:2: not valid CSV: "),
        ("t.csv", b"item,vote\na,b\0\n", r"^t\.csv:2: a NUL byte stands in it"),
        *[
            (name, 'item,vote\na,"b"\n'.encode(code), rf"^{name}: UTF-16 or UTF-32 text; save it as UTF-8$")
            for name in ("t.csv", "t.jsonl", "t.json")
            for code in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le")
        ],
        (
            "t.csv",
            b"item;vote\na;1,5\n",
            r"^t\.csv:1: its fields are parted by semicolons; save it with commas between",
        ),
        (
            "t.csv",
            b'\n"item"\t"vote"\n',
            r"^t\.csv:1: its fields are parted by tabs; save it with commas between them$",
        ),
        (
            "t.csv",
            b"\xef\xbb\xbfitem|vote\n",
            r"^t\.csv:1: its fields are parted by upright lines; save it with commas",
        ),
        ("t.csv", "item,vote\né,b\n".encode("latin-1"), r"^t\.csv:2: not UTF-8 text \(byte 10\)"),
        ("t.jsonl", b'{"item": 1}\n[1]\n', r"^t\.jsonl:2: expected a JSON object$"),
        ("t.jsonl", b'{"item": 1}\n\n{oops\n', r"^t\.jsonl:3: not JSON: .* at column 2$"),
        ("t.jsonl", b'{"item": \n{}', r"^t\.jsonl:1: not JSON: Expecting value at column 10$"),
        ("t.jsonl", b'{"item": ' + b"9" * 5000 + b"}", r"^t\.jsonl:1: not JSON that can be read: a number is too long"),
        ("t.jsonl", b"[" * 100_000, r"^t\.jsonl:1: not JSON that can be read: nested too deep"),
        ("t.json", b'{"item": 1}', r"^t\.json: expected a list of records$"),
        ("t.json", b'[{"item": 1}, 2]', r"^t\.json: record 2: expected a JSON object$"),
        ("t.json", b'[\n{"item": "a', r"^t\.json:2: not JSON: Unterminated string starting at column 10$"),
        ("t.json", b'[\n{"item": }]', r"^t\.json:2: not JSON: Expecting value at column 10$"),
        ("t.json", b"[" * 100_000, r"^t\.json: not JSON that can be read"),
        ("t.json", b"", r"^t\.json:1: not JSON"),
        ("t.json", b"[" * 100_000, r"^t\.json: not JSON that can be read: nested too deep$"),
        ("t.json", b'[{"a": ' + b"9" * 5000 + b"}]", r"^t\.json: not JSON that can be read: a number is too long$"),
        ("t.parquet", BYTES, r"^t\.parquet: the column 'a' holds bytes that are no UTF-8 text$"),
        ("t.parquet", BROKEN, r"^t\.parquet: cannot be read: it is damaged; write it anew \(the reader says: "),
        ("t.parquet", b"PAR1 no", r"^t\.parquet: cannot be read: "),
        ("t.txt", b"item\n", r"^t\.txt: votes come as \.csv, \.jsonl, \.ndjson, \.json or \.parquet, not \.txt$"),
        ("t", b"item\n", "votes come as .*, not without a suffix$"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(name: str, content: bytes, words: str) -> None:
    """Each mistake names the file, the line and what is wrong, in the exception that was handed in."""
    with pytest.raises(Refused, match=words):
        _cells(content, name)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    """A missing file and a folder are refused in a sentence; a kind of file that this reader does not know too."""
    with pytest.raises(Refused, match=r"no\.csv: no such file$"):
        next(READER.rows(tmp_path / "no.csv"))
    with pytest.raises(Refused, match="cannot be read: Is a directory"):
        READER.content(tmp_path)
    with pytest.raises(Refused, match=r"scores come as .* or \.parquet, not \.tsv"):
        next(POLICY.rows(tmp_path / "t.tsv", b"[]"))


def test_columns_are_found_under_usual_names_or_as_mapped() -> None:
    """The first usual name that is there is taken, a mapped name before all, and what is not there has no column."""
    assert READER.names("t", ["id", "item", "vote"], {}) == {"item": "item", "vote": "vote"}
    assert READER.names("t", ["id", "text"], {}) == {"item": "id"}
    assert READER.names("t", ["id", "item"], {"item": "id"}) == {"item": "id"}


@pytest.mark.parametrize(
    ("reader", "held", "mapped", "words"),
    [
        (READER, ["vote"], {}, r"^t: no column for the item; it has vote\. Name it with --column item=NAME$"),
        (READER, ["item"], {"vote": "v"}, "no column for the vote; it has item"),
        (READER, ["item"], {"rater": "r"}, "a column can be named for item, vote; not for 'rater'"),
        (POLICY, ["item", "points"], {}, r"no column 'score'; found item, points\. Map it with columns: {score: …}"),
        (POLICY, ["item", "score"], {"item": "{n}"}, "no column '{n}'; found item, score"),
        (POLICY, [], {}, "no column 'item'; found none"),
    ],
)
def test_a_column_that_is_not_there_is_said(
    reader: TableReader, held: list[str], mapped: dict[str, str], words: str
) -> None:
    """The message names what is looked for, what is there and how to say where it is; a mistyped mapping too."""
    with pytest.raises(Refused, match=words):
        reader.names("t", held, mapped)


def test_named_rows_hold_what_was_looked_for(tmp_path: Path) -> None:
    """Cells stand under what they are; a column that only a later row has is found; a table without rows is refused."""
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": 7, "other": 1}\n{"id": "8", "vote": true}\n', encoding="utf-8")
    rows = READER.named_rows(path, {})
    assert [[row.text("item"), row.text("vote"), row.text("rater"), row.text(None)] for row in rows] == [
        ["7", "", "", ""], ["8", "true", "", ""]
    ]  # fmt: skip
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"t\.jsonl: no votes$"):
        READER.named_rows(path, {})


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_two_columns_of_one_name_are_refused(kind: str) -> None:
    """Neither of two columns is better than the other, also where only spaces tell them apart."""
    content = {
        "csv": b"item,vote, item\na,b,c\n",
        "jsonl": b'{"item": 1, "item": 2}',
        "json": b'[{"item": 1, "item": 2}]',
    }
    with pytest.raises(Refused, match=rf"^t\.{kind}:.* two columns are called 'item'"):
        _cells(content[kind], f"t.{kind}")


def test_names_of_columns_have_no_spaces_around_them() -> None:
    """A space after a comma, as people type it, hides no column."""
    assert _cells(b"item, vote \na,b\n", "t.csv") == [{"item": "a", "vote": "b"}]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (7, "7"), (7.0, "7"), ("7", "7"), ("007", "007"), (7.5, "7.5"), (True, "true"), (False, "false"), (" x ", "x"),
        (None, ""), (float("nan"), ""), (" ", ""), ([1], "[1]"), ({"é": 1}, '{"é": 1}'), (1e300, "1e+300"),
    ],
)  # fmt: skip
def test_a_name_is_a_word(value: object, word: str) -> None:
    """What stands in a cell is the same name in every format."""
    assert Row("t:1", 1, {"item": value}).name("item") == word


def test_another_name_is_taken_where_it_alone_is_there_and_said() -> None:
    """An alias counts in any case of its letters; two of them are refused, and a mapped column needs no word."""
    reader = TableReader("votes", Refused, {"item": ("item", "id", "pair")})
    assert reader.names("t", ["ID"], {}) == {"item": "ID"}
    assert reader.names("t", ["id", "item", "pair"], {}) == {"item": "item"}
    with pytest.raises(Refused, match=r"^t: the item may be 'id' or 'pair'\. Name it with --column item=NAME$"):
        reader.names("t", ["id", "pair"], {})
    assert reader.told(Path("a/t.csv"), {"item": "ID"}, {}) == ["t.csv: read 'ID' as the item."]
    assert (
        reader.told(Path("t.csv"), {"item": "item"}, {})
        == reader.told(Path("t.csv"), {"item": "q"}, {"item": "q"})
        == []
    )


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json"])
def test_a_table_of_very_many_columns_is_refused(name: str) -> None:
    """With how many there are, before anything is looked for among them."""
    names = [f"c{number}" for number in range(COLUMNS + 1)]
    record = json.dumps(dict.fromkeys(names, 1))
    content = {"t.csv": f"{','.join(names)}\n{',' * COLUMNS}\n", "t.jsonl": record, "t.json": f"[{record}]"}[name]
    with pytest.raises(Refused, match=r"has 10,001 columns, and 10,000 are read at most"):
        _cells(content.encode(), name)


def test_a_message_names_the_first_columns_and_counts_the_others() -> None:
    """However many there are."""
    assert listed(["a", "b"]) == "a, b"
    assert listed([]) == "none"
    assert listed(str(number) for number in range(25)).endswith("18, 19, and 5 more")
