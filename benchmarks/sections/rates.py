"""Sections on error rates: single gates and whole policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import seatrial
from benchmarks import development, kept, page, policies, promises, validity
from benchmarks.plot import Series, line_plot
from benchmarks.validity import ALPHA, LIMIT, MOST_LOOKED_AT, Cell, Measured, Rate
from benchmarks.worlds.kept import BOUNDS
from seatrial.gates.schedule import Method

__all__ = ["SECTIONS"]

FIXED_STAGES = (2_000, 20_000, 60_000, 240_000)
BETTING_STAGES = (300, 1_000, 4_000, 16_000, 64_000)
"""Runs of a cell; looks after every cluster take longer, and their rates lie farther below alpha."""
POLICIES: dict[Method, tuple[tuple[int, int], ...]] = {
    "looks": ((1, 8_000), (5, 4_000), (20, 1_000)),
    "betting": ((1, 8_000), (5, 4_000), (20, 1_000)),
    "fixed": ((1, 40_000), (5, 40_000), (20, 40_000)),
}
"""Gates of a policy, and policies simulated."""
CASES, OF_CASES = 4, 480
"""Use cases of a gate that must hold in each, and its clusters."""
GUARDED: tuple[tuple[Method, int, int], ...] = (("looks", 5, 500), ("fixed", 5, 4_000))
"""Of such gates: method, gates of a policy, policies simulated."""
METHODS: tuple[Method, ...] = ("looks", "betting", "fixed")


def _settled(job: tuple[Cell, Method, tuple[int, ...]]) -> Measured:
    return validity.settled(*job)


def _read(row: dict[str, Any]) -> Measured:
    rates = {name: Rate(**row[name]) for name in row.keys() - {"cell", "method"}}
    return Measured(Cell(**row["cell"]), row["method"], **rates)


@cache
def _rests_on(_: str) -> str:
    package = Path(seatrial.__file__).parent
    read = (*BOUNDS, "stats/spending.py", "gates/schedule.py")
    return kept.digest([Path(validity.__file__), *(package / name for name in read)])


def _measured(quick: bool) -> list[Measured]:
    stages: dict[Method, tuple[int, ...]] = {"betting": BETTING_STAGES, "fixed": FIXED_STAGES, "looks": FIXED_STAGES}
    if quick:
        stages = {"betting": (400,), "fixed": (2_000,), "looks": (2_000,)}
    # The longest first, so that no core waits for the last one.
    cells = sorted(validity.grid(not quick), key=lambda cell: -cell.clusters)
    jobs = {
        f"{method}, {cell}, {'/'.join(map(str, stages[method]))} runs": (cell, method, stages[method])
        for cell in cells
        for method in METHODS
        if method != "looks" or cell.clusters <= MOST_LOOKED_AT
    }
    found = dict(kept.measured("validity", jobs, _settled, _read, _rests_on, not quick))
    return [found[job] for job in jobs if job in found]


def _validity(quick: bool) -> Iterator[str]:
    found = _measured(quick)
    yield "## Validity: how often a gate at its margin passes, and how often a bound misses\n"
    yield page.source("validity")
    yield (
        "*False passes*: the true change equals the margin, so every pass is false. *False alarms*: the lower bound lies "
        "above the true change, at the margin or where nothing changed. Alpha is 0.05 for each. `looks` are those of a live "
        f"gate that nothing stops, in cells of up to {MOST_LOOKED_AT} clusters; `betting` is looked at after every cluster, "
        "aimed at the margin. A miss at any look counts. Items of a cluster (three each) share their shock. The worst "
        "cell of each row is shown with its Monte-Carlo band (Wilson, 95 %). A cell whose bands do not all end below 1.1 "
        f"alpha is simulated anew with more runs ({_listed(BETTING_STAGES)} for `betting`, {_listed(FIXED_STAGES)} for "
        "`looks` and `fixed`); the last simulation is what is shown. *Refused*: cells in which an unchanged candidate passes in less "
        "than one review of ten, so that the gate says `inconclusive` and that it was blind at its margin.\n"
    )
    rows = []
    for kind in dict.fromkeys(one.cell.kind for one in found):
        for method in METHODS:
            cells = [one for one in found if one.cell.kind == kind and one.method == method]
            worst = max(cells, key=lambda one: one.false_pass.share)
            mean = sum(one.false_pass.share for one in cells) / len(cells)
            where = f"{worst.cell.clusters} clusters, base {worst.cell.base:g}, ICC {worst.cell.icc:g}"
            rows.append(
                (kind, method, str(len(cells)), f"{100 * mean:.1f} %", str(worst.false_pass), where,
                 *(str(max((getattr(one, name) for one in cells), key=lambda rate: rate.share))
                   for name in ("missed_above", "null_low", "null_high")),
                 str(sum(one.within for one in cells)), str(sum(one.above for one in cells)),
                 str(sum(one.power.share < 0.1 for one in cells)))
            )  # fmt: skip
    yield page.table(
        ("scores", "method", "cells", "false passes, mean", "worst cell", "where", "false alarms at the margin, worst",
         "with no change, worst", "upper bound misses with no change, worst", "all bands below 1.1 alpha",
         "any band above", "refused"), rows
    )  # fmt: skip
    if not quick:
        yield page.picture("validity", "False passes by number of clusters", _validity_picture(found))
        yield from _beyond([one for one in found if not one.within])
    looked = validity.every_item(400 if quick else 4000, 1500, 1)
    yield f"A look after each of 1,500 single items: {looked} false passes.\n"


def _listed(stages: tuple[int, ...]) -> str:
    return ", ".join(f"{runs:,}" for runs in stages)


def _validity_picture(found: list[Measured]) -> str:
    sizes = sorted({one.cell.clusters for one in found})
    worst: dict[tuple[Method, int], float] = {}
    for one in found:
        place = one.method, one.cell.clusters
        worst[place] = max(worst.get(place, 0.0), 100 * one.false_pass.share)
    series = [
        Series(f"{method}, worst cell", [(size, worst[method, size]) for size in sizes if (method, size) in worst])
        for method in METHODS
    ]
    level = Series("alpha", [(size, 100 * ALPHA) for size in sizes])
    return line_plot("False passes at the margin, %", "clusters", [*series, level], log_x=True, log_y=False)


def _beyond(cells: list[Measured]) -> Iterator[str]:
    """Yield every cell of which a rate is not surely within 1.1 alpha."""
    if not cells:
        yield f"Every rate of every cell is within: no band reaches {100 * LIMIT:.1f} %.\n"
        return
    yield f"Cells with a band that is not wholly below {100 * LIMIT:.1f} %:\n"
    rows = [
        (one.cell.kind, one.method, f"{one.cell.clusters}", f"{one.cell.base:g}", f"{one.cell.icc:g}",
         f"{one.cell.draws}", *map(str, one.errors), "above" if one.above else "either side")
        for one in sorted(cells, key=lambda one: -one.worst.share)
    ]  # fmt: skip
    yield page.table(
        ("scores", "method", "clusters", "base rate", "ICC", "draws", "false passes", "false alarms at the margin",
         "upper bound misses with no change", "false alarms with no change", "band"), rows
    )  # fmt: skip


def _development(quick: bool) -> Iterator[str]:
    yield "## Fixed-size bounds: the distributions that they were chosen on\n"
    yield page.source("development")
    yield (
        "None of these is in the grid above. Misses of the worse side, as multiples of the level; the distribution "
        "with the most is named. *Plain*: the t bound. *Used*: what seatrial takes where it trusts a t bound at that level; "
        "where it does not, Gaffke's bounds take over. The smallest level is that of a family of twenty gates.\n"
    )
    runs, sizes = (2_000, development.CLUSTERS[1:3]) if quick else (60_000, development.CLUSTERS)
    jobs = [(name, clusters, runs) for clusters in sizes[::-1] for name in development.names()]
    with page.pool() as pool:
        found = list(pool.map(development.missed, *zip(*jobs, strict=True), chunksize=4))
    rows = []
    for clusters in sizes:
        for place, level in enumerate(development.LEVELS):
            own = [one for one in found if one.clusters == clusters]
            plain, used = (max((getattr(one, which)[place], one.name) for one in own) for which in ("plain", "trusted"))
            noise = (level * (1 - level) / runs) ** 0.5 / level
            rows.append((f"{clusters}", f"{level:g}", f"{plain[0]:.2f}", f"{used[0]:.2f}", used[1], f"{noise:.2f}"))
    yield page.table(("clusters", "level", "plain, worst", "used, worst", "where", "Monte-Carlo error"), rows)


def _policy(job: tuple[int, Method, int, int, int]) -> policies.PolicyRates:
    gates, method, runs, clusters, cases = job
    return policies.policies(gates, method, runs, 1, clusters, cases)


def _policies(quick: bool) -> Iterator[str]:
    yield "## Whole policies\n"
    yield page.source("policies")
    yield (
        "One broken gate (at its margin) among unchanged ones must not launch; gates that all lie at their margin must not "
        f"block; 120 clusters a gate. *Per use case*: {CASES} of them in {OF_CASES} clusters, each of which must hold the "
        "margin too; one of them is broken. `looks` are those of live gates, each asked until it is decided. The last "
        "column is power: how often a harmless candidate launches.\n"
    )
    jobs: list[tuple[int, Method, int, int, int]] = [
        (gates, method, runs // 20 if quick else runs, OF_CASES, CASES) for method, gates, runs in GUARDED
    ]
    jobs += [
        (gates, method, runs // 20 if quick else runs, 120, 0)
        for method in METHODS
        for gates, runs in POLICIES[method][::-1]
    ]
    with page.pool() as pool:
        found = {(one.gates, one.cases, one.method): one for one in pool.map(_policy, jobs)}
    rows = [
        (f"{gates}, per use case" if cases else f"{gates}", method,
         *map(str, (one.false_launch, one.false_block, one.launch_when_harmless)))
        for (gates, cases, method), one in sorted(found.items())
    ]  # fmt: skip
    yield page.table(("gates", "method", "false launches", "false blocks", "launches when harmless"), rows)
    if not quick:
        yield _policies_picture(found)
    yield from _promises(quick)
    yield "### Data that are worse than assumed\n"
    yield f"A live gate, {policies.STRESSES[0].clusters} clusters unless said; the true change is the margin.\n"
    runs = 100 if quick else 2000
    with page.pool() as pool:
        rates = list(pool.map(policies.stress, range(len(policies.STRESSES)), [runs] * len(policies.STRESSES)))
    worse = [(one.name, str(rate), one.expected) for one, rate in zip(policies.STRESSES, rates, strict=True)]
    yield page.table(("what is wrong", "false passes at the margin", "what the design says"), worse)


def _promises(quick: bool) -> Iterator[str]:
    yield "### Power where it was promised\n"
    yield (
        "What `seatrial plan` says of a gate, from the spread that an earlier review saw, and what new reviews of an "
        f"unchanged candidate do; means over {promises.EARLIER} earlier reviews. *Could see*: the change that the plan says "
        f"is seen with {100 * promises.POWER:g} %, and how often a margin of that size is passed.\n"
    )
    kinds, bases = zip(*promises.KINDS, strict=True)
    count = len(kinds)
    with page.pool() as pool:
        made = list(pool.map(promises.promises, kinds, bases, [250 if quick else 4000] * count, [1] * count))
    kept = [
        (one.kind, one.method, f"{one.margin:.3f}", f"{100 * one.promised:.1f} %", str(one.passes), f"{one.seen:.3f}",
         str(one.at_seen))
        for found in made
        for one in found
    ]  # fmt: skip
    yield page.table(
        ("scores", "method", "margin", "said to pass", "passes", "could see", "passes at a margin of that size"), kept
    )


def _policies_picture(found: dict[tuple[int, int, Method], policies.PolicyRates]) -> str:
    series = [
        Series(
            f"{method}: launches when harmless",
            [(gates, 100 * found[gates, 0, method].launch_when_harmless.share) for gates, _ in POLICIES[method]],
        )
        for method in METHODS
    ]
    title = "How often a harmless candidate launches, %"
    return page.picture("policies", title, line_plot(title, "gates", series, log_y=False))


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {
    "validity": _validity,
    "development": _development,
    "policies": _policies,
}
