"""What `seatrial compare` prints for a person, and for a machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seatrial.cli.output.tables import table, wrapped
from seatrial.errors import ExitCode
from seatrial.report.machine import decision_json
from seatrial.report.wording import HEADLINES, could_see, interval, number
from seatrial.review.compared import Comparison
from seatrial.runs.pairing import PairedScore
from seatrial.types import GateVerdict

__all__ = ["comparison", "comparison_json", "exit_code_of"]


def exit_code_of(found: Comparison) -> ExitCode:
    """Return what the command says to the shell: a launch holds while a score that both runs hold is not decided."""
    if found.review is None:
        return ExitCode.HOLD
    code = found.review.exit_code
    return ExitCode.HOLD if found.open and code is ExitCode.LAUNCH else code


def comparison(found: Comparison, default_margin: bool, report: Path | None) -> str:
    """Return what two runs show: what stands in the way, the decision, a line a score, what must be said."""
    baseline, candidate = found.runs.models
    lines = ["", wrapped(f"{baseline} (baseline) beside {candidate} (candidate)")]
    lines += [wrapped(f"! {odd}", "  ") for odd in found.runs.odd]
    if found.review is not None:
        status = "hold" if found.open and found.review.status == "launch" else found.review.status
        lines += ["", wrapped(f"{HEADLINES[status].upper()}: {found.review.reason}")]
    rows = [_row(score, _verdict(found, score)) for score in found.runs.scores]
    head = ("verdict", "score", "baseline", "candidate", "change of harm", "could see", "read as")
    lines += ["", table(head, rows), ""]
    if default_margin:
        lines.append(
            "Margin: 0.05 of each score's scale, a default and no wisdom; --margin takes the rise in harm that matters."
        )
    for score in found.open:
        lines.append(wrapped(f"{score.title} is not decided: say {score.open}.", "  "))
    lines += [wrapped(f"Note: {told}", "  ") for told in found.runs.told]
    if report is not None:
        lines.append(f"Report: {report / 'report.html'}")
    elif found.review is not None:
        lines.append("The whole report: add --report FOLDER. A policy that repeats this: add --policy policy.yaml")
    return "\n".join(lines)


def _verdict(found: Comparison, score: PairedScore) -> GateVerdict | None:
    if found.review is None:
        return None
    return next((one for one in found.review.verdicts if one.signal == score.signal), None)


def _row(score: PairedScore, verdict: GateVerdict | None) -> tuple[str, ...]:
    if verdict is None:
        return "not decided", score.title, "", "", "", "", score.known
    seen = verdict.evidence
    change = f"{number(seen.estimate, sign=True)} {interval(seen)}, margin {verdict.margin:g}"
    return (
        verdict.verdict,
        score.title,
        number(seen.baseline),
        number(seen.candidate),
        change,
        could_see(seen.mde),
        score.known,
    )


def comparison_json(found: Comparison, report: Path | None) -> dict[str, Any]:
    """Return the same for machines."""
    runs = found.runs
    return {
        **(decision_json(found.review.result) if found.review else {}),
        "exit_code": int(exit_code_of(found)),
        "baseline": runs.models[0],
        "candidate": runs.models[1],
        "scores": [
            {
                "signal": score.signal,
                "title": score.title,
                "harmful": score.harmful,
                "bounds": score.bounds,
                "known": score.known,
                "pairs": score.pairs,
                "lost": score.lost,
                "open": score.open,
            }
            for score in runs.scores
        ],
        "stands_in_the_way": list(runs.odd),
        "notes": list(runs.told),
        "report": None if report is None else str(report / "report.html"),
    }
