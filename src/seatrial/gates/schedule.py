"""When a live gate is looked at, and by which method: fixed before the first answer.

A gate's answers come in an order that was drawn beforehand. *Looks* at growing shares of what it may ask at most suit
gates whose clusters are few, or are asked again and again. *Betting* needs no such most, and decides soonest where
clusters are many and each is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

__all__ = [
    "FIRST_ROUND",
    "FIRST_SHARE",
    "GROWTH",
    "MOST_DRAWS",
    "SCARCE",
    "TIMES_ITS_PART",
    "Method",
    "looks",
    "method_of",
    "most_asked",
    "next_share",
    "round_size",
    "shares",
    "typical_most",
]

Method = Literal["betting", "fixed", "looks"]

FIRST_ROUND = 24
"""Clusters a gate is asked before the first look; fewer could decide hardly any margin."""
GROWTH = 0.25
"""Each further round asks this share of what was asked so far, so that looks get no cheaper than asking."""
FIRST_SHARE = 0.08
"""The first look comes no sooner than at this share of what a gate may ask at most."""
SCARCE = 500
"""Up to so many clusters a live gate is looked at; with more, each asked once, it is bet on."""
MOST_DRAWS = 32
"""Answers asked of one item and model under `draws: auto`, at most."""
TIMES_ITS_PART = 3.5
"""A gate may ask so many times its part of the budget: it can, because most others are decided with less."""


def method_of(most: int, depth: int, in_family: bool) -> Method:
    """Return how a live gate is weighed.

    Args:
        most: Clusters that it may ask, each as often as it may be asked.
        depth: How often one may be asked.
        in_family: Whether it is a suite of a family.
    """
    return "betting" if most > SCARCE and depth == 1 and not in_family else "looks"


def most_asked(clusters: int, depth: int, calls: int, allowed: float) -> int:
    """Return how many times a gate's clusters may be asked, all of them together.

    Args:
        clusters: How many it has.
        depth: How often each may be asked.
        calls: Calls that asking each once takes.
        allowed: Calls that it may take.
    """
    payable = int(allowed * clusters / max(1, calls))
    return min(clusters * depth, max(payable, min(clusters, FIRST_ROUND)))


def typical_most(mosts: Sequence[int]) -> int:
    """Return how many times the clusters of a family's typical suite may be asked, of those of all its suites."""
    return round(sum(mosts) / len(mosts))


def next_share(share: float, most: int) -> float:
    """Return at which share of what a gate may ask the next look is taken, after one at `share`; 0 before the first."""
    if share == 0.0:
        return min(1.0, max(FIRST_ROUND / max(1, most), FIRST_SHARE))
    following = share * (1 + GROWTH)
    # What would be left for a last look alone is asked with the one before.
    return 1.0 if following * (1 + GROWTH / 2) >= 1.0 else following


def shares(most: int) -> list[float]:
    """Return the shares of what a gate may ask at which it is looked at, where nothing stops it."""
    found = [next_share(0.0, most)]
    while found[-1] < 1.0:
        found.append(next_share(found[-1], most))
    return found


def round_size(asked: int, remaining: int) -> int:
    """Return how many clusters the next round of a betting gate asks, after `asked` and with `remaining` left."""
    size = FIRST_ROUND if asked == 0 else max(1, round(GROWTH * asked))
    return min(size, remaining)


def looks(clusters: int) -> list[int]:
    """Return the clusters, counted from 0, after which a betting gate with so many is looked at."""
    ends, asked = [], 0
    while asked < clusters:
        asked += round_size(asked, clusters - asked)
        ends.append(asked - 1)
    return ends
