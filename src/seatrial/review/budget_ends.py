"""Which reviews of a candidate a budget ended: a larger one goes on with their answers, and has part of alpha left."""

from __future__ import annotations

import json
from pathlib import Path

from seatrial.errors import StoreError
from seatrial.formats.whole_files import write_whole
from seatrial.policy import LaunchPolicy
from seatrial.types import Decision

__all__ = ["ends_before", "note_end"]

NAME = "budget-ends.json"


def ends_before(folder: Path, policy: LaunchPolicy) -> int:
    """Return how many smaller budgets ended a review in this folder.

    Raises:
        StoreError: what was kept of them cannot be read.
    """
    return sum(calls < policy.budget.calls for calls in _kept(folder))


def note_end(folder: Path, policy: LaunchPolicy, decision: Decision) -> None:
    """Keep that the budget ended a review, if it left a gate undecided.

    Raises:
        StoreError: it cannot be written.
    """
    if not any(one.ended == "budget" and one.verdict == "inconclusive" for one in decision.verdicts):
        return
    budgets = sorted({*_kept(folder), policy.budget.calls})
    write_whole(folder / NAME, json.dumps(budgets) + "\n", StoreError)


def _kept(folder: Path) -> list[int]:
    path = folder / NAME
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    if not isinstance(found, list) or not all(type(calls) is int and calls > 0 for calls in found):
        raise StoreError(f"{path}: is not a list of budgets; take it from a backup, or begin in another folder (--out)")
    return found
