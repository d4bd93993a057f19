"""A session planned: which pairs, how many, and what they could show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seatrial.errors import EvidenceError
from seatrial.stats.detection import discordant_votes
from seatrial.suites import find_suites, load_suite
from seatrial.vibes.store import SessionStore
from seatrial.vibes.trials import answers_of, plan_trials

__all__ = ["Planned", "new_session"]

ALPHA, POWER = 0.05, 0.8


@dataclass(frozen=True, slots=True)
class Planned:
    """A session that was kept.

    Attributes:
        admin: The administrator's token.
        links: Rater → token.
        trials: Pairs a rater sees, controls and repeats included.
        needs: What so many votes could show, in a sentence.
    """

    admin: str
    links: dict[str, str]
    trials: int
    needs: str


def new_session(
    database: str,
    review: Path,
    raters: Sequence[str],
    pairs: int,
    controls: int,
    repeats: int,
    seed: int,
    suites: Sequence[Path],
) -> Planned:
    """Plan and keep a session over a review's answers.

    Args:
        database: URL of the database.
        review: The review's folder.
        raters: Their names, each once.
        pairs: Real pairs a rater.
        controls: Same pairs, and as many spikes.
        repeats: Pairs that come again.
        seed: Seed of every choice.
        suites: Folders with suites of the user's own.

    Raises:
        SeatrialError: the review holds too little, a name stands twice, or the database cannot be used.
    """
    if len(set(raters)) != len(raters):
        raise EvidenceError("a rater's name stands twice; give each a name of their own")
    answers = answers_of(review)
    asked = {suite for held in answers.values() for suite, _ in held}
    known = [load_suite(folder) for folder in find_suites(suites).values() if folder.name in asked]
    plans = {
        name: plan_trials(
            answers,
            known,
            pairs,
            controls,
            repeats,
            np.random.default_rng(seed),
            np.random.default_rng([seed, place]),
        )
        for place, name in enumerate(raters)
    }
    config = {"review": review.name, "pairs": pairs, "controls": controls, "repeats": repeats, "seed": seed}
    admin, links = SessionStore(database).new(review.name, config, plans)
    return Planned(admin, links, len(next(iter(plans.values()))), _needs(pairs * len(raters)))


def _needs(votes: int) -> str:
    """Return what so many votes that are no ties could show."""
    takes = {share: discordant_votes(share, ALPHA, POWER) for share in (0.6, 0.7, 0.8)}
    words = {share: f"{100 * share:.0f}:{100 - 100 * share:.0f}" for share in takes}
    shown = [words[share] for share, needed in takes.items() if needed <= votes]
    can = f"a split of {shown[0]} or wider" if shown else "not even a split of 80:20"
    each = ", ".join(f"{needed} for {words[share]}" for share, needed in takes.items())
    return f"{votes} votes that are no ties show {can} with {100 * POWER:.0f} % power (it takes {each})."
