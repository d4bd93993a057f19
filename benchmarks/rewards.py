"""What the audit and the forecast of reward mixes are worth: speed, coverage, and forecasts beside fresh draws."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks import trained
from seatrial.evidence.rewards.forecast import best_of, point
from seatrial.evidence.rewards.forecast_check import Reached
from seatrial.evidence.rewards.table import RewardTable, table_of
from seatrial.stats.advantages import influence
from seatrial.stats.groups import Groups, ratio
from seatrial.stats.intervals import Estimate
from seatrial.stats.reweighting import expected, tilted

__all__ = [
    "MIXES",
    "WORLDS",
    "Agreement",
    "Cover",
    "agreement",
    "best_of_cover",
    "digits",
    "resampled",
    "speed",
    "support_cover",
]

Array = NDArray[np.float64]
SIGNALS, BEHAVIORS = 8, 12
MIXES: dict[str, dict[str, float]] = {
    "primary": {"primary": 1.0},
    "thumbs": {"thumbs": 1.0},
    "short": {"short": 1.0},
    "plain": {"plain": 1.0},
    "primary + ½ thumbs": {"primary": 1.0, "thumbs": 0.5},
    "primary + thumbs": {"primary": 1.0, "thumbs": 1.0},
    "primary + 2 thumbs": {"primary": 1.0, "thumbs": 2.0},
    "primary + 4 thumbs": {"primary": 1.0, "thumbs": 4.0},
    "primary + 8 thumbs": {"primary": 1.0, "thumbs": 8.0},
    "¼ primary + 4 thumbs": {"primary": 0.25, "thumbs": 4.0},
    "primary + short": {"primary": 1.0, "short": 1.0},
    "thumbs + short": {"thumbs": 1.0, "short": 1.0},
    "primary + 2 thumbs + short": {"primary": 1.0, "thumbs": 2.0, "short": 1.0},
    "against primary": {"primary": -1.0},
}
"""Written before the first run; two with one signal alone, a ladder of thumbs, and mixes with rules of form."""


# Speed and the formula.


def speed(completions: int) -> tuple[float, float]:
    """Return the seconds that reading and auditing a table takes, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        rng = np.random.default_rng(0)
        columns: dict[str, object] = {
            "prompt": np.repeat([f"p{place}" for place in range(completions // 8)], 8),
            "use_case": np.repeat(rng.choice(["work", "health", "home"], completions // 8), 8),
        }
        columns |= {f"reward/r{place}": rng.normal(size=completions) for place in range(SIGNALS)}
        columns |= {f"behavior/b{place}": rng.random(completions) for place in range(BEHAVIORS)}
        pl.DataFrame(columns).write_parquet(path)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.rewards", path], check=True, capture_output=True, text=True
        )
    read, audited = (float(word) for word in done.stdout.split())
    return read, audited


def _timed(path: Path) -> None:
    from seatrial.evidence.rewards.audit import audit
    from seatrial.evidence.rewards.table import read_table

    began = time.perf_counter()
    table = read_table(path)
    read = time.perf_counter()
    before = dict.fromkeys(table.signals[:-1], 1.0)
    audit(table, before, {**before, table.signals[-1]: 1.0}, 0.5)
    print(read - began, time.perf_counter() - read)


def digits(worlds: int) -> float:
    """Return the largest difference of the influence from finite differences, in shares of the largest influence."""
    worst = 0.0
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        rewards = rng.normal(size=(240, 3)) * [1.0, 0.3, 4.0]
        behaviors = rewards @ rng.normal(size=(3, 2)) + rng.normal(size=(240, 2))
        groups, beta = Groups.of(np.repeat(np.arange(30), 8)), float(rng.uniform(0.05, 3.0))
        exact = influence(behaviors, rewards, groups, beta).mean(axis=0) * 7 / 8
        step = 1e-4 * beta
        for signal in range(3):
            moved = [
                expected(behaviors, tilted(sign * step / beta * rewards[:, signal], groups), groups).mean(axis=0)
                for sign in (1, -1)
            ]
            found = (moved[0] - moved[1]) / (2 * step)
            worst = max(worst, float(np.abs(found - exact[:, signal]).max() / np.abs(exact).max()))
    return worst


# Coverage in worlds whose truth is known by very many draws.


def _normal(rng: np.random.Generator, prompts: int, draws: int) -> tuple[Array, Array]:
    level = rng.normal(size=(prompts, 1))
    reward = rng.normal(size=(prompts, draws))
    return reward, 0.4 * reward + level + 0.9 * rng.normal(size=(prompts, draws))


def _skewed(rng: np.random.Generator, prompts: int, draws: int) -> tuple[Array, Array]:
    reward = 4.0 * rng.beta(1, 4, size=(prompts, draws))
    return reward, np.exp(0.4 * reward + 0.3 * rng.normal(size=(prompts, draws)))


def _unbounded(rng: np.random.Generator, prompts: int, draws: int) -> tuple[Array, Array]:
    """Rewards with an exponential tail: at beta 2 the weights' variance is infinite, at beta 1 there is no optimum."""
    reward = rng.exponential(size=(prompts, draws)) - 1.0
    return reward, np.exp(0.4 * reward + 0.3 * rng.normal(size=(prompts, draws)))


def _binary(rng: np.random.Generator, prompts: int, draws: int) -> tuple[Array, Array]:
    rate = rng.beta(2, 6, size=(prompts, 1))
    flag = (rng.random((prompts, draws)) < rate).astype(float)
    return 1.5 * flag + 0.5 * rng.normal(size=(prompts, draws)), flag


def _mixed(rng: np.random.Generator, prompts: int, draws: int) -> tuple[Array, Array]:
    """Prompts that differ in how wide their rewards spread, some without any spread at all."""
    width = rng.choice([0.0, 0.5, 2.0], size=(prompts, 1))
    reward = width * rng.normal(size=(prompts, draws))
    return reward, np.tanh(reward) + 0.5 * rng.standard_t(5, size=(prompts, draws))


def _votes(rng: np.random.Generator, prompts: int, draws: int) -> tuple[Array, Array]:
    """Few levels, many ties: shares of simulated votes."""
    liking = rng.normal(size=(prompts, draws))
    up = rng.binomial(6, 1 / (1 + np.exp(-liking)))
    return 3.0 * (up + 1) / 8, liking


WORLDS: dict[str, Callable[[np.random.Generator, int, int], tuple[Array, Array]]] = {
    "normal": _normal,
    "skewed": _skewed,
    "unbounded tail": _unbounded,
    "binary": _binary,
    "uneven prompts": _mixed,
    "votes with ties": _votes,
}


@dataclass(frozen=True, slots=True)
class Cover:
    """How often intervals of 95 % held the truth: `held` of `said`, and how often nothing was said."""

    world: str
    held: int
    said: int
    refused: int


def _table(reward: Array, behavior: Array) -> RewardTable:
    prompts, draws = reward.shape
    names = np.repeat([f"p{place:04}" for place in range(prompts)], draws)
    return table_of(
        pl.DataFrame({"prompt": names, "reward/r": reward.ravel(), "behavior/b": behavior.ravel()}), "world"
    )


def best_of_cover(world: str, n: int, runs: int) -> Cover:
    """Return how often the interval of a best-of-n forecast from 16 draws of 60 prompts holds real best-of-n."""
    make = WORLDS[world]
    reward, behavior = make(np.random.default_rng(1), 200_000, n)
    best = behavior[np.arange(len(reward)), reward.argmax(axis=1)]
    truth = float(best.mean() - behavior.mean())
    held = 0
    for seed in range(runs):
        said = best_of(_table(*make(np.random.default_rng([2, seed]), 60, 16)), {"r": 1.0}, n).shifts["b"]
        held += said.low <= truth <= said.high
    return Cover(f"{world}, best of {n}", held, runs, 0)


def support_cover(world: str, draws: int, beta: float, runs: int) -> Cover:
    """Return how often a forecast that was not refused holds the optimum's shift, and how often it was refused."""
    make = WORLDS[world]
    reward, behavior = make(np.random.default_rng(1), 4000, 2000)
    scaled = reward / beta
    share = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    truth = float((share * behavior).sum(axis=1).mean() - behavior.mean())
    held = said = 0
    for seed in range(runs):
        made = point(_table(*make(np.random.default_rng([3, seed]), 60, draws)), {"r": 1.0}, beta)
        if made.supported:
            said += 1
            held += made.shifts["b"].low <= truth <= made.shifts["b"].high
    return Cover(f"{world}, {draws} draws, beta {beta:g}", held, said, runs - said)


# Forecasts beside fresh draws of a real model.


def resampled(frame: pl.DataFrame, beta: float) -> tuple[list[Reached], list[Reached]]:
    """Return forecasts from half of the draws beside best-of-4 of the other half, by best-of-4 and by the optimum.

    Args:
        frame: Completions of a real model, scored.
        beta: Strength of the KL penalty of the optimum.
    """
    known, fresh = (table_of(half, "half") for half in trained.halves(frame))
    exact, optimum = [], []
    for name, mix in MIXES.items():
        by_best, by_tilt = best_of(known, mix, 4).shifts, point(known, mix, beta).shifts
        for behavior, shift in _chosen(fresh, mix).items():
            exact.append(Reached(name, behavior, by_best[behavior], shift))
            optimum.append(Reached(name, behavior, by_tilt[behavior], shift))
    return exact, optimum


def _chosen(table: RewardTable, mix: dict[str, float]) -> dict[str, Estimate]:
    """Return the change of each behavior from all completions to the best of each four in a row, really chosen."""
    mixed = table.rewards @ table.weights(mix)
    starts = [
        range(start, start + size - 3, 4) for start, size in zip(table.groups.starts, table.groups.sizes, strict=True)
    ]
    picked = [np.array([start + int(mixed[start : start + 4].argmax()) for start in row]) for row in starts]
    found = {}
    for place, behavior in enumerate(table.behaviors):
        read = table.read[:, place]
        change = np.array([read[rows].mean() for rows in picked]) - table.groups.mean(table.read)[:, place]
        kept = ~np.isnan(change)
        made = ratio(change[kept], np.ones(int(kept.sum())), table.clusters[kept], 0.025)
        found[behavior] = Estimate(float(made.estimate), float(made.low), float(made.high))
    return found


@dataclass(frozen=True, slots=True)
class Agreement:
    """How forecasts did.

    Attributes:
        shifts: All of them.
        counted: Those whose reached shift exceeds its noise.
        right: Those of `counted` whose sign was forecast.
        met: Those of all whose forecast and reached lie no further apart than both intervals together allow.
        rank: Rank correlation of forecast and reached over all shifts.
        within: The mean of that over behaviors, each over the mixes alone.
    """

    shifts: int
    counted: int
    right: int
    met: int
    rank: float
    within: float


def agreement(found: Sequence[Reached]) -> Agreement:
    """Return how forecasts did."""
    counted = [one for one in found if one.counts]
    inside = [
        _rank(own)
        for behavior in {one.behavior for one in found}
        if len(own := [one for one in found if one.behavior == behavior]) > 2
    ]
    within = float(np.nanmean(inside)) if inside else float("nan")
    right, met = sum(one.agrees for one in counted), sum(_meets(one) for one in found)
    return Agreement(len(found), len(counted), right, met, _rank(found), within)


def _meets(one: Reached) -> bool:
    halves = [(made.high - made.low) / 2 for made in (one.forecast, one.reached)]
    return abs(one.forecast.value - one.reached.value) <= math.hypot(*halves)


def _rank(found: Sequence[Reached]) -> float:
    """Return the rank correlation of forecast and reached; NaN where either is always the same."""
    sides = [one.forecast.value for one in found], [one.reached.value for one in found]
    return float(spearmanr(*sides).statistic) if all(len(set(side)) > 1 for side in sides) else float("nan")


if __name__ == "__main__":
    _timed(Path(sys.argv[1]))
