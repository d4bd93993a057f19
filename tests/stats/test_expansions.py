"""What moves a t bound's error, and bounds that allow for it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from seatrial.stats import expansions

ALPHA = 0.05


def _missed(x: np.ndarray, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how often the plain and the adjusted bounds miss the mean: from below, from above."""
    found = expansions.moments(x)
    shares = []
    for low, high in (expansions.t_bounds(found, ALPHA), expansions.adjusted_bounds(found, ALPHA)):
        shares.append(np.array([(high < mean).mean(), (low > mean).mean()]))
    return shares[0], shares[1]


def test_moments_are_those_of_scipy() -> None:
    """Mean, deviation, skewness and kurtosis agree with a second implementation; a row without spread has none."""
    x = np.random.default_rng(0).gamma(2.0, size=(3, 50))
    x[2] = 0.25
    found = expansions.moments(x)
    assert found.skewness[:2] == pytest.approx(stats.skew(x[:2], axis=1, bias=False))
    assert found.kurtosis[:2] == pytest.approx(stats.kurtosis(x[:2], axis=1, bias=False))
    assert found.sd == pytest.approx([*x[:2].std(axis=1, ddof=1), 0.0])
    assert (found.skewness[2], found.kurtosis[2], found.step[2]) == (0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="four"):
        expansions.moments(np.zeros((1, 3)))


def test_the_step_of_scores_is_found() -> None:
    """Thirds, mixed thirds and halves, and shifted fifths have their steps; continuous scores and equal ones none."""
    rng = np.random.default_rng(1)
    thirds, halves = rng.integers(-3, 4, 40) / 3, rng.integers(-2, 3, 40) / 2
    rows = [thirds, np.concatenate([thirds[:20], halves[:20]]), 0.1 + rng.integers(0, 9, 40) / 5, rng.random(40)]
    assert expansions.lattice_step(np.array([*rows, np.ones(40)])) == pytest.approx([1 / 3, 1 / 6, 1 / 5, 0, 0])


def test_without_skewness_tails_or_steps_nothing_is_adjusted() -> None:
    """On evenly spread numbers the adjusted bounds are the t bounds."""
    found = expansions.moments(np.linspace(-1, 1, 1000)[None, :])
    assert expansions.moved_by(found, ALPHA)[0] < 1e-9
    for plain, adjusted in zip(
        expansions.t_bounds(found, ALPHA), expansions.adjusted_bounds(found, ALPHA), strict=True
    ):
        assert adjusted == pytest.approx(plain, abs=1e-9)


def test_skewness_is_adjusted() -> None:
    """On exponential numbers a t bound misses the mean from below far too often; the adjusted one does not."""
    plain, adjusted = _missed(np.random.default_rng(0).exponential(1.0, (20_000, 100)), 1.0)
    assert plain[0] > 0.06
    assert (adjusted < ALPHA + 3 * math.sqrt(ALPHA / 20_000)).all()


@pytest.mark.slow
def test_the_skewness_of_a_sample_goes_with_its_mean() -> None:
    """With heavy symmetric tails a correction by skewness alone misses too often; the second-order term mends that."""
    x = np.clip(0.1 * np.random.default_rng(3).standard_t(3, (60_000, 150)), -1, 1)
    found = expansions.moments(x)
    calm = expansions.Moments(found.count, found.mean, found.sd, found.skewness, 0 * found.kurtosis, found.step)
    by_skewness = (expansions.adjusted_bounds(calm, ALPHA)[1] < 0).mean()
    assert by_skewness > ALPHA + 4 * math.sqrt(ALPHA / 60_000)
    assert (expansions.adjusted_bounds(found, ALPHA)[1] < 0).mean() < ALPHA + 3 * math.sqrt(ALPHA / 60_000)


@pytest.mark.parametrize("clusters", [90, 150])
def test_steps_are_adjusted(clusters: int) -> None:
    """On 0/1 numbers a t bound misses the mean more often than it says; with half a step allowed for it does not."""
    successes = np.arange(clusters + 1)
    x = (np.arange(clusters) < successes[:, None]).astype(float)[1:-1]
    plain, adjusted = np.zeros(2), np.zeros(2)
    found = expansions.moments(x)
    for rate in np.linspace(0.4, 0.6, 41):
        chance = stats.binom.pmf(successes[1:-1], clusters, rate)
        for worst, bounds in ((plain, expansions.t_bounds), (adjusted, expansions.adjusted_bounds)):
            low, high = bounds(found, ALPHA)
            np.maximum(worst, (chance[high < rate].sum(), chance[low > rate].sum()), out=worst)
    assert plain.max() > 1.15 * ALPHA
    assert adjusted.max() < 1.04 * ALPHA


