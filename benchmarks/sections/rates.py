"""Sections on error rates: single gates and whole policies."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

from benchmarks import page, validity
from benchmarks.plot import Series, line_plot
from benchmarks.validity import ALPHA, LIMIT, Cell, Looks
from seatrial.weigh import Method

__all__ = ["SECTIONS"]

STAGES = (300, 1000, 4000, 10_000)
POLICIES = ((1, 16_000), (5, 4000), (20, 1000))
METHODS: tuple[Method, ...] = ("betting", "fixed")


def _settled(job: tuple[Cell, Method, tuple[int, ...]]) -> Looks:
    return validity.settled(*job)


def _measured(quick: bool) -> list[Looks]:
    stages = (400,) if quick else STAGES
    # The longest first, so that no core waits for the last one.
    cells = sorted(validity.grid(not quick), key=lambda cell: -cell.clusters)
    jobs = [(cell, method, stages) for cell in cells for method in METHODS]
    found = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, one in enumerate(pool.map(_settled, jobs), 1):
            found.append(one)
            page.say(f"validity, {number} of {len(jobs)}: {one.cell.kind}, {one.cell.clusters} clusters, {one.method}")
    return found


def _validity(quick: bool) -> Iterator[str]:
    found = _measured(quick)
    yield "## Validity: how often a gate at its margin passes, and how often a bound misses\n"
    yield page.source("validity")
    yield (
        "The true change equals the margin, so every pass is false; alpha is 0.05. `betting` is looked at after every "
        "cluster, and a miss at any look counts. Items of a cluster (three each) share their shock. The worst cell of each "
        "row is shown with its Monte-Carlo band (Wilson, 95 %). A cell whose band does not end below 1.1 alpha is simulated "
        f"anew with more runs ({', '.join(f'{runs:,}' for runs in STAGES)}); the last simulation is what is shown.\n"
    )
    rows = []
    for kind in dict.fromkeys(one.cell.kind for one in found):
        for method in METHODS:
            cells = [one for one in found if one.cell.kind == kind and one.method == method]
            worst = max(cells, key=lambda one: one.false_pass.share)
            above = max(cells, key=lambda one: one.missed_above.share)
            mean = sum(one.false_pass.share for one in cells) / len(cells)
            where = f"{worst.cell.clusters} clusters, base {worst.cell.base:g}, ICC {worst.cell.icc:g}"
            rows.append(
                (kind, method, str(len(cells)), f"{100 * mean:.1f} %", str(worst.false_pass), where,
                 str(above.missed_above), str(sum(one.within for one in cells)), str(sum(one.above for one in cells)))
            )  # fmt: skip
    yield page.table(
        ("scores", "method", "cells", "false passes, mean", "worst cell", "where", "lower bound misses, worst",
         "bands wholly below 1.1 alpha", "bands wholly above"), rows
    )  # fmt: skip
    if not quick:
        yield page.picture("validity", "False passes by number of clusters", _validity_picture(found))
        yield from _beyond([one for one in found if not one.within])
    looked = validity.every_item(400 if quick else 2000, 1500, 1)
    yield f"A look after each of 1,500 single items: {looked} false passes.\n"


def _validity_picture(found: list[Looks]) -> str:
    sizes = sorted({one.cell.clusters for one in found})

    def worst(method: str, size: int) -> float:
        return max(100 * one.false_pass.share for one in found if one.method == method and one.cell.clusters == size)

    series = [Series(f"{method}, worst cell", [(size, worst(method, size)) for size in sizes]) for method in METHODS]
    level = Series("alpha", [(size, 100 * ALPHA) for size in sizes])
    return line_plot("False passes at the margin, %", "clusters", [*series, level], log_x=True, log_y=False)


def _beyond(cells: list[Looks]) -> Iterator[str]:
    """Yield every cell whose rate is not surely within 1.1 alpha."""
    if not cells:
        return
    yield f"Cells whose band is not wholly below {100 * LIMIT:.1f} %:\n"
    rows = [
        (one.cell.kind, one.method, f"{one.cell.clusters}", f"{one.cell.base:g}", f"{one.cell.icc:g}",
         f"{one.cell.draws}", str(one.false_pass), str(one.missed_above), "above" if one.above else "either side")
        for one in sorted(cells, key=lambda one: -max(one.false_pass.share, one.missed_above.share))
    ]  # fmt: skip
    yield page.table(
        ("scores", "method", "clusters", "base rate", "ICC", "draws", "false passes", "lower bound misses", "band"),
        rows,
    )


def _policy(job: tuple[int, Method, int]) -> validity.PolicyRates:
    return validity.policies(*job, seed=1)


def _policies(quick: bool) -> Iterator[str]:
    yield "## Whole policies\n"
    yield page.source("policies")
    yield (
        "One broken gate (at its margin) among unchanged ones must not launch; gates that all lie at their margin must not "
        "block; 120 clusters a gate. The last column is power: how often a harmless candidate launches.\n"
    )
    jobs = [(gates, method, runs // 10 if quick else runs) for gates, runs in POLICIES for method in METHODS]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = {(one.gates, one.method): one for one in pool.map(_policy, jobs)}
    rows = [
        (f"{gates}", method, str(one.false_launch), str(one.false_block), str(one.launch_when_harmless))
        for (gates, method), one in found.items()
    ]
    yield page.table(("gates", "method", "false launches", "false blocks", "launches when harmless"), rows)
    if not quick:
        series = [
            Series(
                f"{method}: launches when harmless",
                [(gates, 100 * found[gates, method].launch_when_harmless.share) for gates, _ in POLICIES],
            )
            for method in METHODS
        ]
        title = "How often a harmless candidate launches, %"
        yield page.picture("policies", title, line_plot(title, "gates", series, log_y=False))
    yield "### Data that are worse than assumed\n"
    worse = [(one.name, str(one.false_pass), one.expected) for one in validity.stress(200 if quick else 1000, 1)]
    yield page.table(("what is wrong", "false passes at the margin", "what the design says"), worse)


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"validity": _validity, "policies": _policies}
