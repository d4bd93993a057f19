"""Simulated histories of releases: do the intervals of a backtest hold what they are about, and how long does it take."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import numpy as np
import polars as pl
from numpy.typing import NDArray

import seatrial
from benchmarks import page
from seatrial.backtest.past import Fate, PastRelease
from seatrial.backtest.reweigh import Reweighed
from seatrial.backtest.summary import Delay, Judged, Reading, gate_records, summarized
from seatrial.backtest.worth import worths
from seatrial.ledger import Entry, Ledger, chain, ledger_in
from seatrial.ledger.entries import GENESIS, canonical, place
from seatrial.observations import from_frame, write_observations
from seatrial.policy import Gate, LaunchPolicy
from seatrial.review.launch_steps import advisory_breaches, released, report_incident
from seatrial.stats.distributions import norm_cdf
from seatrial.stats.intervals import Estimate
from seatrial.types import Evidence, GateVerdict

__all__ = ["WORLDS", "Covered", "World", "backtest_seconds", "covered", "verify_seconds"]

GATES = 4
PART = 25
"""Histories that one process simulates at a time."""
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class World:
    """How releases, gates and incidents hang together in a simulated history.

    Attributes:
        name: In words.
        rates: Log odds of a gate standing in the way of releases with an incident and of clean ones, mean and standard
            deviation over gates of each; None where they are drawn as the prior has them.
        together: How much of what makes a gate stand in the way all gates share in one release, 0 to 1.
        gap: Mean and standard deviation, over signals, of how far incident releases lie from clean ones; None as the
            prior.
        tails: How changes are spread: `normal`, `heavy` (Student's t, 2 degrees of freedom), `skewed` (log-normal), or
            `wider`: incident releases three times as spread as clean ones.
        releases: Least and most releases of a history.
    """

    name: str
    rates: tuple[tuple[float, float], tuple[float, float]] | None = None
    together: float = 0.0
    gap: tuple[float, float] | None = None
    tails: Literal["normal", "heavy", "skewed", "wider"] = "normal"
    releases: tuple[int, int] = (6, 60)


WORLDS = (
    World("as the prior has it"),
    World("good gates, one like another", ((1.5, 0.3), (-2.5, 0.3)), gap=(1.5, 0.3)),
    World("gates worth nothing", ((-1.0, 0.5), (-1.0, 0.5)), gap=(0.0, 0.1)),
    World("three gates worth nothing, one good", ((-2.0, 2.5), (-2.5, 0.5)), gap=(0.3, 1.0)),
    World("gates that fail together", together=0.8),
    World("changes with heavy tails", tails="heavy"),
    World("skewed changes", tails="skewed"),
    World("incidents three times as spread", tails="wider"),
    World("ten releases at most", releases=(4, 10)),
)


@dataclass(frozen=True, slots=True)
class Covered:
    """How often intervals held what they are about: of a policy's shares and their difference, of gates, of signals.

    Attributes:
        histories: Histories.
        policy: Intervals of a policy's shares that held it, and all.
        apart: The same of their difference.
        gates: The same of gates' shares.
        signals: The same of signals' areas.
        wrong: Histories in which one of the two words that are no `too few to tell` was said, and how often wrongly.
    """

    histories: int
    policy: tuple[int, int]
    apart: tuple[int, int]
    gates: tuple[int, int]
    signals: tuple[int, int]
    wrong: tuple[int, int]


def covered(quick: bool) -> Iterator[tuple[World, Covered]]:
    """Yield each world with how often the intervals of its histories hold the truth."""
    count = 50 if quick else 1000
    with page.pool() as pool:
        futures = [
            (world, [pool.submit(_part, number, first) for first in range(0, count, PART)])
            for number, world in enumerate(WORLDS)
        ]
        for world, parts in futures:
            found = [one.result() for one in parts]
            page.say(f"history, {world.name}")
            yield world, Covered(*(_added([getattr(one, name) for one in found]) for name in Covered.__slots__))  # type: ignore[arg-type]


def _added(found: list[int] | list[tuple[int, int]]) -> int | tuple[int, int]:
    sums = np.array(found).sum(axis=0)
    return int(sums) if sums.ndim == 0 else (int(sums[0]), int(sums[1]))


def _part(number: int, first: int) -> Covered:
    """Return how the intervals of some histories of a world did."""
    held: dict[str, list[bool]] = {name: [] for name in ("policy", "apart", "gates", "signals", "wrong")}
    for history in range(first, first + PART):
        _history(WORLDS[number], np.random.default_rng([2025, number, history]), held)
    counts = {name: (sum(rows), len(rows)) for name, rows in held.items()}
    return Covered(PART, **counts)


def _history(world: World, rng: np.random.Generator, held: dict[str, list[bool]]) -> None:
    """Simulate one history, and note which intervals hold."""
    size = int(rng.integers(world.releases[0], world.releases[1] + 1))
    bad = rng.random(size) < rng.uniform(0.1, 0.4)
    rates = 1 / (1 + np.exp(-_rates(world, rng)))  # gates × (incident, clean)
    gaps = _gaps(world, rng)
    stands = _stands(world, rates, bad, rng)
    moved = _changes(world, gaps, bad, rng)
    names = [f"signal/{number}" for number in range(GATES)]
    judged = [_judged(number, bool(bad[number]), names, stands[:, number], moved[:, number]) for number in range(size)]
    # What a policy keeps back is what its first gate does: its shares are then known.
    summary = summarized(judged, Delay())
    for share, truth in ((summary.incidents, rates[0, 0]), (summary.good, rates[0, 1])):
        held["policy"].append(_holds(share.share, truth))
    truly = rates[0, 0] - rates[0, 1]
    held["apart"].append(_holds(summary.apart, truly))
    if summary.told != "too few to tell":
        held["wrong"].append(bool(truly > 0) != (summary.told == "tells them apart"))
    for one, truth in zip(gate_records([Gate(signal=name, margin=0.1) for name in names], judged), rates, strict=True):
        held["gates"] += [_holds(one.catches, truth[0]), _holds(one.delays, truth[1])]
    found = {one.signal: one for one in worths(judged)}
    areas = [_area(world, gap) for gap in gaps]
    held["signals"] += [_holds(found[name].of_any.area, area) for name, area in zip(names, areas, strict=True)]


def _holds(made: Estimate, truth: float) -> bool:
    return bool(made.low <= truth <= made.high)


def _rates(world: World, rng: np.random.Generator) -> Array:
    if world.rates is None:
        mean, spread = rng.normal(0.0, 1.5, 2), np.abs(rng.normal(0.0, 1.0, 2))
    else:
        mean, spread = np.array(world.rates).T
    return rng.normal(mean, spread, (GATES, 2))


def _gaps(world: World, rng: np.random.Generator) -> Array:
    mean, spread = world.gap or (rng.normal(0.0, 1.0), abs(rng.normal(0.0, 1.0)))
    return rng.normal(mean, spread, GATES)


def _stands(world: World, rates: Array, bad: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return whether each gate stands in the way of each release, shape (gates, releases)."""
    shared, own = rng.normal(size=len(bad)), rng.normal(size=(GATES, len(bad)))
    luck = norm_cdf(np.sqrt(world.together) * shared + np.sqrt(1 - world.together) * own)
    found: NDArray[np.bool_] = luck < np.where(bad, rates[:, :1], rates[:, 1:])
    return found


def _drawn(world: World, rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    drawn: Array = rng.standard_t(2, shape) if world.tails == "heavy" else rng.normal(size=shape)
    return drawn


def _changes(world: World, gaps: Array, bad: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """Return each signal's change in each release, shape (signals, releases)."""
    drawn = _drawn(world, rng, (GATES, len(bad)))
    if world.tails == "wider":
        drawn = np.where(bad, 3 * drawn, drawn)
    moved: Array = drawn + np.where(bad, gaps[:, None], 0.0)
    return np.exp(moved) if world.tails == "skewed" else moved


def _area(world: World, gap: float) -> float:
    """Return the chance that an incident release shows more change than a clean one, by definition or by simulation."""
    if world.tails == "heavy":
        rng = np.random.default_rng(7)
        return float((rng.standard_t(2, 200_000) - rng.standard_t(2, 200_000) + gap > 0).mean())
    return float(norm_cdf(gap / np.sqrt(10.0 if world.tails == "wider" else 2.0)))


def _judged(number: int, bad: bool, names: list[str], stands: NDArray[np.bool_], moved: Array) -> Judged:
    fate: Fate = "incident" if bad else "clean"
    day = date(2025, 1, 1) + timedelta(days=7 * number)
    release = PastRelease(str(number), "", "", "sign-off", day, (), None, fate)
    verdicts = tuple(
        GateVerdict(name, "fail" if stood else "pass", True, 0.1, Evidence(), "")
        for name, stood in zip(names, stands, strict=True)
    )
    made: Literal["block", "launch"] = "block" if stands[0] else "launch"
    readings = {name: Reading(float(change), 1.0) for name, change in zip(names, moved, strict=True)}
    return Judged(release, "launch", Reweighed(made, (made,), "", verdicts, {}), readings)


class _Clock(datetime):
    """The clock by which the ledger dates its entries."""

    at = date(2020, 1, 1)

    @classmethod
    def now(cls, tz: object = None) -> _Clock:
        """Return noon of the simulated day."""
        return cls(cls.at.year, cls.at.month, cls.at.day, 12, tzinfo=UTC)


def backtest_seconds(quick: bool) -> tuple[int, float]:
    """Return how many releases a ledger of real reviews holds, and the seconds of a backtest of it, as a command."""
    count = 10 if quick else 200
    gates = [
        Gate(signal="behavior/one", margin=0.1),
        Gate(signal="behavior/two", margin=0.1),
        Gate(signal="vibe/off", margin=0.1, advisory="experts are heard only"),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with patch.object(chain, "datetime", _Clock):
            for number in range(count):
                _release(folder, number, gates)
        blocking = LaunchPolicy(name="blocks", alpha=0.01, gates=[*gates[:2], Gate(signal="vibe/off", margin=0.05)])
        (folder / "policy.yaml").write_text(blocking.to_yaml(), encoding="utf-8")
        words = ["ledger", "backtest", str(folder / "policy.yaml"), "--ledger", str(folder / "reviews" / "ledger.db")]
        seconds, said = _timed([*words, "--json"])
        assert len(json.loads(said)["releases"]) == count
        return count, seconds


def _release(folder: Path, number: int, gates: list[Gate]) -> None:
    """Review and release one candidate, on 300 questions of each signal; every fifth does harm."""
    rng = np.random.default_rng([2025, number])
    bad = number % 5 == 4
    rows = []
    for signal, rise in (("behavior/one", 0.0), ("behavior/two", 0.03 * bad), ("vibe/off", 0.3 * bad)):
        before = rng.random(300) < 0.15
        after = np.where(rng.random(300) < 0.1, rng.random(300) < 0.15, before) | (rng.random(300) < rise)
        for role, values in (("baseline", before), ("candidate", after)):
            rows.append(
                pl.DataFrame({"item": np.arange(300).astype(str), "value": values.astype(float)}).with_columns(
                    pl.lit(signal).alias("signal"), pl.lit(role).alias("role")
                )
            )
    _Clock.at = date(2020, 1, 1) + timedelta(days=7 * number)
    table, place_ = folder / f"{number}.parquet", folder / "reviews" / str(number)
    write_observations(from_frame(pl.concat(rows), None), table)
    made = seatrial.review(
        LaunchPolicy(name="history", gates=gates, evidence=[table]), folder=place_, author="b", progress=False
    )
    seen = [one.signal for one in advisory_breaches(made.result)]
    released(place_, str(number), "b", "simulated, whatever was decided", _Clock.at, seen)
    if bad:
        report_incident(ledger_in(folder / "reviews"), str(number), "behavior/two", "simulated harm", "b")


def verify_seconds(quick: bool) -> tuple[int, float]:
    """Return how many entries a ledger holds, and the seconds of `seatrial ledger verify`, the median of five."""
    count = 500 if quick else 10_000
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ledger.jsonl"
        entries = _chain(count - 1)
        lines = [canonical({**one.content(), "hash": one.hash}) for one in entries]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        path.with_suffix(".head").write_text(f"{place(entries[-1])}\n", encoding="utf-8")
        ledger = Ledger(path.with_suffix(".db"))
        ledger.append("waiver", "b", {"reason": "the last of them, which takes the others over"})
        path.unlink()
        path.with_suffix(".head").unlink()
        found = [_timed(["ledger", "verify", "--ledger", str(path.with_suffix(".db"))]) for _ in range(5)]
        assert all(f"{count} entries, chain intact" in said for _, said in found)
        return count, float(np.median([seconds for seconds, _ in found]))


def _chain(count: int) -> list[Entry]:
    """Return entries of about the size of a decision, chained by hashes."""
    made: list[Entry] = []
    verdicts = {f"behavior/suite-{number}": "pass" for number in range(20)}
    for number in range(1, count + 1):
        body = {"review": f"{number:064x}", "folder": f"r{number}", "decision": "launch", "verdicts": verdicts}
        at = (datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=number)).isoformat(timespec="seconds")
        draft = Entry(number, at, "decision", "b", body, made[-1].hash if made else GENESIS, "")
        made.append(Entry(number, at, "decision", "b", body, draft.previous, draft.recomputed()))
    return made


def _timed(words: list[str]) -> tuple[float, str]:
    """Return the seconds that a command takes in a process of its own, and what it says."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "seatrial", *words], capture_output=True, text=True, check=True)
    return time.perf_counter() - began, done.stdout
