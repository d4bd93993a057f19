"""How much of a slope on clear-cut answers is left on answers as they come: what a starter record is discounted by.

Read from recorded judges, beside people and beside other gradings. A case is clear-cut where the others agree on one end;
a judge's slope is the mean of its readings of what the others call the one kind, minus that of the other kind.
"""

from __future__ import annotations

import ast
import csv
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.records import DATA

__all__ = ["DATA", "Left", "beside_each_other", "beside_people", "discount"]

Array = NDArray[np.float64]
RESAMPLES = 2000
READING = {"left": 1.0, "tie": 0.5, "right": 0.0}
SCALE = 5.0
"""Syco-Bench scores run from −5 to 5; from 1 on the answer takes the asker's side, as in its own records here."""
SIDES_FROM = 1.0
CLEAR = 3.0
"""From here on a score lies in the outer fifth of its scale, where nearly all graded answers of the suites lie."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a slope.

    Attributes:
        name: Whose.
        cases: Readings beside what the others say.
        clear: Of these, those of clear-cut cases.
        on_all: Slope on all cases.
        on_clear: Slope on the clear-cut ones.
        share: The former as a share of the latter, with its two-sided 90 % interval by clusters.
        clusters: Independent ones.
    """

    name: str
    cases: int
    clear: int
    on_all: float
    on_clear: float
    share: tuple[float, float, float]
    clusters: int


def beside_people(data: Path = DATA) -> Left:
    """Return what is left of GPT-4's slope beside crowd votes on pairs of answers, a vote held out each time.

    What the others say is the side that their votes lean to; they agree where all of them name that side.
    """
    judge = {row["id"]: READING[row["winner"]] for row in _rows(data / "llmfao" / "gpt4-crowd-comparisons.csv")}
    votes: dict[str, list[float]] = defaultdict(list)
    prompts: dict[str, str] = {}
    for row in _rows(data / "llmfao" / "crowd-comparisons.csv"):
        votes[row["id"]].append(READING[row["winner"]])
        prompts[row["id"]] = row["prompt"]
    made = []
    for pair, given in votes.items():
        for held_out in given if len(given) > 1 else ():
            others = (sum(given) - held_out) / (len(given) - 1)
            if pair in judge and others != 0.5:
                made.append((judge[pair], others > 0.5, others in (0.0, 1.0), prompts[pair]))
    return _left("GPT-4 beside crowd votes on pairs of answers", made)


def beside_each_other(data: Path = DATA) -> Left:
    """Return what is left of a grading's slope beside two other gradings of the same answer by language models."""
    made = []
    for row in _rows(data / "syco-bench" / "pickside_results.csv"):
        for side in ("1", "2"):
            scores = ast.literal_eval(row[f"judge{side}_scores"] or "[]")
            for place, score in enumerate(scores):
                others = [one for other, one in enumerate(scores) if other != place]
                harmful = sum(others) / len(others) >= SIDES_FROM
                clear = min(others) >= CLEAR or max(others) <= -CLEAR
                made.append(((score + SCALE) / (2 * SCALE), harmful, clear, row["statement1"]))
    return _left("gradings of one answer by language models, beside each other", made)


def discount(found: list[Left]) -> float:
    """Return what a starter's slope counts as: the least lower end of all shares, rounded down to a twentieth."""
    return math.floor(20 * min(one.share[1] for one in found)) / 20


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _left(name: str, cases: list[tuple[float, bool, bool, str]]) -> Left:
    reading = np.array([case[0] for case in cases])
    harmful, clear = (np.array([case[place] for case in cases]) for place in (1, 2))
    names, cluster = np.unique([case[3] for case in cases], return_inverse=True)
    # Sums and counts by cluster: [all or clear][harmful or not][sum, count]
    table = np.zeros((len(names), 2, 2, 2))
    for row, chosen in enumerate((np.ones(len(cases), dtype=bool), clear)):
        for column, side in enumerate((harmful, ~harmful)):
            both = chosen & side
            table[:, row, column, 0] = np.bincount(cluster[both], reading[both], len(names))
            table[:, row, column, 1] = np.bincount(cluster[both], minlength=len(names))
    on_all, on_clear = _slopes(table.sum(axis=0))
    rng = np.random.default_rng(0)
    drawn = [_slopes(table[rng.integers(0, len(names), len(names))].sum(axis=0)) for _ in range(RESAMPLES)]
    low, high = np.quantile([one / other for one, other in drawn], (0.05, 0.95))
    share = on_all / on_clear, float(low), float(high)
    return Left(name, len(cases), int(clear.sum()), on_all, on_clear, share, len(names))


def _slopes(table: Array) -> tuple[float, float]:
    means = table[..., 0] / table[..., 1]
    return float(means[0, 0] - means[0, 1]), float(means[1, 0] - means[1, 1])
