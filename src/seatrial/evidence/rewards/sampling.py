"""Completions of the present model, scored by every signal and behavior of a training plan: a table of rewards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from seatrial.collect import Ask, Collector, Progress, ResponseStore
from seatrial.errors import EvidenceError, Interrupted, PolicyError, StoreError
from seatrial.evidence.rewards.reward_signals import open_signal
from seatrial.evidence.rewards.table import BEHAVIOR, REWARD
from seatrial.evidence.rewards.training_plan import TrainingPlan, plan_items
from seatrial.instruments import find_instrument
from seatrial.instruments.base import Instrument, read_many
from seatrial.models import open_models
from seatrial.policy import ModelSpec
from seatrial.replies import why
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import Item, Request, Response

__all__ = ["sample", "score"]


def sample(
    plan: TrainingPlan,
    folder: Path,
    progress: Progress,
    *,
    model: ModelSpec | None = None,
    completions: int | None = None,
) -> pl.DataFrame:
    """Return completions of the plan's prompts with a column each signal and behavior, one row a completion.

    Answers are kept in `folder` as they come; the same call goes on where it stopped.

    Args:
        plan: The training plan.
        folder: Where answers are kept.
        progress: Where to show how far it is.
        model: Another model than the plan's, e.g. with an adapter.
        completions: Completions of each prompt, if not the plan's number.

    Raises:
        Interrupted: the user stopped it.
        PolicyError: the model would give one completion again and again, or the plan names what there is not.
        EvidenceError: a prompt got fewer than two completions.
    """
    spec = model or plan.model
    if spec.provider != "transcripts" and spec.generation.temperature == 0.0:
        raise PolicyError(
            f"{plan.name}: model.generation.temperature is 0: every completion of a prompt would be the same. "
            "Set the temperature that training samples with, e.g. 1.0"
        )
    items = plan_items(plan)
    try:
        responses = asyncio.run(_asked(plan, spec, items, folder, progress, completions or plan.completions))
    except KeyboardInterrupt:
        raise Interrupted(f"stopped. What was answered is kept in {folder}; the same command goes on there.") from None
    return score(plan, items, responses)


async def _asked(
    plan: TrainingPlan, spec: ModelSpec, items: Sequence[Item], folder: Path, progress: Progress, completions: int
) -> list[Response]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror}") from error
    (model,) = open_models(spec)
    asks = [
        Ask("baseline", Request(item, draw, max_tokens=plan.max_tokens))
        for item in items
        for draw in range(completions)
    ]
    async with model:
        with ResponseStore(folder) as store, progress:
            progress.plan(len(asks))
            progress.say("sampling")
            batch = await Collector({"baseline": model}, store, len(asks), progress).collect(asks)
    if batch.failures:
        progress.warn(f"{len(batch.failures)} of {len(asks)} completions failed, first: {batch.failures[0].reason}")
    lost = [response for _, response in batch.responses if response.no_answer]
    if lost:
        told = why(lost[0].no_answer, recorded=not model.live)
        progress.warn(f"{len(lost)} of {len(asks)} completions hold no answer, first: {told.reason}; {told.advice}")
    return [response for _, response in batch.responses if not response.no_answer]


def score(plan: TrainingPlan, items: Sequence[Item], responses: Sequence[Response]) -> pl.DataFrame:
    """Return a table of rewards: each response with what every signal and behavior of the plan says of it.

    Raises:
        EvidenceError: there are fewer than two responses to any item.
        PolicyError: a behavior is no instrument and no suite.
        RewardError: a signal fails.
    """
    by_id = {(item.suite, item.id): item for item in items}
    kept = [response for response in responses if (response.suite, response.item) in by_id]
    if len(kept) < 2:
        raise EvidenceError(f"{plan.name}: no completions to score")
    asked = [by_id[response.suite, response.item] for response in kept]
    texts = [response.text for response in kept]
    columns: dict[str, Sequence[object]] = {
        "item": [f"{item.suite}/{item.id}" for item in asked],
        "prompt": [item.messages[-1].content for item in asked],
        "suite": [item.suite for item in asked],
        "use_case": [item.use_case for item in asked],
        "cluster": [f"{item.suite}/{item.cluster}" for item in asked],
        "draw": [response.draw for response in kept],
        "completion": texts,
    }
    for name, spec in plan.signals.items():
        columns[f"{REWARD}{name}"] = open_signal(name, spec, plan.seed).score(asked, texts)
    for name in plan.behaviors:
        columns[f"{BEHAVIOR}{name.removeprefix(BEHAVIOR)}"] = _read(name, asked, kept)
    numbers = {name: pl.Float64() for name in columns if name.startswith((REWARD, BEHAVIOR))}
    return pl.DataFrame(columns, schema_overrides=numbers)


def _read(name: str, asked: Sequence[Item], responses: Sequence[Response]) -> list[float | None]:
    suites = find_suites()
    if name not in suites:
        return list(read_many(find_instrument(name), asked, responses))
    suite = load_suite(suites[name])
    sign = 1.0 if suite.harmful == "high" else -1.0
    own = [(item, response) for item, response in zip(asked, responses, strict=True) if item.suite == suite.name]
    read = iter(read_many(_text_instrument(suite), [item for item, _ in own], [response for _, response in own]))
    values = [next(read) if item.suite == suite.name else None for item in asked]
    return [None if value is None else sign * value for value in values]


def _text_instrument(suite: Suite) -> Instrument:
    for name in suite.instruments:
        found = find_instrument(name)
        if found.needs == "text":
            return found
    raise PolicyError(f"{suite.signal}: none of its instruments reads text: {', '.join(suite.instruments)}")
