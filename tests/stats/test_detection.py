"""Signal detection."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy.stats import norm

from seatrial.stats.detection import discordant_votes, signal_detection


def test_known_values() -> None:
    """69 % hits and 31 % false alarms are d′ 1 and no bias; the log-linear rates of none and all are finite."""
    found = signal_detection(6915, 10_000, 3085, 10_000, 0.05)
    assert found.d_prime == pytest.approx(1.0, abs=0.001)
    assert found.criterion == pytest.approx(0.0, abs=0.001)
    perfect = signal_detection(10, 10, 0, 10, 0.05)
    assert perfect.d_prime == pytest.approx(2 * norm.ppf(10.5 / 11))
    assert perfect.d_low > 0.5


@pytest.mark.parametrize("trials", [10, 20, 60])
@pytest.mark.parametrize(("d_prime", "criterion"), [(0.0, 0.5), (1.0, 0.3), (2.0, 0.0), (2.0, 0.8)])
def test_intervals_cover_what_was_simulated(trials: int, d_prime: float, criterion: float) -> None:
    """Over 2,000 simulated raters each bound of d′ and c misses about as often as it says, never twice as often."""
    rng = np.random.default_rng([trials, int(10 * d_prime), int(10 * criterion)])
    hit, alarm = norm.cdf(d_prime / 2 - criterion), norm.cdf(-d_prime / 2 - criterion)
    missed = np.zeros(4)
    for _ in range(2000):
        found = signal_detection(rng.binomial(trials, hit), trials, rng.binomial(trials, alarm), trials, 0.05)
        missed += [
            found.d_low > d_prime, found.d_high < d_prime, found.c_low > criterion, found.c_high < criterion
        ]  # fmt: skip
    assert (missed / 2000 <= 0.1).all()
    assert missed[:2].sum() / 2000 <= 0.13
    if trials == 60:
        assert (missed / 2000 <= 0.07).all()


@pytest.mark.parametrize("counts", [(11, 10, 0, 10), (-1, 10, 0, 10), (0, 0, 0, 10), (1, 10, 3, 0)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int, int]) -> None:
    """More hits than trials, or no trials of one kind, give no number."""
    with pytest.raises(ValueError, match="trials"):
        signal_detection(*counts, 0.05)


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


def test_votes_that_a_split_takes() -> None:
    """158 votes show a split of 60:40 with 80 % power, 37 one of 70:30, 18 one of 80:20; one half is never shown."""
    assert [discordant_votes(share, 0.05, 0.8) for share in (0.6, 0.7, 0.8)] == [158, 37, 18]
    with pytest.raises(ValueError, match="one half"):
        discordant_votes(0.5, 0.05, 0.8)
    with pytest.raises(ValueError, match="more than"):
        discordant_votes(0.5001, 0.05, 0.8)
