"""Pooled intervals: against sums by another route, and whether they hold what they are about."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from seatrial.backtest.pooling import (
    AREAS,
    GAPS,
    LEVEL,
    SHARES,
    areas,
    difference,
    estimate,
    rank_likelihood,
    share,
    shares,
)


def test_one_share_has_about_a_uniform_prior() -> None:
    """Of nothing, the median is a half and the interval nine tenths; of k of n, about what Beta(k+1, n−k+1) says."""
    nothing = estimate(shares([(0, 0)])[0])
    assert nothing.value == pytest.approx(0.5, abs=1e-6)
    assert (nothing.low, nothing.high) == pytest.approx((0.05, 0.95), abs=0.01)
    for hits, trials in ((2, 3), (1, 7), (0, 7), (30, 100)):
        made, beta = estimate(shares([(hits, trials)])[0]), stats.beta(hits + 1, trials - hits + 1)
        assert (made.low, made.value, made.high) == pytest.approx(beta.ppf([0.05, 0.5, 0.95]), abs=0.035)


def test_a_posterior_is_that_of_the_stated_model() -> None:
    """Log odds normal around a mean N(0, 1.5²), their spread half-normal: by scipy, the same posterior mean."""

    def weight(spread: float, logit: float, hits: int, trials: int) -> float:
        share = 1 / (1 + math.exp(-logit))
        prior = stats.norm.pdf(logit, scale=math.hypot(1.5, spread)) * stats.norm.pdf(spread)
        return float(share**hits * (1 - share) ** (trials - hits) * prior)

    whole, _ = integrate.dblquad(lambda s, x: weight(s, x, 2, 3), -9, 9, 0, 4)
    first, _ = integrate.dblquad(lambda s, x: weight(s, x, 2, 3) / (1 + math.exp(-x)), -9, 9, 0, 4)
    assert float(shares([(2, 3)])[0] @ SHARES) == pytest.approx(first / whole, abs=0.003)


def test_units_that_saw_little_lie_near_the_others() -> None:
    """Beside four gates that never stood in the way, one of which little is known is thought to do so less often."""
    alone, among = (estimate(shares(rows)[0]) for rows in ([(1, 2)], [(1, 2), *[(0, 30)] * 4]))
    assert among.value < alone.value and among.high < alone.high
    known = estimate(shares([(50, 100), *[(0, 30)] * 4])[0])
    assert known.value == pytest.approx(0.5, abs=0.06)


def test_a_difference_is_that_of_independent_shares() -> None:
    """Its interval is what draws from both posteriors give."""
    one, other = shares([(3, 4)])[0], shares([(2, 12)])[0]
    rng = np.random.default_rng(1)
    drawn = rng.choice(SHARES, 200_000, p=one) - rng.choice(SHARES, 200_000, p=other)
    made = difference(one, other)
    assert (made.low, made.value, made.high) == pytest.approx(np.quantile(drawn, [0.05, 0.5, 0.95]), abs=0.02)


@pytest.mark.parametrize(("higher", "lower"), [(1, 3), (3, 7), (6, 6)])
def test_the_likelihood_of_ranks_is_hoeffdings(higher: int, lower: int) -> None:
    """Simulated from the definition, the interval of the area is the same within two points."""
    rng = np.random.default_rng(higher)
    x, y = rng.normal(1, 1, higher), rng.normal(0, 1, lower)
    ranks = np.argsort(np.argsort(np.concatenate([x, y])))[:higher]
    drawn = np.sort(rng.normal(size=(60_000, higher + lower)), axis=1)
    sums = drawn[:, ranks].sum(axis=1) - higher / (higher + lower) * drawn.sum(axis=1)
    logs = GAPS[:, None] * sums - higher * lower / (higher + lower) * GAPS[:, None] ** 2 / 2
    exact = np.exp(logs).mean(axis=1)
    made, wanted = (estimate(areas([one])[0], AREAS) for one in (rank_likelihood(x, y), exact))
    assert (made.low, made.value, made.high) == pytest.approx((wanted.low, wanted.value, wanted.high), abs=0.03)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6), st.lists(st.floats(-5, 5), min_size=1, max_size=6))
def test_only_ranks_count(higher: list[float], lower: list[float]) -> None:
    """Stretched without changing their order, changes say the same; turned over, the opposite."""
    made = rank_likelihood(higher, lower)
    assert np.allclose(made, rank_likelihood(np.array(higher) * 8, np.array(lower) * 8))
    assert np.allclose(made[::-1], rank_likelihood(-np.array(higher), -np.array(lower)), atol=1e-6)


def test_ties_and_empty_groups_say_nothing() -> None:
    """Where all are alike or one group is empty, no gap is likelier than the other way round."""
    assert np.allclose(rank_likelihood([], [1.0, 2.0]), 1.0)
    assert np.allclose(rank_likelihood([1.0], []), 1.0)
    tied = estimate(areas([rank_likelihood([0.0, 0.0], [0.0] * 6)])[0], AREAS)
    assert tied.value == pytest.approx(0.5, abs=1e-6)


@pytest.mark.slow
def test_intervals_hold_what_they_are_about() -> None:
    """Over worlds as the prior has them, 90 % ± 3: shares of one unit, of pooled ones, and areas."""
    rng = np.random.default_rng(5)
    held = {"alone": [], "pooled": [], "areas": []}  # type: dict[str, list[bool]]
    for _ in range(1500):
        mean, spread = rng.normal(0, 1.5), abs(rng.normal())
        truths = 1 / (1 + np.exp(-rng.normal(mean, spread, 3)))
        counts = [(int(rng.binomial(n, truth)), n) for truth, n in zip(truths, rng.integers(2, 12, 3), strict=True)]
        for truth, one in zip(truths, shares(counts), strict=True):
            made = estimate(one)
            held["pooled"].append(bool(made.low <= truth <= made.high))
        alone = estimate(shares(counts[:1])[0])
        held["alone"].append(bool(alone.low <= truths[0] <= alone.high))
        gap = rng.normal(rng.normal(), abs(rng.normal()))
        made = estimate(areas([rank_likelihood(rng.normal(gap, 1, 4), rng.normal(0, 1, 9))])[0], AREAS)
        held["areas"].append(bool(made.low <= stats.norm.cdf(gap / math.sqrt(2)) <= made.high))
    for name, found in held.items():
        assert abs(np.mean(found) - LEVEL) < 0.03, (name, np.mean(found))


def test_an_interval_reaches_the_end_where_nothing_else_was_seen() -> None:
    """No hit leaves a share of 0 possible, nothing but hits one of 1; of nothing, everything is."""
    ends = [share(shares([one])[0], *one) for one in ((0, 5), (5, 5), (2, 5), (0, 0))]
    assert [(one.low == 0, one.high == 1) for one in ends] == [
        (True, False), (False, True), (False, False), (True, True)
    ]  # fmt: skip
