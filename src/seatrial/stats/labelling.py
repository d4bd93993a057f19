"""Which answers people read when they cannot read all, and what their labels say of all.

An instrument's readings sort the answers into bands; the band that reads most harmful is read most. Within a stratum
(a band of one model's answers) the order is drawn by lot and the strata take turns by fixed shares, so that whoever
stops anywhere has read a simple random sample of each stratum, whose chance is known: read / held.

Source: stratified sampling and the difference estimator as in Särndal, Swensson and Wretman 1992, *Model Assisted
Survey Sampling*, 3.7 and 6.3; with a stratum's mean as its prediction this is PPI++ with the instrument's bands as
predictor (Angelopoulos, Duchi and Zrnic 2023, arXiv:2311.01453).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seatrial.stats.distributions import norm_pdf, norm_ppf, t_isf
from seatrial.stats.intervals import Interval

__all__ = [
    "CUTS",
    "ENOUGH",
    "SHARES",
    "bands_of",
    "chances",
    "expected_harm",
    "labelled_change",
    "reading_order",
    "readings_needed",
]

CUTS = (0.5, 0.9)
"""Where the bands of readings end, as shares of all answers."""
SHARES = (0.1, 0.1, 0.8)
"""Which part of what is read comes from each band, the least harmful first. With an instrument of AUC .8 and 8 %
harmful answers it finds 20 harmful ones in under 80 readings; it pays for that with a wider interval of the change."""
ENOUGH = 20
"""Labels of either kind that a record takes."""
ALIKE = 6.0
"""How alike strata are expected to be: 1 / variance of what a band, or the model, adds to the log odds of harm."""
NEWTON = 30
"""Steps towards the most likely rates; ten are enough for rates that labels show."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def bands_of(harm: ArrayLike, rng: np.random.Generator, cuts: tuple[float, ...] = CUTS) -> Ints:
    """Return the band of each answer by how harmful it reads, 0 for the least; equal readings are parted by lot.

    Args:
        harm: Readings, + is harm, shape (U,).
        rng: Decides between equal readings.
        cuts: Where the bands end, as increasing shares of all answers.

    Raises:
        ValueError: a reading is not a number.
    """
    read = np.asarray(harm, dtype=np.float64)
    if np.isnan(read).any():
        raise ValueError("every answer needs a reading")
    place = np.empty(len(read))
    place[np.lexsort((rng.random(len(read)), read))] = (np.arange(len(read)) + 0.5) / max(len(read), 1)
    return np.searchsorted(np.asarray(cuts), place).astype(np.int64)


def reading_order(
    bands: ArrayLike, kinds: ArrayLike, rng: np.random.Generator, shares: tuple[float, ...] = SHARES
) -> Ints:
    """Return in which order to read the answers, as places, shape (U,).

    A band's share is divided over its kinds by the roots of their sizes. Which stratum comes next never depends on what
    was said of an answer.

    Args:
        bands: Band of each answer, shape (U,).
        kinds: Whose answer it is, as a number, shape (U,).
        rng: Decides the order within each stratum.
        shares: Part of the readings that each band gets.
    """
    strata = _strata(bands, kinds)
    owner = np.asarray(bands, dtype=np.int64)
    names = np.unique(strata)
    left = {int(name): rng.permutation(np.flatnonzero(strata == name)).tolist() for name in names}
    roots = {name: math.sqrt(len(held)) for name, held in left.items()}
    band = {name: int(owner[held[0]]) for name, held in left.items()}
    whole = {number: sum(root for name, root in roots.items() if band[name] == number) for number in set(band.values())}
    share = {name: shares[band[name]] * root / whole[band[name]] for name, root in roots.items()}
    taken, order = dict.fromkeys(left, 0), []
    while left:
        name = min(left, key=lambda one: ((taken[one] + 0.5) / share[one], one))
        order.append(left[name].pop())
        taken[name] += 1
        if not left[name]:
            del left[name]
    return np.array(order, dtype=np.int64)


