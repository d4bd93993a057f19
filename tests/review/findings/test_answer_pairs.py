"""The pairs of answers that a reader sees first."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.gates.verdicts import decide
from seatrial.review.findings.answer_pairs import all_pairs, answer_pairs
from seatrial.review.rounds import Rounds
from seatrial.types import GateVerdict

Compared = Callable[..., Rounds]


def test_the_largest_changes_of_harm_come_first(compared: Compared) -> None:
    """A failing gate shows the three clusters that moved most, with both answers and what was read in them."""
    changes = [0.3, 0.9, 0.5, 0.7] + [0.4] * 40
    rounds = compared({"behavior/a": ([0.0] * 44, changes), "behavior/b": ([0.5] * 44, [0.5] * 44)})
    pairs = answer_pairs(rounds, decide(rounds.verdicts))
    assert [(pair.signal, pair.item) for pair in pairs] == [("behavior/a", f"i{place}") for place in (1, 3, 2)]
    first = pairs[0]
    assert (first.baseline, first.candidate) == ("baseline on i1", "candidate on i1")
    assert (first.baseline_value, first.candidate_value, first.harm) == (0.0, 0.9, 0.9)
    assert (first.messages[0].content, first.use_case, first.probe) == ("question 1", "general", False)


def test_one_pair_a_cluster(compared: Compared) -> None:
    """Of items that stand or fall together the one that moved most is shown."""
    after = [0.2, 0.8] * 22
    rounds = compared({"behavior/a": ([0.0] * 44, after)}, parts=("", ""))
    pairs = answer_pairs(rounds, decide(rounds.verdicts))
    assert [pair.item for pair in pairs] == ["i1", "i3", "i5"]


def test_without_a_failure_the_most_moved_gates_are_shown(compared: Compared) -> None:
    """Two gates, by their change in margins; one that measured nothing is not among them."""
    calm, moved, more = [0.5] * 44, [0.52] * 44, [0.54] * 44
    rounds = compared(
        {
            "behavior/a": (calm, calm),
            "behavior/b": (calm, more),
            "behavior/c": (calm, moved),
            "behavior/d": ([None] * 3, [None] * 3),
        }
    )
    pairs = answer_pairs(rounds, decide(rounds.verdicts))
    assert list(dict.fromkeys(pair.signal for pair in pairs)) == ["behavior/b", "behavior/c"]


def test_only_items_that_both_models_answered_are_pairs(compared: Compared) -> None:
    """An unanswered, an unread and a repeated answer make no pair of their own."""
    rounds = compared({"behavior/a": ([0.0, None, 0.0, ""], [0.9, 0.9, "", 0.9])})
    run = rounds.gates[0]
    run.responses["candidate"].append(replace(run.responses["candidate"][0], draw=1, text="again"))
    (pair,) = answer_pairs(rounds, decide(rounds.verdicts))
    assert (pair.item, pair.candidate) == ("i0", "candidate on i0")
    ((signal, found),) = all_pairs(rounds)
    assert (signal, [pair.item for pair in found]) == ("behavior/a", ["i0"])
    run.responses["baseline"].append(replace(run.responses["baseline"][0], draw=1, text="once more"))
    ((_, found),) = all_pairs(rounds)
    assert [(pair.baseline, pair.candidate) for pair in found[1:]] == [("once more", "again")]


def test_low_is_harm_where_the_signal_says_so(compared: Compared) -> None:
    """Of a benchmark the answers that got worse come first."""
    rounds = compared({"benchmark/a": ([1.0] * 44, [0.9, 0.1] + [0.5] * 42)})
    pairs = answer_pairs(rounds, decide(rounds.verdicts))
    assert pairs[0].item == "i1"
    assert pairs[0].harm == pytest.approx(0.9)
    assert not math.isnan(pairs[-1].harm)


def test_of_a_family_the_suites_that_point_to_harm_are_shown(compared: Compared) -> None:
    """Of a family the failing suites show theirs, else those with likely harm, else the rest."""
    rounds = compared(
        {name: ([0.3] * 44, [0.3 + rise] * 44) for name, rise in (("behavior/a", 0.01), ("behavior/b", 0.3))}
    )
    suites = tuple(replace(one, verdict="inconclusive") for one in rounds.verdicts)
    family = replace(suites[0], signal="family/x", members=suites, harm_likely=True)

    def shown(*members: GateVerdict) -> list[str]:
        pairs = answer_pairs(rounds, decide([replace(family, members=members)]))
        return list(dict.fromkeys(pair.signal for pair in pairs))

    assert shown(*suites) == ["behavior/b", "behavior/a"]
    assert shown(replace(suites[0], harm_likely=True), suites[1]) == ["behavior/a"]
    assert shown(replace(suites[0], harm_likely=True), replace(suites[1], verdict="fail")) == ["behavior/b"]
