"""Labelled answers from files."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from seatrial.calibration.labels import columns_read, read_labels
from seatrial.errors import EvidenceError
from seatrial.instruments.measure import Labelled
from tables import BLANKS, FORMATS, write_table


def _written(tmp_path: Path, content: str, name: str = "l.csv") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


ROW = Labelled("No.", 1.0, "q1", "Is it?", "m")


@pytest.mark.parametrize(
    "columns",
    [
        ("text", "label", "prompt", "cluster", "model"),
        ("answer", "score", "question", "group", "model"),
        ("completion", "final_label", "instruction", "prompt_id", "model"),
        ("response", "label", "input", "item", "model"),
        ("output", "label", "prompt", "id", "model"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_columns_are_found_under_their_usual_names(tmp_path: Path, columns: tuple[str, ...], kind: str) -> None:
    """A file of either kind with the names that such files have needs no mapping."""
    values = ("No.", "1", "Is it?", "q1", "m")
    content = (
        ",".join(columns) + "\n" + ",".join(values)
        if kind == "csv"
        else json.dumps(dict(zip(columns, values, strict=True)))
    )
    assert read_labels(_written(tmp_path, content, f"l.{kind}")) == [ROW]


def test_a_parquet_file_is_read_like_the_others(tmp_path: Path) -> None:
    """Numbers and text keep their kind there; what is read is the same."""
    row = {"text": "No.", "label": 1, "prompt": "Is it?", "cluster": "q1", "model": "m"}
    pl.DataFrame([row]).write_parquet(tmp_path / "l.parquet")
    assert read_labels(tmp_path / "l.parquet") == [ROW]


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    """What is not under a usual name is named, and comes before a usual one; the rest is found."""
    path = _written(tmp_path, "said,text,verdict,id\nNo.,ignored,0.5,q\n")
    assert read_labels(path, {"text": "said", "label": "verdict"}) == [Labelled("No.", 0.5, "q")]
    with pytest.raises(EvidenceError, match="no column for the label; it has said, text, verdict, id"):
        read_labels(path, {"label": "verdikt"})


def test_an_answer_without_a_cluster_is_its_own(tmp_path: Path) -> None:
    """Rows that belong to no cluster are independent of each other; an empty cell is as good as no column."""
    bare = read_labels(_written(tmp_path, "text,label\na,1\nb,0\n"))
    empty = read_labels(_written(tmp_path, "text,label,cluster\na,1,\nb,0,\n"))
    assert len({row.cluster for row in bare}) == len({row.cluster for row in empty}) == 2


def test_words_have_the_numbers_given(tmp_path: Path) -> None:
    """Labels in words count as what they are given; one without a number is refused with its row."""
    path = _written(tmp_path, "text,label\nx,bad\ny, good \n")
    assert [row.label for row in read_labels(path, values={"bad": 1.0, "good": 0.0})] == [1.0, 0.0]
    with pytest.raises(EvidenceError, match=r"l\.csv:2: the label 'good' has no number; given are bad"):
        read_labels(path, values={"bad": 1.0})


def test_a_file_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """A mark at the file's start, quoted line breaks and a very long cell are part of such files."""
    long = "word " * 40_000
    path = _written(tmp_path, f'\ufefftext,label\n"one\ntwo",1\n{long},0\n')
    first, second = read_labels(path)
    assert (first.text, second.text.strip()) == ("one\ntwo", long.strip())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("answer,rating\nx,1\n", "no column for the label"),
        ("reply,label\nx,1\n", "no column for the text"),
        ("text,label\nx,bad\n", r"l\.csv:1: the label 'bad' is not a number; give words their numbers with --value"),
        ("text,label\nx,1\ny,\n", r"l\.csv:2: the label '' is not a number"),
        ("text,label\nx,nan\n", "not a finite number"),
        ("text,label\nx,inf\n", "not a finite number"),
        ("text,label\nx,1\nx,0\n", "the answer 'x' is labelled 1 and 0"),
        ("text,item,label\nNo.,a,1\nNo.,a,0\n", "is labelled 1 and 0"),
        ("text,prompt,label\nNo.,a,1\nNo.,a,0\n", "is labelled 1 and 0"),
        ("text,label\n", "no labelled answers"),
        ("", "no labelled answers"),
    ],
)
def test_what_is_wrong_with_labels_is_said_with_the_row(tmp_path: Path, content: str, words: str) -> None:
    """Missing columns, words without numbers, contradictions, nothing at all: the file, the row, and what to do."""
    with pytest.raises(EvidenceError, match=words):
        read_labels(_written(tmp_path, content))


