"""What the commands print for a person."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from seatrial.cli.output.tables import table, wrapped
from seatrial.report import ReviewResult
from seatrial.report.wording import HEADLINES, at_a_glance, could_see, interval, money, number, took

__all__ = ["summary"]


def summary(content: ReviewResult, folder: Path) -> str:
    """Return what a finished review says on the terminal."""
    rows = [
        (
            verdict.verdict + ("" if verdict.blocking else " (advisory)"),
            verdict.signal,
            f"{number(verdict.evidence.estimate, sign=True)} {interval(verdict.evidence)}",
            f"{verdict.margin:g}",
            could_see(verdict.evidence.mde),
            str(verdict.evidence.clusters),
        )
        for verdict in content.decision.verdicts
    ]
    cost = sum(spend.cost for _, spend in content.spend)
    lines = [
        "",
        table(("verdict", "gate", "change of harm", "margin", "could see", "clusters"), rows),
        "",
        wrapped(f"{HEADLINES[content.status].upper()}: {content.decision.reason}"),
        *[wrapped(f"Waived: {n.signal} by {n.person} until {n.expires}: {n.reason}") for n in content.waivers],
        *([wrapped(line)] if (line := at_a_glance(content.glances)) else []),
        "",
        f"Blind spots ({len(content.blind_spots)}):",
        *[wrapped(f"- {spot}", "  ") for spot in content.blind_spots],
        *[wrapped(f"Note: {note}") for note in content.notes],
        "",
        f"{took(content.spend)}{', ' + money(cost) if cost else ''}. Report: {folder / 'report.html'}",
        f"Next: {_next(content, folder)}",
    ]
    return "\n".join(lines)


def _next(content: ReviewResult, folder: Path) -> str:
    match content.status:
        case "block":
            return "open the report and read the pairs of answers that show the harm best."
        case "hold" if advice := _advice(content):
            return f"{advice}; answers are missing for that (see the blind spots)."
        case "hold" if content.decision.at_a_glance:
            return "read some answers; what is odd and meant, the policy says under `expected`, each with its reason."
        case "hold":
            empty = [v.signal for v in content.decision.verdicts if v.blocking and not v.evidence.clusters]
            if empty:
                return (
                    f"nothing was measured for {', '.join(empty)}: answer the suite's items with both models, or "
                    "name a column of your own labels under `signals:`."
                )
            return "more items or calls for the undecided gates (--budget), or wider margins if you can defend them."
        case "waived":
            return "the waiver is in the ledger and in the report; it ends by itself."
        case "launch":
            ledger = folder.parent / "ledger.jsonl"
            return f"sign the report; the decision is recorded (seatrial ledger list --ledger {ledger})."


def _advice(content: ReviewResult) -> str:
    """Return what to set so that gates get the answers they lack: what mends most, of both models if they are even."""
    undecided = {one.signal for one in content.decision.verdicts if one.verdict == "inconclusive"}
    lost = Counter(one.advice for one in content.unanswered if one.signal in undecided and one.advice)
    return " and ".join([advice for advice, count in lost.items() if count == max(lost.values())][:2])
