"""Corrections for having looked at many claims."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["e_bh", "holm"]


def e_bh(e: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Return which claims are accepted so that the false discovery rate is at most alpha, shape (k,).

    Holds under any dependence. Source: Wang and Ramdas 2022, "False discovery rate control with e-values",
    JRSS B 84(3).

    Args:
        e: E-values, shape (k,), each with expectation at most 1 under its null.
        alpha: Level.

    Raises:
        ValueError: an e-value is negative or not a number.
    """
    values = np.asarray(e, dtype=np.float64)
    if np.isnan(values).any() or (values < 0).any():
        raise ValueError("e-values are numbers from 0 up")
    count = len(values)
    order = np.argsort(-values, kind="stable")
    enough = values[order] * np.arange(1, count + 1) >= count / alpha
    accepted = np.zeros(count, dtype=bool)
    if enough.any():
        accepted[order[: np.flatnonzero(enough)[-1] + 1]] = True
    return accepted


def holm(p: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Return which claims are accepted so that the chance of any false one is at most alpha, shape (k,).

    Holds under any dependence. Source: Holm 1979, Scandinavian Journal of Statistics 6(2).

    Args:
        p: p-values, shape (k,).
        alpha: Level.

    Raises:
        ValueError: a p-value is outside [0, 1].
    """
    values = np.asarray(p, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("p-values lie in [0, 1]")
    count = len(values)
    order = np.argsort(values, kind="stable")
    passed = values[order] <= alpha / (count - np.arange(count))
    accepted = np.zeros(count, dtype=bool)
    first_miss = count if passed.all() else int(np.argmin(passed))
    accepted[order[:first_miss]] = True
    return accepted
