"""Survival curves and the paired log-rank test: known values, and the level that the test holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from seatrial.evidence.conversations.survival import Spell, kaplan_meier, paired_log_rank


def spells(chances: np.ndarray, turns: int, rng: np.random.Generator, leaves: float = 0.1) -> list[list[Spell]]:
    """Return a spell of each persona: harm and leaving by chance at each turn."""
    made = []
    for chance in chances:
        for turn in range(1, turns + 1):
            if rng.random() < chance:
                made.append([Spell(turn, True)])
                break
            if rng.random() < leaves or turn == turns:
                made.append([Spell(turn, False)])
                break
    return made


def test_the_curve_is_that_of_a_second_implementation() -> None:
    """The product-limit estimate agrees with scipy's."""
    rng = np.random.default_rng(1)
    found = [one[0] for one in spells(np.full(200, 0.15), 12, rng)]
    mine = kaplan_meier(found)
    data = stats.CensoredData(
        uncensored=[one.turns for one in found if one.harmed], right=[one.turns for one in found if not one.harmed]
    )
    theirs = stats.ecdf(data).sf
    for turn, share in zip(mine.turns[1:], mine.share[1:], strict=True):
        assert share == pytest.approx(float(theirs.evaluate(turn)))


def test_the_test_counts_what_is_beyond_its_expectation() -> None:
    """One persona, harmed earlier by the candidate: half a harmed conversation more than expected; by both: none."""
    rng = np.random.default_rng(1)
    earlier = paired_log_rank([[Spell(5, False)]], [[Spell(2, True)]], rng)
    together = paired_log_rank([[Spell(2, True)]], [[Spell(2, True)]], rng)
    assert (earlier.excess, earlier.p_value) == (0.5, 0.5)
    assert (together.excess, together.p_value) == (0.0, 1.0)
    assert paired_log_rank([], [], rng).p_value == 1.0
    assert paired_log_rank([[Spell(2, True)]] * 8, [[Spell(5, False)]] * 8, rng).p_value == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("personas", [10, 40])
def test_equal_models_are_seldom_called_different(personas: int) -> None:
    """Over 2,000 runs of equal models, with harm that differs by persona and with censoring, at most 5 % and a bit."""
    rng = np.random.default_rng(personas)
    wrong = 0
    for _ in range(2000):
        chances = rng.beta(1, 6, personas)
        wrong += paired_log_rank(spells(chances, 10, rng), spells(chances, 10, rng), rng).p_value <= 0.05
    assert wrong / 2000 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.slow
def test_earlier_harm_is_seen() -> None:
    """Harm that is thrice as likely at each turn is found in most runs of forty personas."""
    rng = np.random.default_rng(3)
    seen = 0
    for _ in range(200):
        chances = rng.beta(1, 9, 40)
        worse = spells(np.minimum(3 * chances, 1), 10, rng)
        seen += paired_log_rank(spells(chances, 10, rng), worse, rng).p_value <= 0.05
    assert seen > 160
