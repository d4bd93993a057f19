"""Which digests were seen: eight bytes of memory each, however many there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Seen"]

FRESH = 2**17
"""Digests that are held as Python's own numbers, some 70 bytes each, before they are sorted and packed."""
LARGER = 4
"""Two packed parts become one where the older is less than so many times as large."""


class Seen:
    """Digests of 64 bits that were seen.

    A hundred million rows take 0.8 GB, and while two parts become one twice that. Two of so many have the same digest
    by chance in one log of 3,700; then one row is counted as doubled that is not.
    """

    def __init__(self, fresh: int = FRESH) -> None:
        """Have seen nothing."""
        self._fresh: set[int] = set()
        self._most = fresh
        self._packed: list[NDArray[np.uint64]] = []

    def __len__(self) -> int:
        """How many were seen."""
        return len(self._fresh) + sum(map(len, self._packed))

    def is_new(self, digest: int) -> bool:
        """Return whether a digest is seen for the first time; it is seen then."""
        if digest in self._fresh or any(_holds(part, digest) for part in self._packed):
            return False
        self._fresh.add(digest)
        if len(self._fresh) >= self._most:
            self._pack()
        return True

    def _pack(self) -> None:
        part = np.sort(np.fromiter(self._fresh, np.uint64, len(self._fresh)))
        self._fresh = set()
        while self._packed and len(self._packed[-1]) < LARGER * len(part):
            part = np.concatenate([self._packed.pop(), part])
            part.sort()
        self._packed.append(part)


def _holds(part: NDArray[np.uint64], digest: int) -> bool:
    wanted = np.uint64(digest)
    place = int(part.searchsorted(wanted))
    return place < len(part) and bool(part[place] == wanted)
