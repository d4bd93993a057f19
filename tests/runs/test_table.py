"""Plain tables of scores become runs, one for each model and task."""

from __future__ import annotations

from datetime import timedelta
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
    assert run.unread == {"a row without the name of an item, the first in row 7": 1}


def test_the_score_is_found_where_one_column_can_be_it(tmp_path: Path) -> None:
    """One column of numbers is taken and said; of two none is, until they are named."""
    (run,) = read_table(_file(tmp_path, "id,quality,why\na,0.5,good\nb,1,better\n"), {})
    assert run.scores["score"].unique().to_list() == ["quality"]
    assert any("the only column of numbers" in told for told in run.told)
    path = _file(tmp_path, "id,quality,length\na,0.5,3\nb,1,4\n")
    with pytest.raises(EvidenceError, match=r"--score NAME \(in a policy `scores`\): quality, length"):
        read_table(path, {})
    (run,) = read_table(path, {}, ["quality", "length"])
    assert run.scores["score"].to_list() == ["quality", "quality", "length", "length"]
    with pytest.raises(EvidenceError, match="no column 'tone'"):
        read_table(path, {}, ["tone"])
    with pytest.raises(EvidenceError, match="none of its columns holds numbers alone; why holds 'good' in row 1"):
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


def test_ids_beyond_any_float_stay_apart(tmp_path: Path) -> None:
    """Two numbers of JSON that no float can hold are two items, as they are written; NaN is no id."""
    path = tmp_path / "a.jsonl"
    ids = ("1e400", "2e400", "7.0", "Infinity", "NaN", "null")
    path.write_text("".join(f'{{"item": {one}, "score": 1}}\n' for one in ids))
    (run,) = read_table(path, {})
    assert run.scores["item"].to_list() == ["1e400", "2e400", "7", "inf"]
    assert run.unread == {"a row without the name of an item, the first in row 5": 2}


def test_rows_that_are_not_whole_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    """Half a last line, a doubled key, a field too few; the first is named with its line."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"item": "a", "score": 1}\n{"item": "b", "item": "c", "score": 0}\n{"item": "d", "sco')
    (run,) = read_table(path, {})
    assert (run.scores["item"].to_list(), run.rows, dict(run.unread)) == (["a"], 3, {"a row that is not whole": 2})
    assert f"2 of 3 rows were not read; the first: {path}:2: two columns are called 'item'" in run.told[0]
    (run,) = read_table(_file(tmp_path, "item,score\na,1\nb,0,5\nc"), {})
    assert (run.scores["item"].to_list(), run.unread["a row that is not whole"]) == (["a"], 2)
    path.write_text('{"item": "d", "sco')
    with pytest.raises(EvidenceError, match=r"a\.jsonl:1: not JSON"):
        read_table(path, {})
    for broken in ('item,score\na,1\n"b,0\nc,1\n', "item;score\na;1\n", "item,score,score\na,1,0\n"):
        with pytest.raises(EvidenceError, match=r"scores\.csv:\d"):
            read_table(_file(tmp_path, broken), {})


def test_repeats_without_a_number_are_draws_in_their_order(tmp_path: Path) -> None:
    """They are said; a column that tells them apart must be explained; two rows of one draw are refused by row."""
    (run,) = read_table(_file(tmp_path, "item,score,answer\na,1,x\nb,0,x\na,0,y\nb,1,z\n"), {})
    assert run.scores.select("item", "draw", "value").rows() == [
        ("a", 0, 1.0),
        ("b", 0, 0.0),
        ("a", 1, 0.0),
        ("b", 1, 1.0),
    ]
    assert "2 items stand several times, and no column" in run.told[-1]
    doubled = "item,filter,score\na,strict,1\na,flexible,0\nb,strict,1\nb,flexible,1\n"
    with pytest.raises(EvidenceError, match=r"csv: rows 1, 2: item 'a' .* 'filter' tells its rows apart.*=filter"):
        read_table(_file(tmp_path, doubled), {})
    (run,) = read_table(_file(tmp_path, doubled), {"metric": "filter"})
    assert run.scores.select("score", "draw").rows() == [("strict", 0), ("flexible", 0), ("strict", 0), ("flexible", 0)]
    with pytest.raises(EvidenceError, match="rows 1, 3: item 'a' stands 2 times with one epoch; leave one"):
        read_table(_file(tmp_path, "item,epoch,score\na,1,1\na,2,1\na,1,0\n"), {})


def test_a_score_that_is_known_by_name_is_read_though_cells_are_no_numbers(tmp_path: Path) -> None:
    """Shares and percentages are counted as missing, and another column of numbers is never taken in its place."""
    (run,) = read_table(_file(tmp_path, "item,accuracy\na,7/10\nb,72 %\nc,1\n"), {})
    assert run.scores["value"].to_list() == [None, None, 1.0]
    assert "known by its name" in run.told[0]
    assert "accuracy holds '7/10' in row 1, which is no number: such scores are missing until they are" in run.told[1]
    with pytest.raises(EvidenceError, match=r"--score NAME \(in a policy `scores`\): seconds, accuracy"):
        read_table(_file(tmp_path, "item,seconds,accuracy\na,3,7/10\n"), {})


def test_a_column_of_any_type_is_read_or_told(tmp_path: Path) -> None:
    """Lists and bytes that are no text are no numbers; what stands there is said, and nothing ends in a fault."""
    for cells in ([[1.0], [0.0]], [b"\xff", b"\xfe"], [{"mean": 1.0}, {"mean": 0.0}]):
        pl.DataFrame({"item": [["a"], ["b"]], "accuracy": cells}).write_parquet(tmp_path / "t.parquet")
        (run,) = read_table(tmp_path / "t.parquet", {}, ["accuracy"])
        assert run.scores["item"].to_list() == ['["a"]', '["b"]']
        assert run.scores["value"].to_list() == [None, None]
        assert all(run.scores["reason"])


def test_a_row_that_names_no_model_is_counted(tmp_path: Path) -> None:
    """Where others name one it is nobody's; a column that is blank throughout is none."""
    (run,) = read_table(_file(tmp_path, "item,model,score\na,x,1\nb,,1\nc,,0\nd,x,1\n"), {})
    assert run.unread == {"a row without the name of a model, the first in row 2": 2}
    assert run.scores["item"].to_list() == ["a", "d"]
    (run,) = read_table(_file(tmp_path, "item,metric,score\na,accuracy,1\nb,,1\n"), {})
    assert run.scores["score"].to_list() == ["accuracy"]
    (run,) = read_table(_file(tmp_path, "item,model,task,score\na,,,1\nb,,,1\n"), {})
    assert (run.model, run.task, run.unread, len(run.scores)) == ("", "", {}, 2)
    with pytest.raises(EvidenceError, match="no row is left: a row without the name of an item"):
        read_table(_file(tmp_path, "item,score\n,1\n,0\n"), {})


