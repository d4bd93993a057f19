"""What `seatrial replay check` prints."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from seatrial.cli.output.replay_check import check_json, check_summary
from seatrial.evidence.replay.check import Check, Checked, over_all
from seatrial.evidence.replay.registered import Forecast, Foretold
from seatrial.evidence.replay.shift import Profile, Shift
from seatrial.formats.json_values import with_null
from seatrial.gates.traffic_rates import Rate, ratio
from seatrial.ledger import Entry


def _check() -> Check:
    rate = Rate(0.1, 0.08, 0.12, 40, 400)
    told = Foretold("replay/x", "Praise", "v", rate, rate, rate, Rate(0.01, -0.01, 0.03, 4, 400))
    profile = Profile(np.zeros((1, 3)), np.zeros(1, dtype=np.int64))
    forecast = Forecast("n", "next", "2026-11-01T00:00:00+00:00", "abc", 0.9, (told,), profile)
    found = Checked(
        told, Rate(0.2, 0.17, 0.23, 80, 400), ratio(Rate(0.2, 0.17, 0.23, 80, 400), rate), ratio(rate, rate), 0.5, 400
    )
    return Check(forecast, (found,), {"replay/y": "no such gate"}, Shift(0.4, (("turns", 0.1),)), 900, 3, 2)


def test_a_forecast_that_failed_is_said_to_have() -> None:
    """With the factor, what was left out, and how all came out so far."""
    said = check_summary(_check(), over_all([]), Path("check.html"))
    assert said.startswith("0 OF 1 FORECASTS AGREE WITH WHAT CAME")
    assert (
        "2 × [" in said
        and "0.5 ×" in said
        and "replay/y was not compared: no such gate" in said
        and "not known to differ" in said
    )
    moved = check_summary(replace(_check(), shift=Shift(0.001, (("turns", 0.9),))), over_all([]), Path("check.html"))
    assert "not what the forecast was made from" in " ".join(moved.split()) and "turns differs most" in " ".join(
        moved.split()
    )


def test_the_json_has_every_figure() -> None:
    """What is not known is null."""
    rows = {"replay/x": {"factor": 2.0, "naive": 1.5, "suites": 3.0, "covered": False, "direction": True}}
    entry = Entry(1, "", "check", "ann", {"of": "abc", "behaviors": rows}, "", "")
    made = json.loads(json.dumps(with_null(check_json(_check(), over_all([entry]))), allow_nan=False))
    assert made["behaviors"][0]["agrees"] is False and made["so_far"]["rates"] == 1
    assert made["behaviors"][0]["truth_over_suites"] == 0.5
    assert made["so_far"]["factor_of_suites"]["estimate"] == 3.0
    assert made["so_far"]["factor"]["estimate"] == 2.0 and made["so_far"]["direction"] == {"right": 1, "of": 1}
    assert with_null(check_json(_check(), over_all([])))["so_far"]["factor"]["estimate"] is None
