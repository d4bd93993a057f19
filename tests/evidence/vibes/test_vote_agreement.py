"""What votes say of those who cast them, worked out by hand."""

from __future__ import annotations

import math

import pytest

from seatrial.evidence.vibes.vote_agreement import Worker, crowd_of
from seatrial.evidence.vibes.votes import Side, Vote

VOTES: dict[str, dict[str, Side]] = {
    "ann": {"p": "left", "q": "left", "r": "tie", "s": "left"},
    "ben": {"p": "left", "q": "right", "r": "tie"},
    "cat": {"p": "left", "q": "left", "r": "right"},
    "dan": {"p": "right"},
}


def _workers() -> dict[str, Worker]:
    votes = [Vote(rater, item, side) for rater, own in VOTES.items() for item, side in own.items()]
    return {worker.rater: worker for worker in crowd_of(votes).workers}


@pytest.mark.parametrize(
    ("rater", "compared", "agreement", "chance"),
    [
        ("ann", 1, 1.0, 1.0),  # p: left; the others are split on q and r, and none voted on s
        ("ben", 2, 0.5, 0.5),  # p and q: left; r is a draw between tie and right
        ("cat", 2, 0.5, 0.25),  # p: left, r: tie; q is split
        ("dan", 1, 0.0, 0.0),  # p: left
    ],
)
def test_a_rater_is_compared_where_the_others_have_a_majority(
    rater: str, compared: int, agreement: float, chance: float
) -> None:
    """Own votes do not count towards the majority; a draw of the others, or nobody else's vote, is no comparison."""
    worker = _workers()[rater]
    assert (worker.compared, worker.agreement, worker.chance) == (compared, agreement, chance)
    assert worker.votes == len(VOTES[rater])


def test_a_rater_whom_nobody_follows_has_no_agreement() -> None:
    """Alone on a pair, a rater goes with nobody and against nobody: agreement is not known, and nothing is doubted."""
    votes = [Vote("ann", "p", "left"), Vote("ben", "q", "tie")]
    for worker in crowd_of(votes).workers:
        assert worker.compared == 0
        assert math.isnan(worker.agreement) and math.isnan(worker.chance)
        assert not worker.doubtful
