"""Signal detection."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
import pytest
from scipy.stats import binom, norm
from statsmodels.stats.proportion import proportion_confint

from seatrial.stats import detection
from seatrial.stats.detection import Detection, discordant_votes, signal_detection


def test_known_values() -> None:
    """69 % hits and 31 % false alarms are d′ 1 and no bias; the log-linear rates of none and all are finite."""
    found = signal_detection(6915, 10_000, 3085, 10_000, 0.05)
    assert found.d_prime == pytest.approx(1.0, abs=0.001)
    assert found.criterion == pytest.approx(0.0, abs=0.001)
    perfect = signal_detection(10, 10, 0, 10, 0.05)
    assert perfect.d_prime == pytest.approx(2 * norm.ppf(10.5 / 11))
    assert perfect.d_low > 0.5


def test_readiness_to_say_yes_is_told_apart_from_telling() -> None:
    """A rater who says yes more often, at one sensitivity, has a lower criterion; rates are shown as counted."""
    bold, shy = signal_detection(90, 100, 60, 100, 0.05), signal_detection(40, 100, 10, 100, 0.05)
    assert bold.d_prime == pytest.approx(shy.d_prime, abs=1e-9)
    assert bold.criterion == pytest.approx(-shy.criterion, abs=1e-9)
    assert bold.criterion < 0 < shy.criterion
    assert (bold.hit_rate, bold.false_alarm_rate, bold.signals, bold.noise) == (0.9, 0.6, 100, 100)
    assert bold.d_low < bold.d_prime < bold.d_high
    assert bold.c_low < bold.criterion < bold.c_high


def test_bounds_join_those_of_the_two_rates() -> None:
    """Zou and Donner's rule by hand: d′ is least with few hits and many false alarms, c with many of both."""
    found = signal_detection(17, 20, 2, 30, 0.05)
    z_hit, z_alarm = norm.ppf([17.5 / 21, 2.5 / 31])
    (hit_low, hit_high), (alarm_low, alarm_high) = (
        norm.ppf(proportion_confint(*counts, 0.1, "wilson")) for counts in ((17, 20), (2, 30))
    )
    down, up = z_hit - hit_low, hit_high - z_hit
    fewer, more = z_alarm - alarm_low, alarm_high - z_alarm
    assert found.d_low == pytest.approx(z_hit - z_alarm - np.hypot(down, more))
    assert found.d_high == pytest.approx(z_hit - z_alarm + np.hypot(up, fewer))
    assert found.c_low == pytest.approx(-(z_hit + z_alarm + np.hypot(up, more)) / 2)
    assert found.c_high == pytest.approx(-(z_hit + z_alarm - np.hypot(down, fewer)) / 2)


@cache
def _detected(hits: int, false_alarms: int, trials: int) -> Detection:
    return signal_detection(hits, trials, false_alarms, trials, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("trials", [10, 20, 60])
@pytest.mark.parametrize(("d_prime", "criterion"), [(0.0, 0.5), (1.0, 0.3), (2.0, 0.0), (2.0, 0.8)])
def test_intervals_miss_about_as_often_as_they_say(trials: int, d_prime: float, criterion: float) -> None:
    """Summed over all counts that can come out, no bound of d′ or c misses twice as often as it says."""
    counts = np.arange(trials + 1)
    hits, alarms = (binom.pmf(counts, trials, norm.cdf(side * d_prime / 2 - criterion)) for side in (1, -1))
    missed = np.zeros(4)
    for hit, alarm in zip(*np.nonzero(np.outer(hits, alarms) > 1e-7), strict=True):
        found = _detected(int(hit), int(alarm), trials)
        beyond = [found.d_low > d_prime, found.d_high < d_prime, found.c_low > criterion, found.c_high < criterion]
        missed += hits[hit] * alarms[alarm] * np.array(beyond)
    assert (missed <= 0.1).all()
    assert missed[:2].sum() <= 0.13
    assert missed.sum() >= 0.03
    if trials == 60:
        assert (missed <= 0.07).all()


@pytest.mark.parametrize("counts", [(11, 10, 0, 10), (-1, 10, 0, 10), (0, 0, 0, 10), (1, 10, 3, 0)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int, int]) -> None:
    """More hits than trials, or no trials of one kind, give no number."""
    with pytest.raises(ValueError, match="trials"):
        signal_detection(*counts, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("share", "needed"), [(0.6, 158), (0.7, 37), (0.8, 18)])
def test_votes_are_counted_exactly(share: float, needed: int) -> None:
    """By whole-number arithmetic, one vote fewer lacks the power and these have it: the sign test at 5 %, one-sided."""

    def tail(votes: int, least: int, p: Fraction) -> Fraction:
        return sum((comb(votes, k) * p**k * (1 - p) ** (votes - k) for k in range(least, votes + 1)), Fraction(0))

    def power(votes: int) -> Fraction:
        least = next(k for k in range(votes + 1) if tail(votes, k, Fraction(1, 2)) <= Fraction(5, 100))
        return tail(votes, least, Fraction(str(share)))

    assert power(needed) >= Fraction(8, 10)
    assert all(power(votes) < Fraction(8, 10) for votes in range(max(5, needed - 20), needed))


def test_votes_that_a_split_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """158 votes show a split of 60:40 with 80 % power, 37 one of 70:30, 18 one of 80:20; one half is never shown."""
    assert [discordant_votes(share, 0.05, 0.8) for share in (0.6, 0.7, 0.8)] == [158, 37, 18]
    with pytest.raises(ValueError, match="one half"):
        discordant_votes(0.5, 0.05, 0.8)
    monkeypatch.setattr(detection, "MOST_VOTES", 5_000)
    with pytest.raises(ValueError, match="more than 5,000 votes"):
        discordant_votes(0.5001, 0.05, 0.8)
