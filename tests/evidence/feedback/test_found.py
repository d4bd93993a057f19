"""A log from first to last: what was simulated is what is said."""

from __future__ import annotations

import math
from collections.abc import Callable

import polars as pl
import pytest

from seatrial.evidence.feedback.found import Feedback
from seatrial.evidence.feedback.log import Asked

Simulate = Callable[..., pl.DataFrame]
Read = Callable[..., Feedback]


def test_estimates_are_those_of_the_frame(simulate: Simulate, read: Read) -> None:
    """Levels and changes of approval and benefit are those counted over votes and grades."""
    frame = simulate(300)
    found = read(frame)
    assert found.approval and found.benefit and found.gap
    voted = frame.filter(pl.col("thumb") != "none")
    for name in ("baseline", "candidate"):
        here = pl.col("arm") == name
        level, worth = getattr(found.approval, name).value, getattr(found.benefit, name).value
        assert level == pytest.approx((voted.filter(here)["thumb"] == "up").mean())
        assert worth == pytest.approx(frame.filter(here)["benefit"].mean())
    change = found.approval.change.estimate - found.benefit.change.estimate
    assert found.gap.change.estimate == pytest.approx(change, abs=1e-12)


def test_a_planted_harm_is_shown(harmful: Feedback) -> None:
    """Approval up, benefit down and the gap between them are shown; the daily interval holds the estimate."""
    assert harmful.approval and harmful.benefit and harmful.gap
    assert (harmful.approval.word, harmful.benefit.word, harmful.gap.word) == ("up", "down", "up")
    last = harmful.last
    assert last is not None
    assert last.estimate == pytest.approx(harmful.approval.change.estimate, abs=1e-12)
    assert last.low < harmful.approval.change.low < harmful.approval.change.high < last.high
    assert harmful.trusted


def test_novelty_that_fades_is_shown(simulate: Simulate, read: Read) -> None:
    """Where only first days are better in the candidate, later days are said to be other than those."""
    frame = simulate(1_200)
    first = pl.col("time") - pl.col("time").min().over("user") < pl.duration(days=1)
    liked = (pl.col("arm") == "candidate") & first & (pl.col("thumb") == "down")
    found = read(frame.with_columns(thumb=pl.when(liked).then(pl.lit("up")).otherwise("thumb")))
    assert found.fade is not None and found.fade.high < -0.2
    plain = read(frame)
    assert plain.fade is not None and plain.fade.low < 0 < plain.fade.high


def test_what_is_missing_is_told(simulate: Simulate, read: Read) -> None:
    """Without time, use case, benefit or conversations the rest is said, and what could not be looked at."""
    frame = simulate(200)
    found = read(frame.select("user", "arm", "thumb"))
    assert found.approval is not None
    assert (found.benefit, found.gap, found.fade, found.last) == (None, None, None, None)
    assert (found.looks, found.cases, found.ages, found.hours) == ((), (), (), ())
    assert sum(one.startswith("No column for the ") for one in found.told) == 4
    full = read(frame)
    assert full.approval is not None
    assert found.approval.change.estimate == full.approval.change.estimate
    assert math.isfinite(found.approval.change.low)


def test_a_log_of_votes_only_has_no_bounds(simulate: Simulate, read: Read) -> None:
    """Nobody is silent in it, so nothing is said of the silent."""
    frame = simulate(200)
    assert read(frame.filter(pl.col("thumb") != "none")).silence is None
    assert read(frame).silence is not None


def test_columns_are_taken_as_named(simulate: Simulate, read: Read) -> None:
    """Another name for every column changes no number."""
    frame = simulate(200)
    plain = read(frame)
    names = {name: f"x {name}" for name in frame.columns}
    columns = {name.replace("_", "-"): other for name, other in names.items()}
    found = read(frame.rename(names), Asked(columns))
    assert (found.approval, found.gap, found.cases) == (plain.approval, plain.gap, plain.cases)
    assert plain.told[0].startswith("Arms:") and found.told == plain.told
