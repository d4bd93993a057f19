"""Random generators that depend on a seed and on what they are used for."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["generator"]


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return a random generator that depends on the policy's seed and on what it is used for, only."""
    words = [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") for name in names]
    return np.random.default_rng([seed, *words])
