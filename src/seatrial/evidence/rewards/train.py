"""Training on a mix, from the plan to an adapter that a review takes as its candidate.

Supervised fine-tuning on good examples if the plan has any, then reinforcement learning on the mix (or the best of
several completions), then the adapter as GGUF. A folder holds one training; what is in it is whole once
`training.json` stands there.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seatrial.collect import Progress
from seatrial.errors import Interrupted, PolicyError, SeatrialError, StoreError, TrainingError
from seatrial.evidence.rewards.adapter import write_gguf_adapter
from seatrial.evidence.rewards.training_plan import TrainingPlan, plan_items
from seatrial.evidence.rewards.weights import need_train, transformers_weights
from seatrial.formats.whole_files import write_whole
from seatrial.models.identity import content_hash
from seatrial.policy import ModelSpec

__all__ = ["Training", "candidate", "train"]


@dataclass(frozen=True, slots=True)
class Training:
    """A finished training.

    Attributes:
        name: The plan's name.
        plan: SHA-256 of the plan.
        mix: The mix trained on.
        method: As in the plan.
        steps: Optimizer steps of the last stage.
        seconds: What it took, without what earlier, stopped runs did.
        first: Signal → mean reward over the first quarter of the steps; empty where nothing was rewarded.
        last: The same of the last quarter.
        adapter: SHA-256 of `adapter.gguf`; empty for a reward model.
    """

    name: str
    plan: str
    mix: str
    method: str
    steps: int
    seconds: float
    first: dict[str, float]
    last: dict[str, float]
    adapter: str


def train(plan: TrainingPlan, mix: str, folder: Path, progress: Progress) -> Training:
    """Train the plan's model on one of its mixes; return what came of it.

    The same call goes on at the last checkpoint of a training that was stopped, and returns a finished one as it is.

    Args:
        plan: The training plan.
        mix: Name of the mix.
        folder: The training's folder.
        progress: Where to show how far it is.

    Raises:
        Interrupted: the user stopped it.
        TrainingError: packages are missing, memory ran out, or the weights are no longer finite.
        PolicyError: the folder holds another training, or the plan lacks what the method needs.
        RewardError: a reward signal failed.
        StoreError: the folder cannot be written, or the disk is full.
    """
    need_train()
    done = _claimed(folder, plan, mix)
    if done is not None:
        return done
    began = time.monotonic()
    progress.unit = "steps"
    try:
        with progress:
            steps = _trained(plan, mix, folder, progress)
    except KeyboardInterrupt:
        raise Interrupted(
            f"stopped. Checkpoints are kept in {folder}; the same command goes on at the last one."
        ) from None
    except SeatrialError:
        raise
    except (MemoryError, RuntimeError) as error:
        raise _memory(error, plan) from error
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be written or read: {error}. The same command goes on at the last checkpoint."
        ) from error
    adapter = folder / "adapter.gguf"
    first, last = _ends(folder / "log.jsonl")
    made = Training(
        plan.name,
        plan.digest,
        mix,
        plan.train.method,
        steps,
        round(time.monotonic() - began, 1),
        first,
        last,
        content_hash(adapter) if adapter.is_file() else "",
    )
    _write(folder / "training.json", asdict(made))
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return made


def _claimed(folder: Path, plan: TrainingPlan, mix: str) -> Training | None:
    """Make the folder this training's own; return the training if it is finished."""
    note = {"plan": plan.digest, "mix": mix}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        claim = folder / "plan.json"
        if claim.exists() and json.loads(claim.read_text(encoding="utf-8")) != note:
            raise PolicyError(
                f"{folder}: holds another training (another plan or mix); give another folder with --out, or delete it"
            )
        finished = folder / "training.json"
        if claim.exists() and finished.exists():
            return Training(**json.loads(finished.read_text(encoding="utf-8")))
        _write(claim, note)
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{folder}: cannot be used for a training: {error}") from error
    return None


def _trained(plan: TrainingPlan, mix: str, folder: Path, progress: Progress) -> int:
    """Run the stages that the method names and write the adapter; return the steps of the last one."""
    from seatrial.evidence.rewards import trainers as stages

    base, spec = transformers_weights(plan.model), plan.train
    run = stages.Run(plan, base, folder, progress)
    if spec.method == "reward-model":
        if spec.reward_model.pairs is None:
            raise PolicyError("train.reward_model.pairs: a reward model needs a file of `prompt`, `chosen`, `rejected`")
        steps = stages.preferences(run, spec.reward_model)
        card = {"model": plan.model.model, "system": run.system}
        _write(folder / "reward_model.json", card)
        return steps
    start: Path | None = None
    steps = 0
    if spec.sft.examples is not None:
        steps = stages.supervised(run, stages.read_examples(spec.sft.examples), spec.sft, "sft")
        start = folder / "sft"
    match spec.method:
        case "sft":
            if start is None:
                raise PolicyError("train.sft.examples: supervised fine-tuning needs a file of `prompt`, `completion`")
            last = start
        case "grpo":
            steps = stages.reinforced(run, plan_items(plan), plan.mixes[mix], start)
            last = folder / "grpo"
        case "rejection":
            steps = stages.supervised(run, stages.best_completions(run, plan.mixes[mix]), spec.sft, "rejection", start)
            last = folder / "rejection"
    if plan.model.model.startswith("embedded/"):
        write_gguf_adapter(last, base, folder / "adapter.gguf")
    return steps


def candidate(plan: TrainingPlan, folder: Path, scale: float = 1.0) -> ModelSpec:
    """Return the trained model of a folder as a review asks it."""
    return plan.model.model_copy(update={"adapter": folder / "adapter.gguf", "adapter_scale": scale})


def _memory(error: BaseException, plan: TrainingPlan) -> BaseException:
    text = str(error)
    if isinstance(error, MemoryError) or "alloc" in text.lower() or "out of memory" in text.lower():
        return TrainingError(
            f"out of memory with {plan.train.prompts} prompts × {plan.train.completions} completions × "
            f"{plan.train.tokens} tokens a step; lower one of them, or `layers`; no adapter was written"
        )
    return TrainingError(f"training failed: {type(error).__name__}: {text}. nothing was written")


def _ends(log: Path) -> tuple[dict[str, float], dict[str, float]]:
    if not log.exists():
        return {}, {}
    rows = [json.loads(line)["rewards"] for line in log.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row]
    size = max(1, len(rows) // 4)

    def mean(part: list[dict[str, float]]) -> dict[str, float]:
        return {name: sum(row[name] for row in part) / len(part) for name in part[0]} if part else {}

    return mean(rows[:size]), mean(rows[-size:])


def _write(path: Path, content: Any) -> None:
    write_whole(path, json.dumps(content, indent=2) + "\n", StoreError)
