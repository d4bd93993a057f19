"""What a crowd of raters is worth: agreement, ties, side bias, and how far each rater goes with the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seatrial.evidence.vibes.votes import Vote
from seatrial.stats.agreement import Agreement, fleiss_kappa, krippendorff_alpha
from seatrial.stats.intervals import Interval, fixed_size, wilson

__all__ = ["Crowd", "Worker", "crowd_of"]

CODES = {"left": 0.0, "right": 1.0, "tie": 2.0}
BALLOTS = np.array([*CODES.values()])[:, None]
FEWEST = 10
"""Comparisons with the others below which nothing is said of a rater."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One rater beside the others.

    Attributes:
        rater: Who.
        votes: Votes cast.
        ties: Share of them that are ties.
        left: Share of the votes that are no ties for the left side.
        compared: Votes on pairs where the others' votes have a majority.
        agreement: Share of those that go with the majority; NaN without any.
        low: Its lower bound.
        high: Its upper bound.
        chance: What somebody would reach who votes in this rater's shares without looking.
        doubtful: Whether the rater does not surely agree more than by chance, on enough votes to tell.
    """

    rater: str
    votes: int
    ties: float
    left: float
    compared: int
    agreement: float
    low: float
    high: float
    chance: float
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Crowd:
    """All raters together.

    Attributes:
        votes: Votes cast.
        items: Pairs.
        raters: How many raters.
        ties: Share of ties.
        kappa: Fleiss' kappa over left, right and tie.
        alpha: Krippendorff's alpha of the same, with its interval and the observed disagreement.
        left: Share of the votes that are no ties for the left side, each rater one cluster, with its interval.
        workers: Each rater, the one with most votes first.
    """

    votes: int
    items: int
    raters: int
    ties: float
    kappa: float
    alpha: Agreement
    left: Interval
    workers: tuple[Worker, ...]

    @property
    def side_bias(self) -> bool:
        """Whether one side surely wins more often than the other."""
        return self.left.low > 0.5 or self.left.high < 0.5


def crowd_of(votes: Sequence[Vote], alpha: float = 0.05, seed: int = 0) -> Crowd:
    """Return what the votes say of those who cast them.

    Args:
        votes: The votes; at least two raters.
        alpha: Chance that each bound misses.
        seed: Seed of the resampling behind alpha's interval.

    Raises:
        ValueError: fewer than two raters voted.
    """
    raters, items = sorted({vote.rater for vote in votes}), sorted({vote.item for vote in votes})
    table = np.full((len(raters), len(items)), np.nan)
    row, column = ({name: place for place, name in enumerate(names)} for names in (raters, items))
    for vote in votes:
        table[row[vote.rater], column[vote.item]] = CODES[vote.vote]
    agreement = krippendorff_alpha(table, "nominal", alpha, np.random.default_rng(seed), 200)
    lefts = [share for rater in table if not math.isnan(share := _left(rater))]
    counted = np.stack([(table == code).sum(axis=0) for code in CODES.values()])
    workers = [_worker(name, own, counted, alpha) for name, own in zip(raters, table, strict=True)]
    return Crowd(
        len(votes),
        len(items),
        len(raters),
        float((table == CODES["tie"]).sum() / len(votes)),
        fleiss_kappa(table),
        agreement,
        fixed_size(np.array(lefts), 0.0, 1.0, alpha),
        tuple(sorted(workers, key=lambda worker: -worker.votes)),
    )


def _left(given: NDArray[np.float64]) -> float:
    decided = given[(given == CODES["left"]) | (given == CODES["right"])]
    return float((decided == CODES["left"]).mean()) if len(decided) else math.nan


def _worker(name: str, own: NDArray[np.float64], counted: NDArray[np.int64], alpha: float) -> Worker:
    """Compare a rater's own row of the table with how often all raters voted each way: ways × items."""
    voted = ~np.isnan(own)
    ballots = own[voted]
    others = counted[:, voted] - (ballots == BALLOTS)
    most = others.max(axis=0)
    clear = (others == most).sum(axis=0) == 1  # three alike where nobody else voted
    majority = BALLOTS[others.argmax(axis=0), 0]
    compared = int(clear.sum())
    agreed = int((ballots[clear] == majority[clear]).sum())
    band = wilson(agreed, compared, alpha) if compared else None
    chance = _chance(ballots[clear], majority[clear])
    return Worker(
        name,
        int(voted.sum()),
        float((ballots == CODES["tie"]).mean()),
        _left(own),
        compared,
        agreed / compared if compared else math.nan,
        band.low if band else math.nan,
        band.high if band else math.nan,
        chance,
        bool(band is not None and compared >= FEWEST and band.low <= chance),
    )


def _chance(ballots: NDArray[np.float64], majority: NDArray[np.float64]) -> float:
    if not len(ballots):
        return math.nan
    return float(sum((ballots == code).mean() * (majority == code).mean() for code in CODES.values()))
