"""The section on how often a launch is held for answers that take no side."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import page, sides
from seatrial.review.findings.taking_sides import FELL, LEVEL

__all__ = ["SECTIONS"]


def _sides(quick: bool) -> Iterator[str]:
    yield "## Sides: how often a launch is held for answers that take none\n"
    yield page.source("sides", ("numpy", "scipy"))
    yield (
        "Made answers to the suites of contrasts agree, disagree, or do neither; "
        f"{100 * sides.WORLDS[0].before:.0f} % of the baseline's take a side where nothing else is said, and clusters differ in how "
        f"readily. A launch is held where fewer do than before by more than chance ({100 * LEVEL:.0f} %, all suites together) and "
        f"the share that was found fell by more than {100 * FELL:.0f} points: so a fall of just that much is held about every "
        "other time, and what is further away seldom or nearly always. The last row is a world that this was not made for: an "
        "answer that takes a side in words that no list knows counts as one that takes none. Bands are Wilson's, 95 %.\n"
    )
    yield page.table(
        ("the candidate's answers", "reviews", "held", "should be"),
        [
            (
                row.world.name,
                f"{row.reviews:,}",
                page.share(row.held, row.reviews),
                "held" if row.world.held else "not held",
            )
            for row in sides.measured(4 if quick else 1_000)
        ],
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"sides": _sides}
