"""How long weighing takes: 10 million observations of 20 signals, from Parquet on disk to judged gates."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.page import pool

__all__ = ["Look", "Throughput", "looks", "planned_mde", "reading", "run"]

SIGNALS = 20


@dataclass(frozen=True, slots=True)
class Throughput:
    """Seconds and peak memory (MB, of the process that weighs) for so many observations."""

    observations: int
    seconds: float
    megabytes: float


def _write(path: Path, observations: int) -> None:
    import numpy as np
    import polars as pl

    per_signal = observations // SIGNALS
    items = per_signal // 2
    rng = np.random.default_rng(0)
    frames = []
    for number in range(SIGNALS):
        index = np.tile(np.arange(items), 2)
        frames.append(
            pl.DataFrame({"index": index, "value": rng.random(2 * items)}).select(
                pl.lit(f"behavior/s{number}").alias("signal"),
                pl.Series("role", np.repeat(["baseline", "candidate"], items)),
                pl.format("i{}", "index").alias("item"),
                pl.format("c{}", pl.col("index") // 5).alias("cluster"),
                pl.lit(0, dtype=pl.Int64).alias("draw"),
                "value",
                pl.lit(1.0).alias("weight"),
                pl.lit("general").alias("use_case"),
                pl.lit("").alias("rater"),
                pl.lit("bench").alias("source"),
                pl.lit(0.0).alias("at"),
            )
        )
    pl.concat(frames).write_parquet(path)


def _weigh(path: Path) -> None:
    """Weigh the file and print seconds and peak memory."""
    from seatrial.gates.plan import plan_gates
    from seatrial.observations import read_observations
    from seatrial.policy import parse_policy
    from seatrial.review.rounds import Rounds

    gates = "\n".join(f"  - {{signal: behavior/s{n}, margin: 0.05}}" for n in range(SIGNALS))
    policy = parse_policy(f"name: t\nbaseline: {{model: scores/a}}\ncandidate: {{model: scores/b}}\ngates:\n{gates}\n")
    began = time.perf_counter()
    frame = read_observations(path)
    rounds = Rounds(policy, plan_gates(policy, {}, frame, {}), frame)
    rounds.weigh()
    rounds.finish()
    seconds = time.perf_counter() - began
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run(observations: int) -> Throughput:
    """Return what weighing takes, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "observations.parquet"
        subprocess.run([sys.executable, "-m", "benchmarks.throughput", "write", path, str(observations)], check=True)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.throughput", "weigh", path], check=True, capture_output=True, text=True
        )
    seconds, megabytes = (float(word) for word in done.stdout.split())
    return Throughput(observations, seconds, megabytes)


@dataclass(frozen=True, slots=True)
class Look:
    """Seconds that a look at one live claim takes: kept up, after an earlier number changed, all anew each time."""

    clusters: int
    kept_up: float
    changed: float
    anew: float


def looks(runs: int) -> list[Look]:
    """Return the mean time of a look at so many clusters, a fifth of them new, by number of clusters."""
    import numpy as np

    from seatrial.gates.schedule import looks as ends
    from seatrial.stats import betting
    from seatrial.stats.running_bound import RunningBound

    found = []
    sides: tuple[betting.Side, betting.Side] = ("less", "greater")
    for clusters in (500, 2_000, 8_000):
        spent = np.zeros(3)
        for seed in range(runs):
            x = np.random.default_rng(seed).choice([-1.0, 0.0, 1.0], clusters, p=[0.1, 0.8, 0.1])
            both = [RunningBound(-1, 1, side, 0.05, 0.05, aim=0.05) for side in sides]
            before = [end + 1 for end in ends(clusters) if end + 1 <= 0.8 * clusters]
            for known in (*before, clusters * 4 // 5):
                for one in both:
                    one.take(x[:known])
            began = time.perf_counter()
            for one in both:
                one.take(x)
            kept_up = time.perf_counter()
            x[0] = -x[0] if x[0] else 1.0
            for one in both:
                one.take(x)
            changed = time.perf_counter()
            for side in sides:
                betting.log_wealth_against(x, 0.05, -1, 1, side, aim=0.05)
            betting.confidence_bound_at_end(x, -1, 1, 0.05, aim=0.05)
            spent += np.diff([began, kept_up, changed, time.perf_counter()])
        found.append(Look(clusters, *(spent / runs).tolist()))
    return found


def planned_mde(clusters: int) -> float:
    """Return the seconds that the MDE of a live gate planned for so many clusters takes."""
    import numpy as np

    from seatrial.stats.power import mde_betting

    rng = np.random.default_rng(0)
    seen = rng.choice([-1.0, 0.0, 1.0], 400, p=[0.1, 0.8, 0.1])
    began = time.perf_counter()
    mde_betting(seen, -1, 1, 0.05, 0.9, rng, n=clusters, aim=0.05)
    return time.perf_counter() - began


LONG = 700
"""Letters of a long answer."""


def reading(answers: int) -> list[tuple[str, float, float]]:
    """Return how many answers a second each text instrument reads: as graded, by one process; long ones, by two."""
    from seatrial.instruments import instruments

    names = [name for name in instruments() if name.startswith(("text/", "linear/"))]
    with pool(2) as both:
        return [
            (name, _rate(name, answers, 0), sum(both.map(_rate, [name] * 2, [answers] * 2, [LONG] * 2)))
            for name in names
        ]


def _rate(name: str, answers: int, letters: int) -> float:
    """Return how many graded answers a second an instrument reads, joined until each has so many letters."""
    from seatrial.instruments import find_instrument
    from seatrial.instruments.base import read_many
    from seatrial.types import Item, Message, Response

    texts = _graded(letters)
    item, instrument = Item("i", "s", (Message("user", "?"),)), find_instrument(name)
    responses = [Response("i", "s", 0, texts[number % len(texts)]) for number in range(answers)]
    items = [item] * answers
    read_many(instrument, items[:256], responses[:256])
    began = time.perf_counter()
    read_many(instrument, items, responses)
    return answers / (time.perf_counter() - began)


@cache
def _graded(letters: int) -> list[str]:
    from seatrial.calibration.training import graded_answers
    from seatrial.instruments.linear import BEHAVIORS

    made: list[str] = []
    for text in (text for behavior in BEHAVIORS for text, _, _ in graded_answers(behavior)):
        if made and len(made[-1]) < letters:
            made[-1] += "\n\n" + text
        else:
            made.append(text)
    return made


if __name__ == "__main__":
    if sys.argv[1] == "write":
        _write(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        _weigh(Path(sys.argv[2]))
