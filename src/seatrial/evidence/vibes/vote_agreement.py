"""What a crowd of raters is worth: agreement, ties, side bias, and how far each rater goes with the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seatrial.evidence.vibes.votes import UNNAMED, Vote
from seatrial.stats.agreement import Agreement, fleiss_kappa, krippendorff_alpha
from seatrial.stats.intervals import Interval, fixed_size, wilson

__all__ = ["Crowd", "Worker", "crowd_of"]

FIRST, SECOND, TIE = CODES = (0.0, 1.0, 2.0)
"""What a vote is for: of a pair's two models, or of its two sides where the models are not named, one, or neither."""
BALLOTS = np.array(CODES)[:, None]
SIDES = {"left": FIRST, "right": SECOND}
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
        chance: What somebody would reach who chooses sides and ties in this rater's shares without looking.
        doubtful: Whether the rater does not surely agree more than by chance, on enough votes to tell; never where
            chance alone agrees always, for then no vote could tell.
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
        items: Pairs: items, each once for every two models that it was voted on with.
        raters: How many raters.
        ties: Share of ties.
        kappa: Fleiss' kappa over one model, the other and tie, wherever each stood; over left, right and tie of pairs
            whose models are not named. NaN where no pair has two votes.
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
    """Return what the votes say of those who cast them; agreement is NaN where nobody shares a pair with another.

    Args:
        votes: The votes; those that were skipped do not count.
        alpha: Chance that each bound misses.
        seed: Seed of the resampling behind alpha's interval.

    Raises:
        ValueError: there is no vote.
    """
    votes = [vote for vote in votes if vote.vote != "skip"]
    if not votes:
        raise ValueError("there is no vote to look at")
    raters, items = sorted({vote.rater for vote in votes}), sorted({vote.pair for vote in votes})
    table = np.full((len(raters), len(items)), np.nan)
    swapped = np.zeros(table.shape, dtype=bool)
    row, column = {name: place for place, name in enumerate(raters)}, {pair: place for place, pair in enumerate(items)}
    for vote in votes:
        place = row[vote.rater], column[vote.pair]
        table[place] = SIDES.get(vote.vote, TIE)
        swapped[place] = vote.left > vote.right and vote.pair[1:] != UNNAMED
    lefts = [share for rater in table if not math.isnan(share := _left(rater))]
    table = _turned(table, swapped)
    counted = np.stack([(table == code).sum(axis=0) for code in CODES])
    workers = [
        _worker(name, own, turned, counted, alpha) for name, own, turned in zip(raters, table, swapped, strict=True)
    ]
    return Crowd(
        len(votes),
        len(items),
        len(raters),
        float((table == TIE).sum() / len(votes)),
        fleiss_kappa(table),
        _alpha(table, alpha, seed),
        fixed_size(np.array(lefts), 0.0, 1.0, alpha),
        tuple(sorted(workers, key=lambda worker: -worker.votes)),
    )


def _alpha(table: NDArray[np.float64], alpha: float, seed: int) -> Agreement:
    if len(table) < 2:
        return Agreement(math.nan, math.nan, math.nan, math.nan, 0)
    return krippendorff_alpha(table, "nominal", alpha, np.random.default_rng(seed), 200)


def _turned(codes: NDArray[np.float64], swapped: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return votes for sides as votes for models, or back: where the models stood swapped, one becomes the other."""
    return np.where(swapped & (codes != TIE), FIRST + SECOND - codes, codes)


def _left(given: NDArray[np.float64]) -> float:
    """Return the share of the left side among a rater's votes for a side; NaN without any."""
    decided = given[(given == FIRST) | (given == SECOND)]
    return float((decided == FIRST).mean()) if len(decided) else math.nan


def _worker(
    name: str, own: NDArray[np.float64], swapped: NDArray[np.bool_], counted: NDArray[np.int64], alpha: float
) -> Worker:
    """Compare a rater's own row of the table with how often all raters voted each way: ways × items.

    Chance is that of sides, not of models: who does not look cannot know which model stands where.
    """
    voted = ~np.isnan(own)
    ballots = own[voted]
    others = counted[:, voted] - (ballots == BALLOTS)
    most = others.max(axis=0)
    clear = (others == most).sum(axis=0) == 1  # three alike where nobody else voted
    majority = BALLOTS[others.argmax(axis=0), 0]
    compared = int(clear.sum())
    agreed = int((ballots[clear] == majority[clear]).sum())
    band = wilson(agreed, compared, alpha) if compared else None
    turned = swapped[voted][clear]
    chance = _chance(_turned(ballots[clear], turned), _turned(majority[clear], turned))
    return Worker(
        name,
        int(voted.sum()),
        float((ballots == TIE).mean()),
        _left(_turned(own, swapped)),
        compared,
        agreed / compared if compared else math.nan,
        band.low if band else math.nan,
        band.high if band else math.nan,
        chance,
        bool(band is not None and compared >= FEWEST and band.low <= chance < 1.0),
    )


def _chance(ballots: NDArray[np.float64], majority: NDArray[np.float64]) -> float:
    if not len(ballots):
        return math.nan
    return float(sum((ballots == code).mean() * (majority == code).mean() for code in CODES))
