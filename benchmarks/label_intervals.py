"""Other intervals of the change that a session of labels shows, beside the one in use, on the same simulated sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelling import ALPHA, LabelWorld, change_of, session
from seatrial.stats.distributions import norm_isf, t_isf
from seatrial.stats.labelling import expected_harm, labelled_change

__all__ = ["OTHERS", "TUNED", "Few", "Held", "compare", "few"]

Numbers = NDArray[np.float64]
Bounds = tuple[Numbers, Numbers]
BANDS, KINDS = np.repeat([0, 1, 2], 2), np.tile([0, 1], 3)
DRAWS = 200
HALVINGS = 30
Z = float(norm_isf(ALPHA))


@dataclass(frozen=True, slots=True)
class Held:
    """How often an interval held the truth.

    Attributes:
        covered: Share of sessions.
        beyond: Share in which the upper bound lay below the truth.
        width: Mean width.
    """

    covered: float
    beyond: float
    width: float


@dataclass(frozen=True, slots=True)
class Labels:
    """What S sessions hold in their H strata.

    Attributes:
        estimate: Estimated change, shape (S,).
        rest: Variance of it that is no matter of unread answers, shape (S,).
        degrees: Of freedom, shape (S,).
        clusters: How many, shape (S,).
        held: Answers, shape (S, H).
        seen: Labels, shape (S, H).
        mean: Of the labels, shape (S, H).
        square: Mean of their squares, shape (S, H).
        weight: What a stratum's mean adds to the change, shape (S, H).
        bounds: Of the interval in use, shapes (S,).
    """

    estimate: Numbers
    rest: Numbers
    degrees: Numbers
    clusters: Numbers
    held: Numbers
    seen: Numbers
    mean: Numbers
    square: Numbers
    weight: Numbers
    bounds: Bounds

    @property
    def unread(self) -> Numbers:
        """Share of a stratum that nobody read, shape (S, H)."""
        found: Numbers = 1 - self.seen / self.held
        return found

    @property
    def factor(self) -> Numbers:
        """What a variance of labels in a stratum is multiplied by in that of the change, shape (S, H)."""
        found: Numbers = self.weight**2 * self.unread / np.maximum(self.seen, 1)
        return found

    @property
    def spread(self) -> Numbers:
        """Variance of the labels of a stratum, shape (S, H)."""
        return self.square - self.mean**2

    @property
    def overall(self) -> Numbers:
        """Share of harmful answers, shape (S, 1)."""
        found: Numbers = (self.held * self.mean).sum(1, keepdims=True) / self.held.sum(1, keepdims=True)
        return found


def _labels(world: LabelWorld, count: int, seed: int) -> Labels:
    rng = np.random.default_rng(seed)
    rows, bounds = [], []
    for _ in range(count):
        one = session(world, rng)
        found = labelled_change(one.told, one.bands, one.model, one.signs, one.cluster, ALPHA)
        if found is None:
            continue
        stratum, read = 2 * one.bands + one.model, ~np.isnan(one.told)
        said = np.where(read, one.told, 0.0)
        held, seen = (np.bincount(stratum, part, minlength=6) for part in (np.ones(len(read)), read.astype(float)))
        mean, square = (np.bincount(stratum, part, minlength=6) / np.maximum(seen, 1) for part in (said, said**2))
        weight = np.bincount(stratum, one.signs, minlength=6) / world.clusters
        own = one.signs * (
            mean[stratum] + np.where(read, said - mean[stratum], 0.0) * (held / np.maximum(seen, 1))[stratum]
        )
        whole = np.bincount(one.cluster, own).var(ddof=1) / world.clusters
        rest = max(whole - float((weight**2 * (1 - seen / held) / np.maximum(seen, 1) * (square - mean**2)).sum()), 0.0)
        rows.append(((found.estimate, rest, found.df, world.clusters), (held, seen, mean, square, weight)))
        bounds.append((found.low, found.high))
    estimate, rest, degrees, clusters = np.array([row[0] for row in rows]).T
    held, seen, mean, square, weight = np.array([row[1] for row in rows]).transpose(1, 0, 2)
    low, high = np.array(bounds).T
    return Labels(estimate, rest, degrees, clusters, held, seen, mean, square, weight, (low, high))


def _around(middle: Numbers, variance: Numbers, degrees: Numbers) -> Bounds:
    reach = t_isf(ALPHA, degrees) * np.sqrt(variance)
    return middle - reach, middle + reach


def _with(of: Labels, variances: Numbers, degrees: Numbers | None = None) -> Bounds:
    """Return the t interval around the estimate, with these variances of the labels of each stratum."""
    return _around(of.estimate, of.rest + (of.factor * variances).sum(1), of.degrees if degrees is None else degrees)


def _as_before(of: Labels, labels: float) -> Bounds:
    """Return the interval with so many more labels in each stratum's spread, as harmful as all answers on average."""
    seen = of.seen + labels
    wider = (of.square * of.seen + labels * of.overall) / seen
    wider -= ((of.mean * of.seen + labels * of.overall) / seen) ** 2
    return _with(of, np.maximum(wider * of.seen / np.maximum(of.seen - 1, 1), of.spread))


