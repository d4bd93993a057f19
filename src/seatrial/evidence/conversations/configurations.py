"""Models as users meet them: the same model with a product's system prompt and settings is another one to talk to."""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

from pathlib import Path
from typing import Any

from seatrial.formats.yaml import StrictModel
from seatrial.policy import Generation, ModelSpec, Turn, resolved_model

__all__ = ["Configuration", "Settings", "configured", "resolved_settings"]


class Settings(StrictModel):
    """What a product sets of a model; what it leaves out stays as the model has it.

    Attributes:
        system: A system prompt, or the path of a file that holds one.
        generation: Settings of the sampler.
        examples: Turns that come before every conversation.
        extra_body: More fields of each request, beside those of the model.
        headers: More headers of each request, beside those of the model.
    """

    system: str | None = None
    generation: Generation | None = None
    examples: list[Turn] | None = None
    extra_body: dict[str, Any] = {}
    headers: dict[str, str] = {}


class Configuration(Settings):
    """A product: settings of both models, and what differs for one of them.

    Attributes:
        baseline: What is otherwise for the baseline.
        candidate: What is otherwise for the candidate.
    """

    baseline: Settings = Settings()
    candidate: Settings = Settings()


def configured(spec: ModelSpec, settings: Settings) -> ModelSpec:
    """Return a model with a product's settings, checked as a model of a file is.

    Raises:
        ValueError: the settings do not fit a model; pydantic's own, with what was expected.
    """
    held = spec.model_dump()
    for name in ("system", "generation", "examples"):
        if (value := getattr(settings, name)) is not None:
            held[name] = value
    held["extra_body"] = {**spec.extra_body, **settings.extra_body}
    held["headers"] = {**spec.headers, **settings.headers}
    return ModelSpec.model_validate(held)


def resolved_settings(settings: Settings, spec: ModelSpec, folder: Path) -> Settings:
    """Return settings with the system prompt read from its file.

    Raises:
        PolicyError: the file cannot be read, or is empty.
    """
    if settings.system is None:
        return settings
    system = resolved_model(spec.model_copy(update={"system": settings.system, "adapter": None}), folder).system
    return settings.model_copy(update={"system": system})
