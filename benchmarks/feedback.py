"""What intervals and bounds of feedback logs are worth: simulated experiments with users who come back, vote seldom, and not at random."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.evidence.feedback.found import AIM, ALPHA, read_feedback
from seatrial.evidence.feedback.log import Asked
from seatrial.evidence.feedback.moments import Moments
from seatrial.evidence.feedback.sequence import looks, votes_by_day
from seatrial.evidence.feedback.signals import APPROVAL, GAP, signal_of
from seatrial.evidence.feedback.silence import silence_of

__all__ = ["WORLDS", "Daily", "Missed", "World", "missed", "missed_daily", "speed", "truth"]

Array = NDArray[np.float64]
NAMES = ("row", "up", "down", "vote", "benefit", "label")
DAYS = 28
DAY = 86_400
Z = 1.96
PART = 2_000_000
"""Rows that are written at once."""


@dataclass(frozen=True, slots=True)
class World:
    """How users behave.

    Attributes:
        name: In words.
        users: Users of both arms.
        taste: Spread of the users' tastes, in logits.
        heavy: Shape of how active users are; the smaller, the more a few of them do.
        conversations: Mean number of each user's.
        liked: Logit of a liked conversation.
        effect: What the candidate adds to it, in logits.
        votes: Share of liked and of disliked conversations with a vote, in the baseline.
        moved: The same in the candidate.
        tied: How much active users like more, in logits.
    """

    name: str
    users: int = 2_000
    taste: float = 1.0
    heavy: float = 1.0
    conversations: float = 20.0
    liked: float = 0.8
    effect: float = 0.0
    votes: tuple[float, float] = (0.04, 0.02)
    moved: tuple[float, float] = (0.04, 0.02)
    tied: float = 0.0


WORLDS = (
    World("users alike", taste=0.0, heavy=20.0),
    World("lasting tastes"),
    World("lasting tastes, an effect", effect=0.5),
    World("a few users vote most", heavy=0.15, votes=(0.2, 0.1), moved=(0.2, 0.1)),
    World("the active like more", heavy=0.5, tied=0.5, votes=(0.1, 0.05), moved=(0.1, 0.05)),
    World("nearly all thumbs are up", liked=3.0, votes=(0.1, 0.1), moved=(0.1, 0.1)),
    World("others vote in the candidate", effect=0.3, moved=(0.03, 0.05)),
    World("few users", users=300, votes=(0.05, 0.05), moved=(0.05, 0.05)),
)


@dataclass(frozen=True, slots=True)
class _Users:
    """Users: their arm, their number of conversations, and the chance that they like one."""

    arm: NDArray[np.intp]
    count: NDArray[np.intp]
    likes: Array


def _users(world: World, size: int, rng: np.random.Generator) -> _Users:
    arm = rng.integers(0, 2, size)
    active = rng.gamma(world.heavy, 1 / world.heavy, size)
    count = 1 + rng.poisson((world.conversations - 1) * active)
    logit = world.liked + world.taste * rng.normal(size=size) + world.effect * arm + world.tied * np.log1p(active)
    return _Users(arm, count, 1 / (1 + np.exp(-logit)))


def _chance(world: World, arm: NDArray[np.intp]) -> tuple[Array, Array]:
    rates = np.array([world.votes, world.moved])
    return rates[arm, 0], rates[arm, 1]


@cache
def truth(world: World) -> tuple[float, float]:
    """Return the true change in approval among votes, and over all conversations, from four million users."""
    made = _users(world, 4_000_000, np.random.default_rng(99))
    up, down = _chance(world, made.arm)
    levels = []
    for arm in (0, 1):
        here = made.arm == arm
        ups = (made.count * made.likes * up)[here].sum()
        downs = (made.count * (1 - made.likes) * down)[here].sum()
        levels.append((ups / (ups + downs), (made.count * made.likes)[here].sum() / made.count[here].sum()))
    return float(levels[1][0] - levels[0][0]), float(levels[1][1] - levels[0][1])


def _sums(world: World, rng: np.random.Generator) -> tuple[Moments, Moments]:
    """Return one simulated experiment as the sums over the users of each arm; benefit has nothing to do with taste."""
    made = _users(world, world.users, rng)
    up, down = _chance(world, made.arm)
    liked = rng.binomial(made.count, made.likes)
    ups, downs = rng.binomial(liked, up), rng.binomial(made.count - liked, down)
    labels = rng.binomial(made.count, 0.03)
    table = np.column_stack([made.count, ups, downs, ups + downs, rng.binomial(labels, 0.6), labels]).astype(float)
    first, second = (table[made.arm == arm] for arm in (0, 1))
    return (
        Moments(NAMES, len(first), first.sum(axis=0), first.T @ first),
        Moments(NAMES, len(second), second.sum(axis=0), second.T @ second),
    )


@dataclass(frozen=True, slots=True)
class Missed:
    """How often an interval missed the truth in so many simulated experiments; `blind` had too few votes for one."""

    world: str
    runs: int
    approval: int
    gap: int
    bounds: int
    blind: int


def missed(world: World, runs: int, seed: int = 0) -> Missed:
    """Return how often the interval of approval, that of the gap, and the bounds missed the truth."""
    rng = np.random.default_rng((seed, WORLDS.index(world)))
    voted, all_ = truth(world)
    approval = gap = bounds = blind = 0
    for _ in range(runs):
        arms = _sums(world, rng)
        found, wide = signal_of(arms, APPROVAL, ALPHA / 2), signal_of(arms, GAP, ALPHA / 2)
        if found is None or wide is None:
            blind += 1
            continue
        approval += not found.change.low <= voted <= found.change.high
        gap += not wide.change.low <= voted <= wide.change.high
        silence = silence_of(*arms, found.change, ALPHA / 2)
        bounds += silence is None or not silence.anything.low <= all_ <= silence.anything.high
    return Missed(world.name, runs, approval, gap, bounds, blind)


@dataclass(frozen=True, slots=True)
class Daily:
    """How often any daily look of four weeks missed the truth, in so many simulated experiments.

    Attributes:
        world: In words.
        runs: How many experiments.
        wrong: In how many any look of the sequence did.
        naive: In how many any daily look at the interval of one look did.
        reach: Mean reach of the sequence's last look, beside that of the interval of one look.
    """

    world: str
    runs: int
    wrong: int
    naive: int
    reach: float


def missed_daily(world: World, runs: int, seed: int = 1) -> Daily:
    """Return how often a daily look missed the truth."""
    rng = np.random.default_rng((seed, WORLDS.index(world)))
    voted, _ = truth(world)
    wrong = naive = 0
    reach = []
    for _ in range(runs):
        known = [one for one in looks(votes_by_day(_votes(world, rng)), ALPHA, AIM) if one.low == one.low]
        wrong += any(not one.low <= voted <= one.high for one in known)
        naive += any(abs(one.estimate - voted) > Z * one.se for one in known)
        if known:
            reach.append((known[-1].high - known[-1].low) / 2 / (Z * known[-1].se))
    return Daily(world.name, runs, wrong, naive, float(np.mean(reach)) if reach else float("nan"))


def _votes(world: World, rng: np.random.Generator) -> pl.DataFrame:
    """Return one experiment's votes; users come in over three weeks and come back for one."""
    made = _users(world, world.users, rng)
    user = np.repeat(np.arange(world.users), made.count)
    start = rng.uniform(0, 0.75 * DAYS, world.users)
    when = (start[user] + rng.exponential(0.25 * DAYS / 3, len(user))) * DAY
    likes = rng.random(len(user)) < made.likes[user]
    up, down = _chance(world, made.arm[user])
    voted = rng.random(len(user)) < np.where(likes, up, down)
    columns: dict[str, NDArray[Any]] = {
        "user": user,
        "arm": made.arm[user],
        "time": when.astype(np.int64),
        "up": likes.astype(np.uint8),
    }
    return pl.DataFrame({name: column[voted] for name, column in columns.items()})


