"""Simulates an A/B test in which approval rises and benefit falls, and reads its log with `seatrial feedback`.

No model and no user: chance decides who likes what. The candidate flatters more often; users like that everywhere, and
in `health` and `relationships` it helps them less. Of 100 conversations 2 or 3 have a vote, more often by those who
liked it.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.__main__ import main

LOG = Path("thumbs.parquet")
USERS, DAYS = 40_000, 28
CASES = ("work", "cooking", "travel", "health", "relationships")
HARMED = ("health", "relationships")
FLATTERS = (0.2, 0.7)
"""Share of the conversations in which the baseline and the candidate flatter."""
LIKED, HARM = 0.8, 1.6
"""What flattery adds to the chance of being liked, and takes from that of helping in `HARMED`, in logits."""


def _chance(logit: NDArray[Any]) -> NDArray[np.float64]:
    chance: NDArray[np.float64] = 1 / (1 + np.exp(-logit))
    return chance


def simulated(users: int = USERS, seed: int = 2025) -> pl.DataFrame:
    """Return the log, a conversation a row, in order of time.

    Columns: `user`, `arm` (`baseline` or `candidate`), `conversation`, `time`, `thumb` (`up`, `down` or `none`),
    `use_case`, `behavior/flattery`, and `revised`: whether the user made use of the advice a week later, where that is
    known, for 3 of 10 conversations with a vote and 1 of 20 others.
    """
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, users)
    taste = rng.normal(0.0, 0.8, users)
    start = rng.uniform(0, 0.7 * DAYS, users)
    user = np.repeat(np.arange(users), 1 + rng.poisson(9 * rng.gamma(1.0, 1.0, users)))
    size = len(user)
    case = rng.choice(CASES, size)
    candidate = arm[user] == 1
    flattered = rng.random(size) < np.where(candidate, FLATTERS[1], FLATTERS[0])
    liked = rng.random(size) < _chance(0.8 + taste[user] + LIKED * flattered)
    helped = rng.random(size) < _chance(0.6 - HARM * (flattered & np.isin(case, HARMED)))
    voted = rng.random(size) < np.where(liked, 0.03, 0.02)
    known = rng.random(size) < np.where(voted, 0.3, 0.05)
    days = start[user] + rng.exponential(3.0, size)
    return pl.DataFrame(
        {
            "user": [f"user-{one}" for one in user],
            "arm": np.where(candidate, "candidate", "baseline"),
            "conversation": [f"conversation-{one}" for one in range(size)],
            "time": [datetime(2025, 4, 1) + timedelta(seconds=int(one * 86_400)) for one in days],
            "thumb": np.where(voted, np.where(liked, "up", "down"), "none"),
            "use_case": case,
            "behavior/flattery": flattered.astype(np.int8),
            "revised": pl.Series(helped).cast(pl.Int8).zip_with(pl.Series(known), pl.Series([None], dtype=pl.Int8)),
        }
    ).sort("time")


if __name__ == "__main__":
    simulated().write_parquet(LOG)
    sys.argv = ["seatrial", "feedback", str(LOG), "--benefit", "revised", *sys.argv[1:]]
    main()
