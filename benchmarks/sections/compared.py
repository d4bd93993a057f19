"""The sections on comparisons of two recorded runs: how often they err, and how long they take."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import compared, imports, page
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


def _imports(quick: bool) -> Iterator[str]:
    share = 20 if quick else 1
    yield "## Recorded runs: how long they take to read\n"
    yield page.source("imports", ("polars", "inspect-ai"))
    yield (
        f"Each is a command in a process of its own, from its start to its end. Answers have {imports.WORDS} words. The seconds to "
        "a verdict are the median of the runs.\n"
    )
    taken = [
        *imports.tables(1_000_000 // share),
        imports.logs(10_000 // share),
        imports.compared(1_000 // share, 1 if quick else 7),
    ]
    yield page.table(
        ("what", "size of the files", "seconds", "largest memory"),
        [(one.what, f"{one.file:.1f} MB", f"{one.seconds:.1f}", f"{one.megabytes:,.0f} MB") for one in taken],
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"compared": _compared, "imports": _imports}
