"""Two runs that another tool recorded, as a policy names them under `evidence`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from seatrial.formats.yaml import StrictModel

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


def _as_runs(value: object) -> object:
    """Take a mapping as runs, so that what is wrong in one is said of runs and not of a path."""
    return RunsSpec.model_validate(value) if isinstance(value, dict) else value


EvidenceSpec = Annotated[Path | RunsSpec, BeforeValidator(_as_runs)]
"""A file of observations, or two runs."""


def resolved_evidence(spec: Path | RunsSpec, folder: Path) -> Path | RunsSpec:
    """Return it with relative paths made absolute."""
    if isinstance(spec, Path):
        return folder / spec
    candidate = str(folder / spec.candidate) if spec.candidate else ""
    return spec.model_copy(update={"baseline": str(folder / spec.baseline), "candidate": candidate})
