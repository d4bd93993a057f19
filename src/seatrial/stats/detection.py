"""Signal detection: how well a rater tells what is there from what is not, apart from how readily they say so."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seatrial.stats.distributions import norm_ppf
from seatrial.stats.intervals import wilson

__all__ = ["Detection", "discordant_votes", "signal_detection"]

MOST_VOTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Detection:
    """A rater's sensitivity and criterion, each with its interval.

    Attributes:
        d_prime: z(hits) − z(false alarms): 0 is guessing, 1 fair, 2 good.
        d_low: Its lower bound.
        d_high: Its upper bound.
        criterion: −½ (z(hits) + z(false alarms)): above 0 the rater seldom says yes, below 0 often.
        c_low: Its lower bound.
        c_high: Its upper bound.
        hit_rate: Share of what was there that was said to be, as counted.
        false_alarm_rate: Share of what was not there that was said to be, as counted.
        signals: Trials with something there.
        noise: Trials with nothing there.
    """

    d_prime: float
    d_low: float
    d_high: float
    criterion: float
    c_low: float
    c_high: float
    hit_rate: float
    false_alarm_rate: float
    signals: int
    noise: int


def signal_detection(hits: int, signals: int, false_alarms: int, noise: int, miss: float) -> Detection:
    """Return d′ and the criterion c of a yes-or-no task.

    Both rates are corrected log-linearly, (count + ½) / (trials + 1), so that none and all are finite (Hautus 1995,
    *Behavior Research Methods* 27). The bounds join Wilson's bounds of the two rates by the method of variance
    estimates recovery (Zou and Donner 2008, *Statistics in Medicine* 27), which stays close to its level with few
    trials; how close is simulated in the tests.

    Args:
        hits: Trials with something there that were flagged.
        signals: Trials with something there.
        false_alarms: Trials with nothing there that were flagged.
        noise: Trials with nothing there.
        miss: Chance that each bound misses.

    Raises:
        ValueError: a count is negative or above its trials, or there are no trials of one kind.
    """
    for count, trials in ((hits, signals), (false_alarms, noise)):
        if trials < 1 or not 0 <= count <= trials:
            raise ValueError(f"{count} of {trials} trials: signal detection needs trials of both kinds")
    z_hit, z_alarm = (
        float(norm_ppf((count + 0.5) / (trials + 1))) for count, trials in ((hits, signals), (false_alarms, noise))
    )
    hit, alarm = wilson(hits, signals, miss), wilson(false_alarms, noise, miss)
    h_down, h_up = z_hit - _z(hit.low, signals), _z(hit.high, signals) - z_hit
    f_down, f_up = z_alarm - _z(alarm.low, noise), _z(alarm.high, noise) - z_alarm
    d = z_hit - z_alarm
    c = -0.5 * (z_hit + z_alarm)
    return Detection(
        d,
        d - math.hypot(h_down, f_up),
        d + math.hypot(h_up, f_down),
        c,
        c - 0.5 * math.hypot(h_up, f_up),
        c + 0.5 * math.hypot(h_down, f_down),
        hits / signals,
        false_alarms / noise,
        signals,
        noise,
    )


def _z(rate: float, trials: int) -> float:
    """Return the normal quantile of a bound, kept as far from 0 and 1 as a hundredth of one trial."""
    edge = 0.01 / (trials + 1)
    return float(norm_ppf(min(max(rate, edge), 1.0 - edge)))


def discordant_votes(share: float, alpha: float, power: float) -> int:
    """Return how many votes that are no ties show a split against one half, by the exact one-sided sign test.

    It is the smallest number with the power; a few larger ones fall just short of it again, for votes are whole.

    Args:
        share: True share of the side that gets more, above ½.
        alpha: Error rate of the test.
        power: Chance with which it should show the split.

    Raises:
        ValueError: the share is not within (½, 1), or so close to ½ that more than a million votes would be needed.
    """
    if not 0.5 < share < 1.0:
        raise ValueError(f"a split of {share:g} cannot be shown against one half")
    from scipy.stats import binom

    votes = 1
    while votes <= MOST_VOTES:
        sizes = np.arange(votes, 2 * votes + 64)
        least = binom.isf(alpha, sizes, 0.5)
        shown = np.flatnonzero(binom.sf(least, sizes, share) >= power)
        if len(shown):
            return int(sizes[shown[0]])
        votes = int(sizes[-1]) + 1
    raise ValueError(f"a split of {share:g} takes more than {MOST_VOTES:,} votes")
