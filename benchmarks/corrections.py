"""What corrections cost and gain: adjustment by earlier knowledge, few labels joined with many judge scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.validity import Rate
from seatrial.stats.agreement import dawid_skene, reliability_weighted
from seatrial.stats.instruments import Calibration, corrected_shift
from seatrial.stats.intervals import clustered_t
from seatrial.stats.prediction import adjusted_mean, ppi_mean

__all__ = ["Gain", "adjustment", "judged", "labels", "panels"]

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Gain:
    """How often a two-sided 90 % interval missed the truth, and its width as a share of the plain one's."""

    what: str
    missed: Rate
    width: float

    @property
    def labels_saved(self) -> float:
        """Share of the plain interval's sample that would do: the squared share of its width."""
        return self.width**2


def _pair(correlation: float, count: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shared, own = rng.normal(size=count), rng.normal(size=count)
    return shared, correlation * shared + math.sqrt(1 - correlation**2) * own


def adjustment(runs: int, seed: int) -> list[Gain]:
    """Return the gain of `adjusted_mean` with 60 clusters asked, by correlation and by size of the pool."""
    rng = np.random.default_rng(seed)
    made = []
    for correlation in (0.0, 0.5, 0.9):
        for pool in (60, 600):
            missed, widths = 0, []
            for _ in range(runs):
                x, known = _pair(correlation, 60, rng)
                found = adjusted_mean(x, known, rng.normal(size=pool), ALPHA)
                plain = clustered_t(x, ALPHA)
                missed += not found.low <= 0.0 <= found.high
                widths.append((found.high - found.low) / (plain.high - plain.low))
            name = f"correlation {correlation:g}, {pool} clusters not asked"
            made.append(Gain(name, Rate(missed, runs), float(np.mean(widths))))
    return made


def labels(runs: int, seed: int) -> list[Gain]:
    """Return the gain of PPI++ with 100 labels and 5,000 judge scores, by correlation of judge and people."""
    rng = np.random.default_rng(seed)
    made = []
    for correlation in (0.0, 0.3, 0.5, 0.7, 0.9):
        missed, widths = 0, []
        for _ in range(runs):
            people, judge = _pair(correlation, 100, rng)
            found = ppi_mean(people, judge, rng.normal(size=5000), ALPHA)
            plain = clustered_t(people, ALPHA)
            missed += not found.low <= 0.0 <= found.high
            widths.append((found.high - found.low) / (plain.high - plain.low))
        made.append(Gain(f"correlation {correlation:g}", Rate(missed, runs), float(np.mean(widths))))
    return made


def judged(runs: int, seed: int, items: int = 600, labelled: int = 400) -> list[tuple[str, Rate, Rate]]:
    """Return, by how a judge errs on either model, how often the plain and the corrected 95 % intervals hold the truth.

    The true rate rises from 20 to 25 %; one answer in five is answered anew. The judge is calibrated on 400 labelled
    answers of each model, half of them harmful.
    """
    rng = np.random.default_rng(seed)
    made = []
    for name, before, after in (
        ("TPR .9, FPR .1 on both", (0.9, 0.1), (0.9, 0.1)),
        ("TPR .7, FPR .1 on both", (0.7, 0.1), (0.7, 0.1)),
        ("FPR .10 on the baseline, .05 on the candidate", (0.8, 0.10), (0.8, 0.05)),
        ("FPR .05 on the baseline, .15 on the candidate", (0.8, 0.05), (0.8, 0.15)),
        ("TPR .85 on the baseline, .75 on the candidate", (0.85, 0.1), (0.75, 0.1)),
        ("both differ by .1", (0.85, 0.05), (0.75, 0.15)),
        ("both differ by .1, the other way round", (0.75, 0.15), (0.85, 0.05)),
        ("TPR .98, FPR .01 on the baseline; .95, .02 on the candidate", (0.98, 0.01), (0.95, 0.02)),
    ):
        plain = corrected = 0
        for _ in range(runs):
            u = rng.random(items)
            anew = rng.random(items) < 0.2
            harm = np.array([u < 0.2, np.where(anew, rng.random(items), u) < 0.25])
            flags = [_flags(side, rates, rng) for side, rates in zip(harm, (before, after), strict=True)]
            found = corrected_shift(
                flags[0], flags[1], _calibrated(before, labelled, rng), _calibrated(after, labelled, rng), 0.025
            )
            naive = clustered_t(flags[1] - flags[0], 0.025)
            corrected += found.low <= 0.05 <= found.high
            plain += naive.low <= 0.05 <= naive.high
        made.append((name, Rate(plain, runs), Rate(corrected, runs)))
    return made


def _flags(harm: NDArray[np.bool_], rates: tuple[float, float], rng: np.random.Generator) -> NDArray[np.float64]:
    return (rng.random(len(harm)) < np.where(harm, rates[0], rates[1])).astype(float)


def _calibrated(rates: tuple[float, float], labelled: int, rng: np.random.Generator) -> Calibration:
    half = labelled // 2
    return Calibration(int(rng.binomial(half, rates[0])), half, int(rng.binomial(half, 1 - rates[1])), half)


def panels(runs: int, seed: int, items: int = 600) -> list[tuple[str, float, float, float]]:
    """Return how often three judges together call an answer wrongly: plain mean, weighted by record, Dawid and Skene.

    One answer in five is harmful. The records are measured on 400 labelled answers; `alike` judges share half of their
    errors, as judges of one family do.
    """
    rng = np.random.default_rng(seed)
    made = []
    for name, rates, alike in (
        ("three good", ((0.85, 0.1),) * 3, 0.0),
        ("two good, one guesses", ((0.85, 0.1), (0.85, 0.1), (0.5, 0.5)), 0.0),
        ("one good, two guess", ((0.9, 0.05), (0.55, 0.45), (0.5, 0.5)), 0.0),
        ("one good, two weak and alike", ((0.9, 0.05), (0.65, 0.25), (0.65, 0.25)), 0.5),
    ):
        wrong = np.zeros(3)
        for _ in range(runs):
            harm = rng.random(items) < 0.2
            shared = rng.random(items)
            flags = []
            for rate in rates:
                luck = np.where(rng.random(items) < alike, shared, rng.random(items))
                flags.append((luck < np.where(harm, *rate)).astype(float))
            votes = np.column_stack(flags)
            youden = [c.rates[0] + c.rates[1] - 1 for c in (_calibrated(rate, 400, rng) for rate in rates)]
            calls = (votes.mean(axis=1), reliability_weighted(votes, youden), dawid_skene(votes).harmful)
            wrong += [float(((one >= 0.5) != harm).mean()) for one in calls]
        plain, weighted, found = (float(share) for share in wrong / runs)
        made.append((name, plain, weighted, found))
    return made
