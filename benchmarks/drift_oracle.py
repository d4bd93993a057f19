"""What a test could find that looks for the planted trait alone: the most that any open-ended search can hope for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks.drift import PRAISES, World, answers_of
from seatrial.instruments.text import TEXT_INSTRUMENTS, PhraseBalance
from seatrial.types import Response

__all__ = ["Oracle", "oracle"]

READS = "text/praise"
"""What reads praise in an answer; drift reads the tone by it too."""
LEVEL = 0.05
NEITHER = 0.5
"""Reading of an answer that neither praises nor finds fault."""


@dataclass(frozen=True, slots=True)
class Oracle:
    """What a test that knows what to look for finds.

    Attributes:
        comparisons: How many.
        found: In how many it says so, at a level of 5 %, both directions allowed.
        before: Share of the baseline's answers that praise already.
        known: Sentences of praise that are planted in which the reading sees any.
        planted: All of them.
    """

    comparisons: int
    found: int
    before: float
    known: int
    planted: int


def oracle(world: World, comparisons: int) -> Oracle:
    """Return how often a paired t-test of praise alone sees the praise that a world's candidate was given."""
    (praise,) = (one for one in TEXT_INSTRUMENTS if isinstance(one, PhraseBalance) and one.name == READS)
    found, praising = 0, []
    for seed in range(comparisons):
        pairs = answers_of(world, seed)
        before, after = (
            np.array([praise.read(one.item, Response(one.item.id, "made", 0, texts[0])) for one, texts in side])
            for side in ([(one, one.baseline) for one in pairs], [(one, one.candidate) for one in pairs])
        )
        found += bool(stats.ttest_rel(after, before).pvalue <= LEVEL)
        praising.append(float((before > NEITHER).mean()))
    known = sum(praise.weights(sentence)[0] > 0 for sentence in PRAISES)
    return Oracle(comparisons, found, float(np.mean(praising)), known, len(PRAISES))
