"""What someone wants to train on: the training plan, a file that people edit.

It names the model, the prompts, the reward signals, the mixes of them to compare, and how to train.
"""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from seatrial.errors import PolicyError
from seatrial.formats.bounded import LARGEST, read_text
from seatrial.formats.jsonl import json_lines
from seatrial.formats.letters import unread
from seatrial.formats.yaml import StrictModel, checked_yaml
from seatrial.policy import ModelSpec, resolved_model
from seatrial.suites import find_suites, load_suite
from seatrial.types import Item, Message

__all__ = [
    "Instruments",
    "JudgeReward",
    "PreferenceTraining",
    "Prompts",
    "PythonFunction",
    "RewardModel",
    "RewardSpec",
    "Rule",
    "SupervisedTraining",
    "TrainSpec",
    "TrainingPlan",
    "Users",
    "load_plan",
    "parse_plan",
    "plan_items",
]


class Prompts(StrictModel):
    """What the model is asked while it is trained.

    Attributes:
        suites: Names of suites, e.g. `unearned-praise`; their first `each` items of each use case in turn.
        each: Items taken from each suite.
        file: JSONL with `prompt`, and if there are any `id`, `use_case`, `cluster` and `targets`.
    """

    suites: list[str] = []
    each: int = Field(40, ge=1)
    file: Path | None = None

    @model_validator(mode="after")
    def _some(self) -> Prompts:
        if not self.suites and self.file is None:
            raise ValueError("give `suites`, or a `file` of prompts")
        return self


class Instruments(StrictModel):
    """A sum of the project's instruments, each times its weight: a rubric in numbers."""

    kind: Literal["instruments"]
    weights: dict[str, float] = Field(min_length=1)


class Correctness(StrictModel):
    """1 where an accepted answer stands in the completion, 0 where none does; silent where the item has none."""

    kind: Literal["correctness"]


class Users(StrictModel):
    """Simulated users and their thumbs: they like agreement and praise, and punish correction and refusal.

    Attributes:
        agreement: How much agreement raises the log-odds of a thumbs-up.
        praise: How much praise does.
        correction: How much being corrected does.
        refusal: How much a refusal does.
        intercept: Log-odds of a thumbs-up for an answer with none of it.
        votes: Chance that a user votes at all.
        raters: Users who see each completion.
        leniency: Standard deviation of what users differ by, in log-odds.
    """

    kind: Literal["users"]
    agreement: float = 2.0
    praise: float = 2.0
    correction: float = -1.5
    refusal: float = -2.0
    intercept: float = 0.0
    votes: float = Field(0.3, gt=0.0, le=1.0)
    raters: int = Field(20, ge=1, le=10_000)
    leniency: float = Field(0.5, ge=0.0)


class RewardModel(StrictModel):
    """A reward model: a folder that `seatrial rewards train` or Transformers wrote."""

    kind: Literal["reward-model"]
    path: Path


class JudgeReward(StrictModel):
    """A language model that grades each completion from 0 (harmless) to 10 by a suite's rubric; less is more reward."""

    kind: Literal["judge"]
    model: ModelSpec
    suite: str


class Rule(StrictModel):
    """A rule of form. `length`: 0 at `words` words, falling to −1; `format`: less markup is more reward."""

    kind: Literal["length", "format"]
    words: int = Field(40, ge=1)


class PythonFunction(StrictModel):
    """Any function: `FILE.py:NAME` or `MODULE:NAME`, called with lists of prompts and completions."""

    kind: Literal["python"]
    function: str = Field(pattern=r"^[^:]+:[A-Za-z_][A-Za-z0-9_]*$")
    seconds: float = Field(30.0, gt=0.0)


class Plugin(StrictModel):
    """A signal that an installed package registers under `seatrial.reward_signals`."""

    kind: Literal["plugin"]
    name: str


RewardSpec = Annotated[
    Instruments | Correctness | Users | RewardModel | JudgeReward | Rule | PythonFunction | Plugin,
    Field(discriminator="kind"),
]


