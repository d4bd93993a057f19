"""The file of labels."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.calibration.labels import read_labels
from seatrial.collect.judge_specs import recorded_scores
from seatrial.errors import StoreError
from seatrial.evidence.labels.closing import Labels
from seatrial.evidence.labels.files import write_labels

ROW = {"item": "i", "answer": "words", "score": 10.0, "cluster": "c", "prompt": "What?", "model": "candidate"}
FOUND = Labels((), 1, 1, 0, 0, 0, None, None, ({**ROW, "band": 2, "weight": 1.5, "raters": 1},))


def test_a_gate_and_a_calibration_read_what_was_written(tmp_path: Path) -> None:
    """One file serves both: scores by item and answer, and labelled answers with what they stand for."""
    path = write_labels(FOUND, tmp_path / "labels" / "x.jsonl")
    assert recorded_scores(path) == {("i", "words"): 10.0}
    (row,) = read_labels(path)
    assert (row.text, row.label, row.cluster, row.item, row.model, row.weight) == (
        "words", 10.0, "c", "i", "candidate", 1.5,
    )  # fmt: skip


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Where a file stands in the way."""
    (tmp_path / "labels").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be made"):
        write_labels(replace(FOUND), tmp_path / "labels" / "x.jsonl")


def test_labels_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """Labels took people hours: what was there stays where the new file cannot be written to its end."""
    path = write_labels(FOUND, tmp_path / "x.jsonl")
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(StoreError, match="cannot be written: File too large"):
            write_labels(FOUND, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
