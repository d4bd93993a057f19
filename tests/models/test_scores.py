"""Runs that were scored elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.models import read_scores
from seatrial.models.scores import Scores
from seatrial.policy import ModelSpec
from tables import BLANKS, FORMATS, write_table

TABLE = "item,model,score,draw\na,old,1,0\na,old,0,1\na,new,1,0\nb,old,0,0\nb,new,1,0\n"


def _spec(path: Path, name: str | None = None, **columns: str) -> ModelSpec:
    return ModelSpec(model=f"scores/{path}", name=name, columns=columns)


def _table(tmp_path: Path, text: str = TABLE) -> Path:
    path = tmp_path / "scores.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_two_models_of_one_table(tmp_path: Path) -> None:
    """Each role gets its model's rows; an item is its own cluster where none is named."""
    path = _table(tmp_path)
    frame = read_scores(_spec(path, "old"), _spec(path, "new"), "benchmark/x").observations
    assert frame.group_by("role").len().sort("role")["len"].to_list() == [3, 2]
    assert frame["cluster"].to_list() == frame["item"].to_list()


def test_parquet_and_clusters(tmp_path: Path) -> None:
    """Parquet works like CSV, and clusters and signals in the table are used."""
    frame = pl.DataFrame({"item_id": [1, 2], "value": [0.5, 1.0], "cluster": ["p", "p"], "signal": ["x/y", "x/y"]})
    frame.write_parquet(tmp_path / "s.parquet")
    spec = _spec(tmp_path / "s.parquet")
    read = read_scores(spec, spec, None).observations
    assert set(read["cluster"]) == {"p"}
    assert set(read["signal"]) == {"x/y"}


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (TABLE, None, "holds 2 models; pick one with `name`"),
        (TABLE, "other", "no model 'other'"),
        ("item,points\na,1\n", None, "no column 'score'"),
        ("item,score\na,1\n", "old", "no column `model`"),
        ("item,score\na,nan\n", None, "row 1: the score is not a finite number"),
        ("item,score\na,high\n", None, "not a finite number"),
        ("item,score\na,1\na,1\n", None, "stands twice"),
        ("item,score\n,1\n", None, "the item is empty"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, name: str | None, words: str) -> None:
    """Whatever cannot be compared is refused with the row or the remedy."""
    spec = _spec(_table(tmp_path, text), name)
    with pytest.raises(EvidenceError, match=words):
        read_scores(spec, spec, "benchmark/x")


def test_no_shared_item(tmp_path: Path) -> None:
    """Two models without a shared item cannot be compared."""
    path = _table(tmp_path, "item,model,score\na,old,1\nb,new,1\n")
    with pytest.raises(EvidenceError, match="share no item"):
        read_scores(_spec(path, "old"), _spec(path, "new"), "benchmark/x")


def test_torn_clusters(tmp_path: Path) -> None:
    """An item that stands in different clusters for the two models is refused."""
    path = _table(tmp_path, "item,model,score,cluster\na,old,1,p\na,new,1,q\n")
    with pytest.raises(EvidenceError, match="another cluster"):
        read_scores(_spec(path, "old"), _spec(path, "new"), "benchmark/x")


def test_which_gate_must_be_clear(tmp_path: Path) -> None:
    """With several gates a column must say which signal a score belongs to."""
    path = _table(tmp_path)
    with pytest.raises(EvidenceError, match="column `signal`"):
        read_scores(_spec(path, "old"), _spec(path, "new"), None)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing files, other formats and garbage are refused in a sentence."""
    (tmp_path / "s.parquet").write_bytes(b"no")
    for name, words in (("no.csv", "no such file"), ("s.txt", "come as"), ("s.parquet", "cannot be read")):
        with pytest.raises(EvidenceError, match=words):
            read_scores(_spec(tmp_path / name), _spec(tmp_path / name), "x/y")


def test_columns_can_be_mapped(tmp_path: Path) -> None:
    """The policy may name the columns, for each of the two models by itself."""
    (tmp_path / "a.csv").write_text("q,points\n1,0.5\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("item_id,value\n1,1\n", encoding="utf-8")
    frame = read_scores(
        _spec(tmp_path / "a.csv", item="q", score="points"), _spec(tmp_path / "b.csv"), "x/y"
    ).observations
    assert frame["value"].to_list() == [0.5, 1.0]
    assert frame["source"].to_list() == ["a.csv", "b.csv"]
    with pytest.raises(EvidenceError, match=r"no column 'Q'; found q, points\. Map it with columns: \{item: …\}"):
        read_scores(_spec(tmp_path / "a.csv", item="Q"), _spec(tmp_path / "b.csv"), "x/y")


def test_a_row_is_named_as_it_stands_in_the_table(tmp_path: Path) -> None:
    """Where `name` picks one model's rows, a wrong one is told by its place in the file, not among the chosen."""
    path = _table(tmp_path, "item,model,score\na,old,1\na,new,1\nb,old,1\nb,new,x\n")
    with pytest.raises(EvidenceError, match=r"row 4: the score is not a finite number \(1 such rows, candidate\)"):
        read_scores(_spec(path, "old"), _spec(path, "new"), "x/y")


