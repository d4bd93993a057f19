"""What the commands print for a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seatrial.cli.output.tables import table, wrapped
from seatrial.ledger import ledger_in
from seatrial.report import ReviewResult
from seatrial.report.plain import NEVER_ASKED, Plain, counted, worst_first
from seatrial.report.wording import HEADLINES, at_a_glance, beside_the_reason, money, step_words, took, verdict_word
from seatrial.types import GateVerdict

__all__ = ["summary"]

NOTES = 3
"""Notes, and blind spots of no kind, that are printed; the others are counted."""


def summary(content: ReviewResult, folder: Path) -> str:
    """Return what a finished review says on the terminal: decision, why, the gates, what to do; then the rest."""
    plain, verdicts = Plain.of(content), content.decision.verdicts
    cost = sum(spend.cost for _, spend in content.spend)
    notes = [plain.text(note) for note in content.notes]
    lines = [
        "",
        wrapped(f"{HEADLINES[content.status].upper()}: {plain.text(content.decision.reason)}"),
        *([wrapped(plain.text(line))] if (line := beside_the_reason(content)) else []),
        *([wrapped(line)] if (line := plain.only_advised(verdicts)) else []),
        *([wrapped(content.history)] if content.history else []),
        *[
            wrapped(f"Waived: {plain.title(n.signal)}, by {n.person}, until {n.expires}: {n.reason}")
            for n in content.waivers
        ],
        "",
        counted(verdicts),
        table(("verdict", "gate", "harm read", "change of true harm"), [_row(plain, *one) for one in _shown(verdicts)]),
        "",
        *_next(content, plain, folder),
        "",
        f"Blind spots ({len(content.blind_spots)}), in full in the report:",
        *_spots(content, plain),
        *[wrapped(f"Note: {note}") for note in notes[:NOTES]],
        *([_more(len(notes) - NOTES)] if len(notes) > NOTES else []),
        *([wrapped(line)] if (line := at_a_glance([one for one in content.glances if one.said])) else []),
        "",
        f"{took(content.spend)}{', ' + money(cost) if cost else ''}. Report: {folder / 'report.html'}",
        *([f"The decision holds until {content.entry.until}."] if content.entry and content.entry.until else []),
        *([wrapped(f"{content.status}: harm likely in {where}")] if (where := _likely(content, plain)) else []),
    ]
    return "\n".join(lines)


def _more(count: int) -> str:
    return f"{count} more {'note is' if count == 1 else 'notes are'} in the report."


def _shown(verdicts: Sequence[GateVerdict]) -> list[tuple[str, GateVerdict]]:
    """Return the gates, the worst first, each with the suites of a family that do not pass below it."""
    return [
        ("" if one is gate else "↳ ", one)
        for gate in worst_first(verdicts)
        for one in (gate, *(one for one in worst_first(gate.members) if one.verdict != "pass"))
    ]


def _row(plain: Plain, before: str, verdict: GateVerdict) -> tuple[str, str, str, str]:
    word = verdict_word(verdict.verdict, verdict.harm_likely) + ("" if verdict.blocking else ", not counted")
    return word, before + plain.title(verdict.signal), plain.rates(verdict), plain.change(verdict)


def _spots(content: ReviewResult, plain: Plain) -> list[str]:
    """Return the first blind spots of each kind and how many there are; of what was never asked the number alone."""
    if not content.groups:
        return [wrapped(f"- {plain.text(spot)}", "  ") for spot in content.blind_spots[:NOTES]]
    said = []
    for title, spots in content.spots_by_kind:
        if title == NEVER_ASKED:
            said.append(f"{title} ({len(spots)})")
            continue
        said += [f"{title} ({len(spots)}):", *(wrapped(f"- {plain.text(spot)}", "  ") for spot in spots[:NOTES])]
        said += [f"- {len(spots) - NOTES} more"] * (len(spots) > NOTES)
    return said


def _next(content: ReviewResult, plain: Plain, folder: Path) -> list[str]:
    """Return what to do next, one line or more a step."""
    match content.status:
        case "launch" | "launch-on-trust":
            ledger = ledger_in(folder.parent).name
            trust = "Who signs vouches for what counts on trust: no record shows that its instrument sees harm."
            said = [f"Next: sign the report; the decision is recorded (seatrial ledger list --ledger {ledger})."]
            return [*said, trust] if content.status == "launch-on-trust" else said
        case "waived":
            return ["Next: the waiver is in the ledger and in the report; it ends by itself."]
        case "hold" | "block":
            steps = [
                wrapped(f"{place}. {plain.text(step_words(step))}", "   ")
                for place, step in enumerate(content.steps, 1)
            ]
            read = "the pairs of answers that show the harm best" if content.status == "block" else "its blind spots"
            return ["Next:", *steps] if steps else [f"Next: open the report and read {read}."]


def _likely(content: ReviewResult, plain: Plain) -> str:
    """Return where harm is likely in a hold; empty where it is nowhere."""
    names = [plain.text(one.points_to) for one in content.decision.harm_likely]
    return ", ".join(names) if content.status == "hold" else ""
