"""Plain tables of scores become runs, one for each model and task."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.runs.table import read_table


def _file(folder: Path, text: str) -> Path:
    path = folder / "scores.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_models_and_tasks_are_runs_of_their_own(tmp_path: Path) -> None:
    """Rows go to their model and task, ids stay words, draws are read, and what was taken for what is said."""
    path = _file(
        tmp_path,
        "question_id,model,task,epoch,score,group\n01,a,math,1,1,g\n1,a,math,1,0,g\n01,a,math,2,1,g\n01,b,law,1,0.5,\n",
    )
    first, second = sorted(read_table(path, {}), key=lambda run: run.model)
    assert (first.model, first.task, second.model, second.task) == ("a", "math", "b", "law")
    assert first.scores["item"].to_list() == ["01", "1", "01"]
    assert first.scores["draw"].to_list() == [1, 1, 2]
    assert (first.scores["cluster"].to_list(), second.scores["cluster"].to_list()) == (["g", "g", "g"], ["01"])
    assert first.rows == 4
    assert "'question_id' as the item" in first.told[0]


def test_what_is_no_number_is_missing_with_its_reason(tmp_path: Path) -> None:
    """Blanks, NaN and words are counted by what they are; 1e-2 is a number, `7/10` and `72 %` are none."""
    path = _file(tmp_path, "item,score\na,1e-2\nb,7/10\nc,72 %\nd,\ne,NaN\nf,inf\n,1\n")
    (run,) = read_table(path, {})
    assert run.scores["value"].to_list() == [0.01, None, None, None, None, None]
    assert run.scores["reason"].to_list() == [
        "", "not a number: '7/10'", "not a number: '72 %'", "no score", "no score", "not a number: 'inf'"
    ]  # fmt: skip
    assert run.unread == {"a row without an item's name": 1}


def test_the_score_is_found_where_one_column_can_be_it(tmp_path: Path) -> None:
    """One column of numbers is taken and said; of two none is, until they are named."""
    (run,) = read_table(_file(tmp_path, "id,quality,why\na,0.5,good\nb,1,better\n"), {})
    assert run.scores["score"].unique().to_list() == ["quality"]
    assert any("the only column of numbers" in told for told in run.told)
    path = _file(tmp_path, "id,quality,length\na,0.5,3\nb,1,4\n")
    with pytest.raises(EvidenceError, match="--score NAME: quality, length"):
        read_table(path, {})
    (run,) = read_table(path, {}, ["quality", "length"])
    assert run.scores["score"].to_list() == ["quality", "quality", "length", "length"]
    with pytest.raises(EvidenceError, match="no column 'tone'"):
        read_table(path, {}, ["tone"])
    with pytest.raises(EvidenceError, match="none of its columns holds numbers"):
        read_table(_file(tmp_path, "id,why\na,good\n"), {})


def test_a_column_of_metrics_names_the_scores(tmp_path: Path) -> None:
    """Long tables hold several metrics, and Parquet comes typed."""
    path = tmp_path / "scores.parquet"
    pl.DataFrame({"item": [7, 7, 8], "metric": ["acc", "f1", "acc"], "value": [True, False, True]}).write_parquet(path)
    (run,) = read_table(path, {})
    rows = run.scores.select("score", "item", "value").rows()
    assert rows == [("acc", "7", 1.0), ("f1", "7", 0.0), ("acc", "8", 1.0)]


def test_an_item_must_be_named(tmp_path: Path) -> None:
    """Without a column of ids nothing can be paired."""
    with pytest.raises(EvidenceError, match="--column item=NAME"):
        read_table(_file(tmp_path, "q,score\na,1\n"), {})
    (run,) = read_table(_file(tmp_path, "q,score\na,1\n"), {"item": "q"})
    assert run.scores["item"].to_list() == ["a"]
