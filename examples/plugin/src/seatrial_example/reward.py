"""A reward signal: turns completions into rewards."""

from __future__ import annotations

from collections.abc import Sequence

from seatrial.types import Item


class Brevity:
    """More reward for fewer words: 1 for none, 0 from a hundred on."""

    def __init__(self, seed: int) -> None:
        """Take the plan's seed; a signal that draws nothing has no use for it."""

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return a reward each completion; None would say that there is nothing to say of it."""
        return [max(0.0, 1.0 - len(text.split()) / 100) for text in texts]
