"""Ratios clustered by user: the same as other ways to compute them, and additive over parts of the users."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from seatrial.evidence.feedback.moments import Moments, moments_by, share_of
from seatrial.stats.groups import ratio

NAMES = ("up", "vote", "benefit", "label")


def _users(seed: int = 0, size: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    vote, label = rng.poisson(3.0 * rng.gamma(1.0, 1.0, size)), rng.poisson(2.0, size)
    columns = {
        "up": rng.binomial(vote, rng.beta(4, 2, size)),
        "vote": vote,
        "benefit": rng.random(size) * label,
        "label": label,
    }
    return pl.DataFrame(columns).with_columns(pl.lit(0).alias("arm"))


def _moments(frame: pl.DataFrame) -> Moments:
    return moments_by(frame, NAMES, ("arm",))[(0,)]


def test_a_ratio_is_that_of_the_linearized_sums() -> None:
    """Estimate and error of one ratio are those of `stats.groups.ratio` over the users who voted."""
    frame = _users()
    found = share_of(_moments(frame), (1.0, "up", "vote"))
    voted = frame.filter(pl.col("vote") > 0)
    other = ratio(voted["up"].to_numpy(), voted["vote"].to_numpy(), np.arange(len(voted)), 0.025)
    assert found.value == pytest.approx(float(other.estimate), abs=1e-12)
    assert found.se == pytest.approx(float(other.high - other.estimate) / 1.969, rel=0.01)


def test_a_difference_of_ratios_has_the_error_of_the_bootstrap() -> None:
    """Approval less benefit of the same users: the delta method agrees with resampled users."""
    frame = _users(1)
    found = share_of(_moments(frame), (1.0, "up", "vote"), (-1.0, "benefit", "label"))
    table = frame.select(NAMES).to_numpy().astype(float)
    rng = np.random.default_rng(2)
    sums = np.array([table[rng.integers(0, len(table), len(table))].sum(axis=0) for _ in range(800)])
    drawn = sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3]
    assert found.value == pytest.approx(drawn.mean(), abs=0.005)
    assert found.se == pytest.approx(drawn.std(), rel=0.1)


def test_parts_add_up_to_the_whole() -> None:
    """Sums over two parts of the users are those over all."""
    frame = _users(3)
    whole, parts = _moments(frame), _moments(frame[:150]) + _moments(frame[150:])
    assert parts.users == whole.users == 400
    assert parts.total == pytest.approx(whole.total)
    assert parts.products == pytest.approx(whole.products)
    assert (Moments.none(NAMES) + whole).sum("up") == whole.sum("up")


def test_users_who_vote_often_count_as_fewer() -> None:
    """Ten equal users are ten; one with nearly all votes leaves little more than one, and no error."""
    equal = pl.DataFrame({"up": [1] * 10, "vote": [2] * 10, "benefit": [0] * 10, "label": [0] * 10, "arm": [0] * 10})
    assert _moments(equal).effective("vote") == pytest.approx(10)
    unequal = equal.with_columns(vote=pl.Series([10_000, *[1] * 9]))
    assert _moments(unequal).effective("vote") < 1.01
    assert share_of(_moments(unequal), (1.0, "up", "vote")).count == 0
    assert share_of(_moments(equal), (1.0, "benefit", "label")).count == 0
    assert share_of(Moments.none(NAMES), (1.0, "up", "vote")).count == 0


def test_votes_of_one_user_are_not_many() -> None:
    """Copying each user's votes tenfold changes no error; counting them as ten users would shrink it to a third."""
    frame = _users(4)
    often = frame.with_columns(pl.col("up") * 10, pl.col("vote") * 10)
    once, many = (share_of(_moments(one), (1.0, "up", "vote")).se for one in (frame, often))
    assert many == pytest.approx(once, rel=1e-9)
