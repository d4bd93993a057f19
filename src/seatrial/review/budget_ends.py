"""Which reviews of a candidate a budget ended: a larger one goes on with their answers, and has part of alpha left.

The ledger's entries say it, so that nobody has alpha anew by taking a file away.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seatrial.errors import LedgerError
from seatrial.ledger import Entry, decisions_on
from seatrial.policy import LaunchPolicy
from seatrial.types import Decision

__all__ = ["budget_entry", "budgets_ended", "ends_before"]


def ends_before(folder: Path, entries: Sequence[Entry], policy: LaunchPolicy) -> int:
    """Return how many smaller budgets ended reviews in this folder, by the ledger's decisions on it.

    Raises:
        LedgerError: an entry's budget is not what this program writes, or the folder does not say which review it is.
    """
    return budgets_ended(decisions_on(folder, entries), policy)


def budgets_ended(made: Sequence[Entry], policy: LaunchPolicy) -> int:
    """Return how many smaller budgets ended a review that was decided on in these entries.

    Raises:
        LedgerError: an entry's budget is not what this program writes.
    """
    return sum(calls < policy.budget.calls for calls in {_ended(entry) for entry in made} - {0})


def _ended(entry: Entry) -> int:
    """Return the calls of a budget that ended a review; 0 where it did not, or an earlier version wrote the entry."""
    held = entry.body.get("budget", {"calls": 1, "left_open": []})
    if not isinstance(held, dict) or type(held.get("calls")) is not int or not isinstance(held.get("left_open"), list):
        raise LedgerError(
            f"entry {entry.number} of the ledger names no budget that can be read; restore it from a copy"
        )
    return held["calls"] if held["left_open"] else 0


def budget_entry(policy: LaunchPolicy, decision: Decision) -> dict[str, object]:
    """Return what the ledger keeps of a review's budget: its calls, and the gates that it left undecided."""
    ends = [one.signal for one in decision.verdicts if one.ended == "budget" and one.verdict == "inconclusive"]
    return {"calls": policy.budget.calls, "left_open": ends}
