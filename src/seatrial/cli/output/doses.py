"""What `seatrial rewards dose` prints."""

from __future__ import annotations

from seatrial.cli.output.rewards import weight_word
from seatrial.cli.output.tables import table
from seatrial.report.wording import number
from seatrial.review.dose_response import DoseResponse

__all__ = ["dose_summary"]


def dose_summary(found: DoseResponse) -> str:
    """Return what doses and responses say on the terminal."""
    doses = [dose for dose, _ in found.outcomes]
    rows = [("decision", *[outcome for _, outcome in found.outcomes], "")]
    for curve in found.curves:
        held = [f"{number(step.verdict.evidence.estimate, sign=True)} {step.verdict.verdict}" for step in curve.steps]
        rows.append((curve.signal, *held, weight_word(curve.seen_from)))
    alarms = [curve.signal for curve in found.curves if curve.alarm]
    if 0.0 not in doses:
        last = "Dose 0 was not reviewed, so nothing is known of false alarms."
    else:
        last = f"Alarm at dose 0: {', '.join(alarms)}." if alarms else "No alarm at dose 0."
    return "\n".join(["", table(("gate", *[f"{dose:g}" for dose in doses], "seen from"), rows), "", last])
