"""How large each round of questions is, from the first look to the last."""

from __future__ import annotations

__all__ = ["FIRST_ROUND", "GROWTH", "looks", "round_size"]

FIRST_ROUND = 24
"""Clusters a gate is asked before the first look; fewer could decide hardly any margin."""
GROWTH = 0.25
"""Each further round asks this share of the clusters asked so far, so that looks get no cheaper than asking."""


def round_size(asked: int, remaining: int) -> int:
    """Return how many clusters the next round asks, after `asked` and with `remaining` left."""
    size = FIRST_ROUND if asked == 0 else max(1, round(GROWTH * asked))
    return min(size, remaining)


def looks(clusters: int) -> list[int]:
    """Return the clusters, counted from 0, after which a live gate with so many is looked at."""
    ends, asked = [], 0
    while asked < clusters:
        asked += round_size(asked, clusters - asked)
        ends.append(asked - 1)
    return ends
