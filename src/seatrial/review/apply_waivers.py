"""Where a review stands after waivers: who may launch, on whose word."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from seatrial.errors import ExitCode, LedgerError, SeatrialError
from seatrial.formats.bounded import read_text
from seatrial.ledger import (
    Addition,
    Entry,
    Waiver,
    added_waiver,
    check_files,
    covers,
    entry_of,
    known_as,
    ledger_for,
    review_id,
    settle_files,
    waivers_for,
)
from seatrial.models.identity import identity_hash
from seatrial.policy import parse_policy
from seatrial.report import LedgerPlace, ReviewResult, WaiverNote, load_result
from seatrial.review.budget_ends import budget_entry
from seatrial.review.validity import DAYS, window_of
from seatrial.types import ROLES

__all__ = ["exit_code", "finished_review", "ledger_entry", "policy_as_written", "waive", "with_entry", "with_waivers"]


def finished_review(folder: Path, entries: Sequence[Entry] | None = None) -> ReviewResult:
    """Return the finished review in a folder under the waivers now in force, with its entry in the ledger.

    Args:
        folder: The review's folder.
        entries: The ledger's, where they were verified already.

    Raises:
        StoreError: there is no finished review, or it cannot be read back.
        LedgerError: the ledger cannot be trusted, or a file of the review is not what its entry covers.
    """
    if entries is None:
        entries = ledger_for(folder).verify()
    settle_files(folder, entries)
    check_files(folder, entries)
    content = with_waivers(load_result(folder), entries, known_as(folder, entries))
    return with_entry(content, entry_of(folder, entries))


def with_entry(content: ReviewResult, entry: Entry | None) -> ReviewResult:
    """Return the content with its place in the ledger."""
    if entry is None:
        return replace(content, entry=None)
    window = window_of(entry)
    place = LedgerPlace(entry.number, entry.hash, covers(entry), window.until.isoformat() if window else "")
    return replace(content, entry=place)


def with_waivers(
    content: ReviewResult, entries: Sequence[Entry], known: Container[str] = ("",), today: date | None = None
) -> ReviewResult:
    """Return the content with the waivers in force for this review, and its status under them.

    A waiver lifts one gate of the policy; of a family it lifts the mean and all its suites. Only where every gate that
    stands in the way is lifted does the status become `waived`; the decision itself never changes. Severe harm that
    raters confirmed is no gate, and neither is what is odd about all answers at a glance: no waiver lifts them. What
    is meant, the policy expects in words.

    Args:
        content: The review.
        entries: The ledger's.
        known: Ids under which the review is known, as `known_as` has them.
        today: The day; by default this one.
    """
    in_the_way = set(content.decision.in_the_way)
    found = [
        (entry, waiver)
        for entry, waiver in waivers_for(entries, dict(content.hashes)["review"], today, known)
        if waiver.signal in in_the_way
    ]
    notes = tuple(
        WaiverNote(waiver.signal, waiver.person, waiver.reason, waiver.expires, entry.at) for entry, waiver in found
    )
    beyond_gates = content.decision.severe or content.decision.at_a_glance
    lifted = bool(in_the_way) and in_the_way <= {note.signal for note in notes} and not beyond_gates
    return replace(content, waivers=notes, status="waived" if lifted else content.decision.outcome)


def exit_code(content: ReviewResult) -> ExitCode:
    """Return what the command says to the shell."""
    codes = {
        "launch": ExitCode.LAUNCH,
        "launch-on-trust": ExitCode.WAIVED,
        "block": ExitCode.BLOCK,
        "hold": ExitCode.HOLD,
        "waived": ExitCode.WAIVED,
    }
    return codes[content.status]


def waive(folder: Path, signal: str, person: str, reason: str, expires: str) -> ReviewResult:
    """Enter a waiver of one gate of the review in `folder` and return where the review stands then.

    Raises:
        LedgerError: the gate does not stand in the way, it is a suite of a family and no gate of its own, the waiver
            is incomplete or over, or a file of the review is not what its entry covers.
        StoreError: there is no finished review.
    """

    def step(made: Addition) -> ReviewResult:
        content = finished_review(folder, made.entries)
        _check_in_the_way(content, signal)
        own = review_id(folder, made.entries)
        waiver = Waiver(dict(content.hashes)["review"], signal, person, reason, expires, own)
        entry = added_waiver(made, waiver)
        return with_waivers(content, [*made.entries, entry], known_as(folder, made.entries))

    return ledger_for(folder).enter(step)


def _check_in_the_way(content: ReviewResult, signal: str) -> None:
    """Raise where a gate does not stand in the way, or is none."""
    in_the_way = content.decision.in_the_way
    families = [gate.signal for gate in content.decision.verdicts if signal in {one.signal for one in gate.members}]
    if families:
        raise LedgerError(
            f"{signal} is a suite of {families[0]} and no gate of its own, so it cannot be waived alone: a waiver is "
            f"of the whole gate, --gate {families[0]}"
        )
    if signal not in in_the_way:
        listed = ", ".join(in_the_way) or "none"
        glance = content.decision.at_a_glance
        odd = f". What stands in the way is no gate: {'; '.join(glance)} (`expected` in the policy)" if glance else ""
        raise LedgerError(f"{signal} does not stand in the way of this launch; gates that do: {listed}{odd}")


def policy_as_written(folder: Path) -> str:
    """Return the digest of the policy in a review's folder, its paths as they are written; empty where it has none."""
    try:
        return parse_policy(read_text(folder / "policy.yaml")).digest
    except (OSError, UnicodeDecodeError, SeatrialError):
        return ""


def ledger_entry(content: ReviewResult, folder: Path) -> dict[str, object]:
    """Return what the ledger keeps of a decision, beside the hashes of its files."""
    hashes = dict(content.hashes)
    return {
        "review": hashes["review"],
        "folder": folder.resolve().name,
        "policy_name": content.policy.name,
        "baseline": content.policy.baseline.model,
        "candidate": content.policy.candidate.model,
        "identity": {name: identity_hash(model.identity) for name, model in content.basis.models if name in ROLES},
        "valid_days": DAYS,
        "decision": content.decision.outcome,
        "status": content.status,
        "reason": content.decision.reason,
        "on_trust": {one.signal: one.trust for one in content.decision.on_trust},
        "on_starters": [one.signal for one in content.decision.on_starters],
        "verdicts": {name: verdict.verdict for name, verdict in content.decision.every_verdict.items()},
        "margins": {name: verdict.margin for name, verdict in content.decision.every_verdict.items()},
        "harm_likely": [verdict.signal for verdict in content.decision.harm_likely],
        "budget": budget_entry(content.policy, content.decision),
        "hashes": hashes,
        "versions": dict(content.versions),
    }
