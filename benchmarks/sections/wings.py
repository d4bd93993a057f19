"""Sections on what stands beside a review: reward mixes and vibe checks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks import page, rewards, vibes
from seatrial.rewards.audit import Estimate
from seatrial.stats.intervals import wilson

__all__ = ["SECTIONS"]


def _rewards(quick: bool) -> Iterator[str]:
    yield "## Reward mixes: audit and forecast\n"
    yield page.source("rewards", ("xllamacpp", "polars", "numpy"))
    size = 100_000 if quick else 1_000_000
    read, audited = rewards.speed(size)
    yield (
        f"Audit of {size:,} completions × {rewards.SIGNALS} signals × {rewards.BEHAVIORS} behaviors: {read:.1f} s to read "
        f"and check the file, {audited:.1f} s for shares, flips, correlations and influences with their intervals. The "
        f"influence formula differs from finite differences by at most {rewards.digits(5 if quick else 50):.1g} of the "
        "largest influence.\n"
    )
    runs = 20 if quick else 200
    yield (
        f"Best-of-n forecast from 16 draws of 60 prompts against really taking the best of n, {runs:,} simulated tables a "
        "row, intervals of 95 %.\n"
    )
    jobs = [(world, n, runs) for world in rewards.WORLDS for n in ((4,) if quick else (2, 4, 8))]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        best = list(pool.map(rewards.best_of_cover, *zip(*jobs, strict=True)))
    yield page.table(("world", "covered"), [(one.world, _covered(one)) for one in best])
    yield (
        "Forecast of the optimum, where it was not refused. The rule that refuses was set before these "
        "worlds were written. Refused: the share of tables in which the "
        "samples did not bear the mix. *Unbounded tail* is where it fails: no draw shows a tail that no draw has reached, so a "
        "reward without bounds must be clipped before it is forecast.\n"
    )
    settings = [(16, 1.0)] if quick else [(8, 2.0), (8, 1.0), (16, 0.7), (64, 0.5)]
    bearing = [(world, draws, beta, runs) for world in rewards.WORLDS for draws, beta in settings]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        borne = list(pool.map(rewards.support_cover, *zip(*bearing, strict=True)))
    yield page.table(
        ("world", "covered where said", "refused"),
        [(one.world, _covered(one), f"{one.refused / runs:.0%}") for one in borne],
    )
    with tempfile.TemporaryDirectory() as folder:
        exact, optimum = rewards.resampled(3 if quick else 16, 8 if quick else 16, 1.0, Path(folder))
    yield (
        f"{len(rewards.MIXES)} mixes on the embedded model's own completions, written down before the first run: each "
        "behavior's forecast from half of the draws beside the best of four of the other half, by the mix. Users are "
        "simulated.\n"
    )
    rows = []
    for what, found in (("best of four", exact), ("the optimum at beta 1", optimum)):
        counted, right, rank = rewards.agreement(found)
        band = wilson(right, counted, 0.025)
        rows.append(
            (what, f"{len(found)}", f"{counted}", page.percent(right / counted, band.low, band.high), f"{rank:.2f}")
        )
    yield page.table(
        ("forecast of", "shifts", "larger than their noise", "right sign of those", "rank correlation"), rows
    )
    missed = [
        (what, one)
        for what, found in (("best of four", exact), ("optimum", optimum))
        for one in found
        if one.counts and not one.agrees
    ]
    if missed:
        yield "Misses: shifts larger than their noise whose sign was forecast wrong.\n"
        yield page.table(
            ("forecast of", "mix", "behavior", "forecast", "reached"),
            [(what, one.mix, one.behavior, _shift(one.forecast), _shift(one.reached)) for what, one in missed],
        )
    else:
        yield "No shift larger than its noise was forecast with the wrong sign.\n"


def _covered(one: rewards.Cover) -> str:
    if not one.said:
        return "–"
    band = wilson(one.held, one.said, 0.025)
    return page.percent(one.held / one.said, band.low, band.high)


def _shift(made: Estimate) -> str:
    return f"{made.value:+.3f} [{made.low:.3f}, {made.high:.3f}]"


def _vibes(quick: bool) -> Iterator[str]:
    yield "## Vibe checks under load\n"
    yield page.source("vibes", ("fastapi", "uvicorn", "sqlalchemy"))
    found = vibes.run(20, 5, 10.0) if quick else vibes.run(200, 50, 60.0)
    count = sum(map(len, found.taken.values()))
    yield (
        f"{found.raters} *simulated* raters on pairs and {found.talkers} in conversations with two simulated models, for "
        f"{found.seconds:.0f} s against `seatrial vibe serve` on SQLite, one request each in {vibes.PACE:g} s on average (a page, "
        f"two autosaves, a rating; people take minutes), server, models and raters on {os.cpu_count()} cores, rate limits on. "
        f"{count:,} requests, {count / found.seconds:.0f} a second; errors: "
        f"{', '.join(f'{many} × {what}' for what, many in found.errors.items()) or 'none'}.\n"
    )
    kinds = {
        "pages": ("page",),
        "saves": ("save",),
        "conversations, to the first piece": ("talk",),
        "all": ("page", "save", "talk"),
    }
    yield page.table(
        ("requests", "p50", "p95", "p99"),
        [(what, *[f"{one:.0f} ms" for one in found.quantiles(*names)]) for what, names in kinds.items()],
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"rewards": _rewards, "vibes": _vibes}
