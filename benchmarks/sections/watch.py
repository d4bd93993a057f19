"""The section on how often a watch cries wolf, and how soon it finds a model that moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks import page, watch

__all__ = ["SECTIONS"]


def _watch(quick: bool) -> Iterator[str]:
    yield "## Watch: does it cry wolf, and how soon does it find a model that moved\n"
    yield page.source("watch", ("numpy", "scipy"))
    yield (
        f"Three signals are watched together, at {100 * watch.ALARMS:g} % of years with a false alarm. *Alarms*: years of 365 "
        "days, in which nothing changed, with at least one. Bands are Wilson's, 95 %.\n"
    )
    held = list(watch.measured(quick))
    quiet = [(world, row) for world, row in held if not world.moves and row.runs]
    yield page.table(
        ("a year in which nothing changes", "years", "with an alarm"),
        [(row.name, f"{row.runs:,}", page.share(row.alarms, row.runs)) for _, row in quiet],
    )
    yield (
        f"The model moves after {watch.BEFORE} quiet days: the first signal's mean rises by five points of a hundred. *Said*: "
        "the days within which the watch says, on the last quiet day, that it finds such a shift with 90 % chance; none where "
        "it says that it cannot.\n"
    )
    yield page.table(
        (
            "a model that moves",
            "watches",
            "days said, median",
            "found by then",
            "days it took, median",
            "found in 120 days",
        ),
        [
            (
                row.name,
                f"{row.runs:,}",
                _median(row.promised) if row.promised else f"none in {row.runs:,}",
                page.share(row.kept_word, row.said) if row.said else "",
                _median(row.days),
                page.share(row.found, row.runs),
            )
            for world, row in held
            if world.moves and row.runs
        ],
    )


def _median(days: tuple[int, ...]) -> str:
    return f"{np.median(days):g}" if days else ""


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"watch": _watch}
