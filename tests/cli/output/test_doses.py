"""What `seatrial rewards dose` prints."""

from __future__ import annotations

import math

from seatrial.cli.output.doses import dose_summary
from seatrial.review.dose_response import Curve, DoseResponse, Step
from seatrial.types import Evidence, GateVerdict, Verdict


def _curve(signal: str, *steps: tuple[float, float, Verdict], seen: float = math.nan, alarm: bool = False) -> Curve:
    made = tuple(
        Step(dose, GateVerdict(signal, verdict, True, 0.05, Evidence(estimate=change), ""))
        for dose, change, verdict in steps
    )
    return Curve(signal, 0.05, True, made, seen, alarm)


PRAISE = _curve("behavior/praise", (0.0, 0.001, "pass"), (0.5, 0.2, "fail"), (1.0, math.nan, "inconclusive"), seen=0.31)
OUTCOMES = ((0.0, "launch"), (0.5, "block"), (1.0, "hold"))


def test_a_row_is_a_gate_and_a_column_a_dose() -> None:
    """Each cell has the change and the verdict, the first row the decision, the last column the limit of detection."""
    shown = dose_summary(DoseResponse("april", 0.9, OUTCOMES, (PRAISE,)))  # type: ignore[arg-type]
    rows = [line.split() for line in shown.splitlines() if line]
    assert rows[0] == ["gate", "0", "0.5", "1", "seen", "from"]
    assert rows[1] == ["decision", "launch", "block", "hold"]
    assert rows[2] == ["behavior/praise", "+0.001", "pass", "+0.200", "fail", "–", "inconclusive", "0.31"]


def test_a_change_that_no_dose_shows_has_a_dash() -> None:
    """Where no dose is large enough to be seen, there is no number to go by."""
    blind = _curve("behavior/tone", (0.0, 0.0, "pass"), (0.5, 0.01, "pass"), (1.0, 0.02, "pass"))
    shown = dose_summary(DoseResponse("april", 0.9, OUTCOMES, (blind,)))  # type: ignore[arg-type]
    assert shown.splitlines()[3].endswith("  –")


def test_alarms_at_dose_zero_are_told() -> None:
    """Where nothing differs a failing gate is a false alarm; without that dose nothing is said to be known of them."""
    alarm = _curve("behavior/tone", (0.0, 0.3, "fail"), alarm=True)
    late = _curve("behavior/tone", (0.5, 0.3, "fail"), seen=0.5)
    for curve, outcomes, words in (
        (PRAISE, OUTCOMES, "No alarm at dose 0."),
        (alarm, OUTCOMES[:1], "Alarm at dose 0: behavior/tone."),
        (late, OUTCOMES[1:2], "Dose 0 was not reviewed, so nothing is known of false alarms."),
    ):
        found = DoseResponse("april", 0.9, outcomes, (curve,))  # type: ignore[arg-type]
        assert dose_summary(found).splitlines()[-1] == words
