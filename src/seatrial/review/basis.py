"""What a review rests on beside its policy and its answers: its models, and the files that it read."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from seatrial.models.base import Model
from seatrial.policy import LaunchPolicy, RunsSpec
from seatrial.report.basis import AskedModel
from seatrial.review.rounds import Rounds
from seatrial.types import Role

__all__ = ["as_asked", "input_hashes", "logs_of", "sources_of"]

PARTS_OF_A_LOG = 3
"""`tasks/RUN/LOG`, as a log's place in the review's folder is written."""


def as_asked(models: Mapping[Role, Model], judges: Mapping[str, Model]) -> tuple[tuple[str, AskedModel], ...]:
    """Return the models of a review as they were asked, by role, and those of its judges."""
    named: dict[str, Model] = {str(role): model for role, model in models.items()}
    named |= {f"judge/{name}": model for name, model in judges.items()}
    return tuple(
        (name, AskedModel(model.identity, model.live, model.logprobs, getattr(model, "max_tokens", None)))
        for name, model in named.items()
    )


def sources_of(rounds: Rounds) -> tuple[tuple[str, str], ...]:
    """Return of each signal that a review asks where its numbers come from."""
    return tuple((run.signal, run.plan.source) for run in rounds.gates)


def logs_of(runs: Sequence[RunsSpec]) -> tuple[tuple[str, str], ...]:
    """Return the logs of the tasks that a review ran, from its folder on."""

    def within(log: str) -> str:
        return "/".join(Path(log).parts[-PARTS_OF_A_LOG:])

    return tuple((within(run.baseline), within(run.candidate)) for run in runs)


def input_hashes(policy: LaunchPolicy) -> tuple[tuple[str, str], ...]:
    """Return the files outside of its folder that a review reads, as its policy leads to them, each with its SHA-256.

    What cannot be read is left out: whatever needs it says so.
    """
    found = {}
    for path in sorted({file for place in _places(policy) for file in _files(place)}):
        try:
            with path.open("rb") as file:
                found[str(path)] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            continue
    return tuple(found.items())


def _places(policy: LaunchPolicy) -> Iterator[str]:
    """Yield the files, folders and globs that a policy names, but for adapters, which a model's identity holds."""
    for spec in (policy.baseline, policy.candidate):
        if spec.provider in ("transcripts", "scores"):
            yield spec.target
    for one in policy.evidence:
        if isinstance(one, Path):
            yield str(one)
        elif isinstance(one, RunsSpec):
            yield from filter(None, (one.baseline, one.candidate))
    yield from map(str, (*policy.suites, *policy.records, *policy.held_out))
    yield from (str(gate.labels) for gate in policy.gates if gate.labels is not None)
    yield from (str(judge.scores) for judge in policy.judges.values() if judge.scores is not None)


def _files(place: str) -> list[Path]:
    path = Path(place)
    if path.is_dir():
        return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    named = [path] if path.exists() else [Path(name) for name in glob.glob(place, recursive=True)]
    return [file for file in named if file.is_file()]
