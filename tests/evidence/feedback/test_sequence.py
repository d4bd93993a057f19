"""Looking every day: the sequence holds at all looks together, and is the published one."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from seatrial.evidence.feedback.moments import moments_by, share_of
from seatrial.evidence.feedback.sequence import DAY, FIRST, looks, mixture_reach, votes_by_day


def _votes(seed: int, users: int = 600, days: int = 20, lift: float = 0.0) -> pl.DataFrame:
    """Users with lasting tastes who come in over time and come back."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), 1 + rng.poisson(3, users))
    when = rng.uniform(0, days * 0.7, users)[user] + rng.exponential(2.0, len(user))
    liked = rng.random(len(user)) < np.clip(rng.beta(3, 2, users)[user] + lift * (user % 2), 0, 1)
    columns = {"user": user, "arm": user % 2, "time": (when * DAY).astype(np.int64), "up": liked.astype(np.uint8)}
    return pl.DataFrame(columns)


def test_the_bound_is_the_published_one() -> None:
    """For n independent numbers it is the Gaussian-mixture boundary of arXiv:2103.06476, with rho best at the aim."""
    sigma, n, alpha, aim = 0.7, 900, 0.05, 0.03
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) * (aim / 3.24) ** 2 / sigma**2
    wide = sigma * math.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * math.log(math.sqrt(n * rho2 + 1) / alpha))
    assert mixture_reach(sigma / math.sqrt(n), alpha, aim) == pytest.approx(wide, rel=1e-12)


def test_the_bound_is_narrowest_near_its_aim() -> None:
    """Where the data just see the aim, no other aim gives a bound that is narrower by more than a hundredth."""
    aim = 0.02
    se = aim / 3.24
    best = min(mixture_reach(se, 0.05, other) for other in np.geomspace(0.001, 0.5, 400))
    assert mixture_reach(se, 0.05, aim) <= 1.01 * best
    assert mixture_reach(se, 0.05, aim) > 1.96 * se


def test_each_look_is_that_of_all_data_so_far() -> None:
    """The sums kept up day by day give the estimate and the error that the data up to that day give at once."""
    votes = _votes(1)
    added = votes_by_day(votes)
    found = {one.day: one for one in looks(added, 0.05, 0.02)}
    for day in (3, 9, 19):
        so_far = votes.filter(pl.col("time") < (day + 1) * DAY)
        sums = so_far.group_by("user", "arm").agg(pl.col("up").cast(pl.Float64).sum(), pl.len().alias("vote"))
        arms = moments_by(sums, ("up", "vote"), ("arm",))
        old, new = (share_of(arms[(arm,)], (1.0, "up", "vote")) for arm in (0, 1))
        look = found[f"1970-01-{day + 1:02d}"]
        assert look.estimate == pytest.approx(new.value - old.value, abs=1e-12)
        assert look.se == pytest.approx(math.hypot(old.se, new.se), rel=1e-9)
        assert look.voters == min(old.count, new.count)


def test_parts_of_the_users_add_up() -> None:
    """What two parts of the users add is what all add."""
    votes = _votes(2)
    parts = [votes_by_day(votes.filter(pl.col("user") % 2 == part)) for part in (0, 1)]
    both = pl.concat(parts).group_by("arm", "day").agg(pl.all().sum())
    whole, summed = looks(votes_by_day(votes), 0.05, 0.02), looks(both, 0.05, 0.02)
    assert [one.estimate for one in summed] == pytest.approx([one.estimate for one in whole])
    assert [one.se for one in summed] == pytest.approx([one.se for one in whole])


def test_looks_count_from_a_hundred_voters_on() -> None:
    """Before that a bound that is asymptotic says nothing; days without votes are no looks."""
    found = looks(votes_by_day(_votes(3)), 0.05, 0.02)
    for one in found:
        assert math.isnan(one.low) is (one.voters < FIRST)
    assert any(math.isnan(one.low) for one in found) and not math.isnan(found[-1].low)
    assert looks(votes_by_day(_votes(3).filter(pl.col("arm") == 0)), 0.05, 0.02)[-1].voters == 0
    assert looks(votes_by_day(_votes(3).head(0)), 0.05, 0.02) == ()


@pytest.mark.slow
def test_no_daily_look_misses_more_often_than_alpha() -> None:
    """In 120 experiments without an effect few sequences ever exclude 0; the interval of one look often does."""
    wrong = naive = 0
    for seed in range(120):
        known = [one for one in looks(votes_by_day(_votes(100 + seed)), 0.05, 0.05) if not math.isnan(one.low)]
        wrong += any(one.low > 0 or one.high < 0 for one in known)
        naive += any(abs(one.estimate) > 1.96 * one.se for one in known)
    assert wrong <= 10  # 6 in the mean at most; more than 10 with chance .03
    assert naive > 10
