"""The section on what drift discovery finds, and how often it cries wolf."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import drift, page

__all__ = ["SECTIONS"]


def _drift(quick: bool) -> Iterator[str]:
    yield "## Drift: does it cry wolf, and does it find what was planted\n"
    yield page.source("drift", ("numpy", "scipy", "wordllama"))
    yield (
        "Answers are put together at random from sentences of the graded answers that come with the package, each model and "
        "each draw anew. A planted trait is in a tenth of the candidate's answers (20 of 200) and, but for praise, in none of "
        "the baseline's; null traits are 20 sentences that both models add as often as each other. *Alarms*: the answers are "
        "called changed, at a level of 5 %. *Found*: the trait is among the first three differences. *False*: differences "
        "listed that are none. Bands are Wilson's, 95 %.\n"
    )
    yield page.table(
        ("world", "comparisons", "alarms", "found", "differences listed", "false"),
        [
            (
                row.name,
                f"{row.reviews:,}",
                page.share(row.alarms, row.reviews),
                page.share(row.found, row.reviews) if world.trait else "",
                f"{row.listed:,}",
                f"{row.false:,}",
            )
            for row, world in zip(drift.measured(quick), drift.WORLDS, strict=True)
        ],
    )
    sets = 20 if quick else 2_000
    yield (
        "A judge proposes five differences on one half of the items and grades the other half for them. It flags 85 % of what is "
        "there and a tenth of what is not. *Any shown*: of five proposals at least one; *the planted one shown*: the only one "
        "that is there.\n"
    )
    yield page.table(
        ("proposals", "sets of five", "any shown", "the planted one shown"),
        [
            (
                one.name,
                f"{one.sets:,}",
                page.share(one.shown, one.sets),
                page.share(one.planted, one.sets) if share else "",
            )
            for share, items in ((0.0, 30), (0.0, 60), (0.2, 60), (0.4, 60))
            for one in (drift.proposed(share, items, sets),)
        ],
    )
    sizes = (200,) if quick else (200, 2_000)
    took = "; ".join(f"{size:,} pairs {drift.seconds(size):.1f} s" for size in sizes)
    yield f"A comparison, embeddings included, in one process: {took}.\n"


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"drift": _drift}
