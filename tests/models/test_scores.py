"""Runs that were scored elsewhere."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.models import read_scores
from seatrial.policy import ModelSpec

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
    frame = read_scores(_spec(path, "old"), _spec(path, "new"), "benchmark/x")
    assert frame.group_by("role").len().sort("role")["len"].to_list() == [3, 2]
    assert frame["cluster"].to_list() == frame["item"].to_list()


def test_parquet_and_clusters(tmp_path: Path) -> None:
    """Parquet works like CSV, and clusters and signals in the table are used."""
    frame = pl.DataFrame({"item_id": [1, 2], "value": [0.5, 1.0], "cluster": ["p", "p"], "signal": ["x/y", "x/y"]})
    frame.write_parquet(tmp_path / "s.parquet")
    spec = _spec(tmp_path / "s.parquet")
    read = read_scores(spec, spec, None)
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
        ("item,score,draw\na,1,x\n", None, "draw is not a whole number"),
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
    frame = read_scores(_spec(tmp_path / "a.csv", item="q", score="points"), _spec(tmp_path / "b.csv"), "x/y")
    assert frame["value"].to_list() == [0.5, 1.0]
    assert frame["source"].to_list() == ["a.csv", "b.csv"]
    with pytest.raises(EvidenceError, match=r"no column 'Q'; found q, points\. Map it with columns: \{item: …\}"):
        read_scores(_spec(tmp_path / "a.csv", item="Q"), _spec(tmp_path / "b.csv"), "x/y")


def test_a_row_is_named_as_it_stands_in_the_table(tmp_path: Path) -> None:
    """Where `name` picks one model's rows, a wrong one is told by its place in the file, not among the chosen."""
    path = _table(tmp_path, "item,model,score\na,old,1\na,new,1\nb,old,1\nb,new,x\n")
    with pytest.raises(EvidenceError, match=r"row 4: the score is not a finite number \(1 such rows, candidate\)"):
        read_scores(_spec(path, "old"), _spec(path, "new"), "x/y")
