"""Changes of both arms: they cover the truth, and an arm without votes has none."""

from __future__ import annotations

import numpy as np
import pytest

from seatrial.evidence.feedback.moments import Moments
from seatrial.evidence.feedback.signals import APPROVAL, GAP, signal_of

NAMES = ("up", "vote", "benefit", "label")


def _arm(rng: np.random.Generator, users: int, level: float, spread: float = 2.0) -> Moments:
    """An arm whose users have tastes of their own, and of whom a few vote often."""
    vote = rng.poisson(4 * rng.gamma(0.7, 1 / 0.7, users))
    up = rng.binomial(vote, rng.beta(level * spread, (1 - level) * spread, users))
    label = rng.poisson(1.0, users)
    table = np.column_stack([up, vote, rng.binomial(label, 0.5), label]).astype(float)
    return Moments(NAMES, users, table.sum(axis=0), table.T @ table)


@pytest.mark.parametrize("parts", [APPROVAL, GAP], ids=["approval", "gap"])
def test_the_interval_covers_the_true_change(parts: tuple[tuple[float, str, str], ...]) -> None:
    """Of 600 experiments with clustered users about 95 of 100 intervals cover; the rows alone would give far fewer."""
    rng = np.random.default_rng(8)
    missed = naive = 0
    for _ in range(600):
        arms = _arm(rng, 200, 0.6), _arm(rng, 200, 0.7)
        found = signal_of(arms, parts, 0.025)
        assert found is not None
        missed += not found.change.low <= 0.1 <= found.change.high
        shares = [(one.sum("up") / one.sum("vote"), one.sum("vote")) for one in arms]
        se = sum(p * (1 - p) / n for p, n in shares) ** 0.5
        naive += abs(shares[1][0] - shares[0][0] - 0.1) > 1.96 * se
    assert 15 <= missed <= 48  # 30 in the mean; each end is three standard errors away
    assert naive > 100


def test_a_change_is_named_where_it_is_shown() -> None:
    """Up, down or open, by the interval; the p-value of a rise is small for the first and large for the second."""
    rng = np.random.default_rng(9)
    low, high = _arm(rng, 400, 0.3), _arm(rng, 400, 0.7)
    up, down, same = (signal_of(arms, APPROVAL, 0.025) for arms in ((low, high), (high, low), (low, low)))
    assert up and down and same
    assert (up.word, down.word, same.word) == ("up", "down", "open")
    assert up.rises < 1e-6 < 0.5 <= same.rises < down.rises


def test_thumbs_that_are_all_up_are_not_certain() -> None:
    """No spread is no certainty: what so few users cannot have shown stays inside."""
    table = np.ones((20, 4))
    arm = Moments(NAMES, 20, table.sum(axis=0), table.T @ table)
    found = signal_of((arm, arm), APPROVAL, 0.025)
    assert found is not None
    assert found.change.low < -0.1 and found.change.high > 0.1
    assert found.change.estimate == 0.0


def test_a_gap_may_lie_on_either_side() -> None:
    """Approval less benefit goes from −1 to 1: of 20 users who agree in all, so much may be unseen at either end."""
    table = np.tile([0.0, 1.0, 1.0, 1.0], (20, 1))
    arm = Moments(NAMES, 20, table.sum(axis=0), table.T @ table)
    found = signal_of((arm, arm), GAP, 0.025)
    assert found is not None
    unseen = 1 - 0.025 ** (1 / 20)
    assert (found.change.low, found.change.high) == pytest.approx((-2 * unseen, 2 * unseen))


def test_an_arm_without_votes_has_no_change() -> None:
    """Two users are needed in each arm."""
    arm = _arm(np.random.default_rng(1), 50, 0.5)
    assert signal_of((arm, Moments.none(NAMES)), APPROVAL, 0.025) is None
    assert signal_of((Moments.none(NAMES), arm), GAP, 0.025) is None
