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


def holm(p: ArrayLike, alpha: float, weights: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Return which claims are accepted so that the chance of any false one is at most alpha, shape (k,).

    Holds under any dependence. Source: Holm 1979, Scandinavian Journal of Statistics 6(2), weighted as in
    its section 4.

    Args:
        p: p-values, shape (k,).
        alpha: Level.
        weights: What each claim may err, relative to the others, above 0, shape (k,); all alike by default.

    Raises:
        ValueError: a p-value is outside [0, 1], or a weight is not above 0.
    """
    values = np.asarray(p, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("p-values lie in [0, 1]")
    count = len(values)
    share = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if not (share > 0).all():
        raise ValueError("weights must be above 0")
    order = np.argsort(values / share, kind="stable")
    left = np.cumsum(share[order][::-1])[::-1]
    passed = values[order] * left <= alpha * share[order]
    accepted = np.zeros(count, dtype=bool)
    first_miss = count if passed.all() else int(np.argmin(passed))
    accepted[order[:first_miss]] = True
    return accepted
