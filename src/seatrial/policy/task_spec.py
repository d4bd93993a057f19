"""A task of Inspect that a policy names under `evidence`, for a review to run on both models."""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from seatrial.errors import PolicyError
from seatrial.formats.yaml import StrictModel
from seatrial.policy.model_spec import VARIABLE, ModelSpec, resolved_model

__all__ = ["TaskSpec", "resolved_task", "why_no_task"]

_FILE = re.compile(r"(?P<file>.+\.py)(?:@(?P<function>\w+))?")
_NAMED = re.compile(r"[\w.-]+/[\w./-]+")
_NO_TASKS = {
    "embedded": "the embedded model answers here and not through Inspect",
    "transcripts": "its answers are recorded",
    "scores": "its scores are recorded",
    "evidence": "nothing is known of it but evidence",
}
"""Providers whose models no task can ask, and why."""
_NOT_SENT = ("examples", "opening", "adapter", "requests_per_minute")
"""Settings of a model that Inspect has no counterpart of."""


class TaskSpec(StrictModel):
    """A task of Inspect, run on both models; its scores are the signals `eval/TASK.SCORE`, as those of two logs are.

    Attributes:
        task: `PACKAGE/NAME` of an installed package, such as `inspect_evals/gsm8k`, or `FILE.py`, with `@FUNCTION`
            where the file holds several tasks.
        args: What the task's function is given.
        limit: Samples that are asked, from the first on; all by default.
        epochs: Times that each sample is asked; as the task says by default.
        roles: Models that the task calls by a role of Inspect's, such as `grader`, by role.
        cluster: Key of the samples' metadata that says which belong together.
        accept: What may differ between the two runs without holding a launch, as for two logs.
    """

    task: str = Field(min_length=1)
    args: dict[str, Any] = {}
    limit: int | None = Field(None, ge=1)
    epochs: int | None = Field(None, ge=1, le=64)
    roles: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], ModelSpec] = {}
    cluster: str = ""
    accept: list[str] = []

    @field_validator("task")
    @classmethod
    def _is_one(cls, value: str) -> str:
        if not (_FILE.fullmatch(value) or _NAMED.fullmatch(value)):
            raise ValueError(
                f"{value!r} is no task; expected PACKAGE/NAME (inspect_evals/gsm8k) or FILE.py, FILE.py@FUNCTION"
            )
        return value

    @field_validator("roles")
    @classmethod
    def _can_be_asked(cls, value: dict[str, ModelSpec]) -> dict[str, ModelSpec]:
        for role, spec in value.items():
            if why := why_no_task(spec):
                raise ValueError(f"{role}: {why}")
        return value

    @property
    def file(self) -> str:
        """The file that holds it; empty where a package does."""
        found = _FILE.fullmatch(self.task)
        return found["file"] if found else ""

    @property
    def title(self) -> str:
        """What people call it: its function, its file's name or its name in its package."""
        found = _FILE.fullmatch(self.task)
        if found is None:
            return self.task.rpartition("/")[2]
        return found["function"] or Path(found["file"]).stem


def why_no_task(spec: ModelSpec) -> str:
    """Return why a task cannot be run on a model, with the next step, in words; empty where it can."""
    if spec.provider in _NO_TASKS:
        return (
            f"{spec.model} can run no task, for {_NO_TASKS[spec.provider]}. Tasks run on openai-compatible/NAME and on "
            "every provider of Inspect (openai/…, anthropic/…); give two logs instead: {baseline: LOG, candidate: LOG}"
        )
    if spec.provider == "openai-compatible" and spec.base_url is None:
        return f"{spec.model}: give its address, e.g. base_url: http://localhost:8000/v1 (up to and with /v1)"
    for name in _NOT_SENT:
        if getattr(spec, name):
            instead = "set `concurrency`" if name == "requests_per_minute" else "leave it out, or give two logs instead"
            return f"{spec.model}: `{name}` does not reach a task that Inspect runs; {instead}"
    if VARIABLE.search(str((spec.extra_body, spec.headers))):
        return (
            f"{spec.model}: Inspect writes `headers` and `extra_body` into its logs, so a task takes no secret of "
            "${NAME} there; name the variable of a key with `api_key_env`"
        )
    return ""


def resolved_task(spec: TaskSpec, folder: Path) -> TaskSpec:
    """Return it with its file's path made absolute, and those of its models.

    Raises:
        PolicyError: there is no such file.
    """
    roles = {role: resolved_model(model, folder) for role, model in spec.roles.items()}
    found = spec.model_copy(update={"roles": roles} if roles else {})
    if not spec.file:
        return found
    path = folder / spec.file
    if not path.is_file():
        raise PolicyError(f"the task {path}: no such file")
    return found.model_copy(update={"task": f"{path}{spec.task[len(spec.file) :]}"})
