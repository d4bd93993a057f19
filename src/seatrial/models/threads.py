"""How many threads a model that runs in this process computes with."""

from __future__ import annotations

import os

from seatrial.errors import ModelError

__all__ = ["THREADS", "threads"]

THREADS = "SEATRIAL_THREADS"
"""Environment variable that says how many: they spin while they wait, so on a busy machine fewer are faster."""


def threads(most: int) -> int:
    """Return how many threads to compute with: as the environment says, else one a core, up to a number.

    Raises:
        ModelError: the environment says what is no number of threads.
    """
    said = os.environ.get(THREADS, "").strip()
    if not said:
        return max(1, min(os.cpu_count() or 1, most))
    if not said.isdecimal() or not 0 < int(said) <= most:
        raise ModelError(f"{THREADS}={said}: give a whole number from 1 to {most}, or leave it unset for one a core")
    return int(said)
