"""Sums over users: the same as counted by hand, whole or in parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import polars as pl
import pytest

from seatrial.evidence.feedback import totals
from seatrial.evidence.feedback.log import Asked, read_log
from seatrial.evidence.feedback.moments import Moments
from seatrial.evidence.feedback.totals import Totals, totals_of


def _totals(path: Path, frame: pl.DataFrame) -> Totals:
    frame.write_parquet(path)
    return totals_of(read_log(path, Asked()))


def test_sums_are_those_counted_by_hand(tmp_path: Path, simulate: Callable[..., pl.DataFrame]) -> None:
    """Rows, votes, grades and people of each arm, use case, day and time of day are what the frame holds."""
    frame = simulate(120)
    found = _totals(tmp_path / "log.parquet", frame)
    voted = frame.filter(pl.col("thumb") != "none")
    for arm, name in enumerate(("baseline", "candidate")):
        here, votes = frame.filter(pl.col("arm") == name), voted.filter(pl.col("arm") == name)
        assert found.people[arm] == here["user"].n_unique()
        sums = [found.all[arm].sum(one) for one in ("row", "vote", "label", "benefit")]
        graded = here["benefit"].drop_nulls()
        assert sums == [len(here), len(votes), len(graded), graded.sum()]
        for cells in (found.ages, found.hours):
            assert sum(pair[arm].sum("vote") for pair in cells.values()) == len(votes)
            assert sum(pair[arm].sum("up") for pair in cells.values()) == (votes["thumb"] == "up").sum()
        for case, pair in found.cases.items():
            assert pair[arm].sum("vote") == (votes["use_case"] == case).sum()
    first = voted.join(frame.group_by("user").agg(pl.col("time").min().alias("first")), on="user")
    age = first.select((pl.col("time") - pl.col("first")).dt.total_seconds() // 86_400).to_series()
    for name, least, most in (("first day", 0, 0), ("days 2–3", 1, 2), ("days 4–7", 3, 6), ("after a week", 7, 99)):
        assert sum(one.sum("vote") for one in found.ages[name]) == age.is_between(least, most).sum()
    night = voted.filter(pl.col("time").dt.hour() < 6)
    assert sum(one.sum("vote") for one in found.hours["0–6 h"]) == len(night)


def test_parts_of_the_users_give_the_same(
    tmp_path: Path, simulate: Callable[..., pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log with too many votes to be held at once is read in parts, and nothing changes."""
    frame = simulate(120)
    whole = _totals(tmp_path / "log.parquet", frame)
    monkeypatch.setattr(totals, "AT_ONCE", 100)
    monkeypatch.setattr(totals, "ROWS_AT_ONCE", 1_000)
    parts = _totals(tmp_path / "log.parquet", frame)
    assert parts.days.sort("arm", "day").equals(whole.days.sort("arm", "day").select(parts.days.columns))
    for field in fields(whole):
        one, other = getattr(whole, field.name), getattr(parts, field.name)
        if isinstance(one, dict):
            for name, pair in one.items():
                _same(pair, other[name])
        elif isinstance(one, tuple) and isinstance(one[0], Moments):
            _same(one, other)


def _same(one: tuple[Moments, Moments], other: tuple[Moments, Moments]) -> None:
    for first, second in zip(one, other, strict=True):
        assert first.users == second.users
        assert first.products == pytest.approx(second.products)


def test_users_in_both_arms_are_counted_and_left_out(tmp_path: Path, simulate: Callable[..., pl.DataFrame]) -> None:
    """One row in the other arm takes a user out of both, with all votes."""
    frame = simulate(60)
    stray = frame.head(1).with_columns(
        arm=pl.when(pl.col("arm") == "baseline").then(pl.lit("candidate")).otherwise(pl.lit("baseline")),
        conversation=pl.lit("stray"),
    )
    clean = _totals(tmp_path / "log.parquet", frame.filter(pl.col("user") != frame["user"][0]))
    found = _totals(tmp_path / "log.parquet", pl.concat([frame, stray]))
    assert found.both == 1
    assert sum(found.people) == 59
    for one, other in zip(found.all, clean.all, strict=True):
        assert one.total == pytest.approx(other.total)
    assert sum(one.sum("vote") for pair in found.cases.values() for one in pair) == sum(
        one.sum("vote") for one in clean.all
    )


def test_an_empty_arm_has_no_users(tmp_path: Path, simulate: Callable[..., pl.DataFrame]) -> None:
    """Sums of nobody are 0, and it has no time."""
    found = _totals(tmp_path / "log.parquet", simulate(40).filter(pl.col("arm") == "baseline"))
    assert found.people[1] == 0
    assert found.all[1].sum("vote") == 0
    assert found.span[1] is None
