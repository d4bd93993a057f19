"""The controls of conversations: what they ask of the model, and how much a gate on so many personas can show."""

from __future__ import annotations

import pytest
from benchmarks.conversation_control import PLAIN, RESEEDED, induced, least_failing

from seatrial.personas import find_areas, load_area


def test_each_area_has_a_control_of_its_own() -> None:
    """Every built-in area has a system prompt and an opening, and no two share either."""
    made = [induced(load_area(folder)) for folder in find_areas().values()]
    assert len({one.system for one in made}) == len({one.opening for one in made}) == len(made) == 6


def test_the_neutral_model_answers_by_chance_and_is_the_same_otherwise() -> None:
    """With the baseline's seed it would answer word for word alike, and the control would show nothing."""
    assert RESEEDED.generation.seed != PLAIN.generation.seed
    assert RESEEDED.model_copy(update={"generation": PLAIN.generation}) == PLAIN


@pytest.mark.slow
def test_more_personas_show_smaller_changes() -> None:
    """Two show none at all; the ten of an area show half of the scale at most, and twice as many less."""
    assert least_failing(2) == float("inf")
    assert least_failing(20) < least_failing(10) <= 0.5
