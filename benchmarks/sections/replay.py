"""The section on how often a replay's intervals hold the truth, also in other traffic, and what a cheap score saves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks import page, replay, replay_shift

__all__ = ["SECTIONS"]


def _replay(quick: bool) -> Iterator[str]:
    yield "## Replay: do its intervals hold the truth, and what does a cheap score save\n"
    yield page.source("replay", ("numpy", "scipy"))
    yield (
        f"Launches are simulated, and forecast from a sample of traffic of which a part is graded. Intervals are meant to hold the "
        f"truth in {100 * replay.LEVEL:g} % of them. *Held*: how often they did, with Wilson's 95 % band. *Error*: of the rate, the "
        "median factor between estimate and truth; none where in half of the launches nothing was found. Scores have an area under "
        "the curve of 0.9, unless said. Both models do the same in half of the conversations, and the scores see each answer.\n"
    )
    yield page.table(
        (
            "the candidate's rate",
            "answered, graded",
            "launches",
            "rate held",
            "truth above",
            "truth below",
            "change held",
            "rate, mean",
            "width, mean",
            "error",
        ),
        [_line(world, row) for world, row in replay.measured(quick) if row.runs],
    )
    yield ""
    yield from _shifted()
    yield page.table(
        (
            "what changes",
            "foretold",
            "came",
            "launches",
            "rate held",
            "change held",
            "traffic said",
            "rates said",
            "failed in silence",
            "error, mean",
        ),
        [_shift_line(world, row) for world, row in replay_shift.measured(quick) if row.tested],
    )


def _shifted() -> Iterator[str]:
    yield (
        "### When the traffic is no longer that of the forecast\n\n"
        f"The same forecasts, held against launches after which the traffic is another. Each sample has {replay_shift.SAMPLE:,} "
        f"conversations, of which {replay_shift.GRADE:,} are graded. They are about {len(replay_shift.AREAS)} areas, which are built-in "
        "suites; what users say are their items, with the lengths and the meaning that these have. "
        + "; ".join(
            f"`{name.partition('/')[2]}` is {100 * share:g} % of the traffic, with a rate of {100 * rate:g} %"
            for name, share, rate in replay_shift.AREAS
        )
        + ". Within an area one half of the items has half of its rate, the other one and a half times as much. *Foretold* is the "
        "rate before the launch, which a forecast estimates, and *came* the rate after it. *Traffic said* is how often the test of "
        "`replay check` calls the traffic another, of one launch in "
        f"{replay_shift.TESTED}; *rates said* how often forecast and found rate disagree beyond both intervals. *Failed in silence*: "
        "the interval does not hold the rate, and neither says so, of the launches whose traffic was tested.\n"
    )


def _shift_line(world: replay_shift.World, row: replay_shift.Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{100 * replay_shift.truth(world, False):.1f} %",
        f"{100 * replay_shift.truth(world, True):.1f} %",
        f"{row.runs:,}",
        page.share(row.held, row.runs),
        page.share(row.moved_held, row.runs),
        page.share(row.alarms, row.tested),
        page.share(row.disagreed, row.runs),
        f"{row.silent} of {row.tested}",
        f"{row.error / row.runs:.2f} ×",
    )


def _line(world: replay.World, row: replay.Row) -> tuple[str, ...]:
    held, moved = row.runs - row.below - row.above, row.runs - row.moved_below - row.moved_above
    return (
        row.name,
        f"{world.sample:,}, {world.grade:,}",
        f"{row.runs:,}",
        page.share(held, row.runs),
        f"{100 * row.below / row.runs:.1f} %",
        f"{100 * row.above / row.runs:.1f} %",
        page.share(moved, row.runs),
        f"{100 * np.mean(row.rates):.4g} %",
        f"{100 * row.width / row.runs:.3g} points",
        _error(world.rate, row.rates),
    )


def _error(truth: float, rates: tuple[float, ...]) -> str:
    """Return the median factor between estimates and the truth, whichever is larger."""
    factors = [max(one / truth, truth / one) if one > 0 else np.inf for one in rates]
    middle = float(np.median(factors))
    return f"{middle:.2f} ×" if np.isfinite(middle) else "none"


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"replay": _replay}
"""The sections of docs/measurements.md, in their order: each measures, and yields its Markdown."""
