"""The forecast, against draws from the very distributions that it speaks of."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from reward_world import AFTER, flattery_world
from seatrial.errors import EvidenceError
from seatrial.evidence.rewards.forecast import Needed, best_of, forecast, needed_completions, point
from seatrial.evidence.rewards.observations import observations_of
from seatrial.evidence.rewards.table import table_of


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
    nothing = forecast(flattery_world(draws=2), "after", AFTER, 0.02)
    assert nothing.farthest == 0.0 and "The samples bear nothing of the mix: a forecast needs" in nothing.refusal


@pytest.mark.parametrize("draws", [6, 8, 16])
def test_the_completions_that_are_said_to_be_needed_are(draws: int) -> None:
    """Fewer than the least do not bear the forecast when they are drawn, and about as many as are named do."""
    beta = 0.32
    needed = needed_completions(flattery_world(600, draws), AFTER, beta)
    assert draws < needed.least <= needed.about < 100
    assert not point(flattery_world(600, needed.least - 1, seed=5), AFTER, beta).supported
    enough = point(flattery_world(600, int(1.5 * needed.about), seed=5), AFTER, beta)
    assert enough.supported
    assert f"at least {needed.least} completions of each prompt, not {draws}, and about" in needed.sentence


def test_where_the_completions_do_that_is_said() -> None:
    """A mix that the samples bear needs no more of them; one that no number would bear gets none named."""
    table = flattery_world(draws=16)
    assert needed_completions(table, AFTER, 1.0) == Needed(16.0, 16, 16.0)
    assert needed_completions(table, AFTER, 1.0).sentence == "the 16 completions of each prompt bear a forecast"
    wild = needed_completions(table, AFTER, 0.001)
    assert wild.least > 500 and wild.about == np.inf
    assert wild.sentence.endswith("completions of each prompt, not 16")


def test_prompts_of_one_completion_end_in_no_error() -> None:
    """Uneven prompts are halved as far as they go, and a growth that can hardly be seen names no number."""
    rng = np.random.default_rng(3)
    names = ["a"] + ["b"] * 2 + ["c"] * 5
    frame = pl.DataFrame({"prompt": names, "reward/x": rng.normal(size=8), "behavior/y": rng.normal(size=8)})
    for beta in (10.0, 0.5, 0.1, 1e-6):
        assert needed_completions(table_of(frame, "few"), {"x": 1.0}, beta).sentence