def test_the_expansion_is_trusted_as_far_as_its_terms_are_small() -> None:
    """Trust needs a spread, a skewness that Cochran's rule allows, and more numbers the farther out the level lies."""
    rng = np.random.default_rng(5)
    calm, skewed = rng.normal(size=60), rng.exponential(size=60) ** 2
    found = expansions.moments(np.array([calm, skewed, np.ones(60)]))
    assert expansions.is_near_normal(found, ALPHA).tolist() == [True, False, False]
    heavy = expansions.moments(rng.gamma(2.0, size=(1, 100)))
    assert [expansions.is_near_normal(heavy, alpha)[0] for alpha in (ALPHA, 1e-5)] == [True, False]


def _moments(skewness: float = 0.0, kurtosis: float = 0.0, count: int = 100, sd: float = 1.0) -> expansions.Moments:
    """Return the moments of one sample that has just these."""
    one = np.ones(1)
    return expansions.Moments(count, 0 * one, sd * one, skewness * one, kurtosis * one, 0 * one)


@pytest.mark.parametrize(
    ("found", "alpha", "near"),
    [
        (_moments(), ALPHA, True),
        (_moments(sd=0.0), ALPHA, False),
        (_moments(skewness=1.99), ALPHA, True),
        (_moments(skewness=2.01), ALPHA, False),
        (_moments(skewness=-2.01), ALPHA, False),
        (_moments(kurtosis=27.4), ALPHA, True),
        (_moments(kurtosis=27.6), ALPHA, False),
        (_moments(skewness=0.57), 0.0025, True),
        (_moments(skewness=0.58), 0.0025, False),
    ],
)
def test_trust_ends_where_a_term_grows_as_large_as_what_it_corrects(
    found: expansions.Moments, alpha: float, near: bool
) -> None:
    """Cochran's rule (n > 25 γ²), half of alpha for the first term, alpha for the second: each at its boundary."""
    assert expansions.is_near_normal(found, alpha).tolist() == [near]


def test_terms_are_those_of_the_expansion() -> None:
    """Skewness γ moves a bound's error by γ / (6 √n) (2 z² + 1) φ(z), whatever its sign; known at 5 % and n = 100."""
    z = stats.norm.isf(ALPHA)
    expected = 0.9 / 60 * (2 * z * z + 1) * stats.norm.pdf(z)
    for skewness in (0.9, -0.9):
        assert expansions.moved_by(_moments(skewness=skewness), ALPHA)[0] == pytest.approx(expected)


def test_t_bounds_are_those_of_scipy() -> None:
    """The plain bounds are a t interval's."""
    x = np.random.default_rng(0).normal(size=50)
    low, high = expansions.t_bounds(expansions.moments(x[None, :]), ALPHA)
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    assert (low[0], high[0]) == (pytest.approx(expected.low), pytest.approx(expected.high))


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.01, 0.0025])
def test_far_levels_are_kept(alpha: float) -> None:
    """At the small levels that many gates are corrected to, trusted bounds miss about as seldom as they say."""
    x = np.random.default_rng(6).exponential(0.2, (100_000, 80)) - np.random.default_rng(7).exponential(
        0.1, (100_000, 80)
    )
    found = expansions.moments(x)
    trusted = expansions.is_near_normal(found, alpha)
    low, high = expansions.adjusted_bounds(found, alpha)
    for missed in (trusted & (low > 0.1), trusted & (high < 0.1)):
        assert missed.mean() <= alpha + 4 * math.sqrt(alpha / 100_000)


def test_levels_can_differ_by_row() -> None:
    """One level a row gives what each level gives by itself."""
    found = expansions.moments(np.random.default_rng(4).exponential(1.0, (2, 60)))
    both = expansions.adjusted_bounds(found, np.array([0.05, 0.001]))
    for row, alpha in enumerate((0.05, 0.001)):
        alone = expansions.adjusted_bounds(found, alpha)
        assert [side[row] for side in both] == pytest.approx([side[row] for side in alone])
