"""Whether something asked twice gave the same, and how large a change that would have shown."""

from __future__ import annotations

import math

from seatrial.stats.distributions import beta_ppf, binom_sf

__all__ = ["least_noticed", "one_way", "one_way_needed"]


def one_way(up: int, down: int) -> float:
    """Return the p-value of so many moves up and down against either way being as likely; 1 where nothing moved.

    Where nothing changed, which of two readings of the same question came first is a coin's toss, whatever they are
    spread like: the sign test (Dixon and Mood 1946, JASA 41), two-sided and exact.
    """
    moved = up + down
    return min(1.0, 2.0 * float(binom_sf(max(up, down) - 1, moved, 0.5))) if moved else 1.0


def one_way_needed(level: float) -> int:
    """Return how many moves, all one way, have a p-value of at most `level`."""
    return math.ceil(1.0 - math.log2(level) - 1e-12)


def least_noticed(needed: int, asked: int, power: float) -> float:
    """Return the smallest share of changed ones of which at least `needed` are among `asked` with chance `power`.

    NaN where fewer were asked. The binomial's tail as a function of its rate is a beta distribution (Clopper and
    Pearson 1934, Biometrika 26).
    """
    return float(beta_ppf(power, needed, asked - needed + 1)) if 0 < needed <= asked else math.nan
