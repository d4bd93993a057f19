"""Budgets that ended a review, and what a larger one may still err."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command, Endpoint, PolicyWriter
from seatrial.errors import StoreError
from seatrial.policy import Budget, Gate, LaunchPolicy
from seatrial.review.budget_ends import NAME, ends_before, note_end
from seatrial.stats.spending import FOR_MORE, part_of_alpha
from seatrial.types import Decision, Ended, Evidence, GateVerdict, Verdict


def _policy(calls: int) -> LaunchPolicy:
    return LaunchPolicy(name="p", gates=[Gate(signal="behavior/a", margin=0.1)], budget=Budget(calls=calls))


def _decision(verdict: Verdict, ended: Ended) -> Decision:
    one = GateVerdict("behavior/a", verdict, True, 0.1, Evidence(), "", ended=ended)
    return Decision("hold", "", (one,))


def test_smaller_budgets_that_ended_a_review_are_counted(tmp_path: Path) -> None:
    """The same budget, and a larger one, does not count: running a review again is the same review."""
    assert ends_before(tmp_path, _policy(100)) == 0
    for calls in (100, 300, 100):
        note_end(tmp_path, _policy(calls), _decision("inconclusive", "budget"))
    assert [ends_before(tmp_path, _policy(calls)) for calls in (50, 100, 101, 300, 301)] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("verdict", "ended"),
    [("inconclusive", "used up"), ("inconclusive", "futile"), ("pass", "decided"), ("fail", "budget")],
)
def test_what_the_budget_did_not_end_is_not_kept(tmp_path: Path, verdict: Verdict, ended: Ended) -> None:
    """Only an undecided gate that more calls could decide is gone on with."""
    note_end(tmp_path, _policy(100), _decision(verdict, ended))
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("text", ["no", "{}", "[1, true]", "[0]", '["100"]'])
def test_a_damaged_list_is_refused(tmp_path: Path, text: str) -> None:
    """What cannot be read is no licence to begin anew."""
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match="budget-ends"):
        ends_before(tmp_path, _policy(100))


def test_all_reviews_together_keep_alpha() -> None:
    """However many budgets ended a review, the parts sum to 1 at most; what no budget could help spends all of it."""
    assert part_of_alpha(0, may_go_on=False) == 1.0
    spent = sum(part_of_alpha(number, may_go_on=True) for number in range(20))
    assert spent + part_of_alpha(20, may_go_on=False) == pytest.approx(1.0)
    assert part_of_alpha(1, may_go_on=True) == pytest.approx(FOR_MORE * (1 - FOR_MORE))


def test_a_larger_budget_goes_on_with_less_to_err(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint
) -> None:
    """The second review asks only what is new, and its interval is wider than that of one that never looked before."""
    policy = write_policy(candidate="plain")
    seatrial("review", policy, "--budget", 61, "--out", "a", "--quiet")
    calls = endpoint.count
    again, alone = (
        json.loads(seatrial("review", policy, "--budget", 200, "--out", out, "--json", "--quiet").out) for out in "ab"
    )
    assert endpoint.count - calls < 2 * 200
    assert 30 < again["verdicts"][0]["clusters"] <= alone["verdicts"][0]["clusters"] == 100
    assert again["verdicts"][0]["high"] > alone["verdicts"][0]["high"]
    assert json.loads(Path("a", NAME).read_text(encoding="utf-8"))[0] == 61
