"""A sample of a log, drawn while it streams by: each conversation with the same chance, in whatever order they come."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from seatrial.evidence.replay.conversation import Conversation

__all__ = ["Sample", "drawn", "lot"]


@dataclass(frozen=True)
class Sample:
    """Conversations drawn from all that can be replayed.

    Attributes:
        conversations: Those drawn, in the order of their lots; fewer drawn with the same seed are the first of them.
        of: How many there were.
        seed: That they were drawn with.
    """

    conversations: tuple[Conversation, ...]
    of: int
    seed: int


def lot(one: Conversation, seed: int) -> int:
    """Return a conversation's lot, from 0 to 2⁶⁴ − 1: it hangs on the conversation and the seed, and on nothing else.

    So shards of a log can be drawn from apart and put together, and a log that grew keeps most of its sample.
    """
    return int.from_bytes(hashlib.blake2b(f"{seed} {one.digest}".encode(), digest_size=8).digest())


def drawn(conversations: Iterable[Conversation], size: int, seed: int) -> Sample:
    """Return those with the lowest lots, no more than `size`, of which no more stand in memory at once."""
    kept: list[tuple[int, int, Conversation]] = []
    count = 0
    for one in conversations:
        count += 1
        place = (-lot(one, seed), -count, one)
        if len(kept) < size:
            heapq.heappush(kept, place)
        elif place > kept[0]:
            heapq.heapreplace(kept, place)
    return Sample(tuple(one for _, _, one in sorted(kept, reverse=True)), count, seed)
