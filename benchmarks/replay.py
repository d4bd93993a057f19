"""How often a replay's intervals hold the truth, and what a cheap score saves.

Conversations are drawn from traffic of a known rate; each answer shows the behavior or not, and has a score. The scores
of the two kinds of answers are normal and lie so far apart that the area under the curve is as said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import seatrial
from benchmarks import kept
from seatrial.evidence.replay.allocation import allocated, chosen, strata_of
from seatrial.gates.traffic_rates import change, design_of, rate
from seatrial.stats.distributions import norm_ppf
from seatrial.stats.seeding import generator

__all__ = ["LEVEL", "WORLDS", "Row", "World", "measured"]

LEVEL = 0.9
PART = 50
READ = ("evidence/replay/allocation.py", "gates/traffic_rates.py", "stats/distributions.py", "stats/seeding.py")


@dataclass(frozen=True, slots=True)
class World:
    """A launch that is simulated many times.

    Attributes:
        name: In words.
        rate: Share of the candidate's answers that show the behavior; the baseline's is `rise` less.
        rise: By how much it rises.
        area: Area under the curve of the cheap score; 0.5 is worth nothing.
        sample: Conversations that both models answer.
        grade: Conversations that are graded; where it is the whole sample, scores play no part.
        per_user: Conversations of a user, whose rates differ.
        uniform: Whether grading is at random.
        runs: Launches.
    """

    name: str
    rate: float = 0.05
    rise: float = 0.0
    area: float = 0.9
    sample: int = 2000
    grade: int = 400
    per_user: int = 1
    uniform: bool = False
    runs: int = 2000


WORLDS = (
    World("1 in 20"),
    World("1 in 20, a score worth nothing", area=0.5),
    World("1 in 20, graded at random", uniform=True),
    World("1 in 20, five conversations a user", per_user=5),
    World("1 in 14, risen from 1 in 20", rate=0.07, rise=0.02),
    World("1 in 5", rate=0.2),
    World("1 in 5, risen from 3 in 20", rate=0.2, rise=0.05),
    World("1 in 100", rate=0.01),
    World("1 in 100, a score worth nothing", rate=0.01, area=0.5),
    World("1 in 1,000", rate=0.001, sample=20_000, grade=2500),
    World("1 in 1,000, graded at random", rate=0.001, sample=20_000, grade=2500, uniform=True),
    World("1 in 1,000, all graded", rate=0.001, sample=20_000, grade=20_000, uniform=True),
    World("1 in 1,000 of many", rate=0.001, sample=80_000, grade=20_000, runs=500),
)


@dataclass(frozen=True, slots=True)
class Row:
    """Launches of one world; sums over them.

    Attributes:
        name: The world.
        runs: How many.
        below: In how many the rate's interval lies below the truth.
        above: In how many above it.
        moved_below: The same of the change.
        moved_above: The same of the change.
        width: Sum of the widths of the rate's intervals.
        rates: Estimated rates.
    """

    name: str
    runs: int = 0
    below: int = 0
    above: int = 0
    moved_below: int = 0
    moved_above: int = 0
    width: float = 0.0
    rates: tuple[float, ...] = ()

    def plus(self, other: Row) -> Row:
        """Return both together."""
        return Row(
            self.name,
            self.runs + other.runs,
            self.below + other.below,
            self.above + other.above,
            self.moved_below + other.moved_below,
            self.moved_above + other.moved_above,
            self.width + other.width,
            (*self.rates, *other.rates),
        )


def launch(world: World, seed: int) -> Row:
    """Return what comes of one launch."""
    rng = generator(seed, "replay", world.name)
    count, cluster = world.sample, np.arange(world.sample) // world.per_user
    before, after = _answers(world, rng, cluster)
    apart = 2**0.5 * float(norm_ppf(world.area))
    score = np.maximum(rng.normal(size=count) + apart * before, rng.normal(size=count) + apart * after)
    stratum = np.zeros(count, dtype=np.int64) if world.uniform else strata_of(score)
    graded = np.zeros(count, dtype=bool)
    graded[chosen(stratum, allocated(stratum, world.grade), rng.permutation(count))] = True
    design = design_of(stratum, cluster, graded)
    found, moved = rate(design, after, LEVEL), change(design, before, after, LEVEL)
    return Row(
        world.name,
        1,
        int(found.high < world.rate),
        int(found.low > world.rate),
        int(moved.high < world.rise),
        int(moved.low > world.rise),
        found.high - found.low,
        (found.value,),
    )


def _answers(
    world: World, rng: np.random.Generator, cluster: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return which answers show it before and after; half of the time both models do the same."""
    base = world.rate - world.rise
    users = int(cluster[-1]) + 1
    own = rng.beta(20 * base, 20 * (1 - base), users)[cluster] if world.per_user > 1 else np.full(len(cluster), base)
    before = rng.random(len(cluster)) < own
    again = rng.random(len(cluster)) < own + 2 * world.rise
    after = np.where(rng.random(len(cluster)) < 0.5, before, again)
    return before.astype(np.float64), after.astype(np.float64)


def _part(job: tuple[int, int, int]) -> Row:
    number, first, count = job
    row = Row(WORLDS[number].name)
    for seed in range(first, first + count):
        row = row.plus(launch(WORLDS[number], seed))
    return row


def _read(row: dict[str, object]) -> Row:
    return Row(**{**row, "rates": tuple(row["rates"])})  # type: ignore[arg-type]


def measured(quick: bool) -> Iterator[tuple[World, Row]]:
    """Yield each world with its launches; parts that were measured on the same code are not measured again."""
    jobs = kept.parts({world.name: 2 if quick else world.runs for world in WORLDS}, PART)
    rows = {world.name: Row(world.name) for world in WORLDS}
    for _, found in kept.measured("replay", jobs, _part, _read, lambda _: _digest(), not quick):
        rows[found.name] = rows[found.name].plus(found)
    yield from zip(WORLDS, rows.values(), strict=True)


@cache
def _digest() -> str:
    package = Path(seatrial.__file__).parent
    return kept.digest([Path(__file__), *(package / name for name in READ)])
