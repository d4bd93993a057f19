"""The stages of post-training, by TRL and PEFT: examples, preferences, rewards. Imports torch; load it late."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer

from seatrial.collect import Progress
from seatrial.errors import PolicyError, StoreError, TrainingError
from seatrial.evidence.rewards.reward_signals import RewardSignal, open_signal
from seatrial.evidence.rewards.sampling import sample
from seatrial.evidence.rewards.table import table_of
from seatrial.evidence.rewards.training_plan import PreferenceTraining, SupervisedTraining, TrainingPlan, plan_items
from seatrial.evidence.rewards.weights import quiet
from seatrial.formats.jsonl import json_lines
from seatrial.formats.whole_files import write_whole
from seatrial.models.embedded import DEFAULT_SYSTEM
from seatrial.models.threads import threads
from seatrial.types import Item

__all__ = ["Run", "best_completions", "last_checkpoint", "preferences", "read_examples", "reinforced", "supervised"]

MOST_THREADS = 256
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """What the stages of one training share.

    Attributes:
        plan: The training plan.
        base: Where Transformers loads the model from.
        folder: The training's folder.
        progress: Where to show how far it is.
    """

    plan: TrainingPlan
    base: str
    folder: Path
    progress: Progress

    def __post_init__(self) -> None:
        """Quiet the libraries and fix the seeds."""
        quiet()
        transformers.set_seed(self.plan.seed)
        torch.set_num_threads(threads(MOST_THREADS))

    @property
    def system(self) -> str | None:
        """The system prompt that the model is served with."""
        if self.plan.model.system is None and self.plan.model.model.startswith("embedded/"):
            return DEFAULT_SYSTEM
        return self.plan.model.system

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer, padding as training needs it."""
        tokenizer: Any = AutoTokenizer.from_pretrained(self.base)
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return tokenizer

    def turns(self, messages: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
        """Return a conversation as the server renders it: with its system prompt written out."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, *({"role": role, "content": content} for role, content in messages)]

    def adapted(self, start: Path | None) -> Any:
        """Return the model with a fresh adapter, or with the one in `start` to go on with."""
        model = AutoModelForCausalLM.from_pretrained(self.base, dtype=torch.float32)
        if start is not None:
            return PeftModel.from_pretrained(model, str(start), is_trainable=True)
        return get_peft_model(model, self.lora(model.config.num_hidden_layers))

    def lora(self, layers: int, task: str = "CAUSAL_LM") -> Any:
        """Return the settings of an adapter on the model's last layers."""
        spec = self.plan.train
        chosen = list(range(max(0, layers - (spec.layers or layers)), layers))
        return LoraConfig(
            r=spec.lora_rank,
            lora_alpha=2 * spec.lora_rank,
            lora_dropout=0.0,
            target_modules=LINEAR,
            layers_to_transform=chosen,
            task_type=task,
            modules_to_save=["score"] if task == "SEQ_CLS" else None,
        )

    def settings(self, stage: str, steps: int, batch: int, learning_rate: float) -> dict[str, Any]:
        """Return what all trainers are told."""
        return {
            "output_dir": str(self.folder / "checkpoints" / stage),
            "max_steps": steps,
            "per_device_train_batch_size": batch,
            "learning_rate": learning_rate,
            "lr_scheduler_type": "constant",
            "use_cpu": True,
            "bf16": False,
            "gradient_checkpointing": False,
            "report_to": "none",
            "disable_tqdm": True,
            "logging_steps": 1,
            "logging_nan_inf_filter": False,
            "save_steps": self.plan.train.save_every,
            "save_total_limit": 2,
            "seed": self.plan.seed,
            "dataloader_pin_memory": False,
        }

    def go(self, trainer: Any, stage: str, steps: int) -> int:
        """Train from the last checkpoint on, keep the adapter in `folder/stage`, and return the steps."""
        checkpoint = last_checkpoint(self.folder / "checkpoints" / stage)
        log = _Log(self, stage, checkpoint)
        self.progress.plan(steps)
        self.progress.say(stage)
        for _ in range(log.from_step):
            self.progress.advance(fresh=False)
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.add_callback(log)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if trainer.state.global_step < steps:
            raise TrainingError(
                f"{stage}: the trainer ended after {trainer.state.global_step} of {steps} steps; no adapter was written"
            )
        if any(not torch.isfinite(weight).all() for weight in trainer.model.parameters() if weight.requires_grad):
            raise TrainingError(f"{stage}: weights are no longer finite; lower `learning_rate`. No adapter was written")
        partial, whole = self.folder / f"{stage}.partial", self.folder / stage
        shutil.rmtree(partial, ignore_errors=True)
        trainer.model.save_pretrained(str(partial), selected_adapters=["default"])
        partial.replace(whole)
        return steps

    def finished(self, stage: str) -> bool:
        """Whether an earlier run came to the end of a stage: its folder gets its name when all is in it."""
        return (self.folder / stage).is_dir()


class _Log(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
    """A line a step in `log.jsonl`, and a stop where the loss is no number."""

    def __init__(self, run: Run, stage: str, checkpoint: Path | None) -> None:
        self._run, self._stage = run, stage
        self.from_step = int(checkpoint.name.partition("-")[2]) if checkpoint else 0
        self._path = run.folder / "log.jsonl"
        # A line that a kill cut short is of a step beyond the checkpoint, so it is done again.
        rows = [row for _, row in json_lines(self._path.read_text(encoding="utf-8"))] if self._path.exists() else []
        kept = [row for row in rows if not isinstance(row, str) and self._stands(row)]
        write_whole(self._path, "".join(f"{json.dumps(row)}\n" for row in kept), StoreError)

    def _stands(self, row: Row) -> bool:
        return bool(row["stage"] != self._stage or row["step"] <= self.from_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Write what the trainer measured at this step."""
        logs = logs or {}
        if "loss" not in logs:
            return
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise TrainingError(
                f"{self._stage}: the loss is {loss} at step {state.global_step}; lower `learning_rate`. "
                "No adapter was written"
            )
        rewards = {
            name.split("/")[1]: float(value)
            for name, value in logs.items()
            if name.startswith("rewards/") and name.endswith("/mean")
        }
        row = {"stage": self._stage, "step": state.global_step, "loss": loss, "rewards": rewards}
        row |= {new: float(logs[old]) for old, new in MEASURED.items() if old in logs}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self._run.progress.advance()
        shown = ", ".join(f"{name} {value:.2f}" for name, value in rewards.items()) or f"loss {loss:.3f}"
        self._run.progress.say(f"{self._stage} {state.global_step}: {shown}")


MEASURED = {
    "reward": "reward",
    "kl": "kl",
    "completions/mean_length": "tokens",
    "grad_norm": "gradient",
    "accuracy": "accuracy",
}


def supervised(
    run: Run, examples: Sequence[Row], spec: SupervisedTraining, stage: str, start: Path | None = None
) -> int:
    """Fine-tune on examples, `prompt` (turns) and `completion`; return the steps."""
    if run.finished(stage):
        return spec.steps
    rows = [
        {"prompt": run.turns(row["prompt"]), "completion": [{"role": "assistant", "content": row["completion"]}]}
        for row in examples
    ]
    trainer = SFTTrainer(
        model=run.adapted(start),
        args=SFTConfig(
            **run.settings(stage, spec.steps, spec.batch, spec.learning_rate),
            max_length=512,
            completion_only_loss=True,
        ),
        train_dataset=datasets.Dataset.from_list(rows),
        processing_class=run.tokenizer,
    )
    return run.go(trainer, stage, spec.steps)


def preferences(run: Run, spec: PreferenceTraining) -> int:
    """Train a reward model on pairs of a chosen and a rejected completion; return the steps."""
    assert spec.pairs is not None
    if run.finished("adapter"):
        return spec.steps
    rows = [
        {
            "prompt": run.turns(row["prompt"]),
            "chosen": [{"role": "assistant", "content": row["chosen"]}],
            "rejected": [{"role": "assistant", "content": row["rejected"]}],
        }
        for row in _read(spec.pairs, ("chosen", "rejected"))
    ]
    tokenizer = run.tokenizer
    model = AutoModelForSequenceClassification.from_pretrained(run.base, num_labels=1, dtype=torch.float32)
    model.config.pad_token_id = tokenizer.pad_token_id
    trainer = RewardTrainer(
        model=model,
        args=RewardConfig(
            **run.settings("adapter", spec.steps, spec.batch, spec.learning_rate), max_length=512, disable_dropout=True
        ),
        train_dataset=datasets.Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=run.lora(model.config.num_hidden_layers, "SEQ_CLS"),
    )
    return run.go(trainer, "adapter", spec.steps)


def reinforced(run: Run, items: Sequence[Item], mix: Mapping[str, float], start: Path | None = None) -> int:
    """Train on a mix of rewards with GRPO; return the steps.

    Where a signal is silent on a completion it counts as its prompt's mean, as in the audit and the forecast.

    Raises:
        PolicyError: there are fewer prompts than a step takes, of which the trainer would make no step at all.
    """
    spec = run.plan.train
    if run.finished("grpo"):
        return spec.steps
    if len(items) < spec.prompts:
        raise PolicyError(
            f"train.prompts: a step takes {spec.prompts} prompts, and the plan has {len(items)}; "
            "lower it, or add prompts"
        )
    wanted = {name: weight for name, weight in mix.items() if weight != 0.0}
    signals = {name: open_signal(name, run.plan.signals[name], run.plan.seed) for name in wanted}
    rows = [
        {"prompt": run.turns([(turn.role, turn.content) for turn in item.messages]), "place": place}
        for place, item in enumerate(items)
    ]
    trainer = GRPOTrainer(
        model=run.adapted(start),
        reward_funcs=[_rewarding(name, signal, items) for name, signal in signals.items()],
        args=GRPOConfig(
            **run.settings("grpo", spec.steps, spec.prompts * spec.completions, spec.learning_rate),
            num_generations=spec.completions,
            max_completion_length=spec.tokens,
            temperature=spec.temperature,
            beta=spec.beta,
            reward_weights=list(wanted.values()),
            multi_objective_aggregation=spec.scale.replace("-", "_"),
            loss_type="grpo",
        ),
        train_dataset=datasets.Dataset.from_list(rows),
        processing_class=run.tokenizer,
    )
    return run.go(trainer, "grpo", spec.steps)


def _rewarding(name: str, signal: RewardSignal, items: Sequence[Item]) -> Callable[..., list[float]]:
    """Return a signal as TRL calls it."""

    def reward(completions: Sequence[Any], place: Sequence[int], **_: Any) -> list[float]:
        texts = [one[0]["content"] for one in completions]
        said = signal.score([items[number] for number in place], texts)
        given = np.array([math.nan if value is None else value for value in said])
        groups = np.array(place)
        for number in set(place):
            own = groups == number
            spoken = own & ~np.isnan(given)
            given[own & np.isnan(given)] = given[spoken].mean() if spoken.any() else 0.0
        rewards: list[float] = given.tolist()
        return rewards

    reward.__name__ = name
    return reward


def best_completions(run: Run, mix: Mapping[str, float]) -> list[Row]:
    """Return the best completion of each prompt by the mix, sampled from the present model."""
    frame = sample(run.plan, run.folder / "samples", run.progress, completions=run.plan.train.completions)
    run.progress.done = 0
    items = {f"{item.suite}/{item.id}": item for item in plan_items(run.plan)}
    table = table_of(frame, "the completions sampled")
    mixed = table.rewards @ table.weights(dict(mix))
    texts = {name: frame.filter(frame["item"] == name)["completion"].to_list() for name in table.prompts}
    best = []
    ends = np.append(table.groups.starts[1:], len(mixed))
    for name, start, end in zip(table.prompts, table.groups.starts, ends, strict=True):
        turns = [(turn.role, turn.content) for turn in items[name].messages]
        best.append({"prompt": turns, "completion": texts[name][int(mixed[start:end].argmax())]})
    return best


def read_examples(path: Path) -> list[Row]:
    """Return good examples, `prompt` as turns and `completion`.

    Raises:
        PolicyError: the file cannot be read; names the line.
    """
    return _read(path, ("completion",))


def _read(path: Path, keys: Sequence[str]) -> list[Row]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: cannot be read: {error}") from error
    rows = []
    for number, line in json_lines(text):
        if isinstance(line, str):
            raise PolicyError(f"{path}:{number}: {line}")
        wrong = [key for key in ("prompt", *keys) if not isinstance(line.get(key), str) or not line[key].strip()]
        if wrong:
            raise PolicyError(f"{path}:{number}: needs `{wrong[0]}` in words")
        rows.append({"prompt": [("user", line["prompt"])], **{key: line[key] for key in keys}})
    if not rows:
        raise PolicyError(f"{path}: holds nothing to train on")
    return rows


def last_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint that was written to its end; its state is what the trainer writes last."""
    found = [path for path in folder.glob("checkpoint-*") if _whole(path / "trainer_state.json")]
    return max(found, key=lambda path: int(path.name.partition("-")[2]), default=None)


def _whole(state: Path) -> bool:
    try:
        return isinstance(json.loads(state.read_text(encoding="utf-8")), dict)
    except (OSError, ValueError):
        return False
