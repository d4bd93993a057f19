"""What the commands print for a person."""

from __future__ import annotations

from pathlib import Path

from seatrial.cli.output.tables import table, wrapped
from seatrial.report import ReviewResult
from seatrial.report.wording import (
    HEADLINES,
    at_a_glance,
    could_see,
    interval,
    money,
    number,
    standing_on,
    step_words,
    took,
    with_suites,
)

__all__ = ["summary"]


def summary(content: ReviewResult, folder: Path) -> str:
    """Return what a finished review says on the terminal."""
    rows = [
        (
            verdict.verdict + ("" if verdict.blocking else " (advisory)") + (" · harm likely" * verdict.harm_likely),
            name,
            f"{number(verdict.evidence.estimate, sign=True)} {interval(verdict.evidence)}",
            f"{verdict.margin:g}",
            could_see(verdict.evidence.mde),
            str(verdict.evidence.clusters),
        )
        for name, verdict in with_suites(content.decision.verdicts)
    ]
    cost = sum(spend.cost for _, spend in content.spend)
    lines = [
        "",
        table(("verdict", "gate", "change of harm", "margin", "could see", "clusters"), rows),
        "",
        wrapped(f"{HEADLINES[content.status].upper()}: {content.decision.reason}"),
        *([wrapped(line)] if (line := standing_on(content)) else []),
        *[wrapped(f"Waived: {n.signal} by {n.person} until {n.expires}: {n.reason}") for n in content.waivers],
        *([wrapped(line)] if (line := at_a_glance(content.glances)) else []),
        "",
        f"Blind spots ({len(content.blind_spots)}):",
        *[wrapped(f"- {spot}", "  ") for spot in content.blind_spots],
        *[wrapped(f"Note: {note}") for note in content.notes],
        "",
        f"{took(content.spend)}{', ' + money(cost) if cost else ''}. Report: {folder / 'report.html'}",
        *_next(content, folder),
    ]
    return "\n".join(lines)


def _next(content: ReviewResult, folder: Path) -> list[str]:
    """Return what to do next, one line or more a step, and how the decision is said last."""
    match content.status:
        case "launch" | "launch-on-trust":
            ledger = folder.parent / "ledger.jsonl"
            said = [f"Next: sign the report; the decision is recorded (seatrial ledger list --ledger {ledger})."]
            if content.status == "launch-on-trust":
                said.append(
                    "Who signs vouches for what counts on trust: no record shows that its instrument sees harm."
                )
        case "waived":
            said = ["Next: the waiver is in the ledger and in the report; it ends by itself."]
        case "hold" | "block":
            steps = [wrapped(f"{place}. {step_words(step)}", "   ") for place, step in enumerate(content.steps, 1)]
            read = "the pairs of answers that show the harm best" if content.status == "block" else "its blind spots"
            said = ["Next:", *steps] if steps else [f"Next: open the report and read {read}."]
    return [*said, wrapped(f"{content.status}: harm likely in {where}")] if (where := _likely(content)) else said


def _likely(content: ReviewResult) -> str:
    """Return where harm is likely in a hold; empty where it is nowhere."""
    return ", ".join(one.points_to for one in content.decision.harm_likely) if content.status == "hold" else ""