@pytest.mark.parametrize(
    "content",
    [
        "text,item,label\nNo.,a,1\nNo.,b,0\n",
        "text,prompt,label\nNo.,a,1\nNo.,b,0\n",
        "text,model,item,label\nNo.,m,a,1\nNo.,n,a,0\n",
        "text,label\n ,1\n ,0\n",
        "text,label\nx,1\nx,1\n",
    ],
)
def test_the_same_words_elsewhere_are_no_contradiction(tmp_path: Path, content: str) -> None:
    """To another prompt, or from another model, the same answer may be labelled otherwise; empty ones say nothing."""
    assert len(read_labels(_written(tmp_path, content))) == 2


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    """A broken line, and a file that is no text."""
    path = _written(tmp_path, '{"text": "x", "label": 1}\n{oops\n', "l.jsonl")
    with pytest.raises(EvidenceError, match=r"l\.jsonl:2: not JSON"):
        read_labels(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(EvidenceError, match="UTF-16 or UTF-32 text; save it as UTF-8"):
        read_labels(path)
    with pytest.raises(EvidenceError, match=r"none\.csv: no such file"):
        read_labels(tmp_path / "none.csv")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_blank_is_the_default_in_every_format(tmp_path: Path, kind: str) -> None:
    """Without a cluster an answer is its own; a blank label is refused with its row."""
    rows = [{"text": f"t{n}", "label": 1, "cluster": blank} for n, blank in enumerate((*BLANKS, " 7 "))]
    made = read_labels(write_table(tmp_path / f"l.{kind}", rows))
    assert len({row.cluster for row in made}) == 4 and made[3].cluster == "7"
    for blank in BLANKS:
        path = write_table(tmp_path / f"l.{kind}", [rows[0], rows[1] | {"label": blank}])
        with pytest.raises(EvidenceError, match=r"l\.\w+: ?(row |record )?2: the label '' is not a number"):
            read_labels(path)


@pytest.mark.parametrize("kind", FORMATS)
def test_labels_are_words_in_every_format(tmp_path: Path, kind: str) -> None:
    """A number late in a column of words is the word that `values` gives a number."""
    rows = [{"text": f"t{n}", "label": "bad"} for n in range(2000)] + [{"text": "late", "label": 3}]
    made = read_labels(write_table(tmp_path / f"l.{kind}", rows), values={"bad": 1.0, "3": 0.0})
    assert (made[0].label, made[-1].label) == (1.0, 0.0)


def test_truth_is_a_word(tmp_path: Path) -> None:
    """True and false of JSON are the words that a policy writes."""
    path = write_table(tmp_path / "l.jsonl", [{"text": "t", "label": True}, {"text": "u", "label": False}])
    assert [row.label for row in read_labels(path, values={"true": 1.0, "false": 0.0})] == [1.0, 0.0]


def test_columns_under_other_names_are_said(tmp_path: Path) -> None:
    """What was read as what is said, but for columns that were named; two that could be meant are refused."""
    path = _written(tmp_path, "answer,label,Q\nNo.,1,Is it?\n")
    assert columns_read(path, {"prompt": "Q"}) == ["l.csv: read 'answer' as the text."]
    with pytest.raises(EvidenceError, match=r"the text may be 'answer' or 'output'\. Name it with --column text=NAME"):
        read_labels(_written(tmp_path, "answer,output,label\nNo.,Yes.,1\n"))
