"""What a policy names under `evidence`: files, two runs that another tool recorded, tasks to run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from seatrial.formats.yaml import StrictModel
from seatrial.policy.task_spec import TaskSpec, resolved_task

__all__ = ["EvidenceSpec", "RunsSpec", "resolved_evidence"]


class RunsSpec(StrictModel):
    """Two runs of one evaluation that Inspect, lm-eval, promptfoo, OpenAI evals or a table recorded.

    Each score that both hold is a signal `eval/TASK.SCORE`, as `seatrial compare` names it; which end of it is harm and
    how far its scale goes stand under `signals`.

    Attributes:
        baseline: File, folder or glob of the baseline's run.
        candidate: The same of the candidate's; the baseline's file where it is left out.
        baseline_model: Whose runs are meant, where a file holds several models.
        candidate_model: The same of the candidate.
        columns: What a column of a table holds → its name.
        scores: Columns of a table that hold a score each.
        cluster: Key of the samples' metadata that says which belong together.
        accept: What may differ between the runs without holding a launch: `judge`, `dataset`, `task version`, …
    """

    baseline: str = Field(min_length=1)
    candidate: str = ""
    baseline_model: str = ""
    candidate_model: str = ""
    columns: dict[str, str] = Field(default_factory=dict)
    scores: list[str] = Field(default_factory=list)
    cluster: str = ""
    accept: list[str] = Field(default_factory=list)


def _by_its_keys(value: object) -> object:
    """Take a mapping as a task or as runs, so that what is wrong in one is said of it and not of a path."""
    if not isinstance(value, dict):
        return value
    return TaskSpec.model_validate(value) if "task" in value else RunsSpec.model_validate(value)


EvidenceSpec = Annotated[Path | RunsSpec | TaskSpec, BeforeValidator(_by_its_keys)]
"""A file of observations, two runs, or a task to run on both models."""


def resolved_evidence(spec: Path | RunsSpec | TaskSpec, folder: Path) -> Path | RunsSpec | TaskSpec:
    """Return it with relative paths made absolute.

    Raises:
        PolicyError: the file of a task is not there.
    """
    if isinstance(spec, Path):
        return folder / spec
    if isinstance(spec, TaskSpec):
        return resolved_task(spec, folder)
    candidate = str(folder / spec.candidate) if spec.candidate else ""
    return spec.model_copy(update={"baseline": str(folder / spec.baseline), "candidate": candidate})
