"""Files, folders and globs: which format, which runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import EvidenceError
from seatrial.runs.reading import Format, Reading, format_of, read_runs

LOGS = Path(__file__).parent / "logs"
TABLE = "item,model,score\na,x/one,1\na,x/two,0\n"


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.eval", "", "Inspect"),
        ("a.json", '{"version": 2, "status": "success", "eval": {}}', "Inspect"),
        ("a.json", '{"evalId": "e", "results": {"version": 3}}', "promptfoo"),
        ("a.jsonl", '{"promptIdx": 0, "testIdx": 1}\n', "promptfoo"),
        ("samples_x.jsonl", '{"doc_id": 0, "resps": [], "filter": "none"}\n', "lm-eval"),
        ("results_x.json", '{"results": {}, "configs": {}}', "lm-eval results"),
        ("a.jsonl", '{"spec": {}}\n', "OpenAI evals"),
        ("a.jsonl", '{"item": 1, "score": 2}\n{"spec": 1}\n', "table"),
        ("a.jsonl", '\n{"promptIdx": 0, "testIdx": 1}\n', "promptfoo"),
        ("a.jsonl", f'{{"doc_id": 0, "doc": "{"x" * 2**17}", "resps": []}}\n', "lm-eval"),
        ("a.jsonl", '{"id": 1, "spec": "s", "score": 1}\n', "table"),
        ("a.jsonl", '{"version": 2, "status": "ok", "eval": "e", "score": 1}\n', "table"),
        ("a.json", '[{"version": 2, "status": "ok", "eval": "e", "score": 1}]', "table"),
        ("a.json", f'{{"eval": {{}}, "samples": "{"x" * 2**17}", "status": "success", "version": 2}}', "Inspect"),
        ("a.csv", "", "table"),
        ("a.png", "", ""),
    ],
)
def test_a_file_tells_its_format(tmp_path: Path, name: str, text: str, wanted: Format) -> None:
    """By its ending, else by its first keys."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert format_of(path) == wanted


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    """What lies below counts too; tables are read where no log is there; hidden files and pictures are not."""
    below = tmp_path / "runs" / "deep"
    below.mkdir(parents=True)
    (below / "one.csv").write_text(TABLE, encoding="utf-8")
    (below / ".two.csv").write_text("no table", encoding="utf-8")
    (below / "three.png").write_bytes(b"\x89")
    for given in (str(tmp_path / "runs"), str(tmp_path / "runs" / "**" / "*.csv")):
        assert [run.model for run in read_runs(given, Reading())] == ["x/one", "x/two"]
    (below / "log.jsonl").write_text(
        '{"spec": {}}\n{"sample_id": "a", "type": "match", "data": {"correct": true}}\n', encoding="utf-8"
    )
    assert [run.tool for run in read_runs(str(tmp_path / "runs"), Reading())] == ["OpenAI evals"]


def test_one_model_of_several_is_picked(tmp_path: Path) -> None:
    """By its name, or by a part that no other has."""
    path = tmp_path / "t.csv"
    path.write_text(TABLE, encoding="utf-8")
    for name in ("x/two", "two"):
        assert [run.model for run in read_runs(str(path), Reading(model=name))] == ["x/two"]
    for name, count in (("x/", 2), ("three", 0)):
        with pytest.raises(EvidenceError, match=f"{count} models are called '{name}'; it holds x/one, x/two"):
            read_runs(str(path), Reading(model=name))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """No file, and nothing that is read."""
    with pytest.raises(EvidenceError, match="no such file, folder or glob"):
        read_runs(str(tmp_path / "none"), Reading())
    (tmp_path / "a.txt").write_text("", encoding="utf-8")
    with pytest.raises(EvidenceError, match="no log of Inspect"):
        read_runs(str(tmp_path), Reading())


def test_a_key_that_groups_nothing_is_refused(tmp_path: Path) -> None:
    """Items that were to be grouped would each count for itself; of a table the key is a column."""
    path = tmp_path / "t.csv"
    path.write_text("item,topic,score\na,x,1\nb,x,0\nc,,0\n", encoding="utf-8")
    (run,) = read_runs(str(path), Reading(cluster="topic"))
    assert run.scores["cluster"].to_list() == ["x", "x", "c"]
    assert run.told[-1] == "1 item of 3 without 'topic': each counts for itself."
    path.write_text("item,topic,score\n0,0,1\n1,0,0\n2,1,0\n", encoding="utf-8")
    assert read_runs(str(path), Reading(cluster="topic"))[0].told == ()
    with pytest.raises(EvidenceError, match="no column for the cluster"):
        read_runs(str(path), Reading(cluster="topics"))
    for log in ("inspect/candidate.eval", "lm_eval/candidate", "promptfoo/results.json"):
        with pytest.raises(EvidenceError, match="no item has 'topics' in its metadata"):
            read_runs(str(LOGS / log), Reading(cluster="topics"))


def test_columns_are_for_tables(tmp_path: Path) -> None:
    """Of a log all scores are read, and it is said that naming one changed nothing."""
    (run,) = read_runs(str(LOGS / "inspect" / "text.json"), Reading(scores=["match"]))
    assert run.told[-1] == "Columns are named for tables alone: all scores of text.json were read."
