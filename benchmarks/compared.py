"""How often `seatrial compare` is wrong, from two files to the verdict: runs whose true change is known."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np

import seatrial
from benchmarks import kept
from benchmarks.worlds.cell import Array, Cell, Measured, Tally, measure
from benchmarks.worlds.kept import read
from seatrial.policy import RunsSpec
from seatrial.review.compared import compare
from seatrial.runs.pairing import Declared

__all__ = ["World", "cells", "measured", "simulate"]

STAGES, QUICK = (400, 1_200), 3
"""Comparisons of a cell at each truth: more where so many do not tell; and in the small form."""
RIGHT = 0.7
"""Mean chance of a right answer."""
KEPT = 0.8
"""Share of the answers that the candidate gives as the baseline did, unless they got worse."""
DEGREES = 4
"""A graded score is one of 1 to 5."""
READ = ("formats", "gates", "observations.py", "policy", "review", "runs", "stats", "types.py")
Kind = Literal["0/1", "0/1, most answers kept", "graded"]
Form = Literal["CSV", "Inspect"]


@dataclass(frozen=True, slots=True)
class World:
    """Two runs of one evaluation.

    Attributes:
        kind: What a score is: 0 or 1, the same with most answers of the candidate the baseline's unless they got
            worse, or a degree from 1 to 5.
        items: Items.
        margin: Rise in harm to tolerate, a share of the scale.
        epochs: Answers to an item.
        size: Items of a cluster; a cluster gets worse as a whole or not at all.
        loses: Side that loses three in ten of its wrong answers, or neither.
        scores: Scores in one file, whose items are as hard in one as in the other.
        broken: How many of them get worse.
        form: What the files are.
    """

    kind: Kind
    items: int
    margin: float
    epochs: int = 1
    size: int = 1
    loses: Literal["", "baseline", "candidate"] = ""
    scores: int = 1
    broken: int = 1
    form: Form = "CSV"


Values = dict[str, Array]
"""Score → values, shape (items, epochs); NaN where a row is lost."""


def _drawn(world: World, rise: float, rng: np.random.Generator) -> tuple[Values, Values]:
    """Return both sides' scores; the true rise of harm in each broken score is `rise` margins.

    A right answer has the chance p, of mean `RIGHT`, and in the candidate p · (1 - s), where s is 0 in one half of the
    clusters and in the other half twice what makes the mean fall by the margin.
    """
    clusters = world.items // world.size
    shape = (world.items, world.epochs)
    p = np.repeat(rng.beta(7 * RIGHT, 7 * (1 - RIGHT), clusters), world.size)
    falls = np.repeat(rng.random(clusters) < 0.5, world.size) * 2 * rise * world.margin / RIGHT
    sides: tuple[Values, Values] = ({}, {})
    for score in range(world.scores):
        lower = p * (1 - falls * (score < world.broken))
        if world.kind == "graded":
            before, after = (
                1.0 + rng.binomial(DEGREES, np.broadcast_to(one[:, None], shape)).astype(float) for one in (p, lower)
            )
        else:
            before = (rng.random(shape) < p[:, None]).astype(float)
            stays = rng.random(shape) < (lower / p)[:, None]
            after = (rng.random(shape) < lower[:, None]).astype(float)
            if "kept" in world.kind:
                after = np.where(rng.random(shape) < KEPT, before * stays, after)
        for role, side, values in zip(("baseline", "candidate"), sides, (before, after), strict=True):
            wrong = values < (3 if world.kind == "graded" else 1)
            gone = (rng.random(shape) < 0.3) & wrong & (world.loses == role)
            side[f"quality-{score}"] = np.where(gone, np.nan, values)
    return sides


def _cluster(world: World, item: int) -> str:
    return f"g{item // world.size}"


def _csv(path: Path, world: World, values: Values) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("item", "epoch", "cluster", *values))
        for item, epoch in product(range(world.items), range(world.epochs)):
            held = [float(one[item, epoch]) for one in values.values()]
            if not all(np.isnan(held)):
                rows.writerow(
                    (f"q{item}", epoch, _cluster(world, item), *("" if np.isnan(x) else f"{x:g}" for x in held))
                )


def _inspect(path: Path, world: World, values: Values) -> None:
    samples = []
    for item, epoch in product(range(world.items), range(world.epochs)):
        scores = {name: {"value": float(one[item, epoch])} for name, one in values.items()}
        said = f"To question {item} the answer number {epoch} of {path.stem} is a sentence that no other question has."
        metadata = {"group": _cluster(world, item)}
        samples.append(
            {
                "id": f"q{item}",
                "epoch": epoch + 1,
                "input": f"What is {item}?",
                "metadata": metadata,
                "output": {"completion": said},
                "scores": scores,
            }
        )
    head = {"task": "simulated", "model": path.stem, "config": {"epochs": world.epochs}}
    path.write_text(json.dumps({"version": 2, "status": "success", "eval": head, "samples": samples}), encoding="utf-8")


def simulate(world: World, rise: float, runs: int, rng: np.random.Generator) -> Tally:
    """Return what is decided on so many pairs of files."""
    total = Tally()
    names = [f"quality-{score}" for score in range(world.scores)]
    bounds = (1.0, 1.0 + DEGREES) if world.kind == "graded" else (0.0, 1.0)
    declared = Declared(dict.fromkeys(names, "low"), dict.fromkeys(names, bounds))
    write, ending = (_csv, "csv") if world.form == "CSV" else (_inspect, "json")
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / f"{role}.{ending}" for role in ("baseline", "candidate")]
        spec = RunsSpec(baseline=str(places[0]), candidate=str(places[1]), scores=names if ending == "csv" else [])
        for _ in range(runs):
            for place, values in zip(places, _drawn(world, rise, rng), strict=True):
                write(place, world, values)
            found = compare(spec, margin=world.margin, declared=declared).review
            decided = found.outcome if found else ""
            total += Tally(1, int(decided == "launch"), int(decided == "block"))
    return total


SIZES = ((30, 0.2), (100, 0.1), (300, 0.05), (1_000, 0.03))
"""Items, and a margin at which an unchanged model may be shown to be one."""


def cells() -> Iterator[Cell]:
    """Yield the cells."""
    kinds: tuple[Kind, ...] = ("0/1", "0/1, most answers kept", "graded")
    two: tuple[Kind, ...] = ("0/1", "graded")
    for kind, (items, margin) in product(kinds, SIZES):
        yield _cell("two tables", World(kind, items, margin), quick=items == 100)
    for kind, (items, margin) in product(two, SIZES[:2]):
        yield _cell("four answers to each item", World(kind, items, margin, epochs=4))
    for kind, (items, margin) in product(two, ((150, 0.2), (500, 0.1))):
        yield _cell("clusters of five", World(kind, items, margin, size=5))
    for loses, (items, margin) in product(("baseline", "candidate"), SIZES[1:3]):
        yield _cell(f"the {loses} loses wrong answers", World("0/1", items, margin, loses=loses))
    for broken, (items, margin) in product((1, 3), SIZES[1:3]):
        yield _cell(f"three scores, {broken} at the margin", World("0/1", items, margin, scores=3, broken=broken))
    for kind in two:
        yield _cell(
            "two logs of Inspect", World(kind, 100, 0.15, epochs=2, size=2, form="Inspect"), quick=kind == "graded"
        )


def _cell(name: str, world: World, quick: bool = False) -> Cell:
    what = f"{world.kind}, {world.items:,} items, margin {world.margin:g}"
    return Cell(name, what, STAGES, partial(simulate, world), quick=quick)


@cache
def _all() -> Mapping[str, Cell]:
    return {cell.name: cell for cell in cells()}


@cache
def _digest(_: str) -> str:
    package, here = Path(seatrial.__file__).parent, Path(__file__).parent
    return kept.digest([Path(__file__), here / "worlds" / "cell.py", *(package / name for name in READ)])


def _measured(job: tuple[str, tuple[int, ...]]) -> Measured:
    name, stages = job
    return measure(_all()[name], stages)


def measured(quick: bool) -> Sequence[Measured]:
    """Return the rates of every cell, or of the few of the small form."""
    chosen = {name: cell for name, cell in _all().items() if cell.quick or not quick}
    stages = {name: (QUICK,) if quick else cell.stages for name, cell in chosen.items()}
    jobs = {f"{name}, {'/'.join(map(str, runs))} comparisons": (name, runs) for name, runs in stages.items()}
    found = dict(kept.measured("compared", jobs, _measured, read, _digest, not quick))
    return [found[job] for job in jobs]
