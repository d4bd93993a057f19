"""Rows of two runs under the same names."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import EvidenceError
from seatrial.runs.alignment import Aligned, aligned
from seatrial.runs.recorded_run import RecordedRun, RunScores

Row = tuple[str, int, str]


def _run(rows: list[Row], name: str = "a.json") -> RecordedRun:
    """Return a run of rows of item, draw and question."""
    made = RunScores()
    for item, draw, question in rows:
        made.add("accuracy", item, draw, 1.0, digest=question)
    return RecordedRun(Path(name), "Inspect", "", "", made.frame())


def _aligned(first: list[Row], second: list[Row], *accepted: str) -> Aligned:
    return aligned((_run(first), _run(second, "b.json")), accepted)


def _items(found: Aligned) -> list[list[str]]:
    return [side["item"].to_list() for side in found.sides]


def test_ids_that_no_run_shares_leave_the_questions() -> None:
    """Ids made anew in every run pair by their questions, and say so."""
    found = _aligned([("x1", 0, "sky"), ("x2", 0, "sea")], [("y1", 0, "sea"), ("y2", 0, "sky")])
    assert (_items(found), found.by_question) == ([["sky", "sea"], ["sea", "sky"]], True)
    assert found.told == ("No id stands in both runs: items were paired by their questions.",)
    with pytest.raises(EvidenceError, match="2 questions stand under several ids"):
        _aligned([("x1", 0, "sky"), ("x2", 0, "sky")], [("y1", 0, "sky")])


def test_other_questions_under_the_same_ids_hold() -> None:
    """Ids from 1 on pair any two datasets, so that a launch holds unless it is said that they mean the same."""
    first, second = [("1", 0, "sky"), ("2", 0, "sea")], [("1", 0, "tax"), ("2", 0, "law")]
    found = _aligned(first, second)
    assert "2 ids name another question in the other run, and no question stands in both" in found.odd[0]
    assert "--accept dataset" in found.odd[0]
    meant = _aligned(first, second, "dataset")
    assert (meant.odd, _items(meant), meant.by_question) == ((), [["1", "2"], ["1", "2"]], False)
    assert meant.told[0].endswith("items were paired by their ids.")


def test_an_item_without_a_question_keeps_its_id() -> None:
    """Two that lack one are not one item."""
    found = _aligned([("1", 0, "sky"), ("2", 0, "sea"), ("5", 0, "")], [("1", 0, "sea"), ("2", 0, "sky"), ("7", 0, "")])
    assert _items(found) == [["sky", "sea", "5"], ["sea", "sky", "7"]]
    assert "1 item of 3 is in the baseline's run alone: what the other lacks counts as harm." in found.told
    assert "1 item of 3 is in the candidate's run alone: what the other lacks counts as harm." in found.told


def test_fewer_draws_of_some_items_are_said() -> None:
    """One item that stands twice makes all others lack an answer."""
    rows = [("a", 0, ""), ("b", 0, ""), ("c", 0, ""), ("a", 1, "")]
    found = _aligned(rows, rows)
    assert found.told == (
        "2 of the baseline's 3 items have fewer than 2 answers: those that lack count as harm.",
        "2 of the candidate's 3 items have fewer than 2 answers: those that lack count as harm.",
    )
    assert _aligned(rows[:3], rows).told == ()  # only first answers are compared, and none lacks one
    most = [*rows, ("b", 1, "")]
    once = _aligned(rows[:3], most)
    assert once.told == ("1 of the candidate's 3 items has fewer than 2 answers: those that lack count as harm.",)


def test_a_run_of_nothing_is_no_run() -> None:
    """Its file is named."""
    with pytest.raises(EvidenceError, match=r"b\.json: no sample is in it"):
        _aligned([("a", 0, "")], [])


def test_what_to_do_fits_the_format() -> None:
    """A log of Inspect has no columns to name."""
    with pytest.raises(
        EvidenceError, match=r"share no item: their ids are 'a' and 'z'. Give two runs of one evaluation"
    ):
        _aligned([("a", 0, "")], [("z", 0, "")])
