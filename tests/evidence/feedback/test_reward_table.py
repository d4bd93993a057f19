"""A log as a table of rewards: the audit reads it, and finds what the thumbs pull on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.evidence.feedback.log import Asked, Log, read_log
from seatrial.evidence.feedback.reward_table import reward_table
from seatrial.evidence.rewards.audit import audit
from seatrial.evidence.rewards.table import table_of

Simulate = Callable[..., pl.DataFrame]


def _log(folder: Path, frame: pl.DataFrame, columns: dict[str, str] | None = None) -> Log:
    frame.write_parquet(folder / "log.parquet")
    return read_log(folder / "log.parquet", Asked(columns or {}))


def _graded(simulate: Simulate) -> pl.DataFrame:
    """A log in which what is liked is of less benefit."""
    frame = simulate(300, votes=1.0)
    rng = np.random.default_rng(3)
    return frame.with_columns(
        benefit=pl.when(pl.col("thumb") == "up").then(0.3).otherwise(0.6) + 0.1 * rng.random(len(frame))
    )


def test_the_audit_finds_what_thumbs_pull_on(simulate: Simulate, tmp_path: Path) -> None:
    """Training on thumbs that go to what helps less pulls benefit down, and the audit says so."""
    rows, told = reward_table(_log(tmp_path, _graded(simulate)))
    assert "votes in one use case of one of" in told
    table = table_of(rows, "log")
    assert (table.signals, table.behaviors) == (("thumbs",), ("benefit",))
    (pull,) = audit(table, {"thumbs": 1.0}, {"thumbs": 1.0}, 1.0).pulls
    assert pull.after.below


def test_prompts_and_completions_of_the_log_are_used(simulate: Simulate, tmp_path: Path) -> None:
    """With a column of prompts these are the groups, whoever asked; completions and behaviors come along."""
    frame = _graded(simulate).with_columns(
        pl.format("Q{}", pl.int_range(pl.len()) % 20).alias("question"),
        pl.lit("said").alias("answer"),
        pl.lit(0.5).alias("behavior/praise"),
    )
    rows, told = reward_table(_log(tmp_path, frame))
    assert told == "Completions of one prompt are compared with each other."
    assert rows["prompt"].n_unique() == 20
    assert {"completion", "behavior/praise", "behavior/benefit", "reward/thumbs"} <= set(rows.columns)
    assert len(table_of(rows, "log").prompts) == 20


def test_a_user_stands_in_one_cluster(simulate: Simulate, tmp_path: Path) -> None:
    """Users are put in parts, never divided over them, so that clusters are independent; silent rows are no rewards."""
    frame = simulate(100)
    log = _log(tmp_path, frame)
    rows, _ = reward_table(log)
    assert set(rows["reward/thumbs"].to_list()) == {0.0, 1.0}
    assert len(rows) == (frame["thumb"] != "none").sum()
    assert 2 <= rows["cluster"].n_unique() <= 60
    assert rows.group_by("prompt").agg(pl.col("cluster").n_unique())["cluster"].max() == 1


def test_a_log_without_anything_to_pull_on_is_refused(simulate: Simulate, tmp_path: Path) -> None:
    """Thumbs alone say nothing of behavior; nor does one vote."""
    frame = simulate(100)
    with pytest.raises(EvidenceError, match="a column of benefit"):
        reward_table(_log(tmp_path, frame.drop("benefit")))
    with pytest.raises(EvidenceError, match="have two votes"):
        reward_table(_log(tmp_path, frame.head(1)))
