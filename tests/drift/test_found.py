"""What a comparison found, as values."""

from __future__ import annotations

from typing import get_args

import pytest

from seatrial.drift.found import KINDS, Drift, Finding, Kind
from seatrial.stats.intervals import Interval


def test_every_kind_has_words() -> None:
    """What is looked at can be told in a sentence."""
    assert set(KINDS) == set(get_args(Kind))


@pytest.mark.parametrize(("p_value", "changed"), [(0.05, True), (0.0501, False)])
def test_answers_changed_at_the_level_asked_for(p_value: float, changed: bool) -> None:
    """The level itself counts as changed, as in every test of this package."""
    assert Drift(9, 9, 18, 0.05, p_value, {}, None, (), (), 0).changed is changed


@pytest.mark.parametrize(
    ("held", "explained"), [((-0.1, 0.1), True), ((0.0, 0.1), True), ((0.01, 0.1), False), (None, False)]
)
def test_a_change_is_explained_where_nothing_is_sure_to_be_left(
    held: tuple[float, float] | None, explained: bool
) -> None:
    """An interval that holds 0 leaves nothing sure; where nothing was held fixed nothing is explained."""
    fixed = Interval(sum(held) / 2, *held) if held else None
    assert Finding("phrase", "x", True, 0.0, 0.1, Interval(0.1, 0.0, 0.2), 0.01, fixed).explained is explained
