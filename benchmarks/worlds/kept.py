"""All cells of all worlds, and what of the package each of them rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import seatrial
from benchmarks import kept
from benchmarks.worlds import families, live, numbers, records, tables
from benchmarks.worlds.cell import Cell, Measured, Tally, measure

__all__ = ["BOUNDS", "all_cells", "files", "measured", "read"]

QUICK = {"numbers": (300,), "tables": (15,), "records": (15,), "live": (4,), "families": (4,)}
"""Reviews of a cell in the small form, by the module that simulates it."""
_DECIDING = (
    *("gates", "instruments", "observations.py", "policy", "stats", "types.py"),
    *(f"review/{name}.py" for name in ("allocation", "asked_gate", "brought_evidence", "gate_run", "rounds")),
    *(f"review/findings/{name}.py" for name in ("at_a_glance", "like_answers", "text_faults")),
)
"""Not what a report says of a decision that was made: that it says the same is looked at whenever a cell is measured."""
BOUNDS = tuple(
    f"stats/{name}.py"
    for name in ("betting", "capital", "distributions", "exact", "expansions", "gaffke", "intervals", "seeding")
)
"""The bounds, as paths in the package."""
READ = {
    "numbers": BOUNDS,
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
    """Return every cell by name, with the module that simulates it; what rests on the least code stands first."""
    made = {"numbers": numbers, "families": families, "live": live, "records": records, "tables": tables}
    return {cell.name: (module, cell) for module, source in made.items() for cell in source.cells()}


def files(module: str) -> list[Path]:
    """Return all files that the results of such cells rest on; this one, which only names them, is none."""
    package, here = Path(seatrial.__file__).parent, Path(__file__).parent
    own = {"cell", "numbers"} if module == "numbers" else {path.stem for path in here.glob("*.py")} - {"kept"}
    worlds = [here / f"{name}.py" for name in sorted(own)]
    return kept.files([*worlds, here.parent / "validity.py", *(package / name for name in READ[module])])


@cache
def _digest(module: str, _: str) -> str:
    return kept.digest(files(module))


def _measured(job: tuple[str, tuple[int, ...]]) -> Measured:
    name, stages = job
    return measure(all_cells()[name][1], stages)


def read(row: Mapping[str, Any]) -> Measured:
    """Return a cell's rates from the fields that were kept of them."""
    tallies = {name: Tally(**row[name]) for name in ("edge", "above", "null")}
    return Measured(row["world"], row["what"], **tallies)


def measured(quick: bool) -> Iterator[Measured]:
    """Yield the rates of every cell, or of the few of the small form, as they are measured."""
    chosen = {name: held for name, held in all_cells().items() if held[1].quick or not quick}
    for module in dict.fromkeys(module for module, _ in chosen.values()):
        stages = {
            name: QUICK[module] if quick else cell.stages for name, (own, cell) in chosen.items() if own == module
        }
        jobs = {f"{name}, {'/'.join(map(str, runs))} reviews": (name, runs) for name, runs in stages.items()}
        rests_on = partial(_digest, module)
        for _, found in kept.measured(f"worlds-{module}", jobs, _measured, read, rests_on, not quick):
            yield found
