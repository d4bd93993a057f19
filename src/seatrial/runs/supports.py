"""What recorded runs support, before any decision: which scores, of how many items, and what change they could show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seatrial.runs.directions import harmful_end
from seatrial.runs.pairing import PairedRuns
from seatrial.runs.recorded_run import RecordedRun
from seatrial.runs.wording import how_many
from seatrial.stats.power import mde_fixed, mde_t

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Support", "supported", "supported_together"]

Array: TypeAlias = NDArray[np.float64]
ALPHA, POWER = 0.05, 0.9
MANY = 5_000
"""Clusters above which a t test sees what a decision does, to the third digit, and takes no time."""
CLOSE = 5e-4
"""Difference from the mean that the tool states from which on it is told: half a unit of the third digit."""


@dataclass(frozen=True, slots=True)
class Support:
    """What one score of a run supports.

    Attributes:
        score: The score's name.
        items: Items with a number.
        clusters: Groups of items that stand or fall together.
        draws: Most answers to one item.
        missing: Scores that should be there and have no number.
        mean: Mean over clusters of each cluster's mean.
        visible: Smallest change that could be shown with a chance of 90 %: of one run, against another of the same
            spread, as if the two shared nothing; of two, by their differences and as a decision would see it. NaN
            below two clusters, and where no change that the scale allows is large enough.
        known: Which end of it is harm, in words.
        told: What may mislead, in sentences.
    """

    score: str
    items: int
    clusters: int
    draws: int
    missing: int
    mean: float
    visible: float
    known: str
    told: tuple[str, ...] = ()


def supported(run: RecordedRun) -> list[Support]:
    """Return what each score of a run supports."""
    import polars as pl

    found = []
    for name in run.scores["score"].unique(maintain_order=True).to_list():
        rows = run.scores.filter(pl.col("score") == name)
        there = rows.filter(pl.col("value").is_not_null())
        means = _means(there)
        told = []
        by_item = there.group_by("item").agg(pl.col("value").mean())["value"].mean()
        stated = run.stated.get(str(name))
        if stated is not None and isinstance(by_item, float) and abs(stated - by_item) > CLOSE:
            told.append(
                f"{name}: the tool states a mean of {stated:g}, and the {there['item'].n_unique():,} items that have a "
                f"number come to {by_item:.4g}"
            )
        why = rows.filter(pl.col("reason") != "")["reason"].value_counts(sort=True).rows()
        if why:
            most = f", for {why[0][1]:,} of them: {why[0][0]}" if len(why) > 1 else f": {why[0][0]}"
            told.append(f"{name}: {len(rows) - len(there):,} of {how_many(len(rows), 'score')} without a number{most}")
        if len(there) and there["value"].n_unique() == 1:
            told.append(f"{name}: every score is {there['value'][0]:g}")
        end = run.harmful.get(str(name)) or harmful_end(str(name))
        words = {"low": "higher is better", "high": "lower is better", None: "which end is harm is not known"}
        draws = rows.group_by("item").agg(pl.col("draw").n_unique())["draw"].max()
        found.append(
            Support(
                str(name),
                there["item"].n_unique(),
                len(means),
                draws if isinstance(draws, int) else 0,
                len(rows) - len(there),
                float(means.mean()) if len(means) else math.nan,
                _visible_apart(means, run.scales.get(str(name))),
                words[end],
                tuple(told),
            )
        )
    return found


def supported_together(runs: PairedRuns) -> list[Support]:
    """Return what each score that two runs hold supports, from the pairs' differences."""
    import polars as pl

    found = []
    for score in runs.scores:
        rows = runs.observations.filter(pl.col("signal") == score.signal) if not score.open else None
        differences, visible = np.zeros(0), math.nan
        if rows is not None and score.bounds is not None:
            sides = [
                rows.filter(pl.col("role") == role).group_by("cluster", "item").agg(pl.col("value").mean())
                for role in ("baseline", "candidate")
            ]
            both = sides[0].join(sides[1], on=["cluster", "item"], suffix="_candidate")
            by = both.group_by("cluster").agg((pl.col("value_candidate") - pl.col("value")).mean().alias("change"))
            differences = by["change"].to_numpy().astype(np.float64)
            harm = differences if score.harmful == "high" else -differences
            visible = _visible_together(harm, score.bounds[1] - score.bounds[0])
        found.append(
            Support(
                score.title,
                score.pairs,
                score.groups,
                score.draws,
                score.lost,
                float(differences.mean()) if len(differences) else math.nan,
                visible,
                score.known,
                (f"{score.title}: say {score.open}",) if score.open else (),
            )
        )
    return found


def _means(there: pl.DataFrame) -> Array:
    """Return the mean of each cluster, of the means of its items."""
    import polars as pl

    items = there.group_by("cluster", "item").agg(pl.col("value").mean())
    return items.group_by("cluster").agg(pl.col("value").mean())["value"].to_numpy().astype(np.float64)


def _visible_apart(means: Array, scale: tuple[float, float] | None) -> float:
    """Return the smallest change that a t test shows with the power between two runs that vary by as much."""
    if len(means) < 2:
        return math.nan
    low, high = scale or (min(0.0, float(means.min())), max(1.0, float(means.max())))
    found = mde_t(float(np.std(means, ddof=1)) * math.sqrt(2.0), len(means), ALPHA, POWER)
    return found if found <= high - low else math.nan


def _visible_together(harm: Array, width: float) -> float:
    """Return the smallest rise in harm that a decision on these clusters rules out with the power."""
    if len(harm) < 2:
        return math.nan
    if len(harm) > MANY:
        return mde_t(float(np.std(harm, ddof=1)), len(harm), ALPHA, POWER)
    found = mde_fixed(harm, -width, width, ALPHA, POWER, np.random.default_rng(0))
    return found if found <= width else math.nan
