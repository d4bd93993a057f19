"""What else a review rests on beside its policy and its answers, so that others can derive its decision again."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AskedModel", "Basis", "Talks"]


@dataclass(frozen=True, slots=True)
class AskedModel:
    """A model as it was asked.

    Attributes:
        identity: What decides its answers, as canonical JSON; the keys of stored answers are made from it.
        live: Whether it was asked during the review; a recorded one is read from its file again.
        logprobs: How many alternatives of a first token it gives.
        longest: Its longest answer in tokens, where the policy sets one.
    """

    identity: str
    live: bool
    logprobs: int = 0
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Talks:
    """Conversations that brought a review's evidence.

    Attributes:
        policy: Their policy with its prompts, as JSON.
        models: Name of each model in them → the model as it was asked.
        personas: Who talked → SHA-256 of their file.
        failed: Calls that got no answer: who was asked, item, draw, and why.
    """

    policy: str
    models: tuple[tuple[str, AskedModel], ...]
    personas: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """What a review rests on; empty where an earlier version made it.

    Attributes:
        models: `baseline`, `candidate` or `judge/NAME` → the model.
        inputs: Files outside of the review's folder that it read, as the policy leads to them → SHA-256.
        logs: Of each task that was run the logs of both models, from the review's folder on.
        sources: Signal → where its numbers come from: `live`, `recorded`, `evidence` or `summary`.
        first_calls: Calls made before the first round.
        asked_first: Keys of their answers, which count no second time where a round asks for them.
        ends_before: Reviews of the same candidate that smaller budgets ended.
        talks: The conversations that brought its evidence; None where there were none.
    """

    models: tuple[tuple[str, AskedModel], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    logs: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    first_calls: int = 0
    asked_first: tuple[str, ...] = ()
    ends_before: int = 0
    talks: Talks | None = None
