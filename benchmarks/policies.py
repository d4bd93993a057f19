"""How often whole policies are wrong, and what worse data do to a gate.

Whole policies are judged and decided by the code that a review runs, `gates.verdicts`, on evidence made for many reviews
at once; `_same_as_a_review` compares it with that of `gates.weigh` on every run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.validity import ALPHA, MARGIN, POPULATION, Cell, Rate, looked_at
from seatrial.gates.claims import Statement, claims
from seatrial.gates.schedule import Method, method_of
from seatrial.gates.verdicts import WeighedClaim, WeighedGate, decide, verdicts
from seatrial.gates.weigh import at_look, evidence
from seatrial.instruments import declared_signal
from seatrial.observations import PairedTable
from seatrial.policy import Gate, SignalSpec
from seatrial.stats.betting import log_wealth_paths, upper_bounds
from seatrial.stats.instruments import EXACT
from seatrial.stats.intervals import fixed_size_bounds, fixed_size_p_values, upper_below
from seatrial.stats.spending import LEAST_LEVEL, nominal_level, p_at_any_look
from seatrial.types import Evidence

__all__ = ["STRESSES", "PolicyRates", "Stress", "policies", "stress"]

Array = NDArray[np.float64]
PART = 500
"""Policies simulated at once."""
NEAR = 4e-6
"""How far a bound that is kept up look by look may lie from one that is not."""


@dataclass(frozen=True, slots=True)
class PolicyRates:
    """Rates of whole policies, of so many gates, each over all items alone or also in each of so many use cases."""

    gates: int
    cases: int
    method: Method
    false_launch: Rate
    false_block: Rate
    launch_when_harmless: Rate


def policies(gates: int, method: Method, runs: int, seed: int, clusters: int = 120, cases: int = 0) -> PolicyRates:
    """Return how often a policy launches with one gate broken (at its margin), and blocks with none broken.

    For false blocks every gate lies at its margin, which is the hardest case that is still within it. A gate with use
    cases is broken in one of them alone.
    """
    rng = np.random.default_rng([seed, gates, clusters, cases, len(method)])
    cell = Cell("continuous", clusters, 0.3, 1, 0.5, size=2)
    edge, unchanged = cell.population(MARGIN), cell.population(0.0)
    margin = float(edge.mean())
    policy = [Gate(signal=f"behavior/g{number}", margin=margin) for number in range(gates)]
    launched = blocked = harmless = 0
    for start in range(0, runs, PART):
        part = min(PART, runs - start)
        at_margin, free = (
            source[rng.integers(POPULATION, size=(part * gates, clusters))] for source in (edge, unchanged)
        )
        one_broken = free[::gates].copy()
        one_broken[:, :: max(1, cases)] = at_margin[::gates, :: max(1, cases)]
        broken, calm, first = (_gates(x, method, margin, cases) for x in (at_margin, free, one_broken))
        for number in range(part):
            own = slice(number * gates, (number + 1) * gates)
            launched += _decided(policy, [first[number], *calm[own][1:]]) == "launch"
            blocked += _decided(policy, broken[own]) == "block"
            harmless += _decided(policy, calm[own]) == "launch"
    return PolicyRates(gates, cases, method, Rate(launched, runs), Rate(blocked, runs), Rate(harmless, runs))


@dataclass(frozen=True, slots=True)
class _Course:
    """What a claim's clusters show at each look, many reviews at once, shapes (looks, r); all there was at one look."""

    low: Array
    high: Array
    e: Array
    p: Array
    estimate: Array
    method: str

    def at(self, look: int, row: int, clusters: int) -> Evidence:
        """Return one review's evidence at a look."""
        low, high, e, p = (float(values[look, row]) for values in (self.low, self.high, self.e, self.p))
        return Evidence(float(self.estimate[row]), low, high, clusters, e_value=e, p_value=p, method=self.method)


def _gates(x: Array, method: Method, margin: float, cases: int) -> list[tuple[WeighedClaim, ...]]:
    """Return what each row of cluster differences, shape (r, C), shows of its gate's claims when the gate is decided.

    A gate that is looked at is asked no more once it has passed; what was shown stays shown.

    Raises:
        RuntimeError: it is not what a review would have.
    """
    courses = [_course(x, method, margin, case, cases) for case in range(-1, cases)]
    passed = np.logical_and.reduce([one.high < margin for one in courses])
    last = np.where(passed.any(axis=0), passed.argmax(axis=0), len(passed) - 1)
    names = ["", *(f"case-{case}" for case in range(cases))]
    return [
        tuple(
            WeighedClaim(Statement("margin", margin, name), one.at(int(look), row, x.shape[1]), bool(name))
            for name, one in zip(names, courses, strict=True)
        )
        for row, look in enumerate(last)
    ]


