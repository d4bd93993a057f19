"""What each signal has been worth: how it ranks incident releases, how steady it is, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev

import numpy as np

from seatrial.backtest import pooling
from seatrial.backtest.summary import Judged, Reading, Told
from seatrial.stats.intervals import Estimate
from seatrial.types import BAD

__all__ = ["Ranking", "Worth", "worths"]

FEWEST = 3
"""Clean releases from which on a spread between them says something."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """How a signal's change ranks releases with an incident above clean ones.

    Attributes:
        incidents: Releases with an incident in which it was read.
        clean: Clean releases in which it was read.
        area: Chance that an incident release shows more change than a clean one, pooled over the signals.
        told: Whether these releases tell that from chance.
    """

    incidents: int
    clean: int
    area: Estimate
    told: Told


@dataclass(frozen=True, slots=True)
class Worth:
    """What a signal has been worth.

    Attributes:
        signal: The signal.
        of_any: How it ranks releases with an incident of any kind.
        of_own: How it ranks those with an incident on its own behavior, or on that of a suite of its family.
        spread: Standard deviation of its change between clean releases, in margins; NaN of fewer than three.
        beyond_chance: The same in its standard errors: above 1 it moves by more than its items' luck.
        calls: Calls that a review took for it, mean.
        ratings: Ratings by people that a review took for it, mean.
    """

    signal: str
    of_any: Ranking
    of_own: Ranking
    spread: float
    beyond_chance: float
    calls: float
    ratings: float


def worths(releases: Sequence[Judged]) -> list[Worth]:
    """Return what every signal that a past review read has been worth, what ranks incidents best first.

    Args:
        releases: All past releases, with what each signal showed.
    """
    signals = sorted({name for one in releases for name in one.readings})
    if not signals:
        return []
    clean = {name: _readings(name, [one for one in releases if one.release.fate == "clean"]) for name in signals}
    harmful = [one for one in releases if one.release.fate == "incident"]
    any_kind = {name: _readings(name, harmful) for name in signals}
    own = {name: _readings(name, [one for one in harmful if _asked_about(name, one)]) for name in signals}
    ranked, of_own = (_rankings(signals, group, clean) for group in (any_kind, own))
    every = {name: _readings(name, releases) for name in signals}
    made = [
        Worth(
            name,
            ranked[name],
            of_own[name],
            *_steadiness(clean[name]),
            fmean(one.calls for one in every[name]) if every[name] else BAD,
            fmean(one.ratings for one in every[name]) if every[name] else BAD,
        )
        for name in signals
    ]
    return sorted(made, key=lambda one: -one.of_any.area.value)


def _asked_about(name: str, one: Judged) -> bool:
    """Return whether a signal, or a suite of its family, is called as the behavior of one of a release's incidents."""
    held = one.readings.get(name)
    return held is not None and not {name, *held.suites}.isdisjoint(one.release.behaviors)


def _readings(name: str, releases: Sequence[Judged]) -> list[Reading]:
    found = [one.readings[name] for one in releases if name in one.readings]
    return [one for one in found if math.isfinite(one.change)]


def _rankings(
    signals: Sequence[str], harmful: dict[str, list[Reading]], clean: dict[str, list[Reading]]
) -> dict[str, Ranking]:
    rows = [[[one.change for one in group[name]] for group in (harmful, clean)] for name in signals]
    posterior = pooling.areas([pooling.rank_likelihood(*row) for row in rows])
    made = {}
    for name, (bad, good), one in zip(signals, rows, posterior, strict=True):
        area = pooling.estimate(one, np.asarray(pooling.AREAS))
        told: Told = "too few to tell"
        if bad and good and not area.low < 0.5 < area.high:
            told = "tells them apart" if area.low >= 0.5 else "keeps back the wrong ones"
        made[name] = Ranking(len(bad), len(good), area, told)
    return made


def _steadiness(clean: Sequence[Reading]) -> tuple[float, float]:
    """Return the spread of changes between clean releases, in margins and in standard errors."""
    if len(clean) < FEWEST:
        return BAD, BAD
    spread = stdev(one.change for one in clean)
    errors = [one.error for one in clean if math.isfinite(one.error) and one.error > 0]
    return spread, spread / median(errors) if errors else BAD
