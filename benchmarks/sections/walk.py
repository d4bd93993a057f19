"""The section on a newcomer's walk from nothing to a decision."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import page, walk

__all__ = ["SECTIONS"]


def _walk(quick: bool) -> Iterator[str]:
    yield "## From nothing to a decision: a newcomer's walk\n"
    yield page.source("walk")
    if quick:
        yield _steps(walk.small())
        return
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        copy, programs = walk.copied(Path(folder))
        before = time.perf_counter() - began
        parts = [walk.commands(part) for part in walk.PARTS]
        steps = walk.walked([command for part in parts for command in part], copy, programs)
    first, then = steps[: len(parts[0])], steps[len(parts[0]) :]
    minutes = sum(step.seconds for step in first) / 60
    yield (
        "The commands of `examples/endpoint/README.md`, as they stand there but for the port, in a fresh copy and an empty "
        "environment. Both models and the judge (TPR .85, FPR .1) are *simulated* and answer at once: models that take a "
        "second take longer by the calls that the review makes, and nobody need wait beside them. A person reads and copies "
        "besides; nothing else is asked of them.\n"
    )
    yield (
        f"**{len(first)} commands and {minutes:.1f} minutes to the first decision, {first[-1].decision}, without a label** "
        f"({walk.MOST_COMMANDS} and {walk.MOST_MINUTES} are aimed at). The copy and the environment took {before:.0f} s before.\n"
    )
    yield _steps(first)
    labelled = sum(step.seconds for step in then) / 60
    yield (
        f"Then, with labels that the simulation makes in place of people, {len(then)} commands and {labelled:.1f} minutes to the "
        f"next decision, {then[-1].decision}:\n"
    )
    yield _steps(then)


def _steps(steps: list[walk.Step]) -> str:
    return page.table(
        ("command", "seconds", "exit code", "decision"),
        [(f"`{one.command}`", f"{one.seconds:.1f}", str(one.code), one.decision or "–") for one in steps],
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"walk": _walk}
