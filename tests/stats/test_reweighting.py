"""Reweighting and best-of-n."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.stats.groups import Groups, ratio
from seatrial.stats.reweighting import (
    best_of_kl,
    best_of_probabilities,
    divergence,
    effective_size,
    expected,
    jackknifed,
    tilted,
)


@given(st.lists(st.integers(0, 3), min_size=4, max_size=7), st.integers(1, 4))
def test_best_of_n_is_the_mean_over_all_subsets(scores: list[int], n: int) -> None:
    """Each completion's chance is what listing every subset of n gives, ties shared."""
    groups = Groups.of([0] * len(scores))
    by_hand = np.zeros(len(scores))
    subsets = list(combinations(range(len(scores)), n))
    for subset in subsets:
        top = [i for i in subset if scores[i] == max(scores[j] for j in subset)]
        by_hand[top] += 1 / len(top) / len(subsets)
    tied = np.array([by_hand[np.equal(scores, score)].mean() for score in scores])
    np.testing.assert_allclose(best_of_probabilities(scores, groups, n), tied, atol=1e-12)


def test_best_of_n_forecasts_agree_with_fresh_draws() -> None:
    """Intervals for the best of 4, from 16 draws a prompt, cover what real best-of-4 draws give at their rate."""
    rng, misses, runs = np.random.default_rng(11), 0, 400

    def draws(prompts: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        latent = rng.normal(size=(prompts, size))
        return latent + rng.normal(size=latent.shape), (latent + rng.normal(size=latent.shape) > 0).astype(float)

    reward, behavior = draws(200_000, 4)
    truth = behavior[np.arange(len(reward)), reward.argmax(axis=1)].mean() - behavior.mean()
    groups = Groups.of(np.repeat(np.arange(50), 16))
    for _ in range(runs):
        reward, behavior = draws(50, 16)
        share = best_of_probabilities(reward.ravel(), groups, 4)
        column = behavior.reshape(-1, 1)
        made = ratio(expected(column, share, groups) - groups.mean(column), np.ones(50), np.arange(50), 0.025)
        misses += not made.low[0] <= truth <= made.high[0]
    assert misses / runs < 0.085


def test_the_jackknife_takes_the_bias_of_few_draws_out() -> None:
    """With 8 draws a prompt the plain estimate falls short by a sixth; the jackknifed one is within 5 %."""
    rng = np.random.default_rng(12)
    latent = rng.normal(size=(20_000, 8))
    reward = (0.7 * latent + 0.7 * rng.normal(size=latent.shape)).ravel()
    groups = Groups.of(np.repeat(np.arange(20_000), 8))
    share = tilted(0.9 * reward, groups)
    truth = 0.9 * 0.7
    f = latent.reshape(-1, 1)
    base = groups.mean(f).mean()
    plain = float(expected(f, share, groups).mean() - base)
    better = float(jackknifed(f, share, groups).mean() - base)
    assert plain < 0.88 * truth
    assert better == pytest.approx(truth, rel=0.05)


def test_tilting_by_nothing_changes_nothing() -> None:
    """With equal scores every draw counts the same: full effective size, no divergence, the plain mean."""
    groups = Groups.of(np.repeat([0, 1], 4))
    share = tilted(np.repeat([3.0, -900.0], 4), groups)
    np.testing.assert_allclose(share, 0.25)
    np.testing.assert_allclose(effective_size(share, groups), 4.0)
    np.testing.assert_allclose(divergence(share, groups), 0.0, atol=1e-12)
    f = np.arange(8.0).reshape(-1, 1)
    np.testing.assert_allclose(jackknifed(f, share, groups), groups.mean(f))


def test_extreme_scores_stay_finite() -> None:
    """Scores of hundreds neither overflow nor give NaN: one completion has it all, at log n nats."""
    groups = Groups.of([0, 0, 1, 1])
    share = tilted([0.0, 1e6, -1e6, 0.0], groups)
    np.testing.assert_allclose(share, [0.0, 1.0, 0.0, 1.0])
    np.testing.assert_allclose(divergence(share, groups), np.log(2))
    assert np.isfinite(jackknifed(np.eye(4), share, groups)).all()


def test_best_of_n_needs_n_draws() -> None:
    """The best of five cannot be told from four draws."""
    with pytest.raises(ValueError, match="at least 5 completions"):
        best_of_probabilities([1.0, 2.0, 3.0, 4.0], Groups.of([0] * 4), 5)
    assert best_of_kl(1) == 0.0
    assert best_of_kl(4) == pytest.approx(np.log(4) - 0.75)


def test_weights_are_those_of_an_exponential_tilt() -> None:
    """Scores of log 3 and log 1 are chances of ¾ and ¼; mean, effective size and divergence follow by hand."""
    groups = Groups.of([0, 0])
    share = tilted(np.log([3.0, 1.0]), groups)
    np.testing.assert_allclose(share, [0.75, 0.25])
    np.testing.assert_allclose(expected([[8.0], [4.0]], share, groups), [[7.0]])
    np.testing.assert_allclose(effective_size(share, groups), [1 / (0.75**2 + 0.25**2)])
    np.testing.assert_allclose(divergence(share, groups), [0.75 * np.log(1.5) + 0.25 * np.log(0.5)])


def test_a_prompt_of_one_draw_is_left_as_it_is() -> None:
    """The jackknife leaves a lone draw alone; of several it is n·θ less n − 1 times the mean θ without each."""
    f, groups = np.array([[5.0], [1.0], [2.0], [4.0]]), Groups.of([0, 1, 1, 1])
    share = tilted([0.0, 0.3, -0.2, 0.7], groups)
    weights = np.exp([0.3, -0.2, 0.7])
    whole = (weights @ f[1:, 0]) / weights.sum()
    without = [np.delete(weights, i) @ np.delete(f[1:, 0], i) / np.delete(weights, i).sum() for i in range(3)]
    np.testing.assert_allclose(jackknifed(f, share, groups)[:, 0], [5.0, 3 * whole - 2 * np.mean(without)])
