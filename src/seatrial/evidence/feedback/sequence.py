"""Intervals that hold at every daily look, however often one looks and whenever one stops.

At each look all data so far enter, summed by user. The bound is the normal-mixture boundary of Robbins 1970 in the form
of the asymptotic confidence sequences of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, arXiv:2103.06476, with
information (1 / standard error²) as its time. It is asymptotic: it begins where both arms have `FIRST` users' votes.

Users who come back add to the sums of earlier looks. Where that makes later data go with earlier ones, as tastes that
last do, looks resemble each other more than those of fresh users would, and by Slepian's inequality the boundary errs
outwards.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.evidence.feedback.moments import Moments, share_of

__all__ = ["FIRST", "Look", "looks", "mixture_reach", "votes_by_day"]

FIRST = 100
"""Effective number of voters in each arm from which on looks count."""
POWER = 3.24
"""z at .975 and at .9 together: standard errors of the smallest effect that a test at .05 sees in nine cases of ten."""
DAY = 86_400
NAMES = ("up", "vote")
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """The change in approval as it stood at the end of a day.

    Attributes:
        day: The day (UTC), as `2026-01-31`.
        voters: Effective number of voters of the arm that has fewer.
        estimate: Candidate's approval − baseline's, in shares of votes.
        se: Its standard error, clustered by user.
        low: Lower bound; NaN before looks count.
        high: Upper bound; NaN before looks count.
    """

    day: str
    voters: int
    estimate: float
    se: float
    low: float
    high: float


def mixture_reach(se: float, alpha: float, aim: float) -> float:
    """Return how far from the estimate the bounds lie at every look.

    Args:
        se: Standard error at this look, above 0.
        alpha: Chance that any look misses the truth.
        aim: The effect for which the bounds are narrowest, fixed before the first look.
    """
    told = -2 * math.log(alpha)
    rho = (told + math.log(told + 1)) * (aim / POWER) ** 2  # best when information is (POWER / aim)²
    grown = rho / se**2 + 1
    return se * math.sqrt(grown / (grown - 1) * math.log(grown / alpha**2))


def votes_by_day(votes: pl.DataFrame) -> pl.DataFrame:
    """Return what each day added to the sums over users and to those of their products.

    Args:
        votes: One row a vote: `user`, `arm`, `time` in seconds, `up`.

    Returns:
        Columns `arm`, `day`, and `up`, `vote`, `up²`, `up·vote`, `vote²`; they add up over parts of the users.
    """
    daily = (
        votes.lazy()
        .with_columns((pl.col("time") // DAY).alias("day"))
        .group_by("user", "arm", "day")
        .agg(pl.col("up").cast(pl.Float64).sum(), pl.len().cast(pl.Float64).alias("vote"))
        .sort("user", "arm", "day")
        .with_columns(pl.col(name).cum_sum().over("user", "arm").alias(f"{name} so far") for name in NAMES)
    )
    up, vote, ups, so_far = pl.col("up"), pl.col("vote"), pl.col("up so far"), pl.col("vote so far")
    grown = {
        "up²": ups**2 - (ups - up) ** 2,
        "up·vote": ups * so_far - (ups - up) * (so_far - vote),
        "vote²": so_far**2 - (so_far - vote) ** 2,
    }
    added = daily.with_columns(**grown).group_by("arm", "day")
    return added.agg(pl.col(*NAMES, *grown).sum()).collect()


def looks(added: pl.DataFrame, alpha: float, aim: float) -> tuple[Look, ...]:
    """Return how the change in approval stood at the end of each day.

    Args:
        added: What `votes_by_day` returns, summed over all parts.
        alpha: Chance that any look misses the truth.
        aim: As of `mixture_reach`.
    """
    days = sorted(added["day"].unique().to_list())
    arms = [_standing(added.filter(pl.col("arm") == arm), days) for arm in (0, 1)]
    pairs = zip(days, *arms, strict=True)
    return tuple(_look(day, before, after, alpha, aim) for day, before, after in pairs)


def _standing(added: pl.DataFrame, days: Sequence[int]) -> list[Moments]:
    """Return one arm's sums at the end of each day."""
    columns = ("up", "vote", "up²", "up·vote", "vote²")
    held = dict(zip(added["day"].to_list(), added.select(columns).rows(), strict=True))
    grown = np.cumsum([held.get(day, (0.0,) * 5) for day in days], axis=0)
    return [
        Moments(NAMES, 0, np.array([up, vote]), np.array([[ups, both], [both, votes]]))
        for up, vote, ups, both, votes in grown
    ]


def _look(day: int, before: Moments, after: Moments, alpha: float, aim: float) -> Look:
    old, new = (share_of(one, (1.0, "up", "vote")) for one in (before, after))
    estimate, se = new.value - old.value, math.hypot(old.se, new.se)
    voters = min(old.count, new.count)
    reach = mixture_reach(se, alpha, aim) if voters >= FIRST and se > 0 else math.nan
    name = (datetime.datetime(1970, 1, 1) + datetime.timedelta(days=day)).date().isoformat()
    return Look(name, voters, estimate, se, max(estimate - reach, -1.0), min(estimate + reach, 1.0))