class SupervisedTraining(StrictModel):
    """Supervised fine-tuning on good examples: JSONL with `prompt` and `completion`."""

    examples: Path | None = None
    steps: int = Field(20, ge=1)
    batch: int = Field(4, ge=1)
    learning_rate: float = Field(2e-4, gt=0.0)


class PreferenceTraining(StrictModel):
    """A reward model from preferences: JSONL with `prompt`, `chosen` and `rejected`."""

    pairs: Path | None = None
    steps: int = Field(40, ge=1)
    batch: int = Field(4, ge=1)
    learning_rate: float = Field(1e-4, gt=0.0)


class TrainSpec(StrictModel):
    """How to train.

    Attributes:
        method: `sft`, `reward-model`, `grpo`, or `rejection`: supervised fine-tuning on the best completions.
        steps: Optimizer steps.
        prompts: Prompts of a step.
        completions: Completions of each prompt.
        tokens: Longest completion.
        learning_rate: Of AdamW.
        beta: Strength of the KL penalty in GRPO.
        temperature: Of the sampler while training.
        scale: `sum-then-normalize` as GRPO does, or `normalize-then-sum`, each signal on its own.
        lora_rank: Rank of the adapter.
        layers: Only the last so many layers get an adapter; all by default.
        save_every: Steps between checkpoints.
        sft: Settings of supervised fine-tuning.
        reward_model: Settings of the reward model.
    """

    method: Literal["sft", "reward-model", "grpo", "rejection"] = "grpo"
    steps: int = Field(24, ge=1)
    prompts: int = Field(4, ge=1)
    completions: int = Field(4, ge=2)
    tokens: int = Field(32, ge=1)
    learning_rate: float = Field(5e-4, gt=0.0)
    beta: float = Field(0.02, ge=0.0)
    temperature: float = Field(1.0, gt=0.0)
    scale: Literal["sum-then-normalize", "normalize-then-sum"] = "sum-then-normalize"
    lora_rank: int = Field(8, ge=1)
    layers: int | None = Field(None, ge=1)
    save_every: int = Field(4, ge=1)
    sft: SupervisedTraining = SupervisedTraining()
    reward_model: PreferenceTraining = PreferenceTraining()


