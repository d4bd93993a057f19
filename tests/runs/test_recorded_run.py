"""The scores of a run as a table."""

from __future__ import annotations

import polars as pl

from seatrial.runs.recorded_run import RunScores


def test_scores_become_a_table_with_a_row_each() -> None:
    """Missing values stay missing, and an item that belongs to nothing is its own cluster."""
    scores = RunScores()
    scores.add("right", "a", 0, 1.0, cluster="north", use_case="sums", digest="d")
    scores.add("right", "b", 1, None, reason="no score")
    frame = scores.frame()
    assert frame.rows(named=True) == [
        {"score": "right", "item": "a", "draw": 0, "value": 1.0, "reason": "", "cluster": "north"}
        | {"use_case": "sums", "digest": "d"},
        {"score": "right", "item": "b", "draw": 1, "value": None, "reason": "no score", "cluster": "b"}
        | {"use_case": "general", "digest": ""},
    ]


def test_a_table_has_its_types_whatever_it_holds() -> None:
    """A run of whole numbers, one without any value and one without rows give the same columns."""
    whole, missing = RunScores(), RunScores()
    whole.add("right", "a", 0, 1)
    missing.add("right", "a", 0, None)
    schemas = [one.frame().schema for one in (whole, missing)]
    assert schemas[0] == schemas[1]
    assert schemas[0]["value"] == pl.Float64
    assert RunScores().frame().columns == whole.frame().columns
