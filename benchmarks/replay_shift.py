"""Launches whose traffic is no longer that of the forecast: how often its intervals hold, and how often that is said.

Conversations are about areas; an area is a built-in suite, and what users say in it are its items, with the lengths and
the meaning that they have. Each area has a rate of its own. After the launch the mix of areas is another, or what is
said within areas, or the rates alone while the words stay the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import seatrial
from benchmarks import kept
from seatrial.evidence.replay.allocation import allocated, chosen, strata_of
from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.shift import Profile, profile_of, shift_between
from seatrial.gates.traffic_rates import Design, change, design_of, rate, ratio
from seatrial.stats.distributions import norm_ppf
from seatrial.stats.seeding import generator
from seatrial.suites import find_suites, load_suite

__all__ = ["AREAS", "GRADE", "LEVEL", "SAMPLE", "WORLDS", "Row", "World", "measured"]

LEVEL = 0.9
SAMPLE, GRADE = 2000, 400
"""Conversations drawn before the launch and after it, and those of each that are graded."""
AREA = 0.9
"""Area under the curve of the cheap score."""
TESTED = 10
"""One launch in so many has its traffic tested, which takes fifty times what the rest of it takes."""
PART = 50
AREAS = (
    ("benchmark/facts", 0.4, 0.02),
    ("behavior/overconfidence", 0.2, 0.05),
    ("behavior/emotional-reliance", 0.2, 0.08),
    ("behavior/impulsive-actions", 0.1, 0.15),
    ("behavior/unearned-praise", 0.1, 0.25),
)
"""Suite, share of the forecast's traffic, rate of the candidate's harmful answers; the baseline's is half of that."""
READ = (
    *(f"evidence/replay/{name}.py" for name in ("allocation", "conversation", "shift")),
    *("gates/traffic_rates.py", "instruments/embedding.py", "stats/distributions.py", "stats/seeding.py"),
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class World:
    """A launch after which the traffic is another.

    Attributes:
        name: In words.
        moved: Share of the traffic that goes from the calmest area to the worst.
        inside: Share of each area's conversations that go from the calm half of its items to the other.
        times: What all rates are multiplied by while the words stay the same.
        runs: Launches.
    """

    name: str
    moved: float = 0.0
    inside: float = 0.0
    times: float = 1.0
    runs: int = 2000


WORLDS = (
    World("nothing"),
    *(
        World(f"{100 * moved:g} % of the traffic to the worst area", moved=moved)
        for moved in (0.02, 0.05, 0.1, 0.2, 0.35)
    ),
    World("8 % of the traffic from the worst area", moved=-0.08),
    *(World(f"{100 * inside:g} % of each area to its worse half", inside=inside) for inside in (0.1, 0.25, 0.5)),
    *(World(f"no words, all rates {times:g} times", times=times) for times in (1.25, 1.5, 2.0)),
)
"""By what changes between forecast and launch. Within an area one half of the items has half of its rate, the other one
and a half times as much."""


@dataclass(frozen=True, slots=True)
class Row:
    """Launches of one world; sums over them.

    Attributes:
        name: The world.
        runs: How many.
        held: In how many the rate's interval holds the rate after the launch.
        moved_held: The same of the change.
        disagreed: In how many the check found another rate, beyond both intervals.
        tested: In how many the traffic was tested.
        alarms: Of these, in how many it was called another.
        silent: Of these, in how many the rate's interval fails and nothing says so.
        failed: Of these, in how many the rate's interval fails.
        error: Sum of the factors between forecast and truth.
    """

    name: str
    runs: int = 0
    held: int = 0
    moved_held: int = 0
    disagreed: int = 0
    tested: int = 0
    alarms: int = 0
    silent: int = 0
    failed: int = 0
    error: float = 0.0

    def plus(self, other: Row) -> Row:
        """Return both together."""
        mine, its = asdict(self), asdict(other)
        return Row(self.name, **{one.name: mine[one.name] + its[one.name] for one in fields(self)[1:]})


@dataclass(frozen=True, slots=True)
class _Traffic:
    """A sample of traffic: what it looks like, and which answers are harmful."""

    features: Array
    before: Array
    after: Array


def truth(world: World, launched: bool) -> float:
    """Return the candidate's rate in all of the traffic, before the launch or after it."""
    shares, times = _shares(world, launched), world.times if launched else 1.0
    half = 0.5 + (world.inside if launched else 0.0)
    return float(
        sum(
            share * times * rate * (0.5 * (1 - half) + 1.5 * half)
            for share, (*_, rate) in zip(shares, AREAS, strict=True)
        )
    )


def _shares(world: World, launched: bool) -> list[float]:
    shares = [share for _, share, _ in AREAS]
    if launched:
        shares[0] -= world.moved
        shares[-1] += world.moved
    return shares


@cache
def _pool() -> tuple[Array, ...]:
    """Return the features of each area's items."""
    places = find_suites()
    made = []
    for name, *_ in AREAS:
        talks = [Conversation(one.id, "", one.messages, None) for one in load_suite(places[name]).items]
        made.append(profile_of(talks).features)
    return tuple(made)


def _traffic(world: World, rng: np.random.Generator, launched: bool) -> _Traffic:
    area = rng.choice(len(AREAS), SAMPLE, p=_shares(world, launched))
    worse = rng.random(SAMPLE) < 0.5 + (world.inside if launched else 0.0)
    features = np.zeros((SAMPLE, _pool()[0].shape[1]))
    for number, pool in enumerate(_pool()):
        own, middle = area == number, len(pool) // 2
        first = np.where(worse[own], middle, 0)
        size = np.where(worse[own], len(pool) - middle, middle)
        features[own] = pool[first + (rng.random(int(own.sum())) * size).astype(int)]
    chance = np.array([one for *_, one in AREAS])[area] * np.where(worse, 1.5, 0.5) * (world.times if launched else 1.0)
    before = rng.random(SAMPLE) < chance / 2
    after = before | (rng.random(SAMPLE) < (chance / 2) / (1 - chance / 2))
    return _Traffic(features, before.astype(np.float64), after.astype(np.float64))


def _graded(rng: np.random.Generator, *harm: Array) -> Design:
    apart = 2**0.5 * float(norm_ppf(AREA))
    score = np.max([rng.normal(size=SAMPLE) + apart * one for one in harm], axis=0)
    stratum, graded = strata_of(score), np.zeros(SAMPLE, dtype=bool)
    graded[chosen(stratum, allocated(stratum, GRADE), rng.permutation(SAMPLE))] = True
    return design_of(stratum, np.arange(SAMPLE), graded)


def launch(world: World, seed: int) -> Row:
    """Return what comes of one launch."""
    rng = generator(seed, "shift", world.name)
    then, now = (_traffic(world, rng, launched) for launched in (False, True))
    design = _graded(rng, then.before, then.after)
    foretold, moved = rate(design, then.after, LEVEL), change(design, then.before, then.after, LEVEL)
    came, real = rate(_graded(rng, now.after), now.after, LEVEL), truth(world, True)
    error = ratio(came, foretold)
    disagreed = not error[1] <= 1.0 <= error[2]
    held = foretold.low <= real <= foretold.high
    tested = seed % TESTED == 0
    alarm = tested and shift_between(_profile(then), _profile(now), seed).moved
    return Row(
        world.name,
        1,
        int(held),
        int(moved.low <= real / 2 <= moved.high),
        int(disagreed),
        int(tested),
        int(alarm),
        int(tested and not held and not alarm and not disagreed),
        int(tested and not held),
        max(foretold.value / real, real / foretold.value) if foretold.value else np.inf,
    )


def _profile(one: _Traffic) -> Profile:
    return Profile(one.features, np.arange(SAMPLE))


def _part(job: tuple[int, int, int]) -> Row:
    number, first, count = job
    row = Row(WORLDS[number].name)
    for seed in range(first, first + count):
        row = row.plus(launch(WORLDS[number], seed))
    return row


def measured(quick: bool) -> Iterator[tuple[World, Row]]:
    """Yield each world with its launches; parts that were measured on the same code are not measured again."""
    jobs = kept.parts({world.name: 2 if quick else world.runs for world in WORLDS}, PART)
    rows = {world.name: Row(world.name) for world in WORLDS}
    for _, found in kept.measured("replay_shift", jobs, _part, lambda row: Row(**row), lambda _: _digest(), not quick):
        rows[found.name] = rows[found.name].plus(found)
    yield from zip(WORLDS, rows.values(), strict=True)


@cache
def _digest() -> str:
    package = Path(seatrial.__file__).parent
    suites = (find_suites()[name] / "items.jsonl" for name, *_ in AREAS)
    return kept.digest([Path(__file__), *(package / name for name in READ), *suites])
