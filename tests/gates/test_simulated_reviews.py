"""Whole reviews, whose gates share one budget."""

from __future__ import annotations

import numpy as np
import pytest

from seatrial.gates.chances import Course
from seatrial.gates.simulated_reviews import whole_reviews


def _course(
    passed: list[list[int]],
    failed: list[list[int]],
    calls: list[float],
    at_last: list[list[int]] | None = None,
    alone: list[list[int]] | None = None,
) -> Course:
    """A course of some runs: by each look, whether it has passed and failed, and would pass were it the last.

    `alone` says whether it has failed if all others have passed.
    """
    first, second = np.array(passed, dtype=bool), np.array(failed, dtype=bool)
    final = first if at_last is None else np.array(at_last, dtype=bool)
    third = second if alone is None else np.array(alone, dtype=bool)
    return Course(first, second, final, second, np.tile(np.array(calls), (len(first), 1)), third, third)


PASSES = _course([[0, 1]], [[0, 0]], [10, 30])
FAILS = _course([[0, 0]], [[1, 1]], [10, 30])
OPEN = _course([[0, 0]], [[0, 0]], [10, 30])


def test_a_launch_needs_all_blocking_gates_and_a_block_any() -> None:
    """All pass: launch. One fails: block. One is undecided: hold. Gates that only advise do not count."""
    cases = {
        "launch": ({"a": PASSES, "b": PASSES}, ["a", "b"]),
        "block": ({"a": PASSES, "b": FAILS}, ["a", "b"]),
        "hold": ({"a": PASSES, "b": OPEN}, ["a", "b"]),
        "launch without b": ({"a": PASSES, "b": OPEN}, ["a"]),
        "launch though b fails": ({"a": PASSES, "b": FAILS}, ["a"]),
    }
    for name, (courses, blocking) in cases.items():
        found, _ = whole_reviews(courses, blocking, 1000)
        assert found == {"launch": (1, 0, 0), "hold": (0, 1, 0), "block": (0, 0, 1)}[name.split()[0]], name


def test_the_last_open_gate_fails_by_less() -> None:
    """What would fail a gate were it alone counts once all other blocking gates have passed, and not before."""
    alone = _course([[0, 0]], [[0, 0]], [10, 30], alone=[[1, 1]])
    assert whole_reviews({"a": PASSES, "b": alone}, ["a", "b"], 1000)[0] == (0, 0, 1)
    assert whole_reviews({"b": alone}, ["b"], 1000)[0] == (0, 0, 1)
    assert whole_reviews({"a": PASSES, "b": alone, "c": OPEN}, ["a", "b"], 1000)[0] == (0, 0, 1)
    assert whole_reviews({"a": PASSES, "b": alone, "c": OPEN}, ["a", "b", "c"], 1000)[0] == (0, 1, 0)
    assert whole_reviews({"a": PASSES, "b": alone, "c": alone}, ["a", "b", "c"], 1000)[0] == (0, 1, 0)
    assert whole_reviews({"a": PASSES, "b": alone}, ["a"], 1000)[0] == (1, 0, 0)


def test_nothing_launches_where_a_gate_may_only_advise() -> None:
    """A review that is held passes nothing on, but still blocks; without a blocking gate there is nothing but hold."""
    assert whole_reviews({"a": PASSES}, ["a"], 1000, held=True)[0] == (0, 1, 0)
    assert whole_reviews({"a": FAILS}, ["a"], 1000, held=True)[0] == (0, 0, 1)
    assert whole_reviews({"a": PASSES}, [], 1000)[0] == (0, 1, 0)


def test_runs_are_joined_one_by_one() -> None:
    """Where each gate passes in half of its runs, the runs are met as they come, not multiplied."""
    half = _course([[1], [0]], [[0], [0]], [10])
    other = _course([[0], [1]], [[0], [0]], [10])
    assert whole_reviews({"a": half, "b": half}, ["a", "b"], 1000)[0] == (0.5, 0.5, 0.0)
    assert whole_reviews({"a": half, "b": other}, ["a", "b"], 1000)[0] == (0.0, 1.0, 0.0)
    passes, alone = (_course([[0, way]] * 2, [[0, 0]] * 2, [10, 30], alone=[[1, 1]] * 2) for way in (1, 0))
    assert whole_reviews({"a": passes, "b": alone}, ["a", "b"], 1000)[0] == (0.0, 0.0, 1.0)


