"""A judge as a policy names it: a model that grades, a file of its scores, or the mean of others."""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from seatrial.formats.yaml import StrictModel
from seatrial.policy.model_spec import ModelSpec, resolved_model

__all__ = ["JudgeSpec", "resolved_judge"]


class JudgeSpec(StrictModel):
    """A judge: a model that grades answers by a suite's rubric, or a file of its scores.

    Attributes:
        model: The model that grades; its `system` is the judge's own and cannot be set.
        scores: JSONL with `item`, `answer` and `score` from 0 to 10, instead of a model.
        members: Names of other judges, instead of a model: their mean, weighted by the TPR − FPR of their records.
        draws: How often each answer is graded; the mean counts.
        paired: Whether it sees both models' answers at once, in both orders; the mean of both counts.
        structured: Whether its provider is told to hold the reply to a JSON schema; off for one that cannot.
        starter: Whether a review tries it first on the suites' graded answers where it has no record; off where it is
            no model.
        beside: Name of a second judge, a model too, whose grades of a part of these answers say how far they depend on
            the model.
    """

    model: ModelSpec | None = None
    scores: Path | None = None
    members: list[str] = []
    draws: int = Field(1, ge=1, le=16)
    paired: bool = False
    structured: bool = True
    starter: bool | None = None
    beside: str | None = None

    @property
    def starts(self) -> bool:
        """Whether a review tries it on the suites' graded answers where it has no record."""
        return self.model is not None and self.starter is not False

    @model_validator(mode="after")
    def _one_source(self) -> JudgeSpec:
        if sum((self.model is not None, self.scores is not None, bool(self.members))) != 1:
            raise ValueError("a judge has either a `model` that grades, or a file of `scores`, or `members`")
        if self.model is not None and (self.model.recorded or self.model.system is not None or self.model.opening):
            raise ValueError("a judge's model answers live and takes no `system` or `opening` of its own")
        if self.model is None and (self.starter or self.beside):
            raise ValueError(
                "`starter` and `beside` are for a judge that is a model: nothing new can be put to this one"
            )
        return self


def resolved_judge(spec: JudgeSpec, folder: Path) -> JudgeSpec:
    """Return a judge with its relative paths made absolute."""
    if spec.scores is not None:
        return spec.model_copy(update={"scores": folder / spec.scores})
    model = spec.model
    return spec if model is None else spec.model_copy(update={"model": resolved_model(model, folder)})
