"""How often each run answered an item, and both runs' answers in equal numbers, so that all of them count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.runs.wording import how_many

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Evened", "compared_draws", "evened"]

MOST = 64
"""Draws of an item that both runs are brought to, at most."""


@dataclass(frozen=True, slots=True)
class Evened:
    """Both runs' scores with as many draws each.

    Attributes:
        sides: The baseline's scores and the candidate's.
        told: What was done, in a sentence; empty where nothing was.
        whole: Whether all draws count.
    """

    sides: tuple[pl.DataFrame, pl.DataFrame]
    told: str = ""
    whole: bool = True


def compared_draws(baseline: pl.DataFrame, candidate: pl.DataFrame) -> tuple[int, int]:
    """Return how many draws of an item are compared, of the baseline and of the candidate.

    All of them; where few items have all draws of their run, as where a row stands twice by accident, the first ones,
    as many of either.
    """
    import polars as pl

    sides = baseline, candidate
    counts = _most(baseline), _most(candidate)
    full = all(
        2 * side.filter(pl.col("draw") == count - 1)["item"].n_unique() >= side["item"].n_unique()
        for side, count in zip(sides, counts, strict=True)
    )
    return counts if counts[0] == counts[1] or (full and math.lcm(*counts) <= MOST) else (min(counts), min(counts))


def _most(side: pl.DataFrame) -> int:
    return int(side["draw"].max()) + 1  # type: ignore[arg-type]  # polars names no type of it


def evened(baseline: pl.DataFrame, candidate: pl.DataFrame) -> Evened:
    """Return two runs of one score with equal numbers of draws, whatever numbers they were asked.

    Each draw of a run stands so often that both come to their least common multiple: an item's mean stays what it is,
    and a draw that is lost stays the same share of it. Where few items have all draws of their run, as where a row
    stands twice by accident, the first ones of each are compared.

    Args:
        baseline: Scores with `item` and `draw`, numbered from 0; rows without a number stand in it too.
        candidate: The same.
    """
    import polars as pl

    sides = baseline, candidate
    counts = _most(baseline), _most(candidate)
    if counts[0] == counts[1]:
        return Evened(sides)
    often = [how_many(count, "time") for count in counts]
    asked = f"The baseline answered each item up to {often[0]} and the candidate up to {often[1]}"
    if compared_draws(baseline, candidate) == counts:
        common = math.lcm(*counts)
        made = [_repeated(side, common // count) for side, count in zip(sides, counts, strict=True)]
        return Evened((made[0], made[1]), f"{asked}: all answers count, by each item's mean.")
    kept = [side.filter(pl.col("draw") < min(counts)) for side in sides]
    left = sum(len(side) for side in sides) - sum(len(side) for side in kept)
    first = "first" if min(counts) == 1 else f"first {min(counts)}"
    verb = "was" if left == 1 else "were"
    told = f"{asked}: the {first} of each were compared, and {how_many(left, 'score')} {verb} left out"
    return Evened((kept[0], kept[1]), told, whole=False)


def _repeated(side: pl.DataFrame, times: int) -> pl.DataFrame:
    import polars as pl

    if times == 1:
        return side
    copies = [side.with_columns(pl.col("draw") * times + place) for place in range(times)]
    return pl.concat(copies).sort("draw", maintain_order=True)
