"""What to do next: at most three steps, ranked by what they change."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from seatrial.instruments.may_gate import Standing
from seatrial.review.findings.next_steps import MOST_STEPS

A, B, C = "behavior/a", "behavior/b", "behavior/c"
NO_RECORD = Standing(False, "Error not measured: it has no record, so it may only advise.", math.nan, math.nan, False)
Make = Callable[..., Any]


def test_a_launch_needs_nothing(reviewed: Make) -> None:
    """Where all gates pass there is no step."""
    made = reviewed({A: 0.0, B: 0.0}, family="x", draws=8)
    assert (made.decision.outcome, made.steps) == ("launch", ())


def test_after_a_block_only_another_candidate_helps(reviewed: Make) -> None:
    """One step, about the gates that fail; none for those that are merely open."""
    made = reviewed({A: 0.3, B: 0.045}, spread=0.5)
    assert made.decision.outcome == "block"
    (step,) = made.steps
    assert (step.kind, step.signals) == ("pairs", (A,))
    assert step.text.startswith(f"Change the candidate: the harm in {A} is shown")


def test_a_record_that_is_missing_is_no_reason_for_calls_or_margins(reviewed: Make) -> None:
    """An instrument without a record asks for labels, whatever is left of the budget."""
    made = reviewed({A: 0.0}, known={A: NO_RECORD}, spread=0.1)
    (step,) = made.steps
    assert step.kind == "labels"
    assert "budget" not in step.text and "margin" not in step.text
    assert "for nothing is known" in step.assumes or step.assumes.startswith("nothing is known of labels/score")


@pytest.mark.slow
def test_a_budget_that_is_not_spent_is_not_raised(reviewed: Make) -> None:
    """A gate that used its items up is told of items, with most calls unspent; one that the budget ended, of calls."""
    free, spent = reviewed({A: 0.0}, spread=0.6, clusters=58), reviewed({A: 0.0}, spread=0.3, draws=16, calls=100)
    assert [verdict.ended for verdict in free.decision.verdicts] == ["used up"]
    assert [step.kind for step in free.steps] == ["items"]
    assert [verdict.ended for verdict in spent.decision.verdicts] == ["budget"]
    assert [step.kind for step in spent.steps] == ["calls"]


@pytest.mark.slow
def test_where_harm_is_likely_a_person_reads_first(reviewed: Make) -> None:
    """The worst pairs come before the evidence that would show it, and only where it is likely."""
    others = {f"behavior/n{place}": -0.2 for place in range(7)}
    likely = reviewed({A: 0.13, **others}, spread=0.25, seed=5)
    assert [one.signal for one in likely.decision.harm_likely] == [A]
    assert likely.decision.reason.startswith(
        f"Harm is likely in {A}: its interval lies above what is tolerated (before"
    )
    first, second = likely.steps
    assert (first.kind, second.kind) == ("pairs", "items")
    assert f"Read the 3 worst pairs of answers of {A}" in first.text
    plain = reviewed(dict.fromkeys((A, B, C), 0.0), family="x", spread=0.25, calls=500)
    assert "pairs" not in [step.kind for step in plain.steps]


def test_what_no_gate_decides_comes_first(reviewed: Make) -> None:
    """Severe harm and what is odd at a glance hold whatever the gates say, so their steps go before the gates'."""
    made = reviewed({A: 0.0}, spread=0.6, severe=("a/1", "a/2"), odd=("all answers are empty",))
    assert [step.kind for step in made.steps] == ["severe", "expected", "items"]
    assert "the 2 answers" in made.steps[0].text


def test_a_policy_that_cannot_block_is_told_so(reviewed: Make) -> None:
    """Where all gates are advisory, one has to be let block; their evidence decides nothing."""
    made = reviewed({A: 0.0}, spread=0.6, advisory="style, not ours to block")
    assert [step.kind for step in made.steps] == ["policy"]


@pytest.mark.slow
def test_three_steps_at_most_and_the_most_decisive_first(reviewed: Make) -> None:
    """Steps are ranked by how many gates they decide, times how surely."""
    held = {f"behavior/n{place}": NO_RECORD for place in range(2)}
    worse = dict.fromkeys((A, B, C, *held), 0.0)
    made = reviewed(worse, spread=0.6, known=held, lost=0.0, odd=("all answers are empty",), severe=("a/1",))
    assert len(made.steps) == MOST_STEPS
    ranked = reviewed(worse, spread=0.15, margin=0.03, known=held)
    worth = [len(step.signals) * (0.5 if math.isnan(step.chance) else step.chance) for step in ranked.steps]
    assert worth == sorted(worth, reverse=True)
    assert len(worth) > 1
