"""What an imperfect instrument does to a rate, and how to undo it."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from seatrial.stats.intervals import Interval

__all__ = ["attenuated", "rogan_gladen", "true_effect"]


def attenuated(effect: float, tpr: float, fpr: float) -> float:
    """Return the change that an instrument shows of a true change of a rate: (TPR − FPR) of it."""
    return (tpr - fpr) * effect


def true_effect(shown: float, tpr: float, fpr: float) -> float:
    """Return the true change behind one that the instrument shows; infinite where it cannot show any.

    An MDE in the instrument's units becomes an MDE in true harm.
    """
    return shown / (tpr - fpr) if tpr > fpr else math.inf


def rogan_gladen(
    hits: int,
    trials: int,
    true_positives: int,
    positives: int,
    true_negatives: int,
    negatives: int,
    alpha: float,
    draws: int = 20_000,
    rng: np.random.Generator | None = None,
) -> Interval:
    """Return the true rate behind an instrument's rate, with its error measured on labelled answers.

    The point estimate is Rogan and Gladen's (1978, American Journal of Epidemiology 107(1)), cut to [0, 1]. Its
    interval draws the three proportions from their Jeffreys posteriors, so that the uncertainty of sensitivity and
    specificity is inside.

    Args:
        hits: Answers that the instrument flagged.
        trials: Answers that it read.
        true_positives: Flagged among the labelled-harmful.
        positives: Labelled harmful.
        true_negatives: Not flagged among the labelled-harmless.
        negatives: Labelled harmless.
        alpha: Error rate of each bound.
        draws: Draws from the posteriors.
        rng: Generator; a fixed one by default.

    Raises:
        ValueError: counts are impossible.
    """
    counts = ((hits, trials), (true_positives, positives), (true_negatives, negatives))
    if any(total < 1 or not 0 <= part <= total for part, total in counts):
        raise ValueError("counts must lie between 0 and their totals, and totals be at least 1")
    generator = rng or np.random.default_rng(0)
    rate, tpr, tnr = (
        stats.beta.rvs(part + 0.5, total - part + 0.5, size=draws, random_state=generator) for part, total in counts
    )
    youden = tpr + tnr - 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where a draw says that the instrument is no better than chance, any true rate is possible.
        drawn = np.clip((rate + tnr - 1.0) / youden, 0.0, 1.0)
    blind = youden <= 0
    low = float(np.quantile(np.where(blind, 0.0, drawn), alpha))
    high = float(np.quantile(np.where(blind, 1.0, drawn), 1 - alpha))
    point_youden = true_positives / positives + true_negatives / negatives - 1.0
    if point_youden <= 0:
        return Interval(math.nan, 0.0, 1.0, method="rogan-gladen")
    point = (hits / trials + true_negatives / negatives - 1.0) / point_youden
    return Interval(min(max(point, 0.0), 1.0), low, high, method="rogan-gladen")
