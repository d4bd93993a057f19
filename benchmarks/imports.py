"""How long recorded runs take: a million rows of a table, a log of ten thousand samples, two logs to a verdict.

Logs are written by Inspect itself, from a solver that answers without a model. Each reading is a command of its own, in a
process of its own, from its start to its end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["Taken", "compared", "logs", "tables"]

WORDS, RIGHT = 120, 0.7
"""Words of a simulated answer, and the share of answers that are right."""
TASK = """
import random
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.scorer import includes
from inspect_ai.solver import solver

SAMPLES, SHARE, FOLDER = {samples}, {right}, {folder!r}
answers = random.Random({seed})


@solver
def answered():
    async def solve(state, generate):
        said = " ".join(answers.choice(("river", "stone", "light", "winter", "paper")) for _ in range({words}))
        state.output.completion = said + (" yes" if answers.random() < SHARE else " no")
        return state

    return solve


samples = [Sample(input=f"Question {{n}}: is {{n}} meant?", target="yes", id=f"q{{n}}") for n in range(SAMPLES)]
made = Task(dataset=samples, solver=answered(), scorer=includes(), name="simulated")
eval(made, model="mockllm/model", log_dir=FOLDER, display="none", max_samples=200)
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a command took.

    Attributes:
        what: What it read.
        seconds: From its start to its end, in the median of its runs.
        megabytes: Its largest memory.
        file: Size of what it read, MB.
    """

    what: str
    seconds: float
    megabytes: float
    file: float


def _logs(place: str, samples: int) -> list[Path]:
    """Have Inspect write two logs of so many samples each."""
    folders = [Path(place) / role for role in ("now", "next")]
    for seed, folder in enumerate(folders):
        text = TASK.format(samples=samples, right=RIGHT, folder=str(folder), seed=seed, words=WORDS)
        subprocess.run([sys.executable, "-c", text], check=True, capture_output=True)
    return [path for folder in folders for path in folder.glob("*.eval")]


def _seatrial(*words: str | Path, codes: tuple[int, ...] = (0,)) -> tuple[float, float]:
    """Return seconds and the largest memory, MB, of one command.

    Raises:
        SystemExit: it ended in another way than it should.
    """
    command = [sys.executable, "-m", "seatrial", *map(str, words)]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert child.stdout is not None
    said = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in codes:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{said}")
    return time.perf_counter() - began, used.ru_maxrss / 1024


def _megabytes(*paths: Path) -> float:
    return sum(path.stat().st_size for path in paths) / 2**20


def _table(path: Path, rows: int) -> None:
    """Write a table of scores, one model a file, as CSV or as JSONL."""
    import numpy as np

    values = np.random.default_rng(rows).random(rows).round(4)
    with path.open("w", encoding="utf-8") as file:
        if path.suffix == ".csv":
            file.write("item,cluster,quality\n")
            file.writelines(f"q{n},c{n // 5},{value}\n" for n, value in enumerate(values))
        else:
            file.writelines(
                json.dumps({"item": f"q{n}", "cluster": f"c{n // 5}", "quality": value}) + "\n"
                for n, value in enumerate(values.tolist())
            )


def tables(rows: int) -> list[Taken]:
    """Return what it takes to write so many rows, half of either model, as observations, by format."""
    found = []
    for ending in ("csv", "jsonl"):
        with tempfile.TemporaryDirectory() as place:
            both = [Path(place) / f"{role}.{ending}" for role in ("now", "next")]
            for path in both:
                _table(path, rows // 2)
            score = ("--lower-is-better", "quality", "--score", "quality")
            took = _seatrial("import", *both, *score, "--out", Path(place) / "out.parquet")
            found.append(Taken(f"{rows:,} rows of {ending.upper()}, as observations", *took, _megabytes(*both)))
    return found


def logs(samples: int) -> Taken:
    """Return what it takes to write two logs of Inspect, of so many samples each, as observations."""
    with tempfile.TemporaryDirectory() as place:
        both = _logs(place, samples)
        took = _seatrial("import", *both, "--higher-is-better", "includes", "--out", Path(place) / "out.parquet")
        return Taken(f"two logs of Inspect of {samples:,} samples, as observations", *took, _megabytes(*both))


def compared(samples: int, times: int) -> Taken:
    """Return what `compare` takes for two logs of Inspect of so many samples each, from its start to its verdict."""
    with tempfile.TemporaryDirectory() as place:
        both = _logs(place, samples)
        took = [_seatrial("compare", *both, "--higher-is-better", "includes", codes=(0, 1, 3)) for _ in range(times)]
        seconds, megabytes = median(one for one, _ in took), max(one for _, one in took)
        return Taken(
            f"two logs of Inspect of {samples:,} samples, to the verdict", seconds, megabytes, _megabytes(*both)
        )
