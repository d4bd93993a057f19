"""A table of rewards in which one signal holds a behavior in check and another likes it, for several tests."""

from __future__ import annotations

import numpy as np
import polars as pl

from seatrial.evidence.rewards.table import RewardTable, table_of


def flattery_world(prompts: int = 60, draws: int = 16, seed: int = 0) -> RewardTable:
    """A primary signal that punishes flattery, and thumbs that like it."""
    rng = np.random.default_rng(seed)
    size = prompts * draws
    flattery = rng.normal(size=size)
    return table_of(
        pl.DataFrame(
            {
                "prompt": np.repeat([f"p{place}" for place in range(prompts)], draws),
                "reward/primary": -0.3 * flattery + 0.2 * rng.normal(size=size),
                "reward/thumbs": 0.2 * flattery + 0.1 * rng.normal(size=size),
                "behavior/flattery": flattery,
                "behavior/other": rng.normal(size=size),
            }
        ),
        "world",
    )


BEFORE, AFTER = {"primary": 1.0}, {"primary": 1.0, "thumbs": 3.0}
