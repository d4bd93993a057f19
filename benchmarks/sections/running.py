"""Sections on what it takes to run a review: calls, reading, and what a kill leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from benchmarks import calls, kills, page

__all__ = ["SECTIONS"]


def _calls(quick: bool) -> Iterator[str]:
    count, turns = (512, 2) if quick else (3000, 10)
    made = calls.turns(count, turns)
    ratios = sorted(one.ratio for one in made)
    yield "## Calls: beside a bare HTTP client, within a review, in memory, and by the number of gates\n"
    yield page.source("calls", ("aiohttp",))
    yield (
        f"{count:,} calls, {calls.IN_FLIGHT} in flight, of a server that takes {1000 * calls.SECONDS:.0f} ms: seatrial, which "
        "stores every answer before it is used, in turns with a bare loop around aiohttp that stores nothing. In "
        f"{turns} turns seatrial made {ratios[0]:.2f} to {ratios[-1]:.2f} of its calls a second, in the median "
        f"{median(ratios):.2f} ({median(one.ours for one in made):,.0f} beside {median(one.bare for one in made):,.0f}); "
        f"processor time a call {1000 * median(one.our_seconds for one in made):.2f} ms beside "
        f"{1000 * median(one.bare_seconds for one in made):.2f} ms.\n"
    )
    budget, times = (1000, 1) if quick else (20_000, 3)
    reviews = [calls.asking(in_flight, budget) for _ in range(times) for in_flight in calls.IN_REVIEW]
    yield (
        "A review of all suites at the same server, which now gives graded answers of the suites, from start to report; "
        f"the policy is the one that `seatrial init` writes, with {calls.MARGIN:g} for the margin of a family, at which it "
        f"spends a budget of {budget:,} calls. Medians of {times}:\n"
    )
    yield page.table(
        ("calls in flight", "calls", "seconds", "of these waiting for answers", "share"),
        [_reviewed(in_flight, [one for one in reviews if one.in_flight == in_flight]) for in_flight in calls.IN_REVIEW],
    )
    sizes = (256, 1024) if quick else (1000, 10_000, 100_000)
    yield (
        f"Memory of a process that asks and stores so many calls, {calls.ROUND:,} at once, and holds none of the answers; of "
        "the store it holds where each answer is:\n"
    )
    yield page.table(
        ("calls asked and stored", "largest memory", f"with answers of {calls.LONG:,} letters"),
        [(f"{size:,}", *(f"{calls.memory(size, kind):,.0f} MB" for kind in ("", "long"))) for size in sizes],
    )
    pairs = 60 if quick else 805
    found = {gates: calls.reading(pairs, gates) for gates in calls.GATES}
    yield f"A review of {pairs} pairs of recorded answers, no model called, from start to report:\n"
    first = found[calls.GATES[0]]
    yield page.table(
        ("gates", "seconds", "of one gate"),
        [(str(gates), f"{took:.1f}", f"{took / first:.1f} ×") for gates, took in found.items()],
    )


def _reviewed(in_flight: int, made: list[calls.Asking]) -> tuple[str, ...]:
    seconds, asking = median(one.seconds for one in made), median(one.asking for one in made)
    share = median(one.asking / one.seconds for one in made)
    return (
        f"{in_flight}",
        f"{median(one.calls for one in made):,.0f}",
        f"{seconds:.1f}",
        f"{asking:.1f}",
        f"{share:.2f}",
    )


def _kills(quick: bool) -> Iterator[str]:
    yield "## Kills: what is left of work that is ended at any moment\n"
    yield page.source("kills")
    yield (
        "A process is killed with SIGKILL before its n-th operation on a file, with half of a write on the disk, or after a "
        "time; then the same work is done again and compared with work that nobody killed.\n"
    )
    rows = []
    for name in kills.JOBS:
        one = kills.run_afresh(name, 2 if quick else 100)
        rows.append(
            (
                name,
                *(
                    f"{n:,}"
                    for n in (one.operations, one.kills, one.dead, one.doubled, one.lost, one.asked_again, one.differ)
                ),
            )
        )
    head = ("work", "operations", "kills", "dead", "doubled", "lost", "asked again", "different in the end")
    yield page.table(head, rows)


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"calls": _calls, "kills": _kills}
