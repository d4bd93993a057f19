"""What a test could find that overlooks no praise and looks for nothing else: the most that an open search can hope for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.drift import PRAISES, SENTENCE, World, answers_of, praises
from seatrial.drift.found import KINDS
from seatrial.stats.asked_twice import one_way

__all__ = ["LEVELS", "TESTS", "Oracle", "oracle"]

TESTS = len(KINDS) + 5
"""Tests of a search: one of each kind, of all phrases, all tones and all meanings together, and two of embeddings."""
LEVELS = (0.05, 0.05 / TESTS)
"""Level of a test that is told what to look for, and of one among all of a search."""


@dataclass(frozen=True, slots=True)
class Oracle:
    """What a test finds that knows of every answer whether it praises.

    Attributes:
        where: Where it looks for praise.
        comparisons: How many.
        before: Share of the baseline's answers that have it.
        found: In how many comparisons the candidate is found to praise more, at each of `LEVELS`, both directions allowed.
    """

    where: str
    comparisons: int
    before: float
    found: tuple[int, ...]


def oracle(world: World, comparisons: int) -> list[Oracle]:
    """Return how often an exact paired test sees the praise that a world's candidate was given, by where it looks.

    An answer praises if a planted sentence is in it, or if the list of phrases that praise knows any of it: praise that
    is in the baseline's answers without the list knowing it would leave the test with less.
    """
    looks: dict[str, Callable[[str], str]] = {"anywhere": str, "in the first sentence": _first_sentence}
    chances: dict[str, list[float]] = {where: [] for where in looks}
    before: dict[str, list[float]] = {where: [] for where in looks}
    for seed in range(comparisons):
        pairs = answers_of(world, seed)
        for where, look in looks.items():
            old, new = (
                np.array([_praises(look(text)) for text in texts])
                for texts in ([one.baseline[0] for one in pairs], [one.candidate[0] for one in pairs])
            )
            more, less = int((new & ~old).sum()), int((old & ~new).sum())
            chances[where].append(one_way(more, less) if more > less else 1.0)
            before[where].append(float(old.mean()))
    return [
        Oracle(
            where,
            comparisons,
            float(np.mean(before[where])),
            tuple(sum(chance <= level for chance in chances[where]) for level in LEVELS),
        )
        for where in looks
    ]


def _first_sentence(text: str) -> str:
    return SENTENCE.split(text, maxsplit=1)[0]


def _praises(text: str) -> bool:
    return praises(text) or any(sentence in text for sentence in PRAISES)
