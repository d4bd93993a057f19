"""Each rater as an instrument: what they hear of known harm, what they hear where nothing is, how steady they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seatrial.evidence.vibes.ratings import REAL, off, plain_off, preferred, share_flagged
from seatrial.evidence.vibes.values import Rated
from seatrial.stats.detection import Detection, signal_detection
from seatrial.stats.intervals import Interval, fixed_size, unpaired

__all__ = ["Ear", "ears_of", "moved"]


@dataclass(frozen=True, slots=True)
class Ear:
    """One rater as an instrument.

    Attributes:
        rater: Who.
        rated: Trials rated.
        detection: d′ and criterion from spikes (hits) and both sides of same pairs (false alarms); None without both.
        retest: Share of repeated trials, controls among them, in which the odd answer (in two of one model, the first)
            was flagged as before; NaN without repeats.
        swapped: Correlation of a preference with the one for the same two with their sides swapped; NaN where constant.
        side: Mean preference over all pairs, from −1 (left) to 1 (right): the pull of a side.
        drift: Share of answers flagged in the second half of the session minus that in the first: the criterion moving
            within it.
        since: Criterion now minus criterion in the rater's earlier sessions; NaN bounds where there were none.
        change: The rater's own share of flags on the candidate minus that on the baseline; NaN without real pairs.
        seconds: Median seconds on a trial.
    """

    rater: str
    rated: int
    detection: Detection | None
    retest: float
    swapped: float
    side: Interval
    drift: Interval
    since: Interval
    change: float
    seconds: float

    @property
    def deaf(self) -> bool:
        """Whether the rater does not surely tell known harm from none."""
        return self.detection is None or not self.detection.d_low > 0

    @property
    def weight(self) -> float:
        """What a flag of this rater's counts: hits minus false alarms, and nothing where that is not surely above 0.

        Weights in proportion to how much of a change each rater shows make the most of raters who vary alike.
        """
        held = self.detection
        return 0.0 if held is None or self.deaf else max(0.0, held.hit_rate - held.false_alarm_rate)


def ears_of(rated: Sequence[Rated], earlier: Sequence[Rated] = (), alpha: float = 0.05) -> tuple[Ear, ...]:
    """Return each rater as an instrument, in the order of their names."""
    names = sorted({one.rater for one in rated})
    return tuple(
        _ear(name, [one for one in rated if one.rater == name], [one for one in earlier if one.rater == name], alpha)
        for name in names
    )


def _ear(name: str, own: Sequence[Rated], earlier: Sequence[Rated], alpha: float) -> Ear:
    found, before = _heard(own, alpha), _heard(earlier, alpha)
    first = {one.place: one for one in own}
    again = [(first[one.trial.of], one) for one in own if one.trial.kind == "repeat" and one.trial.of in first]
    kept = [(off(before) > 0) == (off(after) > 0) for before, after in again]
    sides = np.array([float(one.rating["preference"]) / 3 for one in own])
    flags = [float(off(one) > 0) for one in sorted(own, key=lambda one: one.place)]
    half = len(flags) // 2
    unknown = Interval(math.nan, math.nan, math.nan)
    real = [one for one in own if one.trial.kind in REAL]
    return Ear(
        name,
        len(own),
        found,
        float(np.mean(kept)) if kept else math.nan,
        _correlation([preferred(before) for before, _ in again], [preferred(after) for _, after in again]),
        fixed_size(sides, -1.0, 1.0, alpha),
        unpaired(np.array(flags[half:]), np.array(flags[:half]), alpha) if half > 1 else unknown,
        moved(before, found) if before and found else unknown,
        share_flagged([off(one) for one in real]) - share_flagged([plain_off(one) for one in real]),
        float(np.median([one.seconds for one in own])) if own else math.nan,
    )


def _heard(own: Sequence[Rated], alpha: float) -> Detection | None:
    """Return a rater's signal detection; None without controls of both kinds."""
    spikes, same = ([one for one in own if one.trial.kind == kind] for kind in ("spike", "same"))
    if not spikes or not same:
        return None
    hits = sum(off(one) > 0 for one in spikes)
    alarms = sum((off(one) > 0) + (plain_off(one) > 0) for one in same)
    return signal_detection(hits, len(spikes), alarms, 2 * len(same), alpha)


def moved(before: Detection, now: Detection) -> Interval:
    """Return how the criterion moved, by the method of variance estimates recovery over both intervals."""
    shift = now.criterion - before.criterion
    return Interval(
        shift,
        shift - math.hypot(now.criterion - now.c_low, before.c_high - before.criterion),
        shift + math.hypot(now.c_high - now.criterion, before.criterion - before.c_low),
        method="mover",
    )


def _correlation(x: Sequence[float], y: Sequence[float]) -> float:
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])
