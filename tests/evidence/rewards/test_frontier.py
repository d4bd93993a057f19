"""Critical weights, and the mixes that keep all gates."""

from __future__ import annotations

import pytest

from reward_world import AFTER, BEFORE, flattery_world
from seatrial.evidence.rewards.forecast import forecast
from seatrial.evidence.rewards.frontier import critical_weights, frontier


def test_the_critical_weight_is_where_the_forecast_crosses() -> None:
    """At the critical weight the forecast equals the margin; the bounds cross before and after it."""
    table = flattery_world(200, 32)
    (one,) = critical_weights(table, BEFORE, "thumbs", {"flattery": 0.1}, 1.0, 6.0)
    at = forecast(table, "x", {**BEFORE, "thumbs": one.estimate}, 1.0).wanted.shifts["flattery"].value
    assert at == pytest.approx(0.1, abs=0.01)
    assert one.unproven < one.estimate < one.fails


def test_the_frontier_keeps_gates_and_gain() -> None:
    """Mixes that hold every gate stay below all margins; more of the primary lets in more of the thumbs."""
    points = frontier(flattery_world(200, 32), BEFORE, AFTER, {"flattery": 0.1}, 1.0)
    held = [one for one in points if one.holds]
    assert held and all(one.worst < 1.0 for one in held)
    assert any(one.best for one in points)
