"""The section on comparisons of two recorded runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import compared, page
from benchmarks.validity import ALPHA, LIMIT, Rate

__all__ = ["SECTIONS"]


def _compared(quick: bool) -> Iterator[str]:
    found = compared.measured(quick)
    runs = sum(one.edge.runs + one.null.runs for one in found)
    yield "## Two recorded runs: from two files to the verdict\n"
    yield page.source("compared")
    yield (
        f"{runs:,} times two files were written whose true change is known, and `compare` read, paired and decided them. What "
        f"is promised with alpha {ALPHA:g}: a candidate whose harm rises by the margin or more in *any one* of the scores "
        "launches with a chance of alpha at most, however many scores there are, for each must pass; and a candidate "
        "whose harm rises in *no* score by more than its margin blocks with a chance of alpha at most over all scores "
        "together, for fails are corrected for their number. Nothing is promised of each score's fail by itself, and "
        "none of the scores is singled out. What a run lacks counts as harm where a pass is asked for. A false launch is measured "
        "at a rise of exactly the margin, a false block at that or without a change, whichever is more often. Bands are "
        "Wilson's, 95 %.\n"
    )
    yield page.table(
        ("two runs", "comparisons at each truth", "false launch", "false block", "unchanged launches"),
        [
            (
                f"{one.world}: {one.what}",
                f"{one.edge.runs:,}",
                *map(_rate, (one.false_launch, one.false_block, one.power)),
            )
            for one in found
        ],
    )
    above = [f"{one.world}: {one.what}" for one in found if one.band == "above"]
    yield (
        f"Surely above {100 * LIMIT:g} %: {'; '.join(above) or 'none'}. With some rates at their limit, a few lie above alpha by "
        "chance.\n"
    )


def _rate(rate: Rate) -> str:
    return page.percent(rate.share, *rate.band)


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"compared": _compared}
