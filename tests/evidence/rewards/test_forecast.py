"""The forecast, against draws from the very distributions that it speaks of."""

from __future__ import annotations

import numpy as np
import pytest

from reward_world import AFTER, flattery_world
from seatrial.errors import EvidenceError
from seatrial.evidence.rewards.forecast import best_of, forecast
from seatrial.evidence.rewards.observations import observations_of


def test_the_forecast_agrees_with_what_the_tilted_normal_does() -> None:
    """A normal behavior tilted by a reward moves by covariance over beta: known exactly, covered by the interval."""
    table = flattery_world(200, 32)
    made = forecast(table, "after", AFTER, 1.0)
    assert not made.refusal
    assert made.wanted.shifts["flattery"].low < 0.3 < made.wanted.shifts["flattery"].high
    assert made.wanted.shifts["other"].low < 0.0 < made.wanted.shifts["other"].high


def test_best_of_n_agrees_with_fresh_best_of_n() -> None:
    """The forecast of best-of-4 covers what best-of-4 of very many fresh draws gives."""
    table, big = flattery_world(), flattery_world(4000, 4, seed=9)
    said = best_of(table, AFTER, 4).shifts["flattery"]
    mixed = (big.rewards @ big.weights(AFTER)).reshape(-1, 4)
    flattery = big.read[:, 0].reshape(-1, 4)
    real = flattery[np.arange(len(mixed)), mixed.argmax(axis=1)].mean() - flattery.mean()
    assert said.low < real < said.high
    with pytest.raises(EvidenceError, match="16 completions only"):
        best_of(table, AFTER, 32)


def test_nothing_is_said_beyond_what_the_samples_bear() -> None:
    """At a small beta a few completions carry everything: the forecast is refused; only the present is evidence."""
    table = flattery_world(draws=8)
    made = forecast(table, "after", AFTER, 0.02)
    assert "count as only" in made.refusal and made.farthest < 1.0
    assert all(point.strength <= made.farthest + 1e-9 for point in made.path)
    assert {one.role for one in observations_of(table, made, "x")} == {"baseline"}
