"""A provider: answers requests. `echo/NAME` says what the user said, louder where its name is `loud`."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Self

from seatrial.policy import ModelSpec
from seatrial.types import Request, Response


class EchoModel:
    """A model that needs no network, no weights and no time."""

    live = True
    logprobs = 0
    concurrency = 8

    def __init__(self, spec: ModelSpec) -> None:
        """Take the model as the policy names it; whatever changes its answers belongs into `identity`."""
        self.name = spec.model
        self.identity = json.dumps({"provider": "echo", "name": spec.target, "system": spec.system})
        self._end = "!" if spec.target == "loud" else "."

    async def ask(self, request: Request) -> Response:
        """Return the last turn of the conversation as the answer."""
        words = request.item.messages[-1].content.rstrip(".!?")
        return Response(request.item.id, request.item.suite, request.draw, words + self._end)

    async def __aenter__(self) -> Self:
        """Start nothing."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop nothing."""
