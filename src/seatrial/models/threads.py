"""How many threads a model that runs in this process computes with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from seatrial.errors import ModelError

__all__ = ["SPINS", "THREADS", "short_waits", "threads"]

THREADS = "SEATRIAL_THREADS"
"""Environment variable that says how many."""
SPINS = "GOMP_SPINCOUNT"
"""Environment variable of the GNU OpenMP runtime: how often a thread looks again before it sleeps."""
_POLICY, _FEW = "OMP_WAIT_POLICY", "1000"


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


@contextmanager
def short_waits() -> Iterator[None]:
    """Have a runtime that is loaded meanwhile let threads sleep soon, unless the environment says how they wait.

    Left to itself it has them look 300,000 times first. Where other programs need the cores too, that keeps the one
    thread from running that all others wait for. A thousand is what the runtime itself takes where it knows of more
    threads than cores: https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html.
    """
    said = SPINS in os.environ or _POLICY in os.environ
    if not said:
        os.environ[SPINS] = _FEW
    try:
        yield
    finally:
        if not said:
            os.environ.pop(SPINS, None)
