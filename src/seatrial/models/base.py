"""What every model, live or recorded, offers to the rest of the house."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from seatrial.types import Item, Request, Response

__all__ = ["Model", "RecordedModel", "as_asked"]


@runtime_checkable
class Model(Protocol):
    """Answers requests. Use it as an asynchronous context manager, which starts and stops what it needs.

    Attributes:
        name: As written in the policy, e.g. `embedded/smollm2-135m`.
        identity: Everything that changes its answers (provider, name, system prompt, adapter and scale,
            generation settings, weights), as canonical JSON: the store's key is made from it. It never
            holds a credential.
        live: False for recorded answers, which cost nothing and end when they end.
        logprobs: How many first-token alternatives it can return; 0 for none.
        concurrency: How many calls may be in flight at once.

    One that takes its longest answer from the policy instead of from the request has it as `max_tokens`.
    """

    name: str
    identity: str
    live: bool
    logprobs: int
    concurrency: int

    async def ask(self, request: Request) -> Response:
        """Return the answer to `request`.

        Raises:
            CallFailed: this call failed for good (after retries); others may go on.
            ModelError: no call can succeed (refused connection, 401, unknown model).
        """
        ...

    async def __aenter__(self) -> Self:
        """Start what it needs."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what it started."""
        ...


@runtime_checkable
class RecordedModel(Model, Protocol):
    """A model that answers from a file and can say what it holds."""

    def items(self) -> tuple[Item, ...]:
        """The recorded items, in the file's order, with the columns of their rows as labels."""
        ...

    def answers(self, item: Item) -> tuple[Response, ...]:
        """All recorded answers to an item, in the order of their draws; empty if there are none."""
        ...

    def place(self, answer: Response) -> str:
        """Where a recorded answer stands, as a message begins: file and line, or file and row."""
        ...

    def told(self) -> tuple[str, ...]:
        """How the file was read, where there was a choice, and what of it was not; in sentences."""
        ...


def as_asked(model: Model, request: Request) -> Request:
    """Return the request as the model asks it: with the longest answer that the policy sets, where the text is read."""
    longest: int | None = getattr(model, "max_tokens", None)
    return request if longest is None or request.top_logprobs else replace(request, max_tokens=longest)
