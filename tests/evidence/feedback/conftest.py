"""Simulated logs for the tests of feedback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from seatrial.evidence.feedback.found import Feedback, read_feedback
from seatrial.evidence.feedback.log import Asked

Simulate = Callable[..., pl.DataFrame]
Read = Callable[..., Feedback]
CASES = ("work", "health", "home")


def simulated(
    users: int = 600,
    seed: int = 0,
    *,
    lift: float = 0.0,
    harm: float = 0.0,
    votes: float = 0.5,
    grades: float = 0.3,
    everywhere: bool = False,
) -> pl.DataFrame:
    """Return a log in order of time: `lift` and `harm`, in logits, are the candidate's, in health or everywhere."""
    rng = np.random.default_rng(seed)
    count = 1 + rng.poisson(6, users)
    user = np.repeat(np.arange(users), count)
    size = len(user)
    arm, case = user % 2, rng.integers(0, len(CASES), size)
    moved = arm * (1 if everywhere else case == 1)
    taste = rng.normal(0, 0.7, users)[user]
    likes = rng.random(size) < 1 / (1 + np.exp(-(0.6 + taste + lift * moved)))
    helps = rng.random(size) < 1 / (1 + np.exp(-(0.4 - harm * moved)))
    voted, graded = rng.random(size) < votes, rng.random(size) < grades
    days = rng.uniform(0, 8, users)[user] + rng.exponential(2.0, size)
    return pl.DataFrame(
        {
            "user": [f"u{one}" for one in user],
            "arm": np.where(arm == 0, "baseline", "candidate"),
            "conversation": [f"c{one}" for one in range(size)],
            "time": [datetime(2026, 3, 1) + timedelta(seconds=int(one * 86_400)) for one in days],
            "thumb": np.where(voted, np.where(likes, "up", "down"), "none"),
            "use_case": np.array(CASES)[case],
            "benefit": [float(good) if known else None for good, known in zip(helps, graded, strict=True)],
        }
    ).sort("time")


@pytest.fixture(scope="session")
def simulate() -> Simulate:
    """Make a simulated log."""
    return simulated


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a frame as a log of Parquet, and return what it says."""

    def made(frame: pl.DataFrame, asked: Asked | None = None, split: float = 0.5) -> Feedback:
        path = tmp_path / "log.parquet"
        frame.write_parquet(path)
        found, _ = read_feedback(path, asked or Asked(), split=split)
        return found

    return made


@pytest.fixture(scope="session")
def harmful(tmp_path_factory: pytest.TempPathFactory) -> Feedback:
    """A log in which users of health like it more and it helps them less."""
    path = tmp_path_factory.mktemp("harmful") / "log.parquet"
    simulated(1_500, 3, lift=1.2, harm=1.5).write_parquet(path)
    return read_feedback(path, Asked())[0]
