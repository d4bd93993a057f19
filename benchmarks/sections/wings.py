"""Sections on what stands beside a review: reward mixes and vibe checks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import page, rewards, trained
from seatrial.evidence.rewards.forecast_check import Reached
from seatrial.stats.intervals import Estimate, wilson

__all__ = ["SECTIONS"]


def _rewards(quick: bool) -> Iterator[str]:
    yield "## Reward mixes: audit and forecast\n"
    yield page.source("rewards", ("xllamacpp", "torch", "trl", "peft", "polars", "numpy"))
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
    with page.pool() as pool:
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
    with page.pool() as pool:
        borne = list(pool.map(rewards.support_cover, *zip(*bearing, strict=True)))
    yield page.table(
        ("world", "covered where said", "refused"),
        [(one.world, _covered(one), f"{one.refused / runs:.0%}") for one in borne],
    )
    each, draws = (3, 8) if quick else (trained.EACH, trained.DRAWS)
    with tempfile.TemporaryDirectory() as scratch:
        answers = Path(os.environ.get("SEATRIAL_BENCH", scratch)) / "answers"
        plan, frame = trained.sampled(each, draws, answers)
        exact, optimum = rewards.resampled(frame, 1.0)
        names = list(trained.MIXES)[:1] if quick else list(trained.MIXES)
        steps = 2 if quick else trained.STEPS
        by_choice = trained.rejected(plan, frame, answers, Path(scratch), names, steps)
    yield from _beside_real(exact, optimum, by_choice, trained.incident(), draws // 2)


def _beside_real(
    exact: list[Reached], optimum: list[Reached], by_choice: list[Reached], by_grpo: list[Reached], half: int
) -> Iterator[str]:
    yield (
        f"{len(rewards.MIXES)} mixes on the embedded model's own completions, written down before the first run: each "
        "behavior's forecast from half of the draws beside the best of four of the other half, by the mix. "
        f"{len({one.mix for one in by_choice})} mixes the model was really trained on, by supervised fine-tuning on the best "
        f"of {half} of those other draws, beside the forecast of the best of {half}; trained models answer afresh. "
        f"{len({one.mix for one in by_grpo}) or 'No'} mixes trained by GRPO: those of `make incident`, where it was run on the "
        "plan as it stands, beside the optimum as far as the samples bore it. Users are simulated. *Within a behavior*: the "
        "mean over behaviors of the rank correlation among mixes, which no difference between behaviors can raise. *Sizes "
        "agree*: forecast and reached lie no further apart than both intervals allow, which is claimed of best of four alone; "
        "training stops short of its optimum.\n"
    )
    kinds = {
        "best of four, resampled": exact,
        "the optimum at beta 1, resampled to best of four": optimum,
        f"best of {half}, trained": by_choice,
        "the optimum, trained by GRPO": by_grpo,
        "all but the second": [*exact, *by_choice, *by_grpo],
    }
    rows = []
    for what, found in kinds.items():
        if not found:
            continue
        made = rewards.agreement(found)
        sign = _of(made.right, made.counted)
        within = f"{made.within:.2f}" if made.within == made.within else "–"
        met = f"{made.met / made.shifts:.0%}"
        rows.append((what, f"{made.shifts}", f"{made.counted}", sign, f"{made.rank:.2f}", within, met))
    yield page.table(
        (
            "forecast of",
            "shifts",
            "larger than their noise",
            "right sign of those",
            "rank correlation",
            "within a behavior",
            "sizes agree",
        ),
        rows,
    )
    missed = [(what, one) for what, found in list(kinds.items())[:4] for one in found if one.counts and not one.agrees]
    if missed:
        yield "Misses: shifts larger than their noise whose sign was forecast wrong.\n"
        yield page.table(
            ("forecast of", "mix", "behavior", "forecast", "reached"),
            [(what, one.mix, one.behavior, _shift(one.forecast), _shift(one.reached)) for what, one in missed],
        )
    else:
        yield "No shift larger than its noise was forecast with the wrong sign.\n"


def _covered(one: rewards.Cover) -> str:
    return _of(one.held, one.said)


def _of(count: int, runs: int) -> str:
    """Return a share with its band; a dash where there was nothing to count."""
    if not runs:
        return "–"
    band = wilson(count, runs, 0.025)
    return page.percent(count / runs, band.low, band.high)


def _shift(made: Estimate) -> str:
    return f"{made.value:+.3f} [{made.low:.3f}, {made.high:.3f}]"


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"rewards": _rewards}
