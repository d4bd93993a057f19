"""Who answers: endpoints, any Inspect provider, the embedded model, and recorded answers and scores."""

from __future__ import annotations

from seatrial.models.base import Model, RecordedModel
from seatrial.models.scores import read_scores
from seatrial.policy import ModelSpec

GROUP = "seatrial.models"
"""Entry points of other people's providers: provider → function of a `ModelSpec` that gives a `Model`."""

__all__ = ["GROUP", "Model", "RecordedModel", "open_models", "read_scores"]


def open_models(*specs: ModelSpec) -> tuple[Model, ...]:
    """Return the models of these specifications, each an asynchronous context manager that is not entered yet.

    They are opened together, so that the embedded model and all its adapters share one server.

    Raises:
        ModelError: a setting does not fit its provider, or a package is missing.
        EvidenceError: recorded answers cannot be used.
    """
    adapters = tuple(dict.fromkeys(spec.adapter for spec in specs if spec.adapter is not None))
    return tuple(_model(spec, adapters) for spec in specs)


def _model(spec: ModelSpec, adapters: tuple[object, ...]) -> Model:
    from pathlib import Path

    from seatrial.errors import ModelError

    if spec.adapter is not None and spec.provider != "embedded":
        raise ModelError(
            f"{spec.model}: `adapter` works with the embedded model only; serve the adapter at an endpoint instead"
        )
    if spec.opening and spec.provider not in ("embedded", "openai-compatible"):
        raise ModelError(
            f"{spec.model}: `opening` works with the embedded model, and with OpenAI-compatible endpoints that go on "
            "from a last turn of the assistant (llama.cpp does); this provider cannot begin an answer"
        )
    match spec.provider:
        case "embedded":
            from seatrial.models.embedded import EmbeddedModel

            return EmbeddedModel(spec, tuple(Path(str(path)) for path in adapters))
        case "openai-compatible":
            from seatrial.models.openai_compatible import OpenAICompatibleModel

            return OpenAICompatibleModel(spec)
        case "transcripts":
            from seatrial.models.transcripts import TranscriptsModel

            return TranscriptsModel(spec)
        case "scores":
            raise ModelError(f"{spec.model}: scores hold numbers, not answers, and cannot be asked")
        case _:
            return _plugged(spec) or _of_inspect(spec)


def _plugged(spec: ModelSpec) -> Model | None:
    """Return the model of a provider that an installed package registers; None where none does.

    Raises:
        ModelError: the package's object cannot be made, or is not a model.
    """
    from importlib import metadata

    from seatrial.errors import ModelError, SeatrialError

    for entry in metadata.entry_points(group=GROUP, name=spec.provider):
        try:
            made = entry.load()(spec)
        except SeatrialError:
            raise
        except Exception as error:
            raise ModelError(f"{spec.model}: the plugin {entry.value} ({GROUP}) cannot be opened: {error}") from error
        if not isinstance(made, Model):
            raise ModelError(
                f"{spec.model}: the plugin {entry.value} ({GROUP}) gives no model: it lacks name, identity, live, "
                "logprobs, concurrency, ask or its context manager"
            )
        return made
    return None


def _of_inspect(spec: ModelSpec) -> Model:
    from seatrial.models.inspect_provider import InspectModel

    return InspectModel(spec)
