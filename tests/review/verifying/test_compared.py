"""Two values differ by more than rounding, or they are the same."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from results import BLOCK
from seatrial.observations import to_frame
from seatrial.review.verifying.compared import differences, observation_differences
from seatrial.types import Evidence, Observation

NAN = float("nan")


@pytest.mark.parametrize(
    ("held", "made", "said"),
    [
        (0.1 + 0.2, 0.3, []),
        (NAN, NAN, []),
        (float("inf"), float("inf"), []),
        (1, 1.0, []),
        (NAN, 0.0, ["x: nan held, 0 made again"]),
        (0.1, 0.11, ["x: 0.1 held, 0.11 made again"]),
        ("pass", "fail", ["x: 'pass' held, 'fail' made again"]),
        (True, False, ["x: True held, False made again"]),
        ({"a": 1}, {"b": 1}, ["x a: 1 held, nothing made again", "x b: nothing held, 1 made again"]),
        ((1, 2), (1,), ["x: 2 held, 1 made again"]),
        (Evidence(items=3), Evidence(items=4), ["x items: 3 held, 4 made again"]),
    ],
)
def test_where_two_values_differ_is_named(held: Any, made: Any, said: list[str]) -> None:
    """The place, what is held and what was made again; what is only rounded is no difference."""
    assert list(differences(held, made, "x")) == said


def test_a_gate_is_called_by_its_signal() -> None:
    """Of several the one that differs is named, and of its claims likewise."""
    verdicts = BLOCK.decision.verdicts
    found = list(differences(verdicts, verdicts[::-1]))
    assert any(one.startswith(f"{verdicts[0].signal} signal:") for one in found)
    assert not list(differences(verdicts, verdicts))


def _observed(item: str, value: float, **more: Any) -> Observation:
    return Observation("behavior/x", "candidate", item, more.pop("cluster", "c"), 0, value, **more)


def test_an_observation_that_differs_is_named() -> None:
    """Whose answer to which item, and both values; one that only one side has is no pass either."""
    held = to_frame([_observed("a", 0.1), _observed("b", 0.2), _observed("c", 0.3), _observed("e", NAN)])
    made = to_frame([_observed("e", NAN), _observed("a", 0.1 + 1e-12), _observed("b", 0.7), _observed("d", 0.4)])
    assert observation_differences(held, held.sample(fraction=1.0, shuffle=True, seed=1)) == []
    where = "behavior/x, candidate, item"
    assert observation_differences(held, made) == [
        f"{where} b, draw 0: value 0.2 held, 0.7 made again",
        f"{where} c, draw 0: 0.3 held, and no answer gives it",
        f"{where} d, draw 0: 0.4 made again, and the review does not hold it",
    ]
    moved = to_frame([_observed("a", 0.1, cluster="other")])
    assert observation_differences(held.head(1), moved) == [f"{where} a, draw 0: cluster 'c' held, 'other' made again"]
    assert len(observation_differences(held, pl.DataFrame(schema=held.schema))) == 4
