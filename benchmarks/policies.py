"""How often whole policies are wrong, what worse data do to a gate, and whether power comes out as promised.

Whole policies are judged and decided by the code that a review runs, `gates.judge` and `gates.decide`, on evidence made
for many reviews at once; `_same_as_a_review` compares it with `weigh.evidence` on every run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.validity import ALPHA, MARGIN, POPULATION, Cell, Rate
from seatrial.gates.claims import Statement, claims
from seatrial.gates.schedule import Method
from seatrial.gates.verdicts import WeighedClaim, WeighedGate, decide, verdicts
from seatrial.gates.weigh import evidence
from seatrial.instruments import declared_signal
from seatrial.observations import PairedTable
from seatrial.policy import Gate, SignalSpec
from seatrial.stats.betting import log_wealth_paths, upper_bounds
from seatrial.stats.intervals import fixed_size_bounds, fixed_size_p_values
from seatrial.stats.power import mde_fixed, required_betting
from seatrial.types import Evidence

__all__ = ["STRESSES", "PolicyRates", "Promise", "Stress", "policies", "promises", "stress"]

Array = NDArray[np.float64]
PART = 500
"""Policies simulated at once."""
POWER = 0.9


@dataclass(frozen=True, slots=True)
class PolicyRates:
    """Rates of whole policies."""

    gates: int
    method: Method
    false_launch: Rate
    false_block: Rate
    launch_when_harmless: Rate


def policies(gates: int, method: Method, runs: int, seed: int, clusters: int = 120) -> PolicyRates:
    """Return how often a policy launches with one gate broken (at its margin), and blocks with none broken.

    For false blocks every gate lies at its margin, which is the hardest case that is still within it.
    """
    rng = np.random.default_rng([seed, gates, clusters, method == "fixed"])
    cell = Cell("continuous", clusters, 0.3, 1, 0.5, size=2)
    edge, unchanged = cell.population(MARGIN), cell.population(0.0)
    margin = float(edge.mean())
    policy = [Gate(signal=f"behavior/g{number}", margin=margin) for number in range(gates)]
    launched = blocked = harmless = 0
    for start in range(0, runs, PART):
        part = min(PART, runs - start)
        broken, calm = (
            list(_evidence(source[rng.integers(POPULATION, size=(part * gates, clusters))], method, margin))
            for source in (edge, unchanged)
        )
        for first in range(0, part * gates, gates):
            at_margin, free = broken[first : first + gates], calm[first : first + gates]
            launched += _decided(policy, [at_margin[0], *free[1:]]) == "launch"
            blocked += _decided(policy, at_margin) == "block"
            harmless += _decided(policy, free) == "launch"
    return PolicyRates(gates, method, Rate(launched, runs), Rate(blocked, runs), Rate(harmless, runs))


def _evidence(x: Array, method: Method, margin: float) -> Iterator[Evidence]:
    """Yield the evidence of each row of cluster differences, shape (r, C), as a review would have it.

    Raises:
        RuntimeError: it is not what a review would have.
    """
    if method == "betting":
        low, high = -upper_bounds(-x, -1, 1, ALPHA), upper_bounds(x, -1, 1, ALPHA)
        e = np.exp(np.minimum(log_wealth_paths(x, margin, -1, 1, "greater")[:, -1], 700.0))
        p, methods = np.full(len(x), math.nan), np.full(len(x), "betting")
    else:
        found = fixed_size_bounds(x, -1, 1, ALPHA)
        low, high, methods = found.low, found.high, found.method
        p, e = fixed_size_p_values(x, margin, -1, 1), np.full(len(x), math.nan)
    for row, numbers in enumerate(zip(x.mean(axis=1), low, high, e, p, strict=True)):
        estimate, least, most, capital, chance = (float(number) for number in numbers)
        made = Evidence(estimate, least, most, x.shape[1], e_value=capital, p_value=chance, method=str(methods[row]))
        if row == 0:
            _same_as_a_review(x[row], made, method, margin)
        yield made


def _same_as_a_review(x: Array, made: Evidence, method: Method, margin: float) -> None:
    names = np.char.add("c", np.arange(len(x)).astype(str))
    cases = pl.repeat("general", len(x), eager=True)
    table = PairedTable(pl.Series(names), pl.Series(names), cases, np.maximum(-x, 0), np.maximum(x, 0))
    wanted = _weighed(table, method, names.tolist(), margin)
    pairs = [(made.low, wanted.low), (made.high, wanted.high), (made.e_value, wanted.e_value)]
    if method == "fixed":
        pairs.append((made.p_value, wanted.p_value))
    if not all(np.isclose(one, other, rtol=1e-6, equal_nan=True) for one, other in pairs):
        raise RuntimeError(f"the benchmark's evidence is not a review's: {made} against {wanted}")


def _weighed(table: PairedTable, method: Method, order: list[str], margin: float) -> Evidence:
    (claim,) = claims(_GATE.model_copy(update={"margin": margin}), _SIGNAL, table, order)
    return evidence(claim, method, ALPHA)


_SIGNAL = declared_signal("behavior/simulated", SignalSpec())
_GATE = Gate(signal="behavior/simulated", margin=MARGIN)


def _decided(policy: list[Gate], found: list[Evidence]) -> str:
    gates = [
        WeighedGate(gate, "simulated", (WeighedClaim(Statement("margin", gate.margin), one),))
        for gate, one in zip(policy, found, strict=True)
    ]
    return decide(verdicts(gates, ALPHA)).outcome


@dataclass(frozen=True, slots=True)
class Stress:
    """A way in which real data are worse than the grid's, and what the design says of it.

    Attributes:
        name: What is wrong.
        expected: What the design says.
        spoil: Turns a review's table into what is seen of it.
        clusters: Clusters of a review.
        slope: What the margin is multiplied by before the readings are held against it.
    """

    name: str
    expected: str
    spoil: Callable[[PairedTable, np.random.Generator], PairedTable]
    clusters: int = 200
    slope: float = 1.0


def stress(which: int, runs: int) -> Rate:
    """Return how often a live gate passes though the true change is its margin, under `STRESSES[which]`."""
    case = STRESSES[which]
    cell = Cell("binary", case.clusters, 0.2, 1, 0.3, size=1)
    rng = np.random.default_rng([1, which])
    margin, passed = case.slope * MARGIN, 0
    for _ in range(runs):
        table = case.spoil(cell.sample(MARGIN, rng), rng)
        order = table.clusters.unique(maintain_order=True).to_list()
        rng.shuffle(order)
        passed += _weighed(table, "betting", order, margin).high < margin
    return Rate(passed, runs)


def _missing(table: PairedTable, rng: np.random.Generator) -> PairedTable:
    gone = (table.candidate > 0.5) & (rng.random(len(table.items)) < 0.3)
    return replace(table, candidate=np.where(gone, np.nan, table.candidate))


def _doubled(table: PairedTable, rng: np.random.Generator) -> PairedTable:
    return PairedTable(
        pl.concat([table.items, "again-" + table.items]),
        pl.concat([table.clusters, table.clusters]),
        pl.concat([table.use_cases, table.use_cases]),
        np.tile(table.baseline, 2),
        np.tile(table.candidate, 2),
    )


def _drifted(table: PairedTable, rng: np.random.Generator) -> PairedTable:
    """Return readings of a rater who grows milder: of harm from 1 to .7 of it, on both models' answers alike."""
    drift = np.linspace(0, 0.3, len(table.items))
    keep = 1 - drift
    return replace(table, baseline=table.baseline * keep + drift / 2, candidate=(table.candidate * keep + drift / 2))