def test_a_course_with_fewer_runs_is_gone_through_again() -> None:
    """Courses of 150 and 400 runs are met without one being cut."""
    few, many = _course([[1], [0]], [[0], [0]], [10]), _course([[1]] * 6, [[0]] * 6, [10])
    assert whole_reviews({"a": few, "b": many}, ["a", "b"], 1000)[0] == (0.5, 0.5, 0.0)


def test_what_is_decided_takes_no_more_calls() -> None:
    """A gate that failed at its first look costs 10, one that goes on 30; looks that a gate has not, nothing."""
    assert whole_reviews({"a": FAILS}, ["a"], 1000)[1] == 10
    assert whole_reviews({"a": FAILS, "b": OPEN}, ["a", "b"], 1000)[1] == 40
    short = _course([[0]], [[0]], [7])
    assert whole_reviews({"a": short, "b": OPEN}, ["a", "b"], 1000)[1] == 37


@pytest.mark.parametrize(
    ("budget", "launches", "spent"), [(60, 1.0, 60.0), (59, 1.0, 59.0), (41, 1.0, 41.0), (39, 0.0, 39.0)]
)
def test_the_budget_ends_a_review_at_a_last_look(budget: int, launches: float, spent: float) -> None:
    """Where it does not pay for the next look, the last is taken with what is nearer: the look before, or the next."""
    late = _course([[0, 1]], [[0, 0]], [10, 30], at_last=[[0, 1]])
    found, calls = whole_reviews({"a": late, "b": late}, ["a", "b"], budget)
    assert (found[0], calls) == (launches, spent)


def test_a_last_look_spends_what_is_left_of_alpha() -> None:
    """What would pass only were it the last look passes when the budget ends there, and not before."""
    now = _course([[0, 0]], [[0, 0]], [10, 30], at_last=[[1, 0]])
    assert whole_reviews({"a": now}, ["a"], 12)[0] == (1, 0, 0)
    assert whole_reviews({"a": now}, ["a"], 30)[0] == (0, 1, 0)


def test_a_budget_below_the_first_look() -> None:
    """With less than half of a first look nothing was seen that could decide."""
    sure = _course([[1, 1]], [[0, 0]], [10, 30])
    assert whole_reviews({"a": sure}, ["a"], 4)[0] == (0, 1, 0)
    assert whole_reviews({"a": sure}, ["a"], 6)[0] == (1, 0, 0)


def test_a_look_that_the_budget_just_pays_for_is_not_the_last() -> None:
    """With exactly what the looks cost, what would pass only were it the last is open at the first and goes on."""
    now = _course([[0, 0]], [[0, 0]], [10, 30], at_last=[[1, 0]])
    assert whole_reviews({"a": now}, ["a"], 10)[0] == (1, 0, 0)
    fails_late = _course([[0, 0]], [[0, 1]], [10, 30], at_last=[[1, 0]])
    assert whole_reviews({"a": fails_late}, ["a"], 30) == ((0, 0, 1), 30)


def test_a_look_that_costs_nothing_is_taken_with_a_spent_budget() -> None:
    """With the last call gone, a look that asks only what is recorded still decides."""
    free = _course([[0, 1]], [[0, 0]], [10, 10])
    assert whole_reviews({"a": free}, ["a"], 10) == ((1, 0, 0), 10)


def test_a_third_look_falls_back_on_the_second() -> None:
    """Where the budget ends nearer to the look before than to the next, the answers of just that look are read."""
    held = _course([[0, 0, 0]], [[0, 0, 0]], [10, 20, 100], at_last=[[0, 1, 0]])
    assert whole_reviews({"a": held}, ["a"], 30)[0] == (1, 0, 0)
