"""Forecasts beside what training came to: mixes that the embedded model is really trained on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from seatrial.collect import Progress
from seatrial.evidence.rewards.forecast import best_of
from seatrial.evidence.rewards.forecast_check import Reached, reached
from seatrial.evidence.rewards.sampling import sample
from seatrial.evidence.rewards.table import RewardTable, table_of
from seatrial.evidence.rewards.train import candidate, train
from seatrial.evidence.rewards.training_plan import Rule, TrainingPlan, load_plan
from seatrial.stats.intervals import Estimate

__all__ = ["DRAWS", "EACH", "MIXES", "STEPS", "halves", "incident", "rejected", "sampled"]

EXAMPLE = Path(__file__).parents[1] / "examples" / "april-update"
MIXES: dict[str, dict[str, float]] = {
    "primary": {"primary": 1.0},
    "thumbs": {"thumbs": 1.0},
    "primary-and-4-thumbs": {"primary": 1.0, "thumbs": 4.0},
    "short": {"short": 1.0},
}
"""Trained on by rejection sampling; written before the first run."""
EACH, DRAWS, FRESH = 16, 16, 2
"""Prompts of each suite, completions of each, and completions of each by a trained model."""
STEPS, LEARNING_RATE, LAYERS = 24, 1e-3, 10
"""Of supervised fine-tuning on the best completions, four a step. All of this was written before the first run."""


def sampled(each: int, draws: int, folder: Path) -> tuple[TrainingPlan, pl.DataFrame]:
    """Return the incident's plan with two rules of form beside its signals, and completions scored by all of it.

    Args:
        each: Prompts of each suite.
        draws: Completions of each prompt.
        folder: Where answers are kept.
    """
    plan = load_plan(EXAMPLE / "plan.yaml")
    signals = plan.signals | {"short": Rule(kind="length", words=12), "plain": Rule(kind="format")}
    prompts = plan.prompts.model_copy(update={"each": each})
    plan = plan.model_copy(update={"signals": signals, "prompts": prompts, "completions": draws, "seed": 7})
    return plan, sample(plan, folder, Progress("lines"))


def halves(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the first half of each prompt's draws, and the second."""
    half = pl.col("draw") < (int(frame["draw"].max()) + 1) // 2  # type: ignore[arg-type]
    return frame.filter(half), frame.filter(~half)


def rejected(
    plan: TrainingPlan, frame: pl.DataFrame, answers: Path, folder: Path, names: Sequence[str], steps: int = STEPS
) -> list[Reached]:
    """Train on the best of each prompt's first draws by a mix, and return the forecast from the others beside it.

    The forecast is of best-of-n, n the number of draws chosen from; what training reached is fresh completions of each
    prompt by the trained model against the first draws.

    Args:
        plan: As `sampled` returns it.
        frame: Its completions.
        answers: Where they are kept; they are not asked again.
        folder: Where trainings go.
        names: Mixes of `MIXES`.
        steps: Steps of fine-tuning.
    """
    chosen_from, others = halves(frame)
    known: RewardTable = table_of(others, "the second half")
    count = int(chosen_from["draw"].n_unique())
    sft = plan.train.sft.model_copy(update={"steps": steps, "batch": 4, "learning_rate": LEARNING_RATE})
    spec = plan.train.model_copy(
        update={"method": "rejection", "completions": count, "layers": LAYERS, "save_every": steps, "sft": sft}
    )
    plan = plan.model_copy(update={"mixes": {name: MIXES[name] for name in names}, "train": spec})
    found: list[Reached] = []
    for name in names:
        made = folder / name
        shutil.copytree(answers, made / "samples", dirs_exist_ok=True)
        train(plan, name, made, Progress("lines"))
        fresh = sample(plan, made / "fresh", Progress("lines"), model=candidate(plan, made), completions=FRESH)
        found += reached(name, best_of(known, MIXES[name], count).shifts, chosen_from, fresh)
    return found


def incident() -> list[Reached]:
    """Return what `make incident` forecast and reached; nothing where it was not run on the plan as it stands."""
    kept = EXAMPLE / "runs" / "reached.json"
    if not kept.exists():
        return []
    content = json.loads(kept.read_text(encoding="utf-8"))
    if content["plan"] != load_plan(EXAMPLE / "plan.yaml").digest:
        return []
    return [
        Reached(f"{one['mix']} (GRPO)", one["behavior"], Estimate(**one["forecast"]), Estimate(**one["reached"]))
        for one in content["reached"]
    ]
