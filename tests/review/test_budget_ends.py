"""Which reviews of a candidate a budget ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import LedgerError
from seatrial.ledger import Entry
from seatrial.policy import Budget, Gate, LaunchPolicy
from seatrial.review.budget_ends import budget_entry, ends_before
from seatrial.types import Decision, Ended, Evidence, GateVerdict, Verdict


def _policy(calls: int) -> LaunchPolicy:
    return LaunchPolicy(name="p", gates=[Gate(signal="behavior/a", margin=0.1)], budget=Budget(calls=calls))


def _decision(*ends: tuple[Ended, Verdict]) -> Decision:
    made = [
        GateVerdict(f"behavior/{n}", verdict, True, 0.1, Evidence(), "", ended=ended)
        for n, (ended, verdict) in enumerate(ends)
    ]
    return Decision("hold", "", tuple(made))


OPEN = _decision(("decided", "pass"), ("budget", "inconclusive"))


def _entries(*bodies: dict[str, object]) -> list[Entry]:
    return [
        Entry(n, "", "decision", "ana", {"folder": "r", **body}, "", f"hash {n}") for n, body in enumerate(bodies, 1)
    ]


def test_only_smaller_budgets_that_ended_a_review_count() -> None:
    """A review that is gone on with by a larger budget has been looked at before, once for each smaller one."""
    bodies: list[dict[str, object]] = [{"budget": budget_entry(_policy(calls), OPEN)} for calls in (500, 1000, 1, 500)]
    entries = _entries(*bodies)
    counted = [ends_before(Path("r"), entries, _policy(calls)) for calls in (1, 400, 500, 501, 1000, 5000)]
    assert counted == [0, 1, 1, 2, 2, 3]
    assert ends_before(Path("r"), [], _policy(1000)) == 0


def test_other_entries_do_not_count() -> None:
    """Neither decisions on another folder, nor waivers, nor what versions wrote that kept no budget."""
    (ended,) = _entries({"budget": budget_entry(_policy(5), OPEN)})
    others = [
        replace(ended, kind="waiver"),
        replace(ended, body={**ended.body, "folder": "s"}, hash="s"),
        *_entries({}),
    ]
    assert ends_before(Path("r"), others, _policy(9)) == 0
    assert ends_before(Path("r"), [*others, ended], _policy(9)) == 1


@pytest.mark.parametrize(
    "decision",
    [
        _decision(),
        _decision(("decided", "pass"), ("used up", "inconclusive")),
        _decision(("futile", "inconclusive"), ("budget", "pass")),
    ],
)
def test_what_the_budget_did_not_leave_open_is_no_end(decision: Decision) -> None:
    """Where a larger budget would change nothing, none is counted."""
    entry = budget_entry(_policy(500), decision)
    assert entry == {"calls": 500, "left_open": []}
    assert ends_before(Path("r"), _entries({"budget": entry}), _policy(900)) == 0
    assert budget_entry(_policy(500), OPEN) == {"calls": 500, "left_open": ["behavior/1"]}


@pytest.mark.parametrize(
    "budget", [None, 3, {}, {"calls": 3}, {"calls": "3", "left_open": []}, {"calls": True, "left_open": ["a"]}]
)
def test_a_budget_that_is_broken_is_refused(budget: object) -> None:
    """What was spent is not guessed: the message names the entry."""
    with pytest.raises(LedgerError, match="entry 2 of the ledger names no budget"):
        ends_before(Path("r"), _entries({}, {"budget": budget}), _policy(9))