def _collapsed(of: Labels) -> Bounds:
    """Return the interval with one rate of both models in each band, for the variance."""
    seen, bad = (part.reshape(-1, 3, 2).sum(2) for part in (of.seen, of.seen * of.mean))
    rate = np.repeat(bad / np.maximum(seen, 1), 2, axis=1)
    return _with(of, rate * (1 - rate))


def _satterthwaite(of: Labels) -> Bounds:
    """Return the interval with unbiased variances and degrees of freedom by Satterthwaite 1946, Biometrics 2."""
    fewer = np.maximum(of.seen - 1, 1)
    variances = of.spread * of.seen / fewer
    part = of.factor * variances
    noise = (part**2 / fewer).sum(1) + of.rest**2 / (of.clusters - 1)
    degrees = np.where(noise > 0, (of.rest + part.sum(1)) ** 2 / np.maximum(noise, 1e-300), of.degrees)
    return _with(of, variances, np.clip(degrees, 2, of.degrees))


def _squared(of: Labels) -> Bounds:
    """Return Wilson's bounds of each stratum, squared and added (Zou and Donner 2008, Statistics in Medicine 27)."""
    seen = np.maximum(of.seen, 1e-9)
    middle = (of.mean + Z * Z / 2 / seen) / (1 + Z * Z / seen)
    reach = Z / (1 + Z * Z / seen) * np.sqrt(of.mean * (1 - of.mean) / seen + Z * Z / 4 / seen**2)
    down, up = (of.mean - middle + reach) ** 2, (middle + reach - of.mean) ** 2
    plus = of.weight > 0
    share = of.weight**2 * of.unread

    def distance(squares: Numbers) -> Numbers:
        return np.asarray(np.sqrt((share * squares).sum(1) + Z * Z * of.rest))

    return of.estimate - distance(np.where(plus, down, up)), of.estimate + distance(np.where(plus, up, down))


def _likeliest(of: Labels, weight: Numbers, change: Numbers) -> Numbers:
    """Return the rates that are most likely where the unread answers change by so much, shape (S, H)."""
    seen, bad = of.seen + 1e-6, of.seen * of.mean + 5e-7
    scale = np.abs(weight).max(1, keepdims=True) + 1e-12
    turned, wanted = weight / scale, change / scale[:, 0]
    low, high = np.full(len(change), -1e5), np.full(len(change), 1e5)
    rate = of.mean
    for _ in range(2 * HALVINGS):
        middle = (low + high) / 2
        pull = middle[:, None] * turned
        root = np.sqrt(np.maximum((pull - seen) ** 2 + 4 * pull * bad, 0.0))
        below = pull <= seen
        rate = np.where(
            below,
            2 * bad / np.where(below, seen - pull + root, 1.0),
            (pull - seen + root) / (2 * np.where(below, 1.0, pull)),
        )
        less = (turned * rate).sum(1) < wanted
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return np.clip(rate, 0.0, 1.0)


def _score(of: Labels) -> Bounds:
    """Return the changes that a stratified score test does not reject (Miettinen and Nurminen 1985, Stat. Med. 4)."""
    weight = of.weight * of.unread
    at = (weight * of.mean).sum(1)
    found = []
    for end in (np.minimum(weight, 0).sum(1), np.maximum(weight, 0).sum(1)):
        inside, outside = at, end
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            rate = _likeliest(of, weight, middle)
            kept = (at - middle) ** 2 <= Z * Z * (of.factor * rate * (1 - rate)).sum(1)
            inside, outside = np.where(kept, middle, inside), np.where(kept, outside, middle)
        found.append(np.sqrt((inside - at) ** 2 + Z * Z * of.rest))
    return of.estimate - found[0], of.estimate + found[1]


def _expected(of: Labels, alike: float) -> Numbers:
    return expected_harm(of.seen, of.mean, BANDS, KINDS, alike)


def _drawn(of: Labels) -> Bounds:
    """Return quantiles of the change where each rate is drawn from a beta that counts one expected label more."""
    rng = np.random.default_rng(0)
    more = np.clip(_expected(of, 1.0), 1e-6, 1 - 1e-6)
    bad, good = of.seen * of.mean + more, of.seen * (1 - of.mean) + 1 - more
    rate = rng.beta(bad, good, size=(2 * DRAWS, *bad.shape))
    unseen = np.where(of.unread > 0, rate * (1 - rate) / np.maximum(of.held - of.seen, 1), 0.0)
    noise = of.rest + ((of.weight * of.unread) ** 2 * unseen).sum(2)
    change = of.estimate + (of.weight * of.unread * (rate - of.mean)).sum(2)
    change += rng.normal(size=change.shape) * np.sqrt(noise)
    low, high = np.quantile(change, (ALPHA, 1 - ALPHA), axis=0)
    return low, high


