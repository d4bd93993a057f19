"""How often a review is wrong: false launches, false blocks, coverage, power, over a grid of simulated data.

Policies and stresses go through the code that a review runs, `weigh.evidence` and `gates.judge`; the grid through the
log-capital and the intervals that these read. Each rate comes with its Monte-Carlo band (Wilson, 95 %).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmarks import page
from seatrial.gates import WeighedClaim, WeighedGate, decide, judge
from seatrial.observations import PairedTable
from seatrial.policy import Gate, SignalSpec
from seatrial.signals import declared_signal
from seatrial.stats.betting import log_wealth_paths
from seatrial.stats.intervals import fixed_size, wilson
from seatrial.types import Evidence
from seatrial.weigh import Method, claims, evidence

__all__ = ["ALPHA", "LIMIT", "Cell", "Looks", "Rate", "every_item", "grid", "looks", "policies", "settled", "stress"]

Array = NDArray[np.float64]
ALPHA, MARGIN = 0.05, 0.05
LIMIT = 1.1 * ALPHA
BATCH = 200
GRID = 2_000_000
"""Points at which a distribution is read to find its mean."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of simulated runs with its band."""

    count: int
    runs: int

    @property
    def share(self) -> float:
        """The share."""
        return self.count / self.runs

    @property
    def band(self) -> tuple[float, float]:
        """The 95 % Wilson band."""
        found = wilson(self.count, self.runs, 0.025)
        return found.low, found.high

    def __str__(self) -> str:
        """Return the share with its band."""
        return page.percent(self.share, *self.band)


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of data: how scores are distributed, how many clusters and draws, how correlated, at which base rate."""

    kind: str
    clusters: int
    icc: float
    draws: int
    base: float
    size: int = 3

    def sample(self, change: float, rng: np.random.Generator) -> PairedTable:
        """Return item means of both models, `size` items a cluster, whose true mean change is `change`.

        Items of a cluster share a shock with the variance share `icc`, in both models and in the change itself, so that
        ignoring the clusters would be wrong.
        """
        count = self.clusters * self.size
        names = np.repeat(np.arange(self.clusters), self.size)
        before, after = _scores(self, change, names, rng)
        text = np.char.add("c", names.astype(str))
        items = np.char.add("i", np.arange(count).astype(str))
        return PairedTable(pl.Series(items), pl.Series(text), pl.repeat("general", count, eager=True), before, after)


def _latent(cell: Cell, names: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """Return uniform numbers, one an item, whose ranks share the cluster's shock."""
    shock = rng.normal(size=cell.clusters)[names]
    own = rng.normal(size=len(names))
    uniform: Array = ndtr(math.sqrt(cell.icc) * shock + math.sqrt(1 - cell.icc) * own)
    return uniform


def _scores(cell: Cell, change: float, names: NDArray[np.int64], rng: np.random.Generator) -> tuple[Array, Array]:
    """Return both models' item means, with 30 % of the items answered anew by the candidate."""
    anew = _latent(cell, names, rng) < 0.3
    first, second = _latent(cell, names, rng), _latent(cell, names, rng)
    flips = _latent(cell, names, rng)
    means = []
    for uniform, extra in ((first, 0.0), (np.where(anew, second, first), change)):
        values = _DISTRIBUTIONS[cell.kind](uniform, cell.base)
        room = 1 - cell.base if extra > 0 else cell.base
        lifted = flips < abs(extra) / max(room, 1e-9)
        values = np.where(lifted, _lift(values, extra, uniform, cell), values)
        noise = rng.binomial(cell.draws, np.clip(values, 0, 1)) / cell.draws if cell.kind == "binary draws" else values
        means.append(noise)
    return means[0], means[1]


def _lift(values: Array, extra: float, uniform: Array, cell: Cell) -> Array:
    """Return scores moved to the far end, which changes the mean by `extra` on average."""
    return np.ones_like(values) if extra > 0 else np.zeros_like(values)


