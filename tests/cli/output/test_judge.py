"""What `seatrial judge` prints for a person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.calibration.judge_setup import SetUp, planned_setup
from seatrial.cli.output.judge import plan_lines, setup_lines
from seatrial.instruments.may_gate import BY_NATURE
from seatrial.instruments.measure import Labelled, Source, measure_readings
from seatrial.instruments.records import Record
from seatrial.policy import JudgeSpec, ModelSpec
from seatrial.types import Spend

JUDGES = {"main": JudgeSpec(model=ModelSpec(model="openai-compatible/j"))}
SETUP = planned_setup("main", JUDGES)


def _record(signal: str) -> Record:
    import numpy as np

    rows = [Labelled(f"answer {place}", float(place % 2), f"c{place}") for place in range(60)]
    found = measure_readings(np.array([row.label for row in rows]), rows, Source("x", "y", signal=signal), 0.5)
    return Record("judge/main", "v", (replace(found, starter=True),), injection=(0.1, 0.05, 0.2))


def _told(may_gate: bool, **more: object) -> str:
    made = SetUp(
        ((Path("records/a.json"), _record("behavior/a")),),
        {
            "behavior/a": replace(
                BY_NATURE, may_gate=may_gate, slope=0.31, why="AUC 1 (x): it errs, so it may only advise."
            )
        },
        {"behavior/b": "it has too few"},
        Spend(calls=1200, reused=3),
    )
    return " ".join("\n".join(setup_lines(SETUP, made, "judges: {}\n", **more)).split())  # type: ignore[arg-type]


def test_what_it_takes_is_said_in_numbers() -> None:
    """Calls, answers, suites and injections."""
    said = " ".join("\n".join(plan_lines(SETUP)).split())
    assert f"at most {SETUP.calls:,} calls" in said
    assert f"of {len(SETUP.trials)} suites" in said and "75 answers that tell it" in said


@pytest.mark.slow
def test_a_judge_that_may_gate_comes_with_its_policy() -> None:
    """What each record counts as, what sways it, what lacks a record, and the lines to take over."""
    said = _told(True, policy=None, written=False)
    assert "yes behavior/a 60" in said and said.count("0.31") == 1
    assert "Injections moved 10 % of its verdicts" in said
    assert "No record for behavior/b: it has too few." in said
    assert "1,200 calls, 3 replies kept from an earlier run." in said
    assert "A policy takes it so: judges: {}" in said
    assert "p.yaml names the judge and its records" in _told(True, policy=Path("p.yaml"), written=True)
    assert "p.yaml has other `judges:` or `records:`" in _told(True, policy=Path("p.yaml"), written=False)


@pytest.mark.slow
def test_a_judge_that_may_not_gate_is_not_recommended() -> None:
    """The reason is said, and no policy is shown."""
    said = _told(False, policy=None, written=False)
    assert "May only advise for behavior/a: it errs." in said
    assert "No gate can stand on this judge" in said and "judges: {}" not in said
