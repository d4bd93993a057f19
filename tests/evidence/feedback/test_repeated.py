"""Conversations that stand twice count once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.evidence.feedback import repeated
from seatrial.evidence.feedback.repeated import without_repeats

HERE = Path("log.csv")


def _frame(*rows: tuple[int, int | None, int | None, int]) -> pl.LazyFrame:
    """Rows of user, conversation, time and vote."""
    schema = {"user": pl.UInt64(), "conversation": pl.UInt64(), "time": pl.Int64(), "vote": pl.UInt8()}
    frame = pl.DataFrame(rows, schema, orient="row").with_row_index("row", 1)
    return frame.with_columns(pl.lit(None, pl.Float64).alias("benefit")).lazy()


def _kept(frame: pl.LazyFrame) -> list[int]:
    return sorted(frame.collect()["row"].to_list())


def test_the_last_vote_of_a_conversation_counts() -> None:
    """Of rows of one conversation that one stays which was voted last, and the first where nobody voted."""
    rows = [(1, 10, 5, 1), (1, 10, 9, 1), (1, 10, 99, 0), (2, 20, 5, 0), (2, 20, 6, 0), (3, 30, 1, 1)]
    frame, found = without_repeats(HERE, _frame(*rows))
    assert _kept(frame) == [2, 4, 6]
    assert [one[:3] for one in found] == [("rows that repeat a conversation of the same user", 3, 1)]


def test_a_row_exported_twice_is_kept_in_its_first_place() -> None:
    """Rows that are the same in all are one, and the later ones are those that are told."""
    frame, found = without_repeats(HERE, _frame((1, 10, 5, 1), (2, 20, 5, 1), (1, 10, 5, 1)))
    assert _kept(frame) == [1, 2]
    assert found[0][1:3] == (1, 3)


def test_a_grade_on_another_row_of_the_conversation_is_kept() -> None:
    """Logs of events have the vote on one row and the outcome on another: the conversation has both."""
    grades = pl.Series([None, 0.25, None, None], dtype=pl.Float64)
    frame = _frame((1, 10, 5, 1), (1, 10, 9, 0), (2, 20, 5, 1), (2, 20, 6, 1)).with_columns(benefit=grades)
    kept = without_repeats(HERE, frame)[0].sort("row").collect()
    assert kept.select("row", "benefit").rows() == [(1, 0.25), (4, None)]


def test_an_id_of_two_users_is_told_and_counts_for_each() -> None:
    """Ids that begin anew with every user lose nobody's vote."""
    frame, found = without_repeats(HERE, _frame((1, 10, 5, 1), (2, 10, 6, 1)))
    assert _kept(frame) == [1, 2]
    assert [one[0] for one in found] == ["rows with a conversation's id that another user has too"]


def test_rows_without_an_id_all_count() -> None:
    """A blank id is no id that repeats."""
    frame, found = without_repeats(HERE, _frame((1, None, 5, 1), (1, None, 6, 1)))
    assert (_kept(frame), found) == ([1, 2], [])


def test_ids_that_mostly_repeat_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many repeats that they cannot be held mean that rows are no conversations."""
    monkeypatch.setattr(repeated, "LARGEST", 2)
    with pytest.raises(EvidenceError, match=r"3 rows repeat the id of another row.*--conversation NAME"):
        without_repeats(HERE, _frame(*[(1, 10, 5, 1)] * 4))