_DISTRIBUTIONS: dict[str, Callable[[Array, float], Array]] = {
    "binary": lambda u, base: (u < base).astype(float),
    "binary draws": lambda u, base: np.clip(base + 0.5 * min(base, 1 - base) * (2 * u - 1), 0, 1),
    "ordinal": lambda u, base: np.floor(np.clip(u * 5 * 2 * base, 0, 4.999)) / 4,
    "continuous": lambda u, base: np.clip(base + 0.4 * min(base, 1 - base) * (2 * u - 1), 0, 1),
    "heavy tail": lambda u, base: np.clip(base * 0.5 * (1 - u) ** -0.5, 0, 1),
}


def grid(full: bool) -> Iterator[Cell]:
    """Yield the cells of the grid."""
    kinds = tuple(_DISTRIBUTIONS)
    for kind in kinds:
        for clusters in (20, 60, 200, 600, 2000) if full else (20, 200):
            for icc in (0.0, 0.4, 0.8) if full else (0.4,):
                for base in (0.005, 0.05, 0.5) if full else (0.05, 0.5):
                    for draws in (1, 8) if kind == "binary draws" else (1,):
                        yield Cell(kind, clusters, icc, draws, base)


_SIGNAL = declared_signal("behavior/simulated", SignalSpec())
_GATE = Gate(signal="behavior/simulated", margin=MARGIN)


def _evidence(table: PairedTable, method: Method, rng: np.random.Generator, margin: float = MARGIN) -> Evidence:
    order = None
    if method == "betting":
        order = table.clusters.unique(maintain_order=True).to_list()
        rng.shuffle(order)
    (claim,) = claims(_GATE.model_copy(update={"margin": margin}), _SIGNAL, table, order)
    return evidence(claim, method, ALPHA)


def true_change(cell: Cell, change: float) -> float:
    """Return the mean change of a kind of data: what a simulated verdict is judged by.

    Scores are a function of a uniform number, so their mean is an integral; a share of them is moved to the far end,
    whatever they were. A large sample would not do: at 200,000 clusters its error is a tenth of that of one simulated
    review of 2,000, enough to turn 5 % into 6.
    """
    room = 1 - cell.base if change > 0 else cell.base
    share = min(abs(change) / max(room, 1e-9), 1.0)
    mean = float(_DISTRIBUTIONS[cell.kind]((np.arange(GRID) + 0.5) / GRID, cell.base).mean())
    return share * (1 - mean) if change > 0 else -share * mean


@dataclass(frozen=True, slots=True)
class Looks:
    """Rates of one cell: false passes at the margin, and how often each bound misses the truth.

    For `betting` a look is taken after every cluster, and a miss at any of them counts.
    """

    cell: Cell
    method: Method
    false_pass: Rate
    missed_above: Rate

    @property
    def within(self) -> bool:
        """Whether both rates are surely at most `LIMIT`."""
        return max(self.false_pass.band[1], self.missed_above.band[1]) <= LIMIT

    @property
    def above(self) -> bool:
        """Whether either rate is surely more than `LIMIT`."""
        return max(self.false_pass.band[0], self.missed_above.band[0]) > LIMIT


def settled(cell: Cell, method: Method, stages: Sequence[int]) -> Looks:
    """Return the rates of a cell, from as many runs as it takes to place both on one side of `LIMIT`.

    Each stage is a fresh simulation that replaces the one before, so that what is reported was not chosen by what it
    showed; the last stage is reported as it is.
    """
    for stage, runs in enumerate(stages):
        found = looks(cell, method, runs, stage)
        if found.within:
            break
    return found


def looks(cell: Cell, method: Method, runs: int, seed: int) -> Looks:
    """Return how often a gate passes though the true change equals its margin, and how often its low bound misses."""
    words = [
        seed,
        *cell.kind.encode(),
        cell.clusters,
        int(cell.icc * 10),
        cell.draws,
        int(cell.base * 1000),
        method == "fixed",
    ]
    rng = np.random.default_rng(words)
    truth = true_change(cell, MARGIN)
    below = above = 0
    for start in range(0, runs, BATCH):
        x = np.array([_means(cell, MARGIN, rng) for _ in range(min(BATCH, runs - start))])
        if method == "betting":
            wall = -math.log(ALPHA)
            below += int((log_wealth_paths(x, truth, -1, 1, "less").max(axis=1) >= wall).sum())
            above += int((log_wealth_paths(x, truth, -1, 1, "greater").max(axis=1) >= wall).sum())
        else:
            bounds = [fixed_size(row, -1, 1, ALPHA) for row in x]
            below += sum(found.high < truth for found in bounds)
            above += sum(found.low > truth for found in bounds)
    return Looks(cell, method, Rate(below, runs), Rate(above, runs))


