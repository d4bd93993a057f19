"""A forecast checked against the traffic after its launch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from seatrial.evidence.replay.check import Checked, after, over_all
from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.registered import Forecast, Foretold
from seatrial.evidence.replay.shift import Profile
from seatrial.gates.traffic_rates import Rate, ratio
from seatrial.ledger import Entry
from seatrial.types import Message

NOW = "2026-11-01T00:00:00+00:00"


def _rate(value: float) -> Rate:
    return Rate(value, value * 0.8, value * 1.25, 30, 400)


def _checked(before: float, foretold: float, truth: float, by_suite: float = math.nan) -> Checked:
    change = Rate(foretold - before, foretold - before - 0.02, foretold - before + 0.02, 30, 400)
    told = Foretold("replay/x", "X", "v", None, _rate(before), _rate(foretold), change)
    errors = ratio(_rate(truth), told.candidate), ratio(_rate(truth), told.today)
    return Checked(told, _rate(truth), *errors, by_suite, 400)


def test_how_far_a_forecast_was_off() -> None:
    """A factor of at least one, whichever was larger; it agrees where the intervals let it."""
    good, bad = _checked(0.1, 0.2, 0.21), _checked(0.1, 0.2, 0.06)
    assert good.factor == pytest.approx(1.05) and good.naive_factor == pytest.approx(2.1)
    assert good.covered and good.direction is True
    assert bad.factor == pytest.approx(1 / 0.3) and not bad.covered and bad.direction is False
    assert _checked(0.1, 0.1, 0.12).direction is None
    assert math.isnan(good.suite_factor) and _checked(0.1, 0.2, 0.2, 0.25).suite_factor == 4.0


def test_what_was_answered_before_proves_nothing() -> None:
    """Earlier conversations are left out, and so are those without an answer; without a time it is taken."""
    forecast = Forecast("n", "c", NOW, "hash", 0.9, (), Profile(np.zeros((1, 3)), np.zeros(1, dtype=np.int64)))
    asked = (Message("user", "q"),)
    talk = [
        Conversation("1", "", asked, "a", time=1.7e9),
        Conversation("2", "", asked, "a", time=1.9e9),
        Conversation("3", "", asked, None, time=1.9e9),
        Conversation("4", "", asked, "a"),
    ]
    kept, early, unanswered = after(forecast, talk)
    assert ([one.id for one in kept], early, unanswered) == (["2", "4"], 1, 1)


def _entry(of: str, factors: list[Any], covered: bool = True) -> Entry:
    rows = {
        f"replay/{n}": {"factor": factor, "naive": 2.0, "covered": covered, "direction": None if n else True}
        for n, factor in enumerate(factors)
    }
    return Entry(1, NOW, "check", "ann", {"of": of, "behaviors": rows}, "", "")


def test_all_forecasts_so_far_are_put_together() -> None:
    """Of one checked twice the last counts; a factor without end and one that is not known are no numbers."""
    held = over_all(
        [_entry("a", [9.0] * 5), _entry("a", [1.1, 1.2, 1.3, 1.4, 1.5]), _entry("b", ["inf", None, 1.25] * 3, False)]
    )
    assert (held.launches, held.behaviors) == (2, 14)
    assert held.factor[0] == pytest.approx(1.3) and held.factor[1] < 1.3 < held.factor[2]
    assert held.covered.estimate == pytest.approx(5 / 14) and held.direction == (2, 2)
    assert held.naive[0] == 2.0 and math.isnan(held.suites[0]), "checks before suites were beside it hold none"
    none = over_all([])
    assert none.launches == 0 and math.isnan(none.factor[0]) and math.isnan(none.covered.estimate)
