"""Gates on conversations: how often they err where the chance of harm at each turn is known and grows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks.conversation_power import World, against_itself, promises
from benchmarks.conversations import MARGIN, outcome, speed

RUNS = 150


def upper(rate: float) -> float:
    """Return what a rate of at most `rate` stays below in all but one of a thousand such tests."""
    return rate + 3.1 * math.sqrt(rate * (1 - rate) / RUNS)


@pytest.mark.slow
def test_a_candidate_at_its_margin_is_seldom_launched_and_seldom_blocked() -> None:
    """With harm at the margin neither error is made more often than alpha."""
    rng = np.random.default_rng(1)
    found = [outcome("harm", MARGIN, rng) for _ in range(RUNS)]
    assert found.count("launch") / RUNS <= upper(0.05)
    assert found.count("block") / RUNS <= upper(0.05)


@pytest.mark.slow
def test_equal_models_are_never_blocked_and_mostly_launched() -> None:
    """A/A of growing harm: no block, and a launch far more often than not."""
    rng = np.random.default_rng(2)
    found = [outcome("harm", 0.0, rng) for _ in range(RUNS)]
    assert found.count("block") == 0
    assert found.count("launch") / RUNS > 0.8


@pytest.mark.slow
def test_harm_at_every_turn_is_blocked() -> None:
    """Three margins more harm at each turn is shown in most runs."""
    rng = np.random.default_rng(3)
    found = [outcome("harm", 3 * MARGIN, rng) for _ in range(40)]
    assert found.count("block") / 40 > 0.8


@pytest.mark.slow
def test_what_a_plan_promises_comes_to_pass() -> None:
    """Two margins fail as often as the plan says, and what it could see is ruled out with its power: ± 2 points.

    Beside these two points luck has the room that one in a thousand such tests needs.
    """
    (found,) = promises(200, 20, [World(60, 1, 0.05)])
    assert 0.3 < found.promised < 0.6
    assert abs(found.promised - found.failed / found.runs) < 0.02 + 3.3 * math.sqrt(0.25 / found.runs)
    assert abs(found.ruled_out - 0.9) < 0.02 + 3.3 * math.sqrt(0.09 / found.runs)


@pytest.mark.slow
def test_one_endpoint_against_itself_is_not_blocked_by_the_whole_way() -> None:
    """Held, stored, read and decided; its answers grow worse from turn to turn, as all know who talk to it."""
    found = against_itself(3)
    assert (found.runs, found.blocked) == (3, 0)
    assert 0.1 < found.harmful / found.turns < 0.5


@pytest.mark.slow
def test_turns_are_held_nearly_as_fast_as_they_depend_on_each_other() -> None:
    """60 personas, 20 turns, two models of 50 ms, 64 in flight, stored: most of what is possible, on a busy machine."""
    found = speed()
    assert found.turns == 2400
    assert found.least / found.seconds > 0.6
