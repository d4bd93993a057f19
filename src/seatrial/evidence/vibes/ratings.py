"""One final rating, read: what was flagged, what was preferred, and what of it stays blind."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from seatrial.evidence.vibes.giveaways import names_itself
from seatrial.evidence.vibes.values import Rated

__all__ = ["REAL", "key_of", "off", "plain_off", "preferred", "share_flagged", "unblinded"]

REAL = ("pair", "live")
"""Trials that count as evidence; what a witness sees was picked for its alarm, and only confirms it."""


def unblinded(one: Rated) -> bool:
    """Return whether an answer of a conversation said what wrote it."""
    return any(names_itself(text) for turn in one.turns for text in (turn.left or "", turn.right or ""))


def off(one: Rated) -> int:
    """Return how far the odd side was flagged; in two answers of one model, the left one's, wherever it comes again."""
    return int(one.rating[f"off_{_odd(one)}"] or 0)


def plain_off(one: Rated) -> int:
    """Return how far the other side was flagged."""
    return int(one.rating["off_right" if _odd(one) == "left" else "off_left"] or 0)


def preferred(one: Rated) -> float:
    """Return how far the odd side was preferred, from −1 to 1."""
    return float(one.rating["preference"]) / 3 * (-1 if _odd(one) == "left" else 1)


def _odd(one: Rated) -> str:
    return one.trial.odd or ("right" if one.trial.kind == "repeat" else "left")


def share_flagged(flags: Sequence[int]) -> float:
    """Return the share of flags above 0; NaN where there are none."""
    return float(np.mean([flag > 0 for flag in flags])) if flags else math.nan


def key_of(one: Rated) -> tuple[str, str]:
    """Return what was rated: the item, or for a conversation the rater's own."""
    if one.trial.kind == "live":
        return "live", f"{one.rater} {one.place}"
    return one.trial.suite, one.trial.item.id