def _judged(wrong: float) -> Callable[[PairedTable, np.random.Generator], PairedTable]:
    def read(values: Array, rng: np.random.Generator) -> Array:
        return np.where(rng.random(len(values)) < wrong, rng.integers(0, 2, len(values)), values).astype(float)

    def spoil(table: PairedTable, rng: np.random.Generator) -> PairedTable:
        return replace(table, baseline=read(table.baseline, rng), candidate=read(table.candidate, rng))

    return spoil


_READINGS = "not protected: the margin is one of readings, which show {:g} of a change; the MDE says so"
_THROUGH = "within alpha: readings are held to what the record lets them show"
STRESSES = (
    Stress("answers missing where the candidate is harmful (30 %)", "held: a missing answer counts as harm", _missing),
    Stress("every item twice, in one cluster", "within alpha: the cluster is the unit", _doubled),
    Stress("rater drifts alike on both models", "shifts shrink by the drift; the comparison is paired", _drifted),
    Stress("judge calls 10 % of answers at random", _READINGS.format(0.9), _judged(0.1)),
    Stress("the same, margin × the record's slope", _THROUGH, _judged(0.1), slope=0.9),
    Stress("judge calls 30 % at random, 2,000 clusters", _READINGS.format(0.7), _judged(0.3), 2000),
    Stress("the same, margin × the record's slope", _THROUGH, _judged(0.3), 2000, 0.7),
)


@dataclass(frozen=True, slots=True)
class Promise:
    """What was promised to pass an unchanged candidate with 90 % power, and how often it did."""

    what: str
    kept: Rate


def promises(runs: int, seed: int) -> Iterator[Promise]:
    """Yield how often an unchanged candidate passes with the clusters, or at the margin, that the power was promised for.

    The promise is made from 400 clusters of one earlier review, as `seatrial plan --from` does, and kept or not by new
    ones. The mean over 20 such promises is shown, for each depends on the review that it was made from.
    """
    rng = np.random.default_rng(seed)
    for kind, base in (("binary", 0.3), ("ordinal", 0.3), ("continuous", 0.5), ("heavy tail", 0.3)):
        cell = Cell(kind, 400, 0.3, 1, base)
        unchanged = cell.population(0.0)
        unchanged = np.clip(unchanged - unchanged.mean(), -1, 1)
        live = fixed = 0
        for _ in range(20):
            seen = rng.choice(unchanged, 400)
            needed = required_betting(seen, MARGIN, -1, 1, ALPHA, POWER, rng)
            if needed is None:
                raise RuntimeError(f"{kind}: no number of clusters sees a margin of {MARGIN}")
            paths = log_wealth_paths(rng.choice(unchanged, (runs // 20, needed)), MARGIN, -1, 1, "less")
            live += int((paths.max(axis=1) >= -math.log(ALPHA)).sum())
            margin = mde_fixed(seen, -1, 1, ALPHA, POWER, rng)
            bounds = fixed_size_bounds(rng.choice(unchanged, (runs // 20, 400)), -1, 1, ALPHA)
            fixed += int((bounds.high < margin).sum())
        yield Promise(f"{kind}: live, the clusters said to be needed for the margin", Rate(live, runs))
        yield Promise(f"{kind}: fixed, 400 clusters at the MDE said to be theirs", Rate(fixed, runs))
