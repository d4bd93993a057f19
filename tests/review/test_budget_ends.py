"""Which reviews of a candidate a budget ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatrial.errors import StoreError
from seatrial.policy import Budget, Gate, LaunchPolicy
from seatrial.review.budget_ends import NAME, ends_before, note_end
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


def test_only_smaller_budgets_that_ended_a_review_count(tmp_path: Path) -> None:
    """A review that is gone on with by a larger budget has been looked at before, once for each smaller one."""
    assert ends_before(tmp_path, _policy(1000)) == 0
    for calls in (500, 1000, 1, 500):
        note_end(tmp_path, _policy(calls), OPEN)
    assert [ends_before(tmp_path, _policy(calls)) for calls in (1, 400, 500, 501, 1000, 5000)] == [0, 1, 1, 2, 2, 3]
    assert (tmp_path / "budget-ends.json").read_text(encoding="utf-8") == "[1, 500, 1000]\n"


@pytest.mark.parametrize(
    "decision",
    [
        _decision(),
        _decision(("decided", "pass"), ("used up", "inconclusive")),
        _decision(("futile", "inconclusive"), ("budget", "pass")),
    ],
)
def test_what_the_budget_did_not_leave_open_is_not_noted(tmp_path: Path, decision: Decision) -> None:
    """Where a larger budget would change nothing, nothing is kept."""
    note_end(tmp_path, _policy(500), decision)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["{", "{}", '["a"]', "[0]", "[true]", "[1.5]", "3"])
def test_a_list_that_is_broken_is_refused(tmp_path: Path, text: str) -> None:
    """What was spent is not guessed: the message names the file."""
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    for action in (lambda: ends_before(tmp_path, _policy(9)), lambda: note_end(tmp_path, _policy(9), OPEN)):
        with pytest.raises(StoreError, match=NAME):
            action()


def test_what_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    """A folder that does not take it ends in a sentence, for the next review would spend alpha twice."""
    with pytest.raises(StoreError, match="cannot be written"):
        note_end(tmp_path / "nowhere", _policy(9), OPEN)
    note_end(tmp_path, _policy(9), OPEN)
    assert json.loads((tmp_path / NAME).read_text(encoding="utf-8")) == [9]
