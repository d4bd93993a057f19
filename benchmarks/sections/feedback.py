"""Section on logs of thumbs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import feedback, page

__all__ = ["SECTIONS"]


def _feedback(quick: bool) -> Iterator[str]:
    yield "## Logs of thumbs\n"
    yield page.source("feedback")
    runs, rows = (100, 200_000) if quick else (2_000, 100_000_000)
    yield (
        f"{runs:,} simulated experiments a row, with users who have lasting tastes, come back, vote seldom and not at random. How "
        "often the interval of 95 % of the change in approval covers the true one, clustered by user; the same of the gap between "
        "approval and benefit; and how often the bounds that assume nothing of the silent hold the change over all conversations.\n"
    )
    with page.pool() as pool:
        once = list(pool.map(feedback.missed, feedback.WORLDS, [runs] * len(feedback.WORLDS)))
        daily = list(pool.map(feedback.missed_daily, feedback.WORLDS, [runs] * len(feedback.WORLDS)))
    yield page.table(
        ("world", "approval covered", "gap covered", "bounds held"),
        [
            (
                one.world,
                *(
                    page.share(one.runs - one.blind - wrong, one.runs - one.blind)
                    for wrong in (one.approval, one.gap, one.bounds)
                ),
            )
            for one in once
        ],
    )
    yield (
        f"The same worlds over {feedback.DAYS} days, looked at every day: in how many of {runs:,} experiments any look missed the "
        "truth, with the interval for daily looks (5 % claimed at most) and with the interval of one look; and how far the former "
        "reaches at the last look, as a multiple of the latter.\n"
    )
    yield page.table(
        ("world", "for daily looks", "of one look", "reach"),
        [
            (
                one.world,
                page.share(one.wrong, one.runs),
                page.share(one.naive, one.runs),
                f"{one.reach:.2f}" if one.reach > 0 else "–",
            )
            for one in daily
        ],
    )
    seconds, memory = feedback.speed(rows)
    yield (
        f"A log of {rows:,} conversations of {rows // 20:,} users in Parquet, 2 % with a vote, is read in {seconds:.0f} s with "
        f"{memory:.1f} GB at most.\n"
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"feedback": _feedback}
