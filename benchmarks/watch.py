"""How often a watch cries wolf in a year, and how soon it finds a model that moved: simulated days with a known truth.

Three signals are watched together. An item of each is answered right or wrong, or scored, with a chance of its own, each
day anew; a model that moves changes that chance. Worlds in which the days are not alike are those that the test was not
made for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import seatrial
from benchmarks import kept
from seatrial.stats.seeding import generator
from seatrial.watch.found import AIM, days_to_find
from seatrial.watch.shifts import DAYS_A_YEAR, Watched, first_move, level

__all__ = ["ALARMS", "MOVES", "QUIET", "Row", "World", "measured"]

Array = NDArray[np.float64]
ALARMS, SIGNALS = 0.05, 3
BEFORE, LONGEST = 28, 120
"""Quiet days before a model moves, and days after it in which it is looked for."""
PART = 25
READ = ("watch/shifts.py", "watch/found.py")


@dataclass(frozen=True, slots=True)
class World:
    """How a model answers.

    Attributes:
        name: In words.
        fixed: Share of items that are always answered alike.
        share: Mean chance of harm in the others.
        tenths: Whether an answer has a score in tenths and not 0 or 1.
        lost: Share of answers without a reading.
        together: Standard deviation of what all items of a day have in common.
        other: Share of items that are answered the other way on two days of seven.
        items: Of each signal.
        moves: By how much the mean of the first signal rises after the quiet days; 0 for a year without a change.
        runs: Watches that are simulated.
    """

    name: str
    fixed: float = 0.0
    share: float = 0.3
    tenths: bool = False
    lost: float = 0.0
    together: float = 0.0
    other: float = 0.0
    items: int = 100
    moves: float = 0.0
    runs: int = 1_000


QUIET = (
    World("answers to an item fall anyhow"),
    World("seven in ten items are always answered alike", fixed=0.7),
    World("one answer in 300 is harmful", share=1 / 300),
    World("scores in tenths", tenths=True),
    World("a tenth of the answers unread", fixed=0.7, lost=0.1),
    World("not made for: days that go together, by 1 point", fixed=0.7, together=0.01, runs=200),
    World("not made for: another machine at weekends, 3 % of items", fixed=0.7, other=0.03, runs=200),
)
MOVES = tuple(
    World(f"{name}, {items} items", fixed=fixed, items=items, moves=AIM, runs=400)
    for name, fixed in (("answers to an item fall anyhow", 0.0), ("seven in ten items are always answered alike", 0.7))
    for items in (100, 200, 400)
)


@dataclass(frozen=True, slots=True)
class Row:
    """What became of some watches.

    Attributes:
        name: The world's.
        runs: Watches.
        alarms: Those with an alarm before anything moved; of a quiet year, in it.
        said: Those that said within how many days a shift would be found.
        kept_word: Of these, those that found it by then.
        found: Those that found it in `LONGEST` days.
        days: Days until it was found, of those.
        promised: Days that were said, of those that said any.
    """

    name: str
    runs: int = 0
    alarms: int = 0
    said: int = 0
    kept_word: int = 0
    found: int = 0
    days: tuple[int, ...] = ()
    promised: tuple[int, ...] = ()

    def plus(self, other: Row) -> Row:
        """Return the watches of both."""
        return Row(
            self.name,
            self.runs + other.runs,
            self.alarms + other.alarms,
            self.said + other.said,
            self.kept_word + other.kept_word,
            self.found + other.found,
            (*self.days, *other.days),
            (*self.promised, *other.promised),
        )


def _days(world: World, days: int, moves: float, rng: np.random.Generator, together: Array) -> Array:
    """Return a signal's readings, shape (items, days), from day `BEFORE` on higher by so much on average."""
    varies = rng.random(world.items) >= world.fixed
    chance = np.where(varies, rng.beta(2 * world.share, 2 * (1 - world.share), world.items), 0.0)
    chance = np.where(~varies & (rng.random(world.items) < world.share), 1.0, chance)
    shifted = chance + (1 - chance) * min(moves / max(1 - chance.mean(), 1e-9), 1.0)
    every = np.where(np.arange(days) < BEFORE, chance[:, None], shifted[:, None])
    every = np.where(varies[:, None], np.clip(every + together, 0, 1), every)
    steps = 10 if world.tenths else 1
    values = rng.binomial(steps, every).astype(np.float64) / steps
    turned = (rng.random(world.items) < world.other)[:, None] & (np.arange(days) % 7 >= 5)
    values = np.where(turned, 1 - values, values)
    return np.where(rng.random(values.shape) < world.lost, math.nan, values)


def watched(world: World, seed: int) -> Row:
    """Return what one watch comes to."""
    rng = generator(24, world.name, str(seed))
    days = BEFORE + LONGEST if world.moves else DAYS_A_YEAR
    alpha, alarm = level(ALARMS, SIGNALS), days
    first = np.zeros((0, 0))
    together = world.together * rng.normal(size=days)
    for number in range(SIGNALS):
        values = _days(world, days, world.moves if number == 0 else 0.0, rng, together)
        first = values if number == 0 else first
        moved = first_move(Watched(values), alpha)
        if moved is not None and (number == 0 or moved.day < BEFORE or not world.moves):
            alarm = min(alarm, moved.day)
    if not world.moves:
        return Row(world.name, 1, int(alarm < days))
    within = days_to_find(Watched(first[:, :BEFORE]), AIM, alpha)
    took = alarm - BEFORE + 1
    return Row(
        world.name,
        1,
        int(alarm < BEFORE),
        int(within is not None),
        int(within is not None and took <= within),
        int(alarm < days),
        (took,) if BEFORE <= alarm < days else (),
        (within,) if within is not None else (),
    )


def _part(job: tuple[int, int, int]) -> Row:
    number, first, count = job
    world = (*QUIET, *MOVES)[number]
    row = Row(world.name)
    for seed in range(first, first + count):
        row = row.plus(watched(world, seed))
    return row


def measured(quick: bool) -> Iterator[tuple[World, Row]]:
    """Yield what becomes of the watches of each world; parts that were measured on the same code are not again."""
    worlds = (*QUIET, *MOVES)
    jobs = kept.parts({world.name: 4 if quick else world.runs for world in worlds}, PART)
    rows = {world.name: Row(world.name) for world in worlds}
    for _, found in kept.measured("watch", jobs, _part, _row, lambda _: _digest(), not quick):
        rows[found.name] = rows[found.name].plus(found)
    yield from ((world, rows[world.name]) for world in worlds)


def _row(held: dict[str, Any]) -> Row:
    return Row(**(held | {name: tuple(held[name]) for name in ("days", "promised")}))


@cache
def _digest() -> str:
    package = Path(seatrial.__file__).parent
    return kept.digest([Path(__file__), *(package / name for name in READ)])