def _course(x: Array, method: Method, margin: float, case: int, cases: int) -> _Course:
    """Return what a claim shows look by look: of all clusters, or of those of one use case, every so manieth."""
    of_claim = slice(None) if case < 0 else slice(case, None, cases)
    chosen = x[:, of_claim]
    if method == "betting":
        low, high = (sign * upper_bounds(sign * chosen, -1, 1, ALPHA, aim=margin) for sign in (-1.0, 1.0))
        capital = log_wealth_paths(chosen, margin, -1, 1, "greater", aim=margin)[:, -1]
        e, p = np.exp(np.minimum(capital, 700.0)), np.full(len(x), math.nan)
        made = _Course(low[None], high[None], e[None], p[None], chosen.mean(axis=1), method)
    elif method == "fixed":
        found = fixed_size_bounds(chosen, -1, 1, ALPHA)
        p, e = fixed_size_p_values(chosen, margin, -1, 1), np.full(len(x), math.nan)
        made = _Course(found.low[None], found.high[None], e[None], p[None], chosen.mean(axis=1), method)
    else:
        made = _looked_at(x, margin, of_claim)
    _same_as_a_review(x[0], made, method, margin, case, cases)
    return made


def _looked_at(x: Array, margin: float, of_claim: slice) -> _Course:
    lows, highs, ps = [], [], []
    for places, taken in looked_at(x.shape[1]):
        seen, level = x[:, :places][:, of_claim], nominal_level(ALPHA, taken)
        found = fixed_size_bounds(seen, -1, 1, max(level, LEAST_LEVEL))
        readable = level >= LEAST_LEVEL
        lows.append(found.low if readable else np.full(len(x), -1.0))
        highs.append(found.high if readable else np.full(len(x), 1.0))
        p = fixed_size_p_values(seen, margin, -1, 1)
        ps.append(np.array([p_at_any_look(float(one), taken) if readable else 1.0 for one in p]))
    low, high, p = (
        running.accumulate(np.stack(values), axis=0)
        for running, values in ((np.maximum, lows), (np.minimum, highs), (np.minimum, ps))
    )
    return _Course(low, high, np.full(p.shape, math.nan), p, x[:, of_claim].mean(axis=1), "looks")


def _same_as_a_review(x: Array, made: _Course, method: Method, margin: float, case: int, cases: int) -> None:
    """Compare the first row's evidence with what a review's own code finds on the same clusters."""
    wanted = _by_looks(x, margin, case, cases) if method == "looks" else [_at_once(x, method, margin, case, cases)]
    for look, one in enumerate(wanted):
        found = made.at(look, 0, len(x))
        pairs = [(found.low, one.low, NEAR), (found.high, one.high, NEAR)]
        pairs.append((found.e_value, one.e_value, 1e-9) if method == "betting" else (found.p_value, one.p_value, 1e-9))
        if not all(np.isclose(here, there, rtol=1e-6, atol=near) for here, there, near in pairs):
            raise RuntimeError(f"the benchmark's evidence is not a review's: {found} against {one}")


def _by_looks(x: Array, margin: float, case: int, cases: int) -> list[Evidence]:
    found: list[Evidence] = []
    for places, taken in looked_at(len(x)):
        claim = claims(_gate(margin, cases), _SIGNAL, *_table(x[:places], cases))[case + 1]
        found.append(at_look(claim, ALPHA, EXACT, taken, found[-1] if found else None))
    return found


def _at_once(x: Array, method: Method, margin: float, case: int, cases: int) -> Evidence:
    claim = claims(_gate(margin, cases), _SIGNAL, *_table(x, cases))[case + 1]
    return evidence(claim, method, ALPHA)


def _table(x: Array, cases: int) -> tuple[PairedTable, list[str]]:
    names = np.char.add("c", np.arange(len(x)).astype(str))
    case = pl.Series([f"case-{number % max(1, cases)}" for number in range(len(x))])
    return PairedTable(pl.Series(names), pl.Series(names), case, np.maximum(-x, 0), np.maximum(x, 0)), names.tolist()


def _gate(margin: float, cases: int) -> Gate:
    return Gate(signal="behavior/simulated", margin=margin, per="use_case" if cases else None)


_SIGNAL = declared_signal("behavior/simulated", SignalSpec())


def _decided(policy: list[Gate], found: Sequence[tuple[WeighedClaim, ...]]) -> str:
    gates = [WeighedGate(gate, "simulated", one) for gate, one in zip(policy, found, strict=True)]
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
        passed += _passes(table, order, margin)
    return Rate(passed, runs)


def _passes(table: PairedTable, order: list[str], margin: float) -> bool:
    """Return whether a live gate that is asked in this order ever passes: looked at, or bet on where clusters are many."""
    (claim,) = claims(_gate(margin, 0), _SIGNAL, table, order)
    if method_of(len(order), 1, in_family=False) == "betting":
        return evidence(claim, "betting", ALPHA).high < margin
    for asked, taken in looked_at(len(order)):
        level = nominal_level(ALPHA, taken)
        seen = claim.worst[None, :asked]
        if level >= LEAST_LEVEL and upper_below(seen, np.array([margin]), claim.low, claim.high, level)[0]:
            return True
    return False


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