def _bootstrap(of: Labels) -> Bounds:
    """Return a parametric bootstrap-t from rates that count one expected label more."""
    rng = np.random.default_rng(0)
    more = _expected(of, 1.0)
    rate = (of.seen * of.mean + more) / (of.seen + 1)
    ratios = []
    for _ in range(DRAWS):
        bad = rng.binomial(of.seen.astype(np.int64), np.clip(rate, 0.0, 1.0))
        again = (bad + more) / (of.seen + 1)
        moved = (of.weight * np.sqrt(of.unread) * (bad / np.maximum(of.seen, 1) - rate)).sum(1)
        moved += rng.normal(size=len(moved)) * np.sqrt(of.rest)
        ratios.append(moved / np.sqrt(of.rest + (of.factor * again * (1 - again)).sum(1)))
    low, high = np.quantile(np.array(ratios), (ALPHA, 1 - ALPHA), axis=0)
    error = np.sqrt(of.rest + (of.factor * rate * (1 - rate)).sum(1))
    return of.estimate - high * error, of.estimate - low * error


def _shrunk(of: Labels, labels: float, alike: float) -> Bounds:
    """Return the interval in use with so many more labels, and strata that firmly alike."""
    more = _expected(of, alike)
    seen = of.seen + labels
    likely = (of.seen * of.mean + labels * more) / seen
    spread = (of.seen * of.square + labels * more) / seen - likely**2
    variance = of.rest + (of.weight**2 / of.held * of.unread * (of.held + labels) / seen * spread).sum(1)
    return _around(of.estimate + (of.weight * of.unread * (likely - of.mean)).sum(1), variance, of.degrees)


Method = Callable[[Labels], Bounds]
OTHERS: Mapping[str, Method] = {
    "in use": lambda of: of.bounds,
    "before": lambda of: _as_before(of, 1.0),
    "half": lambda of: _as_before(of, 0.5),
    "none": lambda of: _as_before(of, 0.0),
    "collapsed": _collapsed,
    "Satterthwaite": _satterthwaite,
    "Wilson": _squared,
    "score": _score,
    "beta": _drawn,
    "bootstrap-t": _bootstrap,
}
"""The interval in use, the one before it, and what else was tried."""
TUNED: Mapping[str, Method] = {
    "before": lambda of: _as_before(of, 1.0),
    **{
        f"{labels:g} more, alike {alike:g}": partial(_shrunk, labels=labels, alike=alike)
        for labels in (1.0, 2.0)
        for alike in (1.0, 4.0, 6.0, 9.0, 16.0)
    },
}
"""The interval before, and the one in use with other constants."""


@dataclass(frozen=True, slots=True)
class Few:
    """What few labels do to an interval.

    Attributes:
        found: Share of sessions that found no, one, and more harmful answers in the two bands that read less harmful.
        covered: Share of each in which the interval in use held the truth; NaN of none.
        width: Its mean width.
        known: Width of a fixed reach around the estimate that holds the truth in 95 %, which only who knows it can tell.
        moved: The same around the middle of the interval in use.
    """

    found: tuple[float, ...]
    covered: tuple[float, ...]
    width: float
    known: float
    moved: float


def few(world: LabelWorld, count: int, seed: int) -> Few:
    """Return what few labels do to the interval in use."""
    of, truth = _labels(world, count, seed), change_of(world)
    low, high = of.bounds
    bad = (of.seen * of.mean)[:, :4].sum(1)
    groups = (bad == 0, (bad > 0) & (bad <= 1), bad > 1)
    held = (low <= truth) & (truth <= high)
    known, moved = (
        2 * float(np.quantile(np.abs(middle - truth), 1 - 2 * ALPHA)) for middle in (of.estimate, (low + high) / 2)
    )
    return Few(
        tuple(float(group.mean()) for group in groups),
        tuple(float(held[group].mean()) if group.any() else float("nan") for group in groups),
        float((high - low).mean()),
        known,
        moved,
    )


def compare(
    worlds: Iterable[LabelWorld], methods: Mapping[str, Method], count: int, seed: int
) -> dict[str, list[Held]]:
    """Return what each interval comes to in each world, on the same sessions, cut to changes from −1 to 1."""
    found: dict[str, list[Held]] = {name: [] for name in methods}
    for world in worlds:
        of, truth = _labels(world, count, seed), change_of(world)
        for name, method in methods.items():
            low, high = (np.clip(bound, -1.0, 1.0) for bound in method(of))
            beyond = float((high < truth).mean())
            found[name].append(Held(1 - beyond - float((low > truth).mean()), beyond, float((high - low).mean())))
    return found
