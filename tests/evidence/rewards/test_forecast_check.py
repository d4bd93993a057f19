"""What training reached, beside its forecast."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from seatrial.evidence.rewards.forecast_check import reached
from seatrial.stats.intervals import Estimate


def _completions(shift: float, seed: int, items: int = 40, draws: int = 6) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    level = np.repeat(np.linspace(0.0, 5.0, items), draws)
    names = np.repeat([f"i{place}" for place in range(items)], draws)
    order = rng.permutation(len(names))
    frame = pl.DataFrame(
        {"item": names, "cluster": names, "behavior/b": level + shift + 0.1 * rng.normal(size=len(names))}
    )
    return frame.select(pl.all().gather(order.tolist()), pl.lit(None).cast(pl.Float64).alias("behavior/unread"))


def test_change_is_paired_by_item() -> None:
    """Items differ by far more than the change; paired, it is found with an interval that holds it."""
    said = {"b": Estimate(0.3, 0.2, 0.4), "unread": Estimate(0.1, 0.0, 0.2)}
    (one,) = reached("mix", said, _completions(0.0, 1), _completions(0.25, 2))
    assert one.reached.low < 0.25 < one.reached.high and one.reached.high - one.reached.low < 0.1
    assert one.counts and one.agrees and one.forecast.value == 0.3


@pytest.mark.parametrize(("shift", "counts", "agrees"), [(-0.2, True, False), (0.0, False, None)])
def test_signs_are_held_against_each_other(shift: float, counts: bool, agrees: bool | None) -> None:
    """A change the other way is a miss; one within its noise tests nothing."""
    (one,) = reached("mix", {"b": Estimate(0.3, 0.2, 0.4)}, _completions(0.0, 1), _completions(shift, 2))
    assert one.counts == counts and (agrees is None or one.agrees == agrees)


def test_items_that_only_one_side_has_are_left_out() -> None:
    """Only prompts that both models answered are compared."""
    before, after = _completions(0.0, 1), _completions(0.25, 2)
    fewer = after.filter(pl.col("item").is_in([f"i{place}" for place in range(20)]))
    (one,) = reached("mix", {"b": Estimate(0.3, 0.2, 0.4)}, before, fewer)
    assert one.reached.low < 0.25 < one.reached.high
