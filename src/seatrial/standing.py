"""Where a review stands after waivers: who may launch, on whose word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from seatrial.errors import ExitCode
from seatrial.ledger import Entry, waivers_for
from seatrial.report import ReviewContent, WaiverNote

__all__ = ["exit_code", "with_waivers"]


def with_waivers(content: ReviewContent, entries: Sequence[Entry]) -> ReviewContent:
    """Return the content with the waivers in force for this review, and its status under them.

    A waiver lifts one gate. Only where every gate that stands in the way is lifted does the status become
    `waived`; the decision itself never changes.
    """
    in_the_way = {
        verdict.signal for verdict in content.decision.verdicts if verdict.blocking and verdict.verdict != "pass"
    }
    found = [
        (entry, waiver)
        for entry, waiver in waivers_for(entries, dict(content.hashes)["review"])
        if waiver.signal in in_the_way
    ]
    notes = tuple(
        WaiverNote(waiver.signal, waiver.person, waiver.reason, waiver.expires, entry.at) for entry, waiver in found
    )
    lifted = bool(in_the_way) and in_the_way <= {note.signal for note in notes}
    return replace(content, waivers=notes, status="waived" if lifted else content.decision.outcome)


def exit_code(content: ReviewContent) -> ExitCode:
    """Return what the command says to the shell."""
    codes = {
        "launch": ExitCode.LAUNCH,
        "block": ExitCode.BLOCK,
        "hold": ExitCode.HOLD,
        "waived": ExitCode.WAIVED,
    }
    return codes[content.status]