def _read(tmp_path: Path, kind: str, *rows: dict[str, Any], signal: str | None = "x/y") -> Scores:
    spec = _spec(write_table(tmp_path / f"s.{kind}", rows))
    return read_scores(spec, spec, signal, {"x/y": (0.0, 1.0)})


@pytest.mark.parametrize("kind", FORMATS)
def test_a_blank_is_the_default_in_every_format(tmp_path: Path, kind: str) -> None:
    """Without a cluster an item is its own, without a use case it is general, whatever a blank cell holds."""
    rows = [{"item": n, "score": 1, "cluster": blank, "use_case": blank} for n, blank in enumerate((*BLANKS, " c "))]
    read = _read(tmp_path, kind, *rows).observations[:4]
    assert read["cluster"].to_list() == ["0", "1", "2", "c"]
    assert read["use_case"].to_list() == ["general"] * 3 + ["c"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("item", r"row 2: the item is empty \(1 such rows, baseline\)"),
        ("signal", r"row 2: the signal is empty \(1 such rows, baseline\)"),
        ("model", r"row 2: no model is named \(1 such rows\)"),
        ("score", r"row 2: the score is not a finite number"),
    ],
)
def test_a_blank_in_a_needed_column_is_refused_with_its_row(
    tmp_path: Path, kind: str, blank: str | None, column: str, words: str
) -> None:
    """No score is dropped because nobody says what it is of."""
    rows = [{"item": item, "score": 1, "signal": "x/y", "model": "m"} for item in "abc"]
    with pytest.raises(EvidenceError, match=words):
        _read(tmp_path, kind, rows[0], rows[1] | {column: blank}, rows[2])


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("column", ["draw", "epoch", "Repeat", "sample", "trial"])
@pytest.mark.parametrize("names", [(1, 2), (0, 1), ("a", "b")])
def test_all_draws_are_read_whatever_they_are_called(
    tmp_path: Path, kind: str, column: str, names: tuple[Any, Any]
) -> None:
    """Repetitions are found under the names that tools give their column, and may be called anything."""
    rows = [{"item": "q", "score": value, column: name} for name, value in zip(names, (0, 1), strict=True)]
    read = _read(tmp_path, kind, *rows)
    assert read.observations["value"].to_list() == [0.0, 1.0] * 2
    assert read.told == (() if column == "draw" else (f"s.{kind}: read {column!r} as the draw.",))


@pytest.mark.parametrize("kind", FORMATS)
def test_values_not_differences_are_held_to_the_scale(tmp_path: Path, kind: str) -> None:
    """Scores of 3 to 5 are refused with row and value, though all their differences fit into [0, 1]."""
    rows = [{"item": n, "score": value} for n, value in enumerate((1, 0.5, 4.5))]
    with pytest.raises(EvidenceError, match=r"row 3: the score 4\.5 of x/y is outside \[0, 1\].*bounds: \[smallest"):
        _read(tmp_path, kind, *rows)


def test_ids_of_two_formats_are_the_same(tmp_path: Path) -> None:
    """Numbers of a Parquet file, fractions among them, meet the words of a CSV."""
    old = write_table(tmp_path / "old.csv", [{"item": "7", "score": 1}, {"item": "007", "score": 1}])
    new = write_table(tmp_path / "new.parquet", [{"item": 7.0, "score": 1}])
    read = read_scores(_spec(old), _spec(new), "x/y").observations
    assert read.filter(pl.col("item") == "7")["role"].to_list() == ["baseline", "candidate"]


def test_two_columns_that_may_be_meant_are_refused(tmp_path: Path) -> None:
    """Which of two usual names is meant is not guessed; the own name needs no guess."""
    with pytest.raises(EvidenceError, match=r"the item may be 'item_id' or 'id'\. Map it with columns: \{item: …\}"):
        _read(tmp_path, "csv", {"item_id": 1, "id": 2, "score": 1})
    assert _read(tmp_path, "csv", {"item": 1, "id": 2, "score": 1}).told == ()


def test_scores_of_other_models_are_counted(tmp_path: Path) -> None:
    """What stands in the table and belongs to neither model is said."""
    path = _table(tmp_path, TABLE + "a,third,1,0\nb,fourth,1,0\n")
    told = read_scores(_spec(path, "old"), _spec(path, "new"), "x/y").told
    assert told == ("scores.csv: 2 scores of other models were not read: fourth, third.",)