def test_a_table_without_rows_is_no_run(tmp_path: Path) -> None:
    """A header alone says so."""
    with pytest.raises(EvidenceError, match=r"scores\.csv: no row is in it"):
        read_table(_file(tmp_path, "item,score\n"), {})


def test_another_task_is_a_fact_of_the_run(tmp_path: Path) -> None:
    """So that two tables of one task each are known to be of two."""
    (run,) = read_table(_file(tmp_path, "item,task,accuracy\na,sums,1\n"), {})
    assert run.facts == {"task": "sums"}


def test_a_question_beside_the_id_tells_items_apart(tmp_path: Path) -> None:
    """Ids that are numbers of rows lie where the rows are shuffled; the question is told by its text."""
    for name, ids in (("question", "ab"), ("prompt", "ba"), ("input", "ab")):
        rows = "".join(f"{one},what is {other}?,1\n" for one, other in zip("ab", ids, strict=True))
        (run,) = read_table(_file(tmp_path, f"item,{name},score\n{rows}"), {})
        first, second = run.scores["digest"]
        assert first != second
        if name == "question":
            wanted = first
        assert (first == wanted) == (ids == "ab")
    (run,) = read_table(_file(tmp_path, "item,prompt,input,score\na,x,y,1\n"), {})
    assert run.scores["digest"].to_list() == [""]
    (run,) = read_table(_file(tmp_path, "item,draw,prompt,score\na,0,x,1\na,1,y,1\nb,0,,1\n"), {})
    assert set(run.scores["digest"]) == {""}
    assert "'prompt' differs within an item" in run.told[-1]


def test_lists_and_records_are_no_scores(tmp_path: Path) -> None:
    """In Parquet as in JSON Lines: they are passed over, or words where they are asked for."""
    path = tmp_path / "scores.parquet"
    held = {
        "id": ["a", "b"],
        "accuracy": [1, 0],
        "tags": [["x"], ["y"]],
        "meta": [{"n": 1}, {"n": 2}],
        "raw": [b"\xff"] * 2,
    }
    pl.DataFrame(held).write_parquet(path)
    (run,) = read_table(path, {})
    assert run.scores["value"].to_list() == [1.0, 0.0]
    (run,) = read_table(path, {"cluster": "tags"})
    assert run.scores["cluster"].to_list() == ['["x"]', '["y"]']
    (run,) = read_table(path, {"item": "meta"})
    assert run.scores["item"].to_list() == ['{"n": 1}', '{"n": 2}']
    (run,) = read_table(path, {}, ["tags"])
    assert run.scores["value"].to_list() == [None, None]


def test_a_score_that_was_not_read_is_said(tmp_path: Path) -> None:
    """Of a table with a column `score`, what plainly is another score."""
    (run,) = read_table(_file(tmp_path, "item,score,toxicity,seconds\na,1,0.5,3\n"), {})
    assert "'score' is the score; not read as one: toxicity." in run.told[0]


def test_ids_that_a_program_made_fractions_are_the_same_ids(tmp_path: Path) -> None:
    """All of them, as where one is missing; among other ids `1.0` is another than `1`."""
    for text, items in (("1.0,1\n2.0,0", ["1", "2"]), ("1.0,1\n1,0", ["1.0", "1"]), ("1.0,1\n,1\n2.0,0", ["1", "2"])):
        (run,) = read_table(_file(tmp_path, f"item,score\n{text}\n"), {})
        assert run.scores["item"].to_list() == items


def test_a_column_without_a_name_is_no_score(tmp_path: Path) -> None:
    """As an index is written that nobody asked for."""
    (run,) = read_table(_file(tmp_path, ",item,accuracy\n0,a,1\n1,b,0\n"), {})
    assert run.scores["score"].to_list() == ["accuracy", "accuracy"]


def test_a_span_of_time_is_no_number(tmp_path: Path) -> None:
    """Nor is it a fault: beside a score it is passed over, and as one it is missing."""
    path = tmp_path / "scores.parquet"
    pl.DataFrame({"id": ["a"], "accuracy": [1], "took": [timedelta(seconds=3)]}).write_parquet(path)
    assert read_table(path, {})[0].scores["value"].to_list() == [1.0]
    assert read_table(path, {}, ["took"])[0].scores["reason"].to_list() == ["not a number: '0:00:03'"]