def _strata(bands: ArrayLike, kinds: ArrayLike) -> Ints:
    both = np.stack([np.asarray(bands, dtype=np.int64), np.asarray(kinds, dtype=np.int64)])
    _, number = np.unique(both, axis=1, return_inverse=True)
    return np.asarray(number, dtype=np.int64).reshape(-1)


def chances(bands: ArrayLike, kinds: ArrayLike, read: ArrayLike) -> Floats:
    """Return the chance with which each answer was read, shape (U,): the part of its stratum that was.

    Args:
        bands: Band of each answer, shape (U,).
        kinds: Whose answer it is, shape (U,).
        read: Whether it was read, shape (U,).
    """
    strata = _strata(bands, kinds)
    held = np.bincount(strata)
    share: Floats = (np.bincount(strata, np.asarray(read, dtype=np.float64)) / held)[strata]
    return share


def readings_needed(bands: ArrayLike, kinds: ArrayLike, rate: float, youden: float, enough: int = ENOUGH) -> int | None:
    """Return about how many answers must be read until `enough` are harmful and as many harmless; None if all do not.

    A harmful and a harmless answer are taken to read as a normal shift apart that gives the TPR − FPR.

    Args:
        bands: Band of each answer, shape (U,).
        kinds: Whose answer it is, shape (U,).
        rate: Share of harmful answers that is taken.
        youden: TPR − FPR of the instrument that is taken.
        enough: Of either kind.
    """
    owner = np.asarray(bands, dtype=np.int64)
    shift = 2 * float(norm_ppf((1 + min(max(youden, 0.0), 0.99)) / 2))
    grid = np.linspace(-6, 6 + shift, 4000)
    good, bad = (1 - rate) * norm_pdf(grid), rate * norm_pdf(grid - shift)
    below = np.cumsum(good + bad) / (good + bad).sum()
    place = np.searchsorted(np.asarray(CUTS), below)
    yields = [float(bad[place == band].sum() / (good + bad)[place == band].sum()) for band in range(len(SHARES))]
    found = np.cumsum(np.asarray(yields)[owner[reading_order(owner, kinds, np.random.default_rng(0))]])
    read = np.arange(1, len(found) + 1)
    reached = np.flatnonzero(np.minimum(found, read - found) >= enough)
    return int(read[reached[0]]) if len(reached) else None


def expected_harm(seen: ArrayLike, mean: ArrayLike, bands: ArrayLike, kinds: ArrayLike, alike: float = ALIKE) -> Floats:
    """Return which share of each stratum one more label would be expected to call harmful, shape (..., H).

    Log odds of harm are taken to go straight through the bands and to differ by a constant between the kinds, and both
    to be small (a ridge), so that a stratum of few labels is expected to be as harmful as the labels around it. One
    label, half harmful, keeps the rates off 0 and 1.

    Args:
        seen: Labels of each stratum, shape (..., H).
        mean: Their means, shape (..., H).
        bands: Band of each stratum, shape (H,).
        kinds: Whose answers it holds, shape (H,).
        alike: 1 / variance of what a band adds to the log odds, and of the difference between two kinds.

    Source: Gelman, Jakulin, Pittau and Su 2008, Annals of Applied Statistics 2(4), for weakly informative priors of a
    logistic regression; here they are normal.
    """
    total, share = (np.asarray(part, dtype=np.float64) for part in (seen, mean))
    band, kind = np.asarray(bands, dtype=np.float64), np.asarray(kinds)
    which = kind[:, None] == np.unique(kind)
    known = np.column_stack([np.ones(len(band)), band - band.mean(), which])
    known = np.vstack([known, np.eye(known.shape[1])[0]])
    one = np.ones((*total.shape[:-1], 1))
    trials, harmful = np.concatenate([total, one], axis=-1), np.concatenate([total * share, one / 2], axis=-1)
    ridge = np.diag([0.0, alike, *[2 * alike] * which.shape[1]])
    found = np.zeros((*total.shape[:-1], known.shape[1]))
    for _ in range(NEWTON):
        rate = 1 / (1 + np.exp(-(found @ known.T)))
        slope = (harmful - trials * rate) @ known - found @ ridge
        curve = np.einsum("...h,hi,hj->...ij", trials * rate * (1 - rate), known, known) + ridge
        found = found + np.clip(np.linalg.solve(curve, slope[..., None])[..., 0], -2.0, 2.0)
    expected: Floats = 1 / (1 + np.exp(-(found @ known[:-1].T)))
    return expected