def _means(cell: Cell, change: float, rng: np.random.Generator) -> Array:
    """Return the cluster means of one simulated review's differences."""
    names = np.repeat(np.arange(cell.clusters), cell.size)
    before, after = _scores(cell, change, names, rng)
    means: Array = (after - before).reshape(cell.clusters, cell.size).mean(axis=1)
    return means


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
    rng = np.random.default_rng([seed, gates, clusters])
    cell = Cell("continuous", clusters, 0.3, 1, 0.5, size=2)
    truth = true_change(cell, MARGIN)
    launched = blocked = harmless = 0
    for _ in range(runs):
        at_margin = [_evidence(cell.sample(MARGIN, rng), method, rng, truth) for _ in range(gates)]
        unchanged = [_evidence(cell.sample(0.0, rng), method, rng, truth) for _ in range(gates)]
        launched += _decided([at_margin[0], *unchanged[1:]], truth) == "launch"
        blocked += _decided(at_margin, truth) == "block"
        harmless += _decided(unchanged, truth) == "launch"
    return PolicyRates(gates, method, Rate(launched, runs), Rate(blocked, runs), Rate(harmless, runs))


def _decided(found: list[Evidence], margin: float) -> str:
    gates = [
        WeighedGate(
            Gate(signal=f"behavior/g{number}", margin=margin), "simulated", (WeighedClaim("all items", margin, one),)
        )
        for number, one in enumerate(found)
    ]
    return decide(judge(gates, ALPHA)).outcome


@dataclass(frozen=True, slots=True)
class Stress:
    """A way in which real data are worse than the grid's, and what it does to false passes."""

    name: str
    false_pass: Rate
    expected: str


def stress(runs: int, seed: int) -> list[Stress]:
    """Return false passes at the margin under missing answers, doubled items, drifting raters and erring judges."""
    cell = Cell("binary", 200, 0.2, 1, 0.3, size=1)
    made: list[tuple[str, Callable[[PairedTable, np.random.Generator], PairedTable], str]] = [
        ("answers missing where the candidate is harmful (30 %)", _missing, "held: a missing answer counts as harm"),
        ("every item twice, in one cluster", _doubled, "within alpha: the cluster is the unit"),
        ("rater drifts alike on both models", _drifted, "within alpha: the comparison is paired"),
        ("judge calls 10 % of answers at random", _judged, "not protected: shifts shrink by TPR − FPR"),
    ]
    rows = []
    for name, change, expected in made:
        rng = np.random.default_rng([seed, len(name)])
        passed = 0
        for _ in range(runs):
            table = change(cell.sample(MARGIN, rng), rng)
            found = _evidence(table, "betting", rng)
            passed += found.high < MARGIN
        rows.append(Stress(name, Rate(passed, runs), expected))
    return rows


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
    drift = np.linspace(0, 0.3, len(table.items))
    keep = 1 - drift
    return replace(table, baseline=table.baseline * keep + drift / 2, candidate=(table.candidate * keep + drift / 2))


def _judged(table: PairedTable, rng: np.random.Generator) -> PairedTable:
    def read(values: Array) -> Array:
        return np.where(rng.random(len(values)) < 0.1, rng.integers(0, 2, len(values)), values).astype(float)

    return replace(table, baseline=read(table.baseline), candidate=read(table.candidate))


def every_item(runs: int, items: int, seed: int) -> Rate:
    """Return how often a look after every single item ever passes a gate whose true change is its margin."""
    rng = np.random.default_rng(seed)
    count = 0
    for _ in range(0, runs, 100):
        up = (rng.random((100, items)) < 0.15).astype(float) - (rng.random((100, items)) < 0.1)
        count += int(
            (log_wealth_paths(np.clip(up, -1, 1), MARGIN, -1, 1, "less").max(axis=1) >= -math.log(ALPHA)).sum()
        )
    return Rate(count, runs)
