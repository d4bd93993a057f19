"""Whether a decision follows from its verdicts, its standing from its waivers, and the entry says both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from seatrial.errors import LedgerError
from seatrial.gates.verdicts import decide
from seatrial.ledger import Entry
from seatrial.ledger.reviews import decisions_of, id_of, ids_of
from seatrial.report import ReviewResult
from seatrial.review.apply_waivers import ledger_entry, with_waivers
from seatrial.review.budget_ends import budgets_ended
from seatrial.review.validity import day_of
from seatrial.review.verifying.compared import differences
from seatrial.review.verifying.entry_source import FoundEntry
from seatrial.review.verifying.steps import Step, step

__all__ = ["decision_step"]

NAME = "decision"


def decision_step(kept: ReviewResult, found: FoundEntry) -> Step:
    """Return whether the decision follows from the verdicts that `evidence.json` holds, and the entry says the same."""
    entry, held = found.entry, kept.decision
    assert entry is not None
    made = decide(held.verdicts, held.severe, [one.said for one in kept.glances if one.holds])
    differs = [f"{one}." for one in differences(replace(held, verdicts=()), replace(made, verdicts=()), "decision")]
    margins = {gate.signal: gate.margin for gate in kept.policy.gates}
    for gate in held.verdicts:
        if margins.get(gate.signal) != gate.margin:
            differs.append(
                f"Gate {gate.signal}: weighed at {gate.margin:g}, and the policy says {margins.get(gate.signal)}."
            )
    lacks = _waivers(kept, found, entry, differs)
    differs += _entered(kept, entry)
    if found.whole:
        earlier = [one for one in found.entries if one.number < entry.number]
        before = _ends_before(entry, earlier, kept, differs)
        if before != kept.basis.ends_before:
            differs.append(
                f"{before} smaller budgets ended before it by the ledger, and {kept.basis.ends_before} by itself."
            )
    waived = f", {len(kept.waivers)} waivers" if kept.waivers else ""
    status = "" if kept.status == held.outcome else f", and stood as {kept.status}"
    return step(NAME, differs, lacks, f"{held.outcome} follows from {len(held.verdicts)} gates{waived}{status}.")


def _ends_before(entry: Entry, earlier: Sequence[Entry], kept: ReviewResult, differs: list[str]) -> int:
    """Return how many smaller budgets ended the review before; add what cannot be read."""
    try:
        return budgets_ended(decisions_of(id_of(entry), earlier), kept.policy)
    except LedgerError as error:
        differs.append(f"{error}.")
        return kept.basis.ends_before


def _waivers(kept: ReviewResult, found: FoundEntry, entry: Entry, differs: list[str]) -> list[str]:
    """Add how the review's standing differs from what the waivers give that it was entered under; return what lacks."""
    before = [one for one in found.entries if one.number < entry.number]
    then = with_waivers(kept, before, ids_of(id_of(entry), found.entries), day_of(entry) or date.min)
    waivers = [(one.signal, one.person, one.reason, one.expires) for one in kept.waivers]
    made = [(one.signal, one.person, one.reason, one.expires) for one in then.waivers]
    lacking = [one for one in waivers if one not in made]
    if not found.whole and lacking:
        return [f"The waiver of {one[0]} by {one[1]}: give its envelope too (--envelope)." for one in lacking]
    differs += [f"The waiver of {one[0]} by {one[1]} until {one[3]} stands in no entry." for one in lacking]
    differs += [
        f"The waiver of {one[0]} by {one[1]} was in force, and is not named." for one in made if one not in waivers
    ]
    if then.status != kept.status:
        differs.append(f"Under the waivers in force then it stood as {then.status}, and says {kept.status}.")
    return []


def _entered(kept: ReviewResult, entry: Entry) -> list[str]:
    """Return where the entry says something else than the review that it covers."""
    said = ledger_entry(kept, Path(str(entry.body.get("folder"))))
    held = {name: entry.body.get(name) for name in said}
    held, said = held | {"author": entry.author}, said | {"author": kept.author}
    words = ("in the entry", "in evidence.json")
    return [f"Entry {entry.number}: {one}." for one in differences(held, said, words=words)]
