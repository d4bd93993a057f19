"""The section on backtests: whether their intervals are honest about few releases, and how long they take."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import history, page
from seatrial.backtest.pooling import LEVEL

__all__ = ["SECTIONS"]


def _history(quick: bool) -> Iterator[str]:
    yield "## Backtests: are their intervals honest about few releases, and how long do they take\n"
    yield page.source("history")
    yield (
        f"*Held*: intervals of {100 * LEVEL:g} % that hold what they are about: the share of incidents that a policy prevents "
        "and of good launches that it delays, the difference of the two, the same shares of each of four gates, and each "
        "signal's chance to rank an incident above a clean release. Truths are drawn anew for each history. The first world is "
        "the prior's own; the others are not what the intervals were made for. *Said wrongly*: of the histories in which "
        "something other than “too few to tell” was said. Bands are Wilson's, 95 %.\n"
    )
    rows = []
    for world, found in history.covered(quick):
        held = [page.share(*one) for one in (found.policy, found.apart, found.gates, found.signals)]
        wrong = f"{found.wrong[0]} of {found.wrong[1]}"
        rows.append((world.name, f"{found.histories:,}", *held, wrong))
    yield page.table(
        (
            "world",
            "histories",
            "policy's shares",
            "their difference",
            "gates' shares",
            "signals' areas",
            "said wrongly",
        ),
        rows,
    )
    releases, seconds = history.backtest_seconds(quick)
    entries, verified = history.verify_seconds(quick)
    yield page.table(
        ("command, in a process of its own", "of", "seconds"),
        [
            ("`ledger backtest`, three gates on 300 questions each", f"{releases:,} releases", f"{seconds:.1f}"),
            ("`ledger verify`, median of five", f"{entries:,} entries", f"{verified:.1f}"),
        ],
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"history": _history}
