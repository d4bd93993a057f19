"""What training came to, beside what had been forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from seatrial.evidence.rewards.table import BEHAVIOR
from seatrial.stats.groups import ratio
from seatrial.stats.intervals import Estimate

__all__ = ["Reached", "reached"]


@dataclass(frozen=True, slots=True)
class Reached:
    """A forecast beside what training, or fresh draws, came to.

    Attributes:
        mix: The mix.
        behavior: The behavior.
        forecast: What was forecast.
        reached: What was measured, in the same units.
    """

    mix: str
    behavior: str
    forecast: Estimate
    reached: Estimate

    @property
    def counts(self) -> bool:
        """Whether the reached shift is larger than its noise."""
        return self.reached.above or self.reached.below

    @property
    def agrees(self) -> bool:
        """Whether the forecast had its sign."""
        return (self.forecast.value > 0) == (self.reached.value > 0)


def reached(
    mix: str, said: Mapping[str, Estimate], before: pl.DataFrame, after: pl.DataFrame, alpha: float = 0.025
) -> tuple[Reached, ...]:
    """Return each behavior's forecast beside its change from one table of completions to another, paired by item.

    Args:
        mix: What was trained on.
        said: Behavior → its forecast.
        before: Completions of the model as it was, with `item`, `cluster` and `behavior/…`.
        after: Completions of the trained model.
        alpha: Error rate of each bound of what was reached.
    """
    found = []
    for behavior, expected in said.items():
        column = f"{BEHAVIOR}{behavior}"
        old, new = (
            frame.group_by("item").agg(pl.col(column).mean(), pl.col("cluster").first()) for frame in (before, after)
        )
        both = old.join(new, on="item", suffix="_new").drop_nulls().sort("item")
        change, clusters = (both[f"{column}_new"] - both[column]).to_numpy(), both["cluster"].to_numpy()
        if len(set(clusters.tolist())) < 2:
            continue
        made = ratio(change, np.ones(len(change)), clusters, alpha)
        shift = Estimate(float(made.estimate), float(made.low), float(made.high))
        found.append(Reached(mix, behavior, expected, shift))
    return tuple(found)