def labelled_change(
    labels: ArrayLike, bands: ArrayLike, kinds: ArrayLike, signs: ArrayLike, clusters: ArrayLike, alpha: float
) -> Interval | None:
    """Return how the mean label changes, over all answers, from labels of those that were read; None from too few.

    Each answer that was read stands for those of its stratum that were not. Each cluster's change is predicted by the
    strata's means and corrected by its labels over their chance, so that the spread over clusters holds both what the
    labels leave open and what so many clusters do.

    A stratum in which few labels are all alike is not taken as certain, nor is one in which a single harmful label
    stands for many answers taken as that harmful: the bounds count one more label in each, as harmful as all labels
    lead one to expect there (`expected_harm`), in its mean and in its spread. The estimate counts none of them, so it
    need not lie halfway between the bounds.

    Args:
        labels: People's labels from 0 to 1, NaN where nobody read, shape (U,).
        bands: Band of each answer, shape (U,).
        kinds: Whose answer it is, shape (U,).
        signs: What the answer adds to its cluster's change: + for the candidate, shape (U,).
        clusters: Cluster of each answer, shape (U,).
        alpha: Error rate of each bound.

    Source: Agresti and Coull 1998, The American Statistician 52(2), for bounds around the mean of a few labels more.
    """
    y, sign = (np.asarray(part, dtype=np.float64) for part in (labels, signs))
    strata, cluster = _strata(bands, kinds), np.unique(np.asarray(clusters), return_inverse=True)[1].reshape(-1)
    read, count = ~np.isnan(y), int(cluster.max(initial=-1)) + 1
    held, seen = np.bincount(strata), np.bincount(strata, read.astype(np.float64))
    counts = np.bincount(strata, sign != 0) > 0
    if count < 2 or (seen[counts] < np.minimum(2, held[counts])).any() or read.sum() <= len(held):
        return None
    mean = np.bincount(strata, np.where(read, y, 0.0)) / np.maximum(seen, 1)
    chance = seen / held
    predicted = mean[strata]
    own = sign * (
        predicted + np.where(read, np.where(read, y, 0.0) - predicted, 0.0) / np.maximum(chance[strata], 1e-9)
    )
    change = np.bincount(cluster, own, minlength=count)
    second = np.bincount(strata, np.where(read, y**2, 0.0)) / np.maximum(seen, 1)
    first = np.unique(strata, return_index=True)[1]
    more = expected_harm(seen, mean, np.asarray(bands)[first], np.asarray(kinds)[first])
    likely = (mean * seen + more) / (seen + 1)
    spread = (second * seen + more) / (seen + 1) - likely**2
    weight, size = np.bincount(strata, sign) / count, np.bincount(strata, sign**2) / count**2
    unread = 1 - chance
    shown = size * np.where(seen > 0, unread / np.maximum(chance, 1e-9), 0.0) * (second - mean**2)
    taken = size * unread * (held + 1) / (seen + 1) * spread
    variance = max(float(change.var(ddof=1)) / count - float(shown.sum()), 0.0) + float(taken.sum())
    degrees = int(min(read.sum() - len(held), count - 1))
    reach = float(t_isf(alpha, degrees)) * math.sqrt(variance)
    estimate = float(change.mean())
    middle = estimate + float((weight * unread * (likely - mean)).sum())
    low, high = min(middle - reach, estimate), max(middle + reach, estimate)
    return Interval(estimate, low, high, math.sqrt(variance), degrees, "labelled strata")
