"""Digests that were seen."""

from __future__ import annotations

import numpy as np

from seatrial.evidence.replay.seen import Seen


def test_each_is_new_once_however_they_are_packed() -> None:
    """As a set says it, of small numbers and of the largest, whichever part they went into."""
    rng, held, seen = np.random.default_rng(5), set[int](), Seen(fresh=10)
    for value in [*rng.integers(0, 700, 2000).tolist(), 2**64 - 1, 0, 2**64 - 1]:
        assert seen.is_new(value) is (value not in held)
        held.add(value)
    assert len(seen) == len(held)


def test_a_digest_takes_eight_bytes() -> None:
    """Packed parts are few, and hold nothing but digests."""
    seen = Seen(fresh=1000)
    for value in np.random.default_rng(6).integers(0, 2**63, 50_000).tolist():
        seen.is_new(value)
    parts = seen._packed
    assert sum(part.nbytes for part in parts) <= 8 * len(seen) and len(parts) <= 4
