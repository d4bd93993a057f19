"""Families of suites that are asked live, round by round: unequal suites, harm in one of them, in a use case, misread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.worlds.cell import Array, Cell, Seen, Tally
from benchmarks.worlds.live import STAGES, Answers, differences, drawn, policy_of, reviewed, shares, suite_plan
from benchmarks.worlds.records import Reader, record_of
from benchmarks.worlds.tables import toss
from seatrial import Gate
from seatrial.gates.plan import GatePlan
from seatrial.instruments.may_gate import judged_by_record
from seatrial.types import ROLES

__all__ = ["Family", "cells"]

SIZES = (40, 60, 80, 104, 150)
"""Clusters of the suites."""
CASES = 4
"""Use cases of the items, each a quarter of every suite."""
CALLS = 3000
PERFECT = Reader(1.0, 0.0, 0)
JUDGE = Reader(0.85, 0.1, 200)
"""Its slope is .75, and the standard error of that by its record about .047."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family at the margins that its policy names, and which of them the truth lies at.

    Attributes:
        margin: Of the mean.
        suite_margin: Of each suite.
        case_margin: Of each use case; none by default.
    """

    margin: float
    suite_margin: float
    case_margin: float | None = None

    @property
    def gate(self) -> Gate:
        """The gate."""
        return Gate(
            signal="family/simulated",
            margin=self.margin,
            suite_margin=self.suite_margin,
            use_case_margin=self.case_margin,
        )


@cache
def _plans(family: Family) -> tuple[GatePlan, ...]:
    return tuple(
        suite_plan(f"behavior/suite-{number}", items, family.suite_margin, family=family.gate.signal, cases=CASES)
        for number, items in enumerate(SIZES)
    )


Numbers = NDArray[np.int64]
Rises = Callable[[Family, int, Numbers], "float | Array"]
"""Family, number of a suite and the use case of each of its items → by how much harm rises in each at the margin."""


def _alike(family: Family, suite: int, case: Numbers) -> float:
    return family.margin


def _in_one(largest: bool, family: Family, suite: int, case: Numbers) -> float:
    """Return a rise of the mean by its margin that is all in one suite."""
    return len(SIZES) * family.margin * (suite == (len(SIZES) - 1 if largest else 0))


def _suite_at_margin(number: int, family: Family, suite: int, case: Numbers) -> float:
    return family.suite_margin * (suite == number)


def _case_at_margin(family: Family, suite: int, case: Numbers) -> Array:
    return np.where(case == 0, family.case_margin or 0.0, 0.0)


def _simulate(family: Family, rises: Rises, reader: Reader, rise: float, runs: int, rng: np.random.Generator) -> Tally:
    """Return what is decided about one family; where its reader errs, its record is drawn anew for each review."""
    plans, policy, total = _plans(family), policy_of([family.gate], CALLS), Tally()
    for _ in range(runs):
        asked = list(plans)
        if reader.labels:
            record = record_of(reader, rng)
            asked = [replace(plan, standing=judged_by_record(record, plan.gate.signal)) for plan in plans]
        answers: Answers = {}
        for number, plan in enumerate(asked):
            items = len(plan.clusters)
            by = rise * np.asarray(rises(family, number, np.arange(items, dtype=np.int64) % CASES), dtype=np.float64)
            for role, share in zip(ROLES, shares(items, by, rng), strict=True):
                answers[plan.gate.signal, role] = drawn(reader.fpr + (reader.tpr - reader.fpr) * share, rng)
        decision, frame = reviewed(policy, asked, answers)
        total += toss(decision.outcome, _seen(family, differences(frame, asked)))
    return total


def _seen(family: Family, found: list[Array]) -> tuple[Seen, ...]:
    """Return what the two plain bounds read: each suite, and the mean of the suites' means."""
    total = sum(map(len, found))
    weights = [total / (len(found) * max(1, len(own))) for own in found]
    whole = np.concatenate([own * weight for own, weight in zip(found, weights, strict=True)])
    reach = max(weights)
    return (Seen(whole, family.margin, -reach, reach), *(Seen(own, family.suite_margin) for own in found))


def cells() -> Iterator[Cell]:
    """Yield the cells."""
    usual, wide = Family(0.06, 0.2), Family(0.06, 0.35)
    worlds: tuple[tuple[str, Family, Rises, Reader], ...] = (
        ("the mean at its margin, all suites alike", usual, _alike, PERFECT),
        ("the mean at its margin, all in the smallest suite", wide, partial(_in_one, False), PERFECT),
        ("the mean at its margin, all in the largest suite", wide, partial(_in_one, True), PERFECT),
        ("the smallest suite at its margin, others unchanged", usual, partial(_suite_at_margin, 0), PERFECT),
        ("the largest suite at its margin, others unchanged", usual, partial(_suite_at_margin, 4), PERFECT),
        ("one use case at its margin, others unchanged", Family(0.06, 0.2, 0.15), _case_at_margin, PERFECT),
        ("the mean at its margin, read with slope .75", usual, _alike, JUDGE),
        ("all in the smallest suite, read with slope .75", wide, partial(_in_one, False), JUDGE),
        ("the smallest suite at its margin, read with slope .75", usual, partial(_suite_at_margin, 0), JUDGE),
    )
    for what, family, rises, reader in worlds:
        made = partial(_simulate, family, rises, reader)
        yield Cell("live, a family of five suites", what, STAGES, made, quick=rises is _alike)