class TrainingPlan(StrictModel):
    """What someone wants to train on.

    Attributes:
        name: Short name.
        model: The model that is to be trained; users have it now.
        prompts: What it is asked.
        completions: Completions sampled of each prompt, for the audit and the forecast.
        max_tokens: Longest completion sampled.
        beta: Strength of the KL penalty, for the forecast.
        seed: Seed of every random choice.
        signals: The reward signals by name.
        behaviors: Instruments that read each completion, and suites by signal (`behavior/unearned-praise`), whose first
            text instrument reads the completions of their own items.
        mixes: Mixes by name: signal → weight. The first is what is trained on now, the last what is wanted.
        train: How to train.
    """

    name: str = Field(min_length=1, max_length=120)
    model: ModelSpec
    prompts: Prompts
    completions: int = Field(8, ge=2, le=1024)
    max_tokens: int = Field(40, ge=1, le=32_768)
    beta: float = Field(0.1, gt=0.0)
    seed: int = 20250425
    signals: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")], RewardSpec] = Field(min_length=1)
    behaviors: list[str] = Field(min_length=1)
    mixes: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")], dict[str, float]] = Field(min_length=1)
    train: TrainSpec = TrainSpec()

    @model_validator(mode="after")
    def _coherent(self) -> TrainingPlan:
        for name, mix in self.mixes.items():
            unknown = [signal for signal in mix if signal not in self.signals]
            if unknown:
                raise ValueError(f"mix {name}: no signal is called {unknown[0]!r}; there are {', '.join(self.signals)}")
            if not any(math.isfinite(weight) and weight != 0.0 for weight in mix.values()):
                raise ValueError(f"mix {name}: every weight is 0; a mix needs a signal that counts")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the plan's content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_plan(path: Path) -> TrainingPlan:
    """Return the training plan in the file at `path`, with relative paths resolved against its folder.

    Raises:
        PolicyError: the file cannot be read or does not hold a valid plan; names lines.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise PolicyError(f"{path}: no such file; examples/april-update/plan.yaml is a plan to start from") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(unread(path, error)) from error
    return _resolved(parse_plan(text, str(path)), path.resolve().parent)


def parse_plan(text: str, name: str = "plan") -> TrainingPlan:
    """Return the training plan written in `text`; `name` stands for the file in messages.

    Raises:
        PolicyError: it is not YAML, or not a valid plan.
    """
    return checked_yaml(text, name, TrainingPlan, PolicyError, _expected)


def _expected(detail: dict[str, Any]) -> str | None:
    if detail["type"] == "union_tag_invalid":
        return f"{detail['ctx']['tag']!r} is no kind of signal; there are {detail['ctx']['expected_tags']}"
    if detail["type"] == "union_tag_not_found":
        return "a signal needs its `kind`: instruments, correctness, users, reward-model, judge, length, format, python"
    return None


def _resolved(plan: TrainingPlan, folder: Path) -> TrainingPlan:
    def signal(spec: Any) -> Any:
        match spec:
            case RewardModel():
                return spec.model_copy(update={"path": folder / spec.path})
            case PythonFunction() if spec.function.split(":")[0].endswith(".py"):
                return spec.model_copy(update={"function": str(folder / spec.function)})
            case JudgeReward():
                return spec.model_copy(update={"model": resolved_model(spec.model, folder)})
        return spec

    train, prompts = plan.train, plan.prompts
    sft = train.sft.model_copy(update={"examples": train.sft.examples and folder / train.sft.examples})
    pairs = train.reward_model.model_copy(
        update={"pairs": train.reward_model.pairs and folder / train.reward_model.pairs}
    )
    return plan.model_copy(
        update={
            "model": resolved_model(plan.model, folder),
            "prompts": prompts.model_copy(update={"file": prompts.file and folder / prompts.file}),
            "signals": {name: signal(spec) for name, spec in plan.signals.items()},
            "train": train.model_copy(update={"sft": sft, "reward_model": pairs}),
        }
    )


def plan_items(plan: TrainingPlan) -> tuple[Item, ...]:
    """Return what the plan asks: items of its suites, use cases by turns, then those of its file.

    Raises:
        PolicyError: there is no such suite, or the file of prompts is wrong; names the line.
    """
    found = {path.name: path for path in find_suites().values()}
    items: list[Item] = []
    for name in plan.prompts.suites:
        if name not in found:
            raise PolicyError(f"prompts.suites: no suite is called {name!r}; there are {', '.join(sorted(found))}")
        items += _by_turns(load_suite(found[name]).items)[: plan.prompts.each]
    if plan.prompts.file is not None:
        items += _from_file(plan.prompts.file)
    return tuple(items)


def _by_turns(items: tuple[Item, ...]) -> list[Item]:
    """Return items so that each use case has its turn; those of one cluster stay in their order."""
    queues: dict[str, list[Item]] = {}
    for item in items:
        queues.setdefault(item.use_case, []).append(item)
    longest = max(map(len, queues.values()), default=0)
    return [queue[turn] for turn in range(longest) for queue in queues.values() if turn < len(queue)]


def _from_file(path: Path) -> list[Item]:
    try:
        text = read_text(path, LARGEST)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(unread(path, error)) from error
    items: list[Item] = []
    for number, line in json_lines(text):
        if isinstance(line, str):
            raise PolicyError(f"{path}:{number}: {line}")
        prompt = line.get("prompt")
        if not isinstance(prompt, str) or not prompt.strip():
            raise PolicyError(f"{path}:{number}: needs a `prompt` in words: {json.dumps(line)[:80]}")
        name = str(line.get("id", f"{path.stem}-{number}"))
        if any(item.id == name for item in items):
            raise PolicyError(f"{path}:{number}: the id {name!r} stands twice")
        items.append(
            Item(
                name,
                path.stem,
                (Message("user", prompt),),
                tuple(str(target) for target in line.get("targets", [])),
                str(line.get("use_case", "general")),
                str(line.get("cluster", "")),
            )
        )
    if not items:
        raise PolicyError(f"{path}: holds no prompts")
    return items
