"""A forecast as evidence for gates."""

from __future__ import annotations

import numpy as np
import pytest

from reward_world import AFTER, flattery_world
from seatrial.evidence.rewards.forecast import forecast
from seatrial.evidence.rewards.observations import digest_of, observations_of


def test_a_forecast_becomes_evidence_for_a_gate() -> None:
    """Each prompt's behavior as it is and as it would be; their mean difference is the forecast."""
    table = flattery_world()
    made = forecast(table, "after", AFTER, 1.0)
    rows = [one for one in observations_of(table, made, "forecast") if one.signal == "reward/flattery"]
    sides = {role: np.array([one.value for one in rows if one.role == role]) for role in ("baseline", "candidate")}
    change = float((sides["candidate"] - sides["baseline"]).mean())
    assert change == pytest.approx(made.wanted.shifts["flattery"].value, abs=0.02)


def test_the_digest_holds_every_number() -> None:
    """What the ledger keeps of a forecast changes with any of its numbers."""
    table = flattery_world()
    first, second = (forecast(table, "after", AFTER, beta) for beta in (1.0, 1.001))
    assert digest_of(first) != digest_of(second) and digest_of(first) == digest_of(forecast(table, "after", AFTER, 1.0))
