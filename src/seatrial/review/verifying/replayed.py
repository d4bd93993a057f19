"""A review made again from its folder alone: the very code of a review, with models that answer from the store."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from seatrial.collect import Progress, ResponseStore
from seatrial.collect.judging import Judges
from seatrial.errors import EvidenceError
from seatrial.gates.plan import plan_gates
from seatrial.instruments.records import Records, load_records
from seatrial.models import open_models
from seatrial.models.base import Model
from seatrial.observations import SEVERE, read_observations
from seatrial.policy import LaunchPolicy, RunsSpec
from seatrial.report import ReviewResult
from seatrial.report.basis import AskedModel
from seatrial.review.basis import sources_of
from seatrial.review.brought_evidence import Brought, brought_evidence, odd_runs
from seatrial.review.findings.provenance import hashes
from seatrial.review.rounds import Rounds
from seatrial.review.run import NOTHING, Known, ask_in_rounds, decided
from seatrial.review.starters import lacking, with_starters
from seatrial.review.verifying.inputs import Inputs
from seatrial.review.verifying.stored import StoredAnswers, StoredModel
from seatrial.types import ROLES, Role

__all__ = ["Replayed", "replayed"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out.

    Attributes:
        result: The review, with the evidence's hashes as they are now.
        observations: All of them.
        missing: Asks whose answers should be in the store and are not, in words.
        failed: Calls that got no answer when they were made, as the review says.
        refused: Judge → how many of its replies are not in the store.
        sources: Signal → where its numbers come from.
    """

    result: ReviewResult
    observations: pl.DataFrame
    missing: tuple[str, ...]
    failed: int
    refused: Mapping[str, int]
    sources: tuple[tuple[str, str], ...]


async def replayed(kept: ReviewResult, folder: Path, inputs: Inputs, known: Known = NOTHING) -> Replayed:
    """Make a review again.

    Args:
        kept: The review as `evidence.json` holds it.
        folder: A private copy of its folder, in which it may write.
        inputs: What it read outside of its folder.
        known: What is known of the evidence that it was brought.

    Raises:
        SeatrialError: something that it rests on cannot be read.
    """
    basis, asked, quiet = kept.basis, dict(kept.basis.models), Progress("off", io.StringIO())
    # What a policy calls its models is part of what decides; where their files lie now is not.
    models_of = {"baseline": kept.policy.baseline, "candidate": kept.policy.candidate}
    policy = inputs.policy.model_copy(update=models_of)
    records: Records = load_records(policy.records)
    brought = _brought(kept, folder, inputs)
    models = _models(kept.policy, inputs.policy, asked)
    graders = {name: StoredModel(f"judge/{name}", asked[f"judge/{name}"]) for name in _graders(policy)}
    with ResponseStore(folder) as store:
        async with Judges(policy.judges, records, policy.budget.judge_calls, store, opened=graders) as judges:
            plans = known.of(plan_gates(policy, models, brought.observations, records, judges.judge))
            if lacking(policy, plans, records):
                records = await with_starters(policy, judges, plans, records, folder, quiet)
                plans = known.of(plan_gates(policy, models, brought.observations, records, judges.judge))
            rounds = Rounds(policy, plans, brought.observations, basis.ends_before)
            answers = StoredAnswers(models, store, policy.budget.calls, basis, kept.unanswered)
            await ask_in_rounds(rounds, answers, judges, quiet)
    odd, whole = (*known.odd, *odd_runs(brought.odd)), rounds.all_observations()
    result = decided(
        policy,
        rounds,
        dict(kept.spend),
        kept.started,
        kept.author,
        told=brought.told,
        reuse=kept.reuse,
        seen=odd,
        limits=kept.detections,
    )
    result = replace(result, policy=kept.policy, hashes=hashes(kept.policy, rounds, whole))
    missing = [f"{ask.role}, item {ask.request.item.id}, draw {ask.request.draw}" for ask in answers.missing]
    refused = {name: model.refused for name, model in graders.items() if model.refused}
    return Replayed(result, whole, tuple(missing), answers.failed, refused, sources_of(rounds))


def _graders(policy: LaunchPolicy) -> list[str]:
    return [name for name, spec in policy.judges.items() if spec.model is not None]


def _models(policy: LaunchPolicy, near: LaunchPolicy, asked: Mapping[str, AskedModel]) -> dict[Role, Model]:
    """Return what stands for both models; recorded ones are read from their files.

    Raises:
        EvidenceError: a recorded one holds other answers than were reviewed.
    """
    found: dict[Role, Model] = {}
    for role in ROLES if policy.baseline.answers else ():
        spec = getattr(policy, role)
        if asked[role].live:
            found[role] = StoredModel(spec.model, asked[role])
            continue
        (found[role],) = open_models(getattr(near, role))
        if found[role].identity != asked[role].identity:
            raise EvidenceError(f"{spec.target}: holds other answers of the {role} than were reviewed")
    return found


def _brought(kept: ReviewResult, folder: Path, inputs: Inputs) -> Brought:
    """Return what the review was brought; where its files are lost, what the review holds of them."""
    if not inputs.lost:
        runs = [
            RunsSpec(
                baseline=str(folder / before), candidate=str(folder / after), cluster=task.cluster, accept=task.accept
            )
            for task, (before, after) in zip(kept.policy.tasks, kept.basis.logs, strict=True)
        ]
        return brought_evidence(inputs.policy, runs)
    signals = [signal for signal, source in kept.basis.sources if source == "evidence"]
    held = read_observations(folder / "observations.parquet")
    frame = held.filter(pl.col("signal").cast(pl.String).is_in([*signals, SEVERE]))
    return Brought(frame, (), tuple(one.said for one in kept.glances if one.measure.startswith("runs ")))
