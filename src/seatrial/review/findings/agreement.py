"""How far those agree who read the same answers: raters of evidence, judges of a panel, people and an instrument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seatrial.instruments.judges import Judge
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.stats.agreement import Level, krippendorff_alpha

if TYPE_CHECKING:
    import polars as pl

__all__ = ["agreement_among", "agreements"]

PREFERENCE = "vibe/preference"
"""Signal of which each answer of a pair has what the other lacks."""
FEWEST = 10
"""Answers that several read below which nothing is said of their agreement."""
MOST = 2000
"""Answers whose readings are compared at most; of more, so many by lot."""
LARGEST = 4_000_000
"""Readings that are compared at most, those that an answer does not have among them."""
STEPS = 20
"""Parts of a scale that readings are rounded to where they are more than its words."""


def agreements(rounds: Rounds) -> list[str]:
    """Return a sentence for each gate whose answers several raters or several judges of a panel read."""
    found = [said(run) for run in rounds.gates for said in (_of_raters, _of_judges)]
    return [sentence for sentence in found if sentence]


def _of_raters(run: GateRun) -> str:
    frame = run.brought
    if frame is None or frame["rater"].n_unique() < 2:
        return ""
    import polars as pl

    rows = frame.filter(pl.col("rater") != "", pl.col("value").is_finite())
    names = rows.with_columns(pl.col("role", "item", "rater").cast(pl.String))
    if run.signal == PREFERENCE:  # imported votes carry the rater in the name of their item
        names = names.filter(pl.col("role") == "candidate").with_columns(
            pl.col("item").str.strip_suffix(pl.format(" by {}", "rater"))
        )
    return agreement_among("several raters", run, _values(names)) if names["rater"].n_unique() > 1 else ""


def _values(rows: pl.DataFrame) -> list[list[float]]:
    """Return the ratings of each answer, in the order of the answers' names."""
    import polars as pl

    answers = rows.group_by("role", "item", "draw").agg(pl.col("value").sort_by("rater"))
    listed: list[list[float]] = answers.sort("item", "role", "draw")["value"].to_list()
    return listed


def _of_judges(run: GateRun) -> str:
    panel = run.plan.signal.instrument
    if not isinstance(panel, Judge) or len(panel.members) < 2:
        return ""
    keys = sorted({key for judge in panel.members for key in judge.scores})
    graded = [[judge.scores[key] / 10 for judge in panel.members if key in judge.scores] for key in keys]
    return agreement_among("several judges of its panel", run, graded)


def agreement_among(readers: str, run: GateRun, readings: Sequence[Sequence[float]], level: Level = "interval") -> str:
    """Return in a sentence how far readings of the same answers agree beyond chance.

    Args:
        readers: Who read, as the sentence calls them.
        run: The gate.
        readings: Of each answer, all that were given, within the signal's bounds.
        level: What differences mean, as of `krippendorff_alpha`.
    """
    several = [list(given) for given in readings if len(given) > 1]
    if len(several) < FEWEST:
        return f"{run.signal}: {readers} read {len(several)} answers in common; their agreement takes {FEWEST}."
    rng = np.random.default_rng(0)
    most = max(2, min(MOST, LARGEST // max(map(len, several))))
    chosen = several
    if len(several) > most:
        chosen = [several[place] for place in np.sort(rng.choice(len(several), most, replace=False))]
    found = krippendorff_alpha(_table(chosen, run.width), level, 0.05, rng, 200)
    drawn = f"{len(chosen):,} by lot of {len(several):,}" if len(chosen) < len(several) else f"{len(several):,}"
    chance = "" if found.low > 0 else ": no better than chance"
    return (
        f"{run.signal}: on {drawn} answers that {readers} read, agreement beyond chance is "
        f"{found.alpha:.2f} (Krippendorff's alpha, 90 % interval {found.low:.2f} to {found.high:.2f}; "
        f"{100 * found.disagreement:.0f} % of the pairs of readings differ){chance}."
    )


def _table(readings: Sequence[Sequence[float]], width: float) -> NDArray[np.float64]:
    """Return readings as readers × answers, where it does not matter who read which; many values are rounded."""
    table = np.full((max(map(len, readings)), len(readings)), np.nan)
    for place, given in enumerate(readings):
        table[: len(given), place] = given
    if len(np.unique(table[~np.isnan(table)])) > STEPS + 1:
        table = np.round(table / width * STEPS)
    return table
