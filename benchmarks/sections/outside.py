"""Section on worlds that no bound was chosen on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks import page
from benchmarks.validity import ALPHA, LIMIT, Rate
from benchmarks.worlds.cell import Measured, Tally
from benchmarks.worlds.kept import measured

__all__ = ["SECTIONS"]

SHOWN = 40
"""Cells listed one by one, at most, beside those that are surely above."""
NOT_PROMISED = {
    "labels of the baseline": "Nobody measured how the instrument errs on the candidate's answers, and no review can know "
    "it. The report says so among its blind spots, with the difference in error that would turn the decision; labels of "
    "both models measure it.",
    "harm counted by item": "seatrial counts a cluster once, whatever its size, and says so. Where items are to count, "
    "the large clusters are gated as a use case of their own.",
}
"""What a cell's name says where no review keeps its error rate → why, and what does."""


def _worlds(quick: bool) -> Iterator[str]:
    found = sorted(measured(quick), key=lambda one: -one.worst.share)
    yield "## Worlds outside the grid: how often a decision is wrong there\n"
    yield page.source("worlds")
    yield (
        "*False launches*: true harm rose by exactly the margin, or by one and a half where that launches more often. *False "
        "blocks*: it rose by exactly the margin, or not at all. Harm is the true one, whatever the instrument reads, and "
        f"alpha is {ALPHA:g} for each. *Power*: how often an unchanged model launches; beside it the share that passes with a "
        "betting bound at the end and with the plain t bound on the same readings, taken at face value, and how often "
        "those launch wrongly. Bands are Wilson's, 95 %. A cell is "
        f"*within* where both bands end below {100 * LIMIT:.1f} %, *above* where one begins above it; where 2,000 reviews tell "
        "neither, 20,000 fresh ones replace them, and up to 200 clusters 100,000 those. Cells that go through tables or live "
        "rounds have 200 or 400 reviews, so that a rate near alpha cannot be told from it. *Not promised* are cells that no review can keep; they stand last, "
        "with the reason.\n"
    )
    found, apart = ([one for one in found if bool(_reason(one)) is kind] for kind in (False, True))
    bands = [one.band for one in found]
    yield (
        f"**Of {len(found)} cells {bands.count('within')} are within, {bands.count('either')} cannot be told from alpha by so many "
        f"reviews, {bands.count('above')} are above.**\n"
    )
    yield "### By world, the worst first\n"
    yield page.table(
        ("world", "cells", "false launches, worst cell", "false blocks, worst cell", "within", "either", "above",
         "power, mean", "betting", "t", "t launches wrongly, worst"),
        [_summed(name, [one for one in found if one.world == name]) for name in dict.fromkeys(one.world for one in found)],
    )  # fmt: skip
    above = sum(one.band == "above" for one in found)
    shown = found[: max(SHOWN, above)]
    yield f"### The worst {len(shown)} of {len(found)} cells\n"
    yield page.table(
        ("world", "cell", "reviews", "false launches", "false blocks", "band", "power", "betting", "t",
         "betting launches wrongly", "t launches wrongly"),
        [
            (one.world, one.what, f"{one.edge.runs:,}", str(one.false_launch), str(one.false_block), one.band,
             *_passing(one.null), *_passing(_harmful(one))[1:])
            for one in shown
        ],
    )  # fmt: skip
    if apart:
        yield "### Not promised\n"
        yield page.table(
            ("world", "cell", "reviews", "false launches", "false blocks", "why, and what to do"),
            [
                (one.world, one.what, f"{one.edge.runs:,}", str(one.false_launch), str(one.false_block), _reason(one))
                for one in apart
            ],
        )


def _reason(one: Measured) -> str:
    return next((why for words, why in NOT_PROMISED.items() if words in one.what), "")


def _summed(name: str, cells: Sequence[Measured]) -> tuple[str, ...]:
    """Return a world's row."""

    def most(rates: Sequence[Rate]) -> str:
        return str(max(rates, key=lambda rate: rate.share))

    bands = [one.band for one in cells]
    null = sum((one.null for one in cells), Tally())
    return (
        name, str(len(cells)), most([one.false_launch for one in cells]), most([one.false_block for one in cells]),
        *(str(bands.count(word)) for word in ("within", "either", "above")), *_passing(null),
        most([Rate(_harmful(one).t, _harmful(one).runs) for one in cells]),
    )  # fmt: skip


def _harmful(one: Measured) -> Tally:
    """Return the reviews of harm at the margin or above it, whichever the plain t bound passes more often."""
    return max((part for part in (one.edge, one.above) if part.runs), key=lambda part: part.t / part.runs)


def _passing(one: Tally) -> tuple[str, str, str]:
    """Return the shares that launch, and that pass with the betting and with the plain t bound."""
    launched, betting, t = (f"{100 * count / one.runs:.1f} %" for count in (one.launched, one.betting, one.t))
    return launched, betting, t


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"worlds": _worlds}
