"""What is looked at before any number: each fault is found, and a fair log raises no alarm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from seatrial.evidence.feedback.checks import MISMATCH, split_p_value
from seatrial.evidence.feedback.found import Feedback

Simulate = Callable[..., pl.DataFrame]
Read = Callable[..., Feedback]


def _standings(found: Feedback) -> dict[str, str]:
    return {one.name: one.standing for one in found.checks}


@pytest.mark.parametrize(("first", "second", "split"), [(480, 520, 0.5), (900, 110, 0.1), (0, 12, 0.5), (60, 40, 0.5)])
def test_the_p_value_is_that_of_the_exact_test(first: int, second: int, split: float) -> None:
    """Twice the smaller exact tail: scipy's one-sided binomial tests."""
    tails = [binomtest(second, first + second, split, side).pvalue for side in ("less", "greater")]
    assert split_p_value(first, second, split) == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)


def test_a_fair_split_seldom_alarms() -> None:
    """Of 20,000 fair experiments at most a few in a thousand are called a mismatch."""
    seconds = np.random.default_rng(2).binomial(5_000, 0.5, 20_000)
    values, counts = np.unique(seconds, return_counts=True)
    alarms = [split_p_value(5_000 - int(one), int(one), 0.5) < MISMATCH for one in values]
    assert any(alarms)
    assert counts[alarms].sum() / 20_000 < 0.002


def test_a_fair_log_is_trusted(simulate: Simulate, read: Read) -> None:
    """Nothing grave is found where nothing is wrong."""
    found = read(simulate(400))
    assert found.trusted
    assert set(_standings(found).values()) == {"fine"}


def test_arms_of_the_wrong_size_are_said_first(simulate: Simulate, read: Read) -> None:
    """A third of one arm's users missing is a mismatch, unless the split was meant so."""
    frame = simulate(600)
    number = pl.col("user").str.slice(1).cast(pl.Int64)
    frame = frame.filter((pl.col("arm") == "baseline") | (number % 3 > 0))
    found = read(frame)
    assert not found.trusted
    assert found.checks[0].name == "sample ratio"
    assert (
        "300 users in the baseline and 200 in the candidate, 40.00 % where 50.00 % were meant"
        in found.checks[0].sentence
    )
    assert read(frame, split=0.4).trusted


@pytest.mark.parametrize(("users", "standing"), [(100, "grave"), (2_400, "note")])
def test_users_in_both_arms_are_grave_from_a_share_on(
    simulate: Simulate, read: Read, users: int, standing: str
) -> None:
    """One of a hundred users makes the arms no groups; one of thousands is told."""
    frame = simulate(users, votes=0.9)
    stray = frame.head(1).with_columns(
        arm=pl.when(pl.col("arm") == "baseline").then(pl.lit("candidate")).otherwise(pl.lit("baseline")),
        conversation=pl.lit("stray"),
    )
    found = read(pl.concat([frame, stray]))
    assert _standings(found)["users in both arms"] == standing
    assert found.trusted is (standing == "note")


def test_an_empty_arm_is_said_with_the_arms_there_are(simulate: Simulate, read: Read) -> None:
    """One arm is no comparison, and no traceback."""
    found = read(simulate(60).filter(pl.col("arm") == "baseline"))
    assert found.checks[0].name == "arms"
    assert "'candidate', has no usable row" in found.checks[0].sentence
    assert "arms: 'baseline'" in found.checks[0].sentence
    assert found.approval is None


def test_arms_at_other_times_are_no_experiment(simulate: Simulate, read: Read) -> None:
    """Last month's users against this month's are told apart by the month."""
    later = pl.when(pl.col("arm") == "candidate").then(pl.col("time") + timedelta(days=60)).otherwise("time")
    found = read(simulate(200).with_columns(time=later))
    assert _standings(found)["same time"] == "grave"


def test_who_votes_is_compared(simulate: Simulate, read: Read) -> None:
    """Where the candidate's users vote half as often, that is to be known; it makes nothing untrue by itself."""
    frame = simulate(800)
    quiet = (pl.col("arm") == "candidate") & (pl.col("conversation").str.slice(1).cast(pl.Int64) % 2 == 0)
    found = read(frame.with_columns(thumb=pl.when(quiet).then(pl.lit("none")).otherwise("thumb")))
    assert _standings(found)["who votes"] == "note"
    assert found.trusted


def test_who_is_graded_is_compared(simulate: Simulate, read: Read) -> None:
    """Where one arm is graded half as often, or not at all, that is to be known."""
    frame = simulate(800)
    seldom = (pl.col("arm") == "candidate") & (pl.col("conversation").str.slice(1).cast(pl.Int64) % 2 == 0)
    found = read(frame.with_columns(benefit=pl.when(~seldom).then("benefit")))
    assert _standings(found)["who is graded"] == "note"
    assert found.trusted
    found = read(frame.with_columns(benefit=pl.when(pl.col("arm") == "baseline").then("benefit")))
    assert _standings(found)["who is graded"] == "note"
    assert found.benefit is None
    assert "who is graded" not in _standings(read(frame.drop("benefit")))


def test_an_arm_without_a_thumb_down_or_votes_is_told(simulate: Simulate, read: Read) -> None:
    """All up may be a fault of the export; no votes at all are nothing to compare."""
    frame = simulate(200)
    ups = frame.with_columns(thumb=pl.when(pl.col("thumb") == "down").then(pl.lit("none")).otherwise("thumb"))
    assert _standings(read(ups))["votes"] == "note"
    silent = pl.when(pl.col("arm") == "candidate").then(pl.lit("none")).otherwise("thumb")
    found = read(frame.with_columns(thumb=silent))
    assert _standings(found)["votes"] == "grave"
    assert found.approval is None
