"""Two files are decided as promised: `python -m benchmarks compared` in the small."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks import compared
from benchmarks.compared import World, simulate
from benchmarks.validity import ALPHA

RUNS = 24
MOST = ALPHA * RUNS + 3 * math.sqrt(ALPHA * (1 - ALPHA) * RUNS)
"""Wrong decisions of so many that a rate of alpha exceeds by chance once in some hundred times."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "world",
    [
        World("0/1, most answers kept", 100, 0.1),
        World("graded", 100, 0.1, scores=3),
        World("graded", 60, 0.15, epochs=2, size=2, form="Inspect"),
    ],
    ids=str,
)
def test_a_change_of_the_margin_seldom_launches_or_blocks(world: World) -> None:
    """Where harm rises by exactly the margin in one score, either decision would be a mistake."""
    found = simulate(world, 1.0, RUNS, np.random.default_rng(3))
    assert found.launched <= MOST and found.blocked <= MOST


@pytest.mark.slow
def test_decisions_follow_the_truth() -> None:
    """No change launches, and three margins block, in a table and in a log: what is simulated is what is decided."""
    rng = np.random.default_rng(4)
    for world in (World("graded", 100, 0.1), World("graded", 100, 0.1, epochs=2, form="Inspect")):
        assert simulate(world, 0.0, 4, rng).launched >= 3
        assert simulate(world, 3.0, 4, rng).blocked >= 3


def test_the_true_change_is_the_margin() -> None:
    """In each kind of score, as a share of its scale; and only in the scores that are broken."""
    for kind, scale in (("0/1", 1), ("0/1, most answers kept", 1), ("graded", compared.DEGREES)):
        world = World(kind, 40_000, 0.1, epochs=2, size=5, scores=2)  # type: ignore[arg-type]
        before, after = compared._drawn(world, 1.0, np.random.default_rng(5))
        falls = [float((before[name] - after[name]).mean()) / scale for name in ("quality-0", "quality-1")]
        assert falls == pytest.approx([0.1, 0.0], abs=0.01)


def test_every_cell_has_a_name_of_its_own() -> None:
    """Results are kept by it."""
    names = [cell.name for cell in compared.cells()]
    assert len(set(names)) == len(names)
    assert sum(cell.quick for cell in compared.cells()) == 4
