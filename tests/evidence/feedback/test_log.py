"""Logs as people export them: what can be used is read alike from any format, and the rest is counted or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.evidence.feedback.log import Asked, Log, collected, read_log

COLUMNS = ("row", "arm", "time", "up", "down", "vote", "benefit", "use_case")


def _rows(log: Log) -> list[tuple[object, ...]]:
    return collected(log.path, log.frame.select(COLUMNS).sort("row")).rows()


def _csv(folder: Path, *lines: str, head: str = "user,arm,conversation,time,thumb,use_case,benefit") -> Path:
    path = folder / "log.csv"
    path.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return path


def test_a_log_reads_alike_in_every_format(tmp_path: Path, simulate: Callable[..., pl.DataFrame]) -> None:
    """CSV, JSON Lines and Parquet of one table give the same rows, users and conversations."""
    frame = simulate(40)
    frame.write_parquet(tmp_path / "log.parquet")
    frame.write_csv(tmp_path / "log.csv")
    frame.with_columns(pl.col("time").dt.to_string("%Y-%m-%dT%H:%M:%SZ")).write_ndjson(tmp_path / "log.jsonl")
    logs = [read_log(tmp_path / name, Asked()) for name in ("log.parquet", "log.csv", "log.jsonl")]
    first, *others = [_rows(log) for log in logs]
    assert len(first) == len(frame)
    assert others == [first, first]
    hashes = [collected(log.path, log.frame.select("user", "conversation")).rows() for log in logs]
    assert hashes[0] == hashes[1] == hashes[2]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1970-01-02T00:00:00Z", None),
        ("2026-03-01T12:00:00Z", 1_772_366_400),
        ("2026-03-01T14:00:00+02:00", 1_772_366_400),
        ("2026-03-01 12:00:00.5", 1_772_366_400),
        ("2026-03-01 12:00", 1_772_366_400),
        ("2026-03-01", 1_772_323_200),
        ("1772366400", 1_772_366_400),
        ("1772366400.7", 1_772_366_400),
        ("1772366400123", 1_772_366_400),
        ("1772366400123456", 1_772_366_400),
        ("2999-01-01", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_are_read_as_seconds(tmp_path: Path, written: str, seconds: int | None) -> None:
    """Usual ways to write a time mean one moment; an impossible or unreadable one is none, and counted."""
    good = "b,candidate,c2,2026-03-02,up,work,"
    log = read_log(_csv(tmp_path, f"a,baseline,c1,{written},up,work,", good), Asked())
    assert _rows(log)[0][2] == seconds
    assert bool(log.faults) is (seconds is None)


def test_typed_parquet_is_read(tmp_path: Path) -> None:
    """Numbers as users, booleans as thumbs, dates as times and whole numbers as benefit are taken as they are."""
    frame = pl.DataFrame(
        {
            "user": [1, 2, 3],
            "arm": ["control", "treatment", "control"],
            "thumb": [True, False, None],
            "benefit": [1.0, 0.0, float("nan")],
        }
    ).with_columns(pl.date(2026, 3, 1).alias("time"))
    frame.write_parquet(tmp_path / "log.parquet")
    log = read_log(tmp_path / "log.parquet", Asked(thumbs=("up=true", "down=false")))
    assert [row[1:-1] for row in _rows(log)] == [
        (0, 1_772_323_200, 1, 0, 1, 1.0),
        (1, 1_772_323_200, 0, 1, 1, 0.0),
        (0, 1_772_323_200, 0, 0, 0, None),
    ]


def test_what_cannot_be_used_is_counted_with_its_first_row(tmp_path: Path) -> None:
    """Rows without user or arm, of other arms, without a time, and votes before their conversation are told apart."""
    path = _csv(
        tmp_path,
        "a,A,c1,2026-03-01,up,work,,2026-03-01",
        ",A,c2,2026-03-01,up,work,,",
        "b,,c3,2026-03-01,up,work,,",
        "c,holdout,c4,2026-03-01,up,work,,",
        "d,B,c5,,down,work,,",
        "e,B,c6,2026-03-02,down,work,,2026-03-01",
        "f,B,c7,2026-03-02,down,work,,2026-03-03",
        head="user,arm,conversation,time,thumb,use_case,benefit,voted_at",
    )
    log = read_log(path, Asked(baseline="A", candidate="B"))
    assert [(one.what, one.rows, one.first) for one in log.faults] == [
        ("rows without a user", 1, 2),
        ("rows without an arm", 1, 3),
        ("rows of other arms", 1, 4),
        ("rows without a time", 1, 5),
        ("rows with a vote before their conversation", 1, 6),
    ]
    assert [row[0] for row in _rows(log)] == [1, 5, 7]


def test_a_clock_that_runs_backwards_is_counted_in_a_log_in_order(tmp_path: Path) -> None:
    """One row out of order is a clock; a log in no order at all is said to be none, and no clock is blamed."""
    times = [f"2026-03-01T00:{place // 60:02d}:{place % 60:02d}Z" for place in range(300)]
    times[200] = "2026-02-01T00:00:00Z"
    rows = [f"u{place},baseline,c{place},{at},up,work," for place, at in enumerate(times)]
    log = read_log(_csv(tmp_path, *rows), Asked())
    assert [(one.rows, one.first) for one in log.faults] == [(1, 201)]
    log = read_log(_csv(tmp_path, *rows[::-1]), Asked())
    assert log.faults == ()
    assert any("do not stand in order of time" in one for one in log.told)


def test_rows_of_another_length_are_counted_and_named(tmp_path: Path) -> None:
    """A row with too few fields is left out, and its line is told."""
    log = read_log(_csv(tmp_path, "a,baseline,c1,2026-03-01,up,work,", "b,candidate", "c,candidate,c3,,up,,"), Asked())
    assert (log.rows, log.faults[0].rows) == (2, 1)
    assert "log.csv:3: has not as many fields as the header" in log.faults[0].sentence


@pytest.mark.parametrize("benefit", ["7", "-0.1", "yes", "nan"])
def test_a_benefit_that_is_none_is_refused_with_its_row(tmp_path: Path, benefit: str) -> None:
    """A benefit lies from 0 to 1; another one is refused with row and what to do, for it would move every mean."""
    path = _csv(tmp_path, "a,baseline,c1,2026-03-01,up,work,1", f"b,candidate,c2,2026-03-01,up,work,{benefit}")
    with pytest.raises(
        EvidenceError, match=r"log.csv: 'benefit' is no benefit from 0 to 1 in rows: 1 \(row 2\).*divide"
    ):
        read_log(path, Asked())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("user,arm,thumb\n", "holds no rows"),
        ('user,arm,thumb\na,baseline,up\nb,candidate,"up\n', r"log.csv:3: not valid CSV: a quotation mark is opened"),
        ("user;arm;thumb\na;baseline;up\n", "parted by semicolons"),
        ("user,arm,thumb\na,baseline,up\na,candidate,\x00\n", "NUL byte"),
        (
            "user,arm,thumb,time\na,baseline,up,soon\n",
            "no time in 'time' can be read; write them as 2026-01-31T12:00:00Z",
        ),
        ("user,arm,thumb,arm\na,baseline,up,x\n", "two columns are called 'arm'"),
    ],
)
def test_a_broken_file_is_a_message(tmp_path: Path, content: str, says: str) -> None:
    """What no row can be told from is refused in words, with the place where there is one."""
    (tmp_path / "log.csv").write_text(content, encoding="utf-8")
    with pytest.raises(EvidenceError, match=says):
        read_log(tmp_path / "log.csv", Asked())


def test_parquet_that_is_none_is_a_message(tmp_path: Path, simulate: Callable[..., pl.DataFrame]) -> None:
    """A cut-off file, a folder, a missing file and another ending are refused in words."""
    path = tmp_path / "log.parquet"
    simulate(40).write_parquet(path)
    path.write_bytes(path.read_bytes()[:2_000])
    with pytest.raises(EvidenceError, match="damaged"):
        read_log(path, Asked())
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(EvidenceError, match="is a folder"):
        read_log(tmp_path / "folder.parquet", Asked())
    with pytest.raises(EvidenceError, match="no such file"):
        read_log(tmp_path / "none.parquet", Asked())
    with pytest.raises(EvidenceError, match="come as"):
        read_log(tmp_path / "log.xlsx", Asked())


def test_a_column_of_many_words_is_no_column_of_thumbs(tmp_path: Path) -> None:
    """Where comments stand as thumbs, the log is refused before a word is taken for a code."""
    lines = [json.dumps({"user": f"u{n}", "arm": "baseline", "thumb": f"nice {n}"}) for n in range(60)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"holds 60 different thumbs in its first rows .*--thumb NAME"):
        read_log(tmp_path / "log.jsonl", Asked())


def test_letters_beyond_ascii_and_spaces_are_one_user(tmp_path: Path) -> None:
    """Spaces around names and the case of a thumb change nothing; the letters of a user's name do."""
    path = _csv(
        tmp_path,
        " zoë ,baseline,c1,2026-03-01, UP ,work,",
        "zoë,baseline ,c2,2026-03-01,Up,work,",
        "zoe,candidate,c3,,down,,",
    )
    log = read_log(path, Asked())
    frame = collected(path, log.frame.sort("row").select("user", "up"))
    assert frame["user"].n_unique() == 2
    assert frame["up"].to_list() == [1, 1, 0]