# Speed.


def _parts(rows: int, rng: np.random.Generator) -> Iterator[pl.DataFrame]:
    """Yield a log in parts, in order of time; a user has 20 conversations, 2 % have a vote, 1 % a grade."""
    users = rows // 20
    for start in range(0, rows, PART):
        size = min(PART, rows - start)
        user, voted = rng.integers(0, users, size), rng.random(size)
        numbers = pl.DataFrame(
            {
                "user": user,
                "candidate": (user * 2_654_435_761 % 2**32) > 2**31,
                "conversation": np.arange(start, start + size),
                "time": 1_767_225_600 + (np.arange(start, start + size) * (DAYS * DAY / rows)).astype(np.int64),
                "case": rng.integers(0, 8, size),
                "voted": voted,
                "graded": rng.random(size),
            }
        )
        yield numbers.select(
            pl.format("user-{}", "user").alias("user"),
            pl.when("candidate").then(pl.lit("candidate")).otherwise(pl.lit("baseline")).alias("arm"),
            pl.format("conversation-{}", "conversation").alias("conversation"),
            pl.from_epoch("time").alias("time"),
            pl.when(pl.col("voted") < 0.016)
            .then(pl.lit("up"))
            .when(pl.col("voted") < 0.02)
            .then(pl.lit("down"))
            .alias("thumb"),
            pl.format("case {}", "case").alias("use_case"),
            pl.when(pl.col("graded") < 0.01).then(pl.col("graded") * 100).alias("benefit"),
        )


def _write(path: Path, rows: int) -> None:
    """Write a log of so many rows, one part in memory at a time."""
    folder = path.with_suffix("")
    folder.mkdir()
    for place, part in enumerate(_parts(rows, np.random.default_rng(0))):
        part.write_parquet(folder / f"{place:05d}.parquet")
    pl.scan_parquet(folder / "*.parquet").sink_parquet(path, maintain_order=True)
    for part_path in folder.iterdir():
        part_path.unlink()


def speed(rows: int) -> tuple[float, float]:
    """Return the seconds and the largest memory, in GB, that reading a log of so many rows takes in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        _write(path, rows)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.feedback", path], check=True, capture_output=True, text=True
        )
    seconds, memory = (float(word) for word in done.stdout.split())
    return seconds, memory


def _read(path: Path) -> None:
    start = time.perf_counter()
    read_feedback(path, Asked())
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


if __name__ == "__main__":
    _read(Path(sys.argv[1]))
