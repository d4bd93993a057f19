"""Models that answer from a review's folder alone: what is not in the store is refused, and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from seatrial.collect import Ask, Batch, Failure, ResponseStore, call_key
from seatrial.errors import CallFailed
from seatrial.instruments.judges import Unscored
from seatrial.models.base import Model, as_asked
from seatrial.report.basis import AskedModel, Basis
from seatrial.report.result import Unanswered
from seatrial.types import Request, Response, Role

__all__ = ["StoredAnswers", "StoredModel"]


class StoredModel:
    """A model that was asked before; it refuses every call, for whatever it said is in the store.

    Attributes:
        refused: Calls that it refused.
    """

    live = True
    concurrency = 1

    def __init__(self, name: str, asked: AskedModel) -> None:
        """Stand for a model.

        Args:
            name: As the policy names it.
            asked: The model as it was asked.
        """
        self.name = name
        self.identity = asked.identity
        self.logprobs = asked.logprobs
        self.max_tokens = asked.longest
        self.refused = 0

    async def ask(self, request: Request) -> Response:
        """Refuse.

        Raises:
            Unscored: always. A judge that is refused leaves the answer without a score, and is not taken to be down.
        """
        self.refused += 1
        raise Unscored("the judge's reply is not in the store")

    async def __aenter__(self) -> Self:
        """Nothing to start."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to stop."""


class StoredAnswers:
    """Answers the asks of a review's rounds from its store, and of recorded models from their files.

    Attributes:
        remaining: Calls that the budget still allows.
        failed: Calls that the review says got no answer.
        missing: Asks whose answer should be in the store and is not.
    """

    def __init__(
        self,
        models: Mapping[Role, Model],
        store: ResponseStore,
        budget: int,
        basis: Basis,
        unanswered: Sequence[Unanswered],
    ) -> None:
        """Answer within a budget.

        Args:
            models: Both models.
            store: Their answers.
            budget: The most calls of the review.
            basis: Which of them were made before the first round, and count once.
            unanswered: Which calls got no answer when they were made, and why.
        """
        self._models = models
        self._store = store
        self._reasons: dict[tuple[Role, str], list[Unanswered]] = {}
        for one in unanswered:
            self._reasons.setdefault((one.role, one.item), []).append(one)
        self._counted = set(basis.asked_first)
        self.remaining = budget - basis.first_calls
        self.failed = 0
        self.missing: list[Ask] = []

    async def collect(self, asks: Sequence[Ask]) -> Batch:
        """Return an answer or a failure for each ask."""
        got = [await self._one(ask) for ask in asks]
        return Batch(
            tuple((ask.role, one) for ask, one in zip(asks, got, strict=True) if isinstance(one, Response)),
            tuple(one for one in got if isinstance(one, Failure)),
        )

    async def _one(self, ask: Ask) -> Response | Failure:
        model, request = self._models[ask.role], ask.request
        if not model.live:
            try:
                return await model.ask(request)
            except CallFailed as error:
                return Failure(ask.role, request, str(error))
        key = call_key(model.identity, ask.role, as_asked(model, request))
        self.remaining -= key not in self._counted
        self._counted.discard(key)
        stored = self._store.get(key)
        if stored is not None:
            return replace(stored, item=request.item.id, suite=request.item.suite)
        reason = self._reason(ask)
        if reason:
            self.failed += 1
        else:
            self.missing.append(ask)
        return Failure(ask.role, request, reason or "its answer is not in the store")

    def _reason(self, ask: Ask) -> str:
        """Return why a call got no answer when it was made; empty where the review does not say that it got none."""
        item = ask.request.item
        held = self._reasons.get((ask.role, item.id), [])
        own = [one for one in held if one.signal.rpartition("/")[2] == item.suite]
        return next((one.reason for one in own or held), "")
