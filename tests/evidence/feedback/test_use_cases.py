"""Use cases: false discoveries are few, and the conversations shown are those at the heart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control

from seatrial.evidence.feedback.found import Feedback
from seatrial.evidence.feedback.log import Asked, read_log
from seatrial.evidence.feedback.use_cases import HEARTS, benjamini_hochberg, hearts_of

Simulate = Callable[..., pl.DataFrame]


@pytest.mark.parametrize("seed", range(5))
def test_accepted_claims_are_those_of_scipy(seed: int) -> None:
    """The step-up rule accepts what scipy's adjusted p-values accept."""
    p = np.random.default_rng(seed).beta(0.4, 1.0, 30)
    assert benjamini_hochberg(p, 0.1).tolist() == (false_discovery_control(p) <= 0.1).tolist()
    assert benjamini_hochberg([], 0.1).tolist() == []


def test_the_use_case_with_the_harm_is_found_and_stands_first(harmful: Feedback) -> None:
    """Where users like it more and it helps them less, both are shown; elsewhere nothing is."""
    first, *others = harmful.cases
    assert (first.name, first.widens, first.opposed) == ("health", True, True)
    assert [one.widens for one in others] == [False, False]
    assert first.gap is not None and first.approval is not None and first.benefit is not None
    assert first.gap.change.estimate == pytest.approx(
        first.approval.change.estimate - first.benefit.change.estimate, abs=1e-12
    )


@pytest.mark.slow
def test_false_discoveries_are_rare(simulate: Simulate, read: Callable[..., Feedback]) -> None:
    """Of 60 logs in which nothing changed few have any use case marked: at most alpha in the mean."""
    marked = sum(any(one.widens for one in read(simulate(200, 100 + seed)).cases) for seed in range(60))
    assert marked <= 7  # 3 in the mean at most; more than 7 with chance .01


def test_hearts_are_liked_conversations_of_the_candidate_with_little_benefit(
    simulate: Simulate, tmp_path: Path
) -> None:
    """Each has a thumb up, a benefit below a half and the candidate's arm; a few a use case, the least first."""
    frame = simulate(400, grades=0.9)
    frame.write_parquet(tmp_path / "log.parquet")
    found = hearts_of(read_log(tmp_path / "log.parquet", Asked()))
    assert len(found) == 3 * HEARTS
    for one in found:
        row = frame.row(one.row - 1, named=True)
        assert (row["conversation"], row["arm"], row["thumb"]) == (one.id, "candidate", "up")
        assert row["benefit"] == one.benefit < 0.5
        assert row["use_case"] == one.use_case


def test_without_grades_there_are_none(simulate: Simulate, tmp_path: Path) -> None:
    """No column of benefit, no conversations; and none where all helped."""
    path = tmp_path / "log.parquet"
    simulate(40).drop("benefit").write_parquet(path)
    assert hearts_of(read_log(path, Asked())) == ()
    simulate(40).with_columns(benefit=pl.lit(1.0)).write_parquet(path)
    assert hearts_of(read_log(path, Asked())) == ()
