"""Asking both models, many calls at once, with every answer stored before it is used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from seatrial.collect.meter import Meter, first_error
from seatrial.collect.progress import Progress
from seatrial.collect.store import ResponseStore, call_key
from seatrial.errors import CallFailed, ModelError
from seatrial.models.base import Model
from seatrial.types import Request, Response, Role, Spend

__all__ = ["Ask", "Batch", "Collector", "Failure"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to one of the two models."""

    role: Role
    request: Request


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that got no answer, and why."""

    role: Role
    request: Request
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The outcome of a round of asking, in the order of the asks."""

    responses: tuple[tuple[Role, Response], ...]
    failures: tuple[Failure, ...]


class Collector:
    """Asks, stores and counts. Answers already stored count toward the budget, so a resumed review decides alike."""

    def __init__(self, models: Mapping[Role, Model], store: ResponseStore, budget: int, progress: Progress) -> None:
        """Ask `models` at most `budget` live calls in all."""
        self._models = models
        self._store = store
        self._progress = progress
        self._meters = {role: Meter(f"{model.name} ({role})") for role, model in models.items()}
        self.remaining = budget

    def spend(self, role: Role) -> Spend:
        """Return what one model took so far."""
        return self._meters[role].spend

    async def collect(self, asks: Sequence[Ask]) -> Batch:
        """Return an answer or a failure for each ask.

        Raises:
            ModelError: a model cannot be used at all; what was answered is stored.
            StoreError: an answer could not be written.
        """
        outcomes: dict[int, Response | Failure] = {}
        queues = {role: _numbered(asks, role) for role in self._models}
        try:
            async with asyncio.TaskGroup() as group:
                for role, model in self._models.items():
                    waiting = sum(ask.role == role for ask in asks)
                    for _ in range(min(model.concurrency, waiting)):
                        group.create_task(self._work(role, queues[role], outcomes))
        except BaseExceptionGroup as errors:
            raise first_error(errors) from None
        made = [outcomes[number] for number in range(len(asks))]
        return Batch(
            tuple((ask.role, got) for ask, got in zip(asks, made, strict=True) if isinstance(got, Response)),
            tuple(got for got in made if isinstance(got, Failure)),
        )

    async def _work(
        self, role: Role, queue: Iterator[tuple[int, Ask]], outcomes: dict[int, Response | Failure]
    ) -> None:
        for number, ask in queue:
            outcomes[number] = await self._one(role, ask.request)

    async def _one(self, role: Role, request: Request) -> Response | Failure:
        model = self._models[role]
        if not model.live:
            try:
                return await model.ask(request)
            except CallFailed as error:
                return Failure(role, request, str(error))
        self.remaining -= 1
        key = call_key(model.identity, role, request)
        stored = self._store.get(key)
        if stored is None and role == "baseline":
            stored = self._store.from_other_reviews(key)
            if stored is not None:
                self._store.put(key, role, stored)
        if stored is not None:
            self._meters[role].answered(stored, fresh=False)
            self._progress.advance(fresh=False)
            return replace(stored, item=request.item.id, suite=request.item.suite)
        began = time.monotonic()
        try:
            response = await model.ask(request)
        except CallFailed as error:
            self._progress.advance(fresh=True)
            self._failed(role, error)
            return Failure(role, request, str(error))
        self._store.put(key, role, response)
        self._meters[role].answered(response, fresh=True, seconds=time.monotonic() - began)
        self._progress.advance(fresh=True)
        return response

    def _failed(self, role: Role, error: CallFailed) -> None:
        try:
            self._meters[role].failed(error)
        except ModelError as down:
            kept = f"{len(self._store)} answers are kept; run the same command again once it is back."
            raise ModelError(f"{down} {kept}") from error


def _numbered(asks: Sequence[Ask], role: Role) -> Iterator[tuple[int, Ask]]:
    return ((number, ask) for number, ask in enumerate(asks) if ask.role == role)
