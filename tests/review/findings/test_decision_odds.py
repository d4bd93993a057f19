"""Chances that more evidence, or a record, decides a gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from seatrial.review.findings.decision_odds import Quality, decided, if_all_answered, most_times, open_claims
from seatrial.suites import find_suites, load_suite

A, B = "behavior/a", "behavior/b"
Make = Callable[..., Any]


def test_more_evidence_decides_more_surely_and_no_more_nothing(reviewed: Make) -> None:
    """With the present evidence an open gate stays open; the chance grows with the evidence, up to near 1."""
    made = reviewed({A: 0.0, B: 0.0}, family="x", calls=160, draws=16, spread=0.4, seed=2)
    claims = open_claims(made.rounds.asked[0], made.rounds)
    assert [one.signal for one in claims] == ["family/x", A, B]
    chances = [decided(claims, times, 0.05) for times in (1.0, 2.0, 4.0, 16.0, 256.0)]
    assert chances[0] < 0.01
    assert chances == sorted(chances)
    assert chances[-1] > 0.8


@pytest.mark.slow
def test_weights_of_claims_are_those_of_the_verdicts(reviewed: Make) -> None:
    """Of one family with two suites the mean has four fifths of what showing harm may err, each suite a tenth."""
    made = reviewed({A: 0.0, B: 0.0}, family="x", calls=160, spread=0.4)
    assert [one.weight for one in open_claims(made.rounds.asked[0], made.rounds)] == pytest.approx([0.8, 0.1, 0.1])


@pytest.mark.slow
def test_a_gate_whose_suites_have_all_passed_has_odds(reviewed: Make) -> None:
    """Its mean may err nearly all; suites that have passed stay among its claims, and stay passed."""
    made = reviewed({A: 0.1, B: 0.1}, family="x", calls=1600, spread=0.2, margin=0.1, suite_margin=0.6)
    for run, name in zip(made.rounds.gates, ("behavior/pushback", "behavior/coldness"), strict=True):
        run.plan = replace(
            run.plan, suite=load_suite(find_suites()[name])
        )  # so that it is known what each is read from
    claims = open_claims(made.rounds.asked[0], made.rounds)
    assert [one.passed for one in claims] == [False, True, True]
    assert claims[0].weight == pytest.approx(0.95)
    assert 0.0 <= decided(claims, 2.0, 0.05) <= 1.0


@pytest.mark.slow
def test_forecasts_of_more_calls_are_what_more_calls_do(reviewed: Make) -> None:
    """Over candidates of many sizes, gates are decided by four times the calls about as often as was said before."""
    said, done = [], []
    for seed in range(60):
        worse = {A: -0.1 + 0.3 * (seed % 20) / 19}
        first = reviewed(worse, calls=100, clusters=50, draws=16, spread=0.3, seed=seed)
        if first.decision.verdicts[0].ended != "budget":
            continue
        said.append(decided(open_claims(first.rounds.asked[0], first.rounds), 4.0, 0.05))
        again = reviewed(worse, calls=400, clusters=50, draws=16, spread=0.3, seed=seed)
        done.append(again.decision.verdicts[0].verdict != "inconclusive")
    assert len(said) > 15
    assert sum(said) / len(said) == pytest.approx(sum(done) / len(done), abs=0.2)


@pytest.mark.slow
def test_how_often_more_could_be_asked(reviewed: Make) -> None:
    """All items as often as they may be, over what was asked; recorded answers cannot be asked again."""
    made = reviewed({A: 0.0}, calls=120, clusters=60, draws=8, spread=0.5)
    assert most_times(made.rounds.asked[0]) == pytest.approx(8.0)
    assert most_times(reviewed({A: 0.0}, source="recorded", spread=0.6).rounds.asked[0]) == 1.0


def test_what_is_missing_is_taken_to_be_like_the_rest(reviewed: Make) -> None:
    """A calm gate that a tenth of lost answers holds would pass with them; a gate too wide would not."""
    calm = reviewed({A: 0.0}, lost=0.1, margin=0.1, spread=0.15)
    wide = reviewed({A: 0.0}, lost=0.1, margin=0.1, spread=0.9, clusters=40)
    assert if_all_answered(open_claims(calm.rounds.asked[0], calm.rounds), 0.05) > 0.9
    assert if_all_answered(open_claims(wide.rounds.asked[0], wide.rounds), 0.05) < 0.2


def test_a_better_instrument_takes_fewer_labels() -> None:
    """The error of a record falls with the root of its labels, and with how well the instrument tells."""
    good, fair = Quality(0.9, 0.0), Quality(0.5, 0.0)
    assert good.record(100) < fair.record(100)
    assert fair.record(400) == pytest.approx(fair.record(100) / 2)
    # 50 of either kind at a hit rate of 3 in 4: the variances of both shares together
    assert fair.record(100) ** 2 == pytest.approx(2 * 0.75 * 0.25 / 50)
