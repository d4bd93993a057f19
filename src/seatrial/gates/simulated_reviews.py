"""Whole reviews, put together from the simulated courses of their gates and the budget that these share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from seatrial.gates.chances import Course

__all__ = ["Chances", "whole_reviews"]

Chances = tuple[float, float, float]


def whole_reviews(
    courses: Mapping[str, Course], blocking: Sequence[str], budget: int, *, held: bool = False
) -> tuple[Chances, float]:
    """Return the chances of launch, hold and block of whole reviews, and the calls that one takes on average.

    Each round, every gate that is undecided goes on to its next look, until the budget cannot pay for that: then each
    takes its last look, with the answers of the look before or of the next, whichever the rest of the budget is nearer
    to. Where all other gates have passed, the last open one fails by less.

    Args:
        courses: Gate → the course of its simulated reviews.
        blocking: The gates whose verdict counts.
        budget: Calls that a review may take.
        held: Whether a gate that should block may only advise, so that nothing launches.
    """
    runs = max(len(one.passed) for one in courses.values())
    names = list(courses)
    rows = {name: np.arange(runs) % len(courses[name].passed) for name in names}
    looks = max(one.passed.shape[1] for one in courses.values())
    passed, failed, alone = ({name: np.zeros(runs, dtype=bool) for name in names} for _ in range(3))
    spent, running = np.zeros(runs), np.ones(runs, dtype=bool)
    for look in range(looks):
        wants, cost = {}, np.zeros(runs)
        for name, one in courses.items():
            open_now = running & ~passed[name] & ~failed[name] & (look < one.passed.shape[1])
            at = min(look, one.passed.shape[1] - 1)
            step = one.calls[rows[name], at] - (one.calls[rows[name], at - 1] if look else 0.0)
            wants[name] = open_now
            cost = cost + np.where(open_now, step, 0.0)
        last = running & (spent + cost > budget)
        part = np.where(last, (budget - spent) / np.maximum(cost, 1.0), 1.0)
        for name, one in courses.items():
            at = min(look, one.passed.shape[1] - 1)
            before = max(at - 1, 0)
            for state, now, final in (
                (passed, one.passed, one.final_pass),
                (failed, one.failed, one.final_fail),
                (alone, one.alone, one.final_alone),
            ):
                row = rows[name]
                at_end = np.where(part >= 0.5, final[row, at], final[row, before] & (look > 0))
                state[name] = state[name] | (wants[name] & np.where(last, at_end, now[row, at]))
            failed[name] &= ~passed[name]
        left = np.sum([~passed[name] for name in blocking], axis=0)
        for name in blocking:
            failed[name] |= alone[name] & ~passed[name] & (left == 1)
        spent = np.where(last, budget, spent + cost)
        running &= ~last
    every_pass = np.logical_and.reduce([passed[name] for name in blocking]) if blocking else np.zeros(runs, dtype=bool)
    any_fail = np.logical_or.reduce([failed[name] for name in blocking]) if blocking else np.zeros(runs, dtype=bool)
    launch, block = float((every_pass & (not held)).mean()), float(any_fail.mean())
    return (launch, max(0.0, 1 - launch - block), block), float(spent.mean())
