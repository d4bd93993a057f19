"""All cells of all worlds, measured by two processes; what was measured of the same code is not measured again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import as_completed
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import seatrial
from benchmarks import page
from benchmarks.worlds import families, live, numbers, records, tables
from benchmarks.worlds.cell import Cell, Measured, Tally, measure

__all__ = ["KEPT", "all_cells", "files", "measured"]

KEPT = Path(__file__).resolve().parents[2] / ".worlds" / "results.jsonl"
PROCESSES = 2
QUICK = {"numbers": (300,), "tables": (15,), "records": (15,), "live": (4,), "families": (4,)}
"""Reviews of a cell in the small form, by the module that simulates it."""
_DECIDING = ("gates", "instruments", "observations.py", "policy", "review", "stats", "types.py")
_BOUNDS = ("betting", "capital", "exact", "expansions", "gaffke", "intervals", "seeding")
READ = {
    "numbers": tuple(f"stats/{name}.py" for name in _BOUNDS),
    "tables": _DECIDING,
    "records": _DECIDING,
    "live": _DECIDING,
    "families": _DECIDING,
}
"""What of the package decides, by the module that simulates it; a change there makes its cells be measured anew.

Cells of numbers take the bounds as they stand; that a review decides as they do is looked at whenever one is measured.
"""


@cache
def all_cells() -> Mapping[str, tuple[str, Cell]]:
    """Return every cell by name, with the module that simulates it; what takes longest stands first."""
    made = {"families": families, "live": live, "records": records, "tables": tables, "numbers": numbers}
    return {cell.name: (module, cell) for module, source in made.items() for cell in source.cells()}


def files(module: str) -> list[Path]:
    """Return all code that the results of such cells rest on."""
    package, here = Path(seatrial.__file__).parent, Path(__file__).parent
    worlds = [here / "cell.py", here / "numbers.py"] if module == "numbers" else [here]
    places = [*worlds, here.parent / "validity.py", *(package / name for name in READ[module])]
    return [path for place in places for path in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]


@cache
def _digest(module: str) -> str:
    """Return a digest of it."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in files(module))).hexdigest()


def _key(module: str, name: str, stages: tuple[int, ...]) -> str:
    return hashlib.sha256(f"{_digest(module)} {name} {stages}".encode()).hexdigest()[:24]


def _measured(job: tuple[str, tuple[int, ...]]) -> Measured:
    name, stages = job
    return measure(all_cells()[name][1], stages)


def _read(row: Mapping[str, Any]) -> Measured:
    tallies = {name: Tally(**row[name]) for name in ("edge", "above", "null")}
    return Measured(row["world"], row["what"], **tallies)


def measured(quick: bool) -> Iterator[Measured]:
    """Yield the rates of every cell, or of the few of the small form, as they are measured.

    Each is kept when it is done, so that a run that was stopped goes on where it was.
    """
    chosen = {name: held for name, held in all_cells().items() if held[1].quick or not quick}
    jobs = {name: QUICK[module] if quick else cell.stages for name, (module, cell) in chosen.items()}
    kept: dict[str, Measured] = {}
    if KEPT.exists():
        rows = map(json.loads, KEPT.read_text(encoding="utf-8").splitlines())
        kept = {row.pop("key"): _read(row) for row in rows}
    keys = {name: _key(chosen[name][0], name, stages) for name, stages in jobs.items()}
    yield from (kept[key] for key in keys.values() if key in kept)
    waiting = [(name, stages) for name, stages in jobs.items() if keys[name] not in kept]
    if not waiting:
        return
    KEPT.parent.mkdir(exist_ok=True)
    with page.pool(PROCESSES) as pool:
        names = {pool.submit(_measured, job): job[0] for job in waiting}
        for number, future in enumerate(as_completed(names), 1):
            name, found = names[future], future.result()
            with KEPT.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": keys[name], **asdict(found)}) + "\n")
            page.say(f"worlds, {number} of {len(waiting)}: {name}, wrong {found.worst}, {found.band}")
            yield found
